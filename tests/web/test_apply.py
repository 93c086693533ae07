"""申请换货 over HTTP: reason, details, check, hand in; mistakes beside the field; once, however often it is sent."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import chat
from portal.extensions import db, writing
from portal.models import Case, CaseLine, Draft, Evidence, Message, Order, OrderLine, Product, Sku
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo

WHERE = {"name": "李雯", "phone": "13425059650", "address": "四川省成都市武侯区一环路南二段8号"}


def line_of(order: Order) -> int:
    return db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == order.id)).first() or 0


def choose(client: FlaskClient, order_no: str, line: int, reason: str = "damaged") -> Any:
    url = f"/orders/{order_no}/apply"
    return post(client, url, {"line": line, "reason": reason}, at=f"{url}?line={line}")


def fill(client: FlaskClient, order_no: str, line: int, quantity: str = "2", photos: int = 1, **more: Any) -> Any:
    data = {f"quantity_{line}": quantity, "description": "袜子破洞", **WHERE, **more}
    data["photos"] = [(io.BytesIO(photo((200, 150))), f"{number}.jpg") for number in range(photos)]
    return post(client, f"/orders/{order_no}/apply/details", data, content_type="multipart/form-data")


def cases() -> int:
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(Case)) or 0


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


def test_from_reason_to_case(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    assert choose(buyer, number, line).location.endswith("/details")
    assert fill(buyer, number, line).location.endswith("/check")
    check = buyer.get(f"/orders/{number}/apply/check").text
    assert "商品质量问题 · 破损" in check and "商家承担" in check and "袜子破洞" in check
    done = post(buyer, f"/orders/{number}/apply/check")
    assert done.status_code == 303 and "/cases/HH" in done.location
    case = buyer.get(done.location).text
    assert 'data-state="applied"' in case and "买家提交了换货申请" in case
    db.session.rollback()
    assert db.session.scalar(db.select(OrderLine.claimed_milli).where(OrderLine.id == line)) == 2_000
    assert db.session.scalar(db.select(Draft.id)) is None
    assert db.session.scalar(db.select(Evidence.case_id)) is not None


def test_several_lines_and_another_specification(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(lines=2)
    number = order.order_no
    first, second = db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == order.id)).all()
    sku = db.session.scalars(
        db.select(Sku.id).join(Product, Product.id == Sku.product_id)
        .join(OrderLine, OrderLine.product_id == Product.id).where(OrderLine.id == second, Sku.spec == "白色;L")
    ).one()  # fmt: skip
    choose(buyer, number, first)
    answer = fill(buyer, number, first, **{f"quantity_{second}": "3", f"sku_{second}": str(sku)})
    assert answer.status_code == 303
    page = buyer.get(post(buyer, f"/orders/{number}/apply/check").location).text
    assert "×2 双" in page and "×3 双" in page and "换成 白色;L" in page


@pytest.mark.parametrize(
    "quantity", ["-1", "0", "1.5", "11", "x", "", "１１", "²", "1e3", "NaN", "9" * 100, "2147483648"]
)
def test_bad_quantities_say_so_beside_the_field_and_keep_everything(
    cast: Cast, buyer: FlaskClient, quantity: str
) -> None:
    order = cast.order()
    line = line_of(order)
    choose(buyer, order.order_no, line)
    answer = fill(buyer, order.order_no, line, quantity)
    assert answer.status_code == 422
    assert f'id="quantity-{line}-err"' in answer.text and f'value="{quantity[:40]}"' in answer.text
    assert "袜子破洞" in answer.text and "一环路南二段8号" in answer.text and 'alt="已上传的照片 1"' in answer.text
    again = fill(buyer, order.order_no, line, "2", photos=0)
    assert again.status_code == 303  # the photo was kept


def test_full_width_digits_are_read(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    line = line_of(order)
    choose(buyer, order.order_no, line)
    assert fill(buyer, order.order_no, line, "３").status_code == 303
    post(buyer, f"/orders/{order.order_no}/apply/check")
    db.session.rollback()
    assert db.session.scalar(db.select(Case.quantity_milli)) == 3_000


def test_goods_sold_by_the_metre_may_be_parts(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(unit="米", milli=12_500)
    line = line_of(order)
    choose(buyer, order.order_no, line)
    assert fill(buyer, order.order_no, line, "1.25").status_code == 303


def test_a_quality_problem_needs_a_photo(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    line = line_of(order)
    choose(buyer, order.order_no, line)
    answer = fill(buyer, order.order_no, line, photos=0)
    assert answer.status_code == 422 and "请上传能看出问题的照片" in answer.text
    assert 'id="photos-err"' in answer.text


@pytest.mark.parametrize(
    ("reason", "words"),
    [("over_qty", "退货"), ("dislike", "立即联系"), ("no_evidence", "照片"),
     ("personal_cancel", "立即联系")],
)  # fmt: skip
def test_what_is_no_exchange_leads_elsewhere(cast: Cast, buyer: FlaskClient, reason: str, words: str) -> None:
    order = cast.order()
    answer = choose(buyer, order.order_no, line_of(order), reason)
    assert answer.status_code == 422
    assert "可以这样做" in answer.text and words in answer.text
    assert cases() == 0


def test_a_ground_alone_asks_for_the_particular(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/apply"
    answer = post(buyer, url, {"line": line_of(order), "ground": "quality"})
    assert answer.status_code == 422 and "请选择具体情况" in answer.text
    assert post(buyer, url, {"line": line_of(order)}).status_code == 422


def test_twenty_times_the_same_form_is_one_case(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    url = f"/orders/{number}/apply/check"
    form = token_of(buyer.get(url))
    cookie = buyer.get_cookie("sid")
    assert cookie is not None
    answers: list[tuple[int, str | None]] = []

    def send() -> None:
        browser = app.test_client()
        browser.set_cookie("sid", cookie.value)
        answer = browser.post(url, data=form)
        answers.append((answer.status_code, answer.location))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1 and answers[0][0] == 303
    assert cases() == 1
    other = buyer.post(url, data={**form, "more": "x"})
    assert other.status_code == 422 and cases() == 1


def test_handing_in_a_second_time_says_that_it_is_done(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    url = f"/orders/{number}/apply/check"
    stale = token_of(buyer.get(url))
    post(buyer, url)
    answer = buyer.post(url, data={**stale, "form_key": "f" * 32})
    assert answer.status_code == 409 and cases() == 1


def test_units_taken_meanwhile_are_said(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(milli=3_000)
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line)
    form = token_of(buyer.get(f"/orders/{number}/apply/check"))
    cast.open_case(order, milli=2_000)
    answer = buyer.post(f"/orders/{number}/apply/check", data=form)
    assert answer.status_code == 422 and "最多可申请 1 双" in answer.text
    assert cases() == 1


def test_a_draft_is_discarded(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    choose(buyer, order.order_no, line_of(order))
    url = f"/orders/{order.order_no}/apply"
    assert post(buyer, f"{url}/discard", at=f"{url}/details").status_code == 303
    db.session.rollback()
    assert db.session.scalar(db.select(Draft.id)) is None
    assert buyer.get(f"{url}/details").status_code == 303


@pytest.mark.parametrize("words", ["调换商品", "「调换商品」", " 【调换 商品】 ", '"调换商品"', "『调换商品』"])
def test_the_phrase_in_the_conversation_begins_one_draft_and_submits_nothing(
    cast: Cast, buyer: FlaskClient, words: str
) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/contact"
    for _ in range(2):
        assert post(buyer, url, {"words": words}).status_code == 303
    db.session.rollback()
    assert len(db.session.scalars(db.select(Draft.source)).all()) == 1
    assert cases() == 0
    page = buyer.get(url).text
    assert "已为您创建换货申请草稿" in page and f'href="/orders/{order.order_no}/apply?line=' in page
    post(buyer, url, {"words": words})
    assert len(db.session.scalars(db.select(Message.id).where(Message.kind == "draft")).all()) == 3


@pytest.mark.parametrize("words", ["怎么调换商品呢", "不想调换商品了", "调换商品,谢谢"])
def test_text_that_only_mentions_it_offers_the_card(cast: Cast, buyer: FlaskClient, words: str) -> None:
    order = cast.order()
    post(buyer, f"/orders/{order.order_no}/contact", {"words": words})
    db.session.rollback()
    assert db.session.scalar(db.select(Draft.id)) is None
    assert "需要申请换货吗" in buyer.get(f"/orders/{order.order_no}/contact").text


def test_unread_marks_and_reading(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/contact"
    with writing():
        talk = chat.of_order(db.session.get_one(Order, order.id), cast.now)
        chat.say(talk, "seller", cast.seller, "您好", now=cast.now)
    assert "1 条未读" in buyer.get("/me").text
    page = buyer.get(url)
    assert f'data-read="{url}/read"' in page.text
    assert "1 条未读" in buyer.get("/me").text  # looking changes nothing by itself
    assert buyer.post(f"{url}/read", data=token_of(page), headers={"HX-Request": "true"}).status_code == 204
    assert "1 条未读" not in buyer.get("/me").text
    seller = sign_in(app, "seller")
    post(buyer, url, {"words": "在吗"})
    assert "unread-chats" in seller.get("/seller").text


def test_polling_says_only_what_is_new(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/contact"
    assert buyer.get(f"{url}/new?after=0").status_code == 204
    post(buyer, url, {"words": "第一句"})
    first = buyer.get(f"{url}/new?after=0")
    assert first.status_code == 200 and "第一句" in first.text
    last = first.text.split('data-id="')[-1].split('"')[0]
    assert buyer.get(f"{url}/new?after={last}").status_code == 204


def test_a_long_conversation_goes_further_back(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    with writing():
        talk = chat.of_order(db.session.get_one(Order, order.id), cast.now)
        for number in range(chat.PAGE + 5):
            chat.say(talk, "seller", cast.seller, f"第{number:03d}句", now=cast.now)
    url = f"/orders/{order.order_no}/contact"
    page = buyer.get(url).text
    assert "第004句" not in page and f"第{chat.PAGE + 4:03d}句" in page
    earlier = page.split("更早的消息")[0].rsplit('href="', 1)[1].split('"')[0]
    assert "第004句" in buyer.get(earlier).text


def test_an_empty_message_is_refused(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    answer = post(buyer, f"/orders/{order.order_no}/contact", {"words": " \u200b "})
    assert answer.status_code == 422 and "请写点什么" in answer.text


def test_what_was_never_sent_is_reissued(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(lines=2)
    number, line = order.order_no, line_of(order)
    assert choose(buyer, number, line, "missing_item").location.endswith("/details")
    page = buyer.get(f"/orders/{number}/apply/details").text
    assert "填写补发信息" in page and "补发数量" in page and "不用寄回" in page and "换成的规格" not in page
    assert fill(buyer, number, line, "11").status_code == 422
    assert fill(buyer, number, line).status_code == 303
    assert "补发" in buyer.get(f"/orders/{number}/apply/check").text
    done = post(buyer, f"/orders/{number}/apply/check")
    case = buyer.get(done.location).text
    assert 'data-type="reissue"' in case and "补发进度" in case and "申请补发" in case and "换成" not in case
    seller = sign_in(app, "seller")
    case_no = done.location.split("/")[-1].split("?")[0]
    assert "补发" in seller.get("/seller").text
    assert "退货地址" not in seller.get(f"/seller/cases/{case_no}/agree").text.split("<form")[1]
    assert post(seller, f"/seller/cases/{case_no}/agree").status_code == 303
    db.session.rollback()
    case_line = db.session.scalar(db.select(CaseLine.id))
    shipped = {"carrier": "ZTO", "number": "75484863576596", f"shipped_{case_line}": "2"}
    assert post(seller, f"/seller/cases/{case_no}/ship_replacement", shipped).status_code == 303
    assert "补发包裹" in buyer.get(f"/cases/{case_no}").text
    assert post(buyer, f"/cases/{case_no}/confirm").status_code == 303
    assert "补发完成" in buyer.get(f"/cases/{case_no}").text
    assert "补发完成" in buyer.get("/cases").text and "换货完成" not in buyer.get("/cases").text


def test_what_broke_under_a_promise_may_be_exchanged_or_reissued(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    with writing():
        db.session.execute(db.update(OrderLine).values(guarantees="psbj"))
    choose(buyer, number, line)
    assert "希望怎么处理" in buyer.get(f"/orders/{number}/apply/details").text
    assert fill(buyer, number, line, type="reissue").status_code == 303
    post(buyer, f"/orders/{number}/apply/check")
    db.session.rollback()
    assert db.session.scalar(db.select(Case.type)) == "reissue"


def test_a_type_that_was_not_offered_is_not_taken(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line)
    fill(buyer, number, line, type="reissue")
    post(buyer, f"/orders/{number}/apply/check")
    db.session.rollback()
    assert db.session.scalar(db.select(Case.type)) == "exchange"
