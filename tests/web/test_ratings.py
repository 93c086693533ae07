"""满意度 over HTTP: answered once, by a buyer or by a link, replied to in the case, followed up; figures with n."""

from __future__ import annotations

import io
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from portal.dossier import owndata
from portal.extensions import db, writing
from portal.models import Case, Notice, Order, Rating, User
from portal.resale import links
from portal.service import asking, figures, ratings
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo


def test_a_bad_answer_is_kept_once_replied_to_and_followed_up(app: Flask, cast: Cast, now: Clock) -> None:
    going = cast.until("confirming").case_no
    case_no = cast.until("completed").case_no
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")
    assert buyer.get(f"/cases/{going}/satisfied").status_code == 404
    assert asking.ask_due(now.at) == 1
    assert f"/cases/{case_no}/satisfied" in buyer.get("/notices").text
    assert "这次售后您满意吗" in buyer.get(f"/cases/{case_no}").text
    assert f"的售后（{case_no}）已经结束" in buyer.get("/notices").text
    here = f"/cases/{case_no}/satisfied"
    assert 'value="2" checked' in buyer.get(f"{here}?stars=2").text
    empty = post(buyer, here, {"words": "太慢了"})
    assert empty.status_code == 422
    assert "太慢了" in empty.text
    picture = (io.BytesIO(photo((400, 300))), "a.jpg")
    form = {**token_of(buyer.get(here)), "stars": "2", "words": "太慢了 6222021234567890128", "photos": picture}
    assert buyer.post(here, data=form).status_code == 303
    again = {**token_of(buyer.get("/me")), "stars": "5", "form_key": "f" * 32}
    refused = buyer.post(here, data=again)
    assert refused.status_code == 409
    assert "已经评过" in refused.text
    shown = seller.get(f"/seller/cases/{case_no}").text
    assert "太慢了" in shown
    assert "6222021234567890128" not in shown
    assert "评价照片" in shown
    assert "待跟进" in seller.get("/seller/ratings?tab=follow").text
    desk = f"/seller/cases/{case_no}/rating"
    assert post(seller, desk, {"does": "answer", "answer": ""}).status_code == 422
    assert post(seller, desk, {"does": "answer", "answer": "抱歉，已改进"}).status_code == 303
    assert post(seller, desk, {"does": "answer", "answer": "再说一次"}, at="/seller/notices").status_code == 409
    assert "抱歉，已改进" in buyer.get(f"/cases/{case_no}").text
    assert post(seller, desk, {"does": "follow", "note": "已电话联系"}).status_code == 303
    assert "已电话联系" in seller.get(desk).text
    assert "已电话联系" not in buyer.get(f"/cases/{case_no}").text
    assert "这里没有评价" in seller.get("/seller/ratings?tab=follow").text
    assert sign_in(app, "seller2").get(desk).status_code == 404
    assert sign_in(app, "buyer2").get(here).status_code == 404
    given = list(owndata.rows("ratings", cast.buyer))
    assert [row["stars"] for row in given] == [2]
    assert "follow_note" not in given[0]


def test_who_wants_no_questions_gets_none(app: Flask, cast: Cast, now: Clock) -> None:
    buyer = sign_in(app, "buyer")
    assert "现在是：会询问" in buyer.get("/me/privacy").text
    assert post(buyer, "/me/questions", {"asks": "0"}, at="/me/privacy").status_code == 303
    assert "现在是：不询问" in buyer.get("/me/privacy").text
    case_no = cast.until("completed").case_no
    assert asking.ask_due(now.at) == 0
    assert "不再询问我" not in buyer.get(f"/cases/{case_no}/satisfied").text
    assert post(buyer, f"/cases/{case_no}/satisfied", {"stars": "5"}).status_code == 303  # unasked they may


def test_a_consumer_answers_by_the_link(app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        db.session.execute(db.update(User).where(User.id == cast.buyer).values(password_hash=None))
    case = cast.until("completed")
    case_no, case_id, shop_id = case.case_no, case.id, case.shop_id
    with writing():
        token = links.make_link(now.at, shop_id=shop_id, case_id=case_id, by=cast.seller)
    assert token
    visitor = app.test_client()
    here = f"/c/{links.name_link(token)}/{case_no}"
    assert f"{here}/satisfied" in visitor.get(f"/c/{token}/{case_no}", follow_redirects=True).text
    hidden = token_of(visitor.get(f"{here}/satisfied"))
    sent = post(visitor, f"{here}/satisfied", {"stars": "4", "words": "挺好"})
    assert sent.status_code == 303
    assert "挺好" in visitor.get(here).text
    assert db.session.execute(select(Rating.stars, Rating.by_link)).one() == (4, True)
    again = visitor.post(f"{here}/satisfied", data={**hidden, "stars": "1"})
    assert again.status_code == 409


def rated(cast: Cast, many: int, stars: int = 4) -> None:
    """So many cases that ended and were answered."""
    for _ in range(many):
        case_id = cast.until("completed").id
        with writing():
            ratings.rate(db.session.get_one(Case, case_id), stars, "", [], by_link=False, now=cast.now)


def test_figures_say_what_they_count_and_nothing_of_few(app: Flask, cast: Cast, now: Clock) -> None:
    rated(cast, figures.LEAST - 1)
    seller = sign_in(app, "seller")
    page = seller.get("/seller/ratings/figures").text
    assert "不足 10 条" in page
    assert "4.0" not in page
    rated(cast, 1, stars=3)
    assert "3.9" in seller.get("/seller/ratings/figures").text
    assert "seller2" not in page
    wait = figures.measure_first_response(cast.shop, now.at)
    assert (wait.number, wait.median) == (figures.LEAST, timedelta())
    after = now.at + figures.AGAIN + timedelta(days=1)
    assert figures.measure_settled(cast.shop, after) == (10, 10)
    first = db.session.scalars(select(Case.order_id).order_by(Case.id).limit(1)).one()
    cast.open_case(db.session.get_one(Order, first), now=now.at + timedelta(days=3))
    assert figures.measure_settled(cast.shop, after) == (10, 9)
    assert figures.measure_returning(cast.shop, now.at + figures.RETURNS + timedelta(days=1)).number == 1
    assert figures.measure_settled(cast.shop2, after).percent is None
    assert not db.session.scalars(select(Notice.id).where(Notice.kind == "rating_bad")).all()


def test_figures_before_and_after_a_change_say_what_they_count(app: Flask, cast: Cast, now: Clock) -> None:
    cast.until("completed")
    seller = sign_in(app, "seller")
    shown = seller.get("/seller/ratings/figures").text
    assert "比较前后" in shown and "改动当天算在之后" not in shown
    compared = seller.get(f"/seller/ratings/figures?change={cast.now:%Y-%m-%d}").text
    assert "改动当天算在之后" in compared and "不足 10 人" in compared and "n=0" in compared
    assert "前后的差别不等于它的效果" in compared
    for typed, said in (("2026-13-01", "请填写正确的日期"), ("2126-11-01", "请选择今天或更早的一天")):
        refused = seller.get(f"/seller/ratings/figures?change={typed}").text
        assert said in refused and f'value="{typed}"' in refused
