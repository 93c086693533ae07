"""The consumer without account: a link shows one case, takes photos and a tracking number, and nothing else."""

from __future__ import annotations

import io
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import words
from portal.calendar import clock
from portal.cases.mediation_rows import find_mediation
from portal.extensions import db, writing
from portal.flow import Actor
from portal.inputs import quantity_text
from portal.models import (
    AccessLink,
    Case,
    CaseEvent,
    CaseLine,
    Evidence,
    FormKey,
    Notice,
    Order,
    OrderLine,
    Parcel,
    RateCount,
    Session,
    Shop,
)
from portal.resale import downstream
from portal.resale import links as consumer_links
from tests.cast import PARCELS, Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.domain.test_chains import Chain
from tests.pictures import photo


class Consumer:
    """A browser without session, and a case of the distributor's shop."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.chain = app, Chain(cast)
        self.case = self.chain.case()
        self.case_no, self.case_id = self.case.case_no, self.case.id
        with writing():
            self.token = (
                consumer_links.make_link(cast.now, shop_id=cast.shop2, case_id=self.case_id, by=cast.seller2) or ""
            )
        self.here = f"/c/{consumer_links.name_link(self.token)}"
        self.url = f"{self.here}/{self.case_no}"
        self.browser: FlaskClient = app.test_client()
        assert self.browser.get(f"/c/{self.token}").location == self.here

    def sends(self, **fields: Any) -> Any:
        return post(self.browser, self.url, fields)

    def now(self) -> Case:
        db.session.rollback()
        return db.session.get_one(Case, self.case_id, populate_existing=True)


@pytest.fixture
def consumer(app: Flask, cast: Cast, now: object) -> Consumer:
    return Consumer(app, cast)


def test_the_link_shows_the_case_and_leaves_no_trace(consumer: Consumer) -> None:
    first = consumer.browser.get(consumer.here)
    assert (first.status_code, first.location) == (303, consumer.url)
    page = consumer.browser.get(consumer.url)
    assert page.status_code == 200 and "待商家审核" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert db.session.scalar(select(func.count()).select_from(Session)) == 0
    for path in ("/me", "/orders", f"/cases/{consumer.case_no}", "/messages"):
        assert consumer.browser.get(path).location.startswith("/login"), path
    assert "/orders/" not in page.text and "/contact" not in page.text and "/me" not in page.text


def test_photos_go_through_the_gate_and_the_shop_is_told(consumer: Consumer) -> None:
    before = consumer.now().photo_count
    answer = consumer.sends(does="photos", note="鞋底开胶", photos=(io.BytesIO(photo((300, 200))), "a.jpg"))
    assert answer.status_code == 303, answer.text
    assert consumer.token not in answer.location  # relative: what is kept of a submission has no token in it
    assert consumer.now().photo_count == before + 1
    row = db.session.scalars(select(Evidence).order_by(Evidence.id.desc())).first()
    assert row is not None and (row.case_id, row.owner_id) == (consumer.case_id, consumer.case.buyer_id)
    assert db.session.scalars(select(Notice.title).where(Notice.kind == "photos")).all() == ["消费者补充了照片"]
    assert all(consumer.token not in kept for kept in db.session.scalars(select(FormKey.location)))
    page = consumer.browser.get(consumer.url)
    at = f"{consumer.url}/f/{row.public_id}"
    assert f"{at}/thumb" in page.text
    for path in (at, f"{at}/thumb"):
        assert consumer.browser.get(path).status_code == 200
    assert consumer.browser.get(f"/f/{row.public_id}").status_code == 303  # sign-in
    bad = consumer.sends(does="photos", photos=(io.BytesIO(b"no picture"), "a.jpg"))
    assert bad.status_code == 422 and 'class="err"' in bad.text
    none = consumer.sends(does="photos")
    assert none.status_code == 422 and "请至少选择一张照片" in none.text


def test_asked_for_photos_hand_the_case_in_again(consumer: Consumer) -> None:
    consumer.chain.down.take(consumer.case, "ask_evidence", Actor.SELLER, note="请补拍")
    answer = consumer.sends(does="photos", photos=(io.BytesIO(photo((300, 200))), "a.jpg"))
    assert answer.status_code == 303
    assert consumer.now().state == "applied"
    event = db.session.scalars(select(CaseEvent).order_by(CaseEvent.id.desc())).first()
    assert event is not None and (event.step, event.author) == ("modify", "消费者链接")


def test_the_tracking_number_is_the_buyers_step(consumer: Consumer) -> None:
    early = consumer.sends(does="parcel", number="75484863576596", carrier="ZTO")
    assert early.status_code == 409
    consumer.chain.down.take(consumer.case, "agree", Actor.SELLER)
    bad = consumer.sends(does="parcel", number="12", carrier="ZTO")
    assert bad.status_code == 422 and 'value="12"' in bad.text and 'class="err"' in bad.text
    own = consumer.sends(does="parcel", number="13425059650", carrier="ZTO")
    assert own.status_code == 422
    page = consumer.browser.get(consumer.url)
    assert 'id="parcel"' in page.text and 'href="#parcel"' not in page.text  # no button that leads to the form below it
    assert f'{consumer.url}#parcel"' not in page.text and f"{consumer.url}/do/extend" in page.text
    fields = token_of(page) | {"does": "parcel", "number": "75484863576596", "carrier": ""}
    done = [consumer.browser.post(consumer.url, data=fields | {"carrier": "ZTO"}) for _ in range(2)]
    assert [answer.status_code for answer in done] == [303, 303]  # sent twice, done once
    assert consumer.now().state == "inspecting"
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1
    assert db.session.scalars(select(AccessLink.used_at)).one() is not None


def test_a_mistyped_number_is_corrected(consumer: Consumer) -> None:
    consumer.chain.down.take(consumer.case, "agree", Actor.SELLER)
    assert "运单号填错了" not in consumer.browser.get(consumer.url).text
    consumer.sends(does="parcel", number="75484863576596", carrier="ZTO")
    page = consumer.browser.get(consumer.url).text
    assert "运单号填错了" in page and "75484863576596" in page
    bad = consumer.sends(does="edit", number="12", carrier="ZTO")
    assert bad.status_code == 422 and 'value="12"' in bad.text and 'class="err"' in bad.text
    done = consumer.sends(does="edit", number="YT8893012345678", carrier="")
    assert done.status_code == 303 and "运单号已修改" in consumer.browser.get(f"{consumer.here}/{done.location}").text
    numbers = db.session.execute(select(Parcel.tracking_no, Parcel.voided_at.is_(None)).order_by(Parcel.id)).all()
    assert [tuple(row) for row in numbers] == [("75484863576596", False), ("YT8893012345678", True)]
    event = db.session.scalars(select(CaseEvent).order_by(CaseEvent.id.desc())).first()
    assert event is not None and (event.step, event.author) == ("edit_parcel", "消费者链接")


def test_several_parcels_go_back_at_once_each_with_what_is_in_it(consumer: Consumer) -> None:
    """The buyer's own fields: what isn't said of the first parcel is the rest; each number can be corrected."""
    consumer.chain.down.take(consumer.case, "agree", Actor.SELLER)
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == consumer.case_id)).one()
    whole, line_id = line.quantity_milli, line.id
    assert whole >= 2_000
    page = consumer.browser.get(consumer.url).text
    assert "还有其他包裹" in page and f'name="units_2_{line_id}"' in page
    two = {"does": "parcel", "number": "75484863576596", "carrier": "ZTO", "number2": "YT8962646785389"}
    most = quantity_text(whole)
    over = consumer.sends(**two, **{f"units_1_{line_id}": most, f"units_2_{line_id}": "1"})
    assert over.status_code == 422 and "各包裹加起来是" in over.text and 'value="YT8962646785389"' in over.text
    lone = consumer.sends(does="parcel", number="75484863576596", carrier="ZTO", **{f"units_3_{line_id}": "1"})
    assert lone.status_code == 422 and "请填写这个包裹的运单号" in lone.text
    assert consumer.sends(**two, **{f"units_2_{line_id}": "1"}).status_code == 303
    assert consumer.now().state == "inspecting"
    first, second = db.session.scalars(select(Parcel).order_by(Parcel.id)).all()
    assert first.tracking_no == "75484863576596" and second.carrier == "YTO"
    page = consumer.browser.get(consumer.url).text
    assert f"{quantity_text(whole - 1_000)} {line.unit}" in page.split("里面有：")[1].split("</p>")[0]
    assert "改哪个包裹" in page and f'value="{first.id}"' in page
    unknown = consumer.sends(does="edit", number="YT8893012345678", which=str(first.id + 7))
    assert unknown.status_code == 422
    assert consumer.sends(does="edit", number="YT8893012345678", which=str(first.id)).status_code == 303
    live = select(Parcel.tracking_no).where(Parcel.voided_at.is_(None)).order_by(Parcel.id)
    assert set(db.session.scalars(live)) == {"YT8962646785389", "YT8893012345678"}


def test_who_advances_the_freight_is_told_how_to_claim_it(consumer: Consumer) -> None:
    consumer.chain.down.take(consumer.case, "agree", Actor.SELLER)
    assert words.FREIGHT_ADVANCED in consumer.browser.get(consumer.url).text
    consumer.sends(does="parcel", number="75484863576596", carrier="ZTO")
    assert words.FREIGHT_ADVANCED not in consumer.browser.get(consumer.url).text


def test_nothing_but_the_one_case(consumer: Consumer) -> None:
    other = consumer.chain.down.open_case(consumer.chain._order(), milli=1_000)
    foreign = consumer.chain.cast.open_case()
    for case_no in (other.case_no, foreign.case_no, "HH99010100000000"):
        assert consumer.browser.get(f"{consumer.here}/{case_no}").status_code == 404
    up = consumer.chain.open_upstream(consumer.case)
    page = consumer.browser.get(consumer.url).text
    assert up.case_no not in page and "上游" not in page
    assert consumer.browser.get(f"{consumer.here}/{up.case_no}").status_code == 404
    [loose] = consumer.chain.cast.photos(1, consumer.chain.cast.seller2)
    assert consumer.browser.get(f"{consumer.url}/f/{loose}").status_code == 404


def test_wrong_expired_and_revoked_look_the_same(consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    with writing():
        gone = consumer_links.make_link(start, shop_id=consumer.case.shop_id, case_id=consumer.case_id) or ""
        newest = db.session.scalars(select(AccessLink.id).order_by(AccessLink.id.desc()).limit(1)).one()
        consumer_links.revoke_link(consumer.case_id, consumer.case.shop_id, newest, start)
    names = ("A" * 22, "short", gone, consumer_links.name_link(gone))
    said = {consumer.browser.get(f"/c/{name}").text for name in names}
    assert len(said) == 1 and "查询售后" in said.pop()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=40))
    assert consumer.browser.get(consumer.url).status_code == 200  # their case is open: so is the link
    consumer.chain.down.take(consumer.case, "withdraw", Actor.BUYER)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=75))
    assert consumer.browser.get(consumer.url).status_code == 404
    assert consumer.browser.post(consumer.url, data=token_of(consumer.browser.get("/c"))).status_code == 404


def test_a_consumer_has_every_way_that_a_buyer_has() -> None:
    """But those that need an account to be written down; applying and parcels have pages of their own."""
    from portal import flow
    from portal.consumer.forms import FORMS

    elsewhere = {"apply", "cancel_order", "ship_return", "edit_parcel"}
    elsewhere |= {"give_account", "withdraw_account", "convert"}
    elsewhere.add("offer_step")  # what any step becomes while the platform is in the case
    named = {step.name for step in flow.STEPS if step.actor is Actor.BUYER}
    assert named - elsewhere == set(FORMS)


def does(consumer: Consumer, step: str, **fields: Any) -> Any:
    return post(consumer.browser, f"{consumer.url}/do/{step}", fields)


def test_the_consumer_asks_for_the_platform_hands_in_evidence_and_withdraws_it(consumer: Consumer) -> None:
    consumer.chain.down.take(consumer.case, "ask_evidence", Actor.SELLER, note="请补拍面单")
    assert "申请平台介入" in consumer.browser.get(consumer.url).text
    blank = does(consumer, "escalate", because="refused", wish="", note="")
    assert blank.status_code == 422 and "请写明希望的结果" in blank.text
    assert does(consumer, "escalate", because="refused", wish="换新的", note="袜子破洞").status_code == 303
    assert consumer.now().escalated and find_mediation(consumer.now()).asked_by == "buyer"
    assert does(consumer, "submit_evidence", note="开箱照片").status_code == 303
    offered = does(consumer, "modify", description="改一改")
    assert offered.status_code == 303  # one side alone changes nothing: it is offered to the other
    assert consumer.now().escalated and consumer.now().description != "改一改"
    assert "改一改" in consumer.browser.get(consumer.url).text
    assert does(consumer, "withdraw_mediation").status_code == 303 and not consumer.now().escalated
    assert does(consumer, "withdraw").status_code == 303 and consumer.now().state == "withdrawn"


def test_photos_are_evidence_or_nothing_while_it_is_collected(consumer: Consumer) -> None:
    """What hung on the case beside the round left who sent it as one who had handed in nothing."""
    consumer.chain.down.take(consumer.case, "ask_evidence", Actor.SELLER, note="请补拍面单")
    before = consumer.now().photo_count
    assert 'value="photos"' in consumer.browser.get(consumer.url).text
    assert does(consumer, "escalate", because="refused", wish="换新的", note="袜子破洞").status_code == 303
    shown = consumer.browser.get(consumer.url).text
    assert 'value="photos"' not in shown and f"{consumer.url}/do/submit_evidence" in shown
    older = {"does": "photos", "photos": (io.BytesIO(photo((300, 200))), "a.jpg")}
    kept = post(consumer.browser, consumer.url, older, at=f"{consumer.url}/do/submit_evidence")
    assert kept.status_code == 409 and "照片请点「提交证据」提交" in kept.text
    assert consumer.now().photo_count == before


def test_what_can_not_be_done_any_more_is_no_broken_link(consumer: Consumer) -> None:
    """A page kept open since yesterday: the link is as good as ever, and nobody is to ask the shop for another."""
    from portal.consumer.forms import FORMS

    consumer.chain.down.take(consumer.case, "withdraw", Actor.BUYER)
    for step in FORMS:
        answer = consumer.browser.get(f"{consumer.url}/do/{step}")
        assert answer.status_code == 409, step
        assert "这个链接打不开" not in answer.text and "您已撤销" in answer.text, step
        assert f'href="{consumer.url}"' in answer.text, step
    assert consumer.browser.get(f"{consumer.url}/do/agree").status_code == 404


def test_the_consumer_answers_terms_and_confirms_what_came(consumer: Consumer) -> None:
    down = consumer.chain.down
    case = down.take(consumer.case, "propose", Actor.SELLER, terms=down.terms(consumer.case))
    assert "接受方案" in consumer.browser.get(consumer.url).text
    shown = consumer.browser.get(f"{consumer.url}/do/accept_reship").text
    assert "方案 1" in shown
    assert does(consumer, "accept_reship").status_code == 303 and consumer.now().state == "reshipping"
    case = consumer.now()
    down.take(
        case, "ship_replacement", Actor.SELLER, **down._facts_of(case, {"ship": True, "parcels": PARCELS}, down.now)
    )
    assert does(consumer, "report_problem", kind="not_received", note="没有收到").status_code == 303
    assert consumer.now().problem_open
    assert consumer.browser.get(f"{consumer.url}/do/agree").status_code == 404


def test_too_often_is_429(consumer: Consumer) -> None:
    hidden = token_of(consumer.browser.get(consumer.url))
    answers = [consumer.browser.post(consumer.url, data=hidden | {"does": "photos", "form_key": ""}) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {422}
    assert answers[30].status_code == 429


def test_who_is_signed_in_does_not_count(consumer: Consumer) -> None:
    browser = sign_in(consumer.app, "buyer")
    assert browser.get(f"/c/{consumer.token}").status_code == 303
    assert browser.get(consumer.url).status_code == 200
    answer = post(browser, consumer.url, {"does": "photos", "photos": (io.BytesIO(photo((300, 200))), "a.jpg")})
    assert answer.status_code == 303
    row = db.session.scalars(select(Evidence).order_by(Evidence.id.desc())).first()
    assert row is not None and row.owner_id == consumer.case.buyer_id
    assert browser.post(consumer.url, data={"does": "photos"}).status_code == 403


def test_order_number_and_last_four_digits(consumer: Consumer) -> None:
    answer = post(consumer.browser, "/c", {"order_no": "TB2026112300001", "last_four": "9650"})
    assert answer.status_code == 303 and answer.location.startswith("/c/")
    page = consumer.browser.get(answer.location)
    assert page.status_code == 200 and consumer.case_no in page.text and "TB2026112300001" in page.text
    case = consumer.browser.get(f"{answer.location}/{consumer.case_no}")
    assert case.status_code == 200 and "返回订单" in case.text
    assert "只显示这一张售后单" not in case.text and consumer_links.tell_validity() not in case.text
    (until,) = re.findall(r"这个页面在 (<time.*?</time>) 前有效", page.text)
    assert f"这个页面在 {until} 前有效" in case.text
    assert consumer.browser.get(f"{answer.location}/HH99010100000000").status_code == 404
    wrong = {"order_no": "TB2026112300001", "last_four": "0000"}, {"order_no": "TB-none", "last_four": "9650"}
    refused = [post(consumer.browser, "/c", fields) for fields in wrong]
    assert {one.status_code for one in refused} == {422}
    assert all("没有查到" in one.text for one in refused)
    assert post(consumer.browser, "/c", {"order_no": "", "last_four": "123456"}).status_code == 422
    for _ in range(10):
        last = post(consumer.browser, "/c", {"order_no": "TB2026112300001", "last_four": "0000"})
    assert last.status_code == 429
    assert 0 < int(last.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("order_no", "phone"),
    [
        ("ＴＢ2026112300001", "9650"),
        ("TB 2026 1123 00001", "９６５０"),
        ("tb2026112300001", " 9650 "),
        ("TB2026112300001", "13425059650"),
        ("TB2026112300001", "+86 134-2505-9650"),
        ("　ｔｂ２０２６１１２３００００１", "尾号9650"),
    ],
)
def test_number_and_telephone_are_read_forgivingly(consumer: Consumer, order_no: str, phone: str) -> None:
    assert post(consumer.browser, "/c", {"order_no": order_no, "last_four": phone}).status_code == 303


def test_other_spellings_of_a_number_are_no_further_guesses(consumer: Consumer) -> None:
    for spelling in ("TB2026112300001", "tb2026112300001", "ＴＢ2026112300001", "TB 2026112300001") * 3:
        last = post(consumer.browser, "/c", {"order_no": spelling, "last_four": "0000"})
    assert last.status_code == 429
    short = post(consumer.app.test_client(), "/c", {"order_no": "TB2026112300001", "last_four": "965"})
    assert short.status_code == 422 and "后四位数字" in short.text


def test_guesses_shut_nobody_out(consumer: Consumer) -> None:
    """Who guesses waits; the rightful consumer elsewhere comes in. What is refused writes no row."""
    right = {"order_no": "TB2026112300001", "last_four": "9650"}
    for _ in range(40):
        post(consumer.browser, "/c", right | {"last_four": "0000"})
    rows = db.session.scalars(select(RateCount.bucket)).all()
    assert len(rows) == 3 and not any("TB2026112300001" in row for row in rows)
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    browser = consumer.app.test_client()
    hidden = token_of(browser.get("/c", environ_overrides=elsewhere))
    assert browser.post("/c", data=hidden | right, environ_overrides=elsewhere).status_code == 303


def test_tokens_are_in_no_log(consumer: Consumer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        consumer.browser.get(consumer.url)
        consumer.browser.post(consumer.url, data={"does": "photos"})
        consumer.browser.get(f"/c/{consumer.token}x")
    assert consumer.token not in caplog.text


def test_the_token_leaves_the_address_at_once(consumer: Consumer) -> None:
    """It goes into a cookie of this link's pages; what the browser remembers and others see opens nothing."""
    browser = consumer.app.test_client()
    name = consumer_links.name_link(consumer.token)
    for rest in ("", f"/{consumer.case_no}", f"/{consumer.case_no}/do/withdraw?v=1"):
        answer = browser.get(f"/c/{consumer.token}{rest}")
        assert (answer.status_code, answer.location) == (303, f"/c/{name}{rest}")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("link=")]
        assert {"HttpOnly", "SameSite=Lax", f"Path=/c/{name}"} <= set(cookie.split("; "))
    pages = [browser.get(consumer.url), browser.get(f"{consumer.url}/do/withdraw"), browser.get("/c")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert not any(consumer.token in page.text for page in pages)
    assert consumer.app.test_client().get(consumer.url).status_code == 404  # the address alone

    other = consumer.app.test_client()
    other.set_cookie("link", "A" * 22, path=f"/c/{name}")
    assert other.get(consumer.url).status_code == 404
    other.set_cookie("link", consumer.token, path="/c/0123456789abcdef")
    assert other.get(f"/c/0123456789abcdef/{consumer.case_no}").status_code == 404  # of another link


def test_a_form_that_was_open_at_an_address_with_the_token_is_not_lost(consumer: Consumer) -> None:
    hidden = token_of(consumer.browser.get(f"{consumer.url}/do/withdraw"))
    sent = consumer.browser.post(f"/c/{consumer.token}/{consumer.case_no}/do/withdraw", data=hidden)
    assert (sent.status_code, sent.location) == (307, f"{consumer.url}/do/withdraw")
    assert consumer.browser.post(sent.location, data=hidden).status_code == 303
    assert consumer.now().state == "withdrawn"


def test_links_are_made_shown_once_and_taken_back_at_the_desk(consumer: Consumer) -> None:
    desk = sign_in(consumer.app, "seller2")
    url = f"/seller/cases/{consumer.case_no}/consumer"
    hidden = token_of(desk.get(url))
    made = desk.post(url, data=hidden)
    assert made.status_code == 200
    address = made.text.split('<code id="link">')[1].split("</code>")[0]
    assert address in desk.post(url, data=hidden).text  # sent twice, one link
    assert db.session.scalar(select(func.count()).select_from(AccessLink)) == 2
    path = address.removeprefix("http://localhost")
    assert consumer.browser.get(path).status_code == 303
    assert address not in desk.get(url).text
    newest = db.session.scalars(select(AccessLink.id).order_by(AccessLink.id.desc())).first()
    assert post(desk, url, {"revoke": str(newest)}).status_code == 303
    assert consumer.browser.get(path).status_code == 404
    assert post(desk, url, {"revoke": str(newest)}).status_code == 409
    assert post(desk, url, {"revoke": "x"}).status_code == 409


@pytest.mark.parametrize(("back", "out"), [("direct", "direct"), ("direct", "via"), ("via", "direct"), ("via", "via")])
def test_the_desk_says_what_the_consumer_is_shown_of_suppliers(consumer: Consumer, back: str, out: str) -> None:
    desk = sign_in(consumer.app, "seller2")
    url = f"/seller/cases/{consumer.case_no}/consumer"
    assert "以后由供应商直接" in desk.get(url).text
    consumer.chain.open_upstream(consumer.case, route_back=back, route_out=out)
    supplier = db.session.get_one(Shop, consumer.chain.cast.shop).name
    promised, shown = desk.get(url).text, consumer.browser.get(consumer.url).text
    assert (f"{supplier}直接给消费者发货" in promised) == (supplier in shown) == (out == "direct")
    assert (f"商品直接寄给{supplier}" in promised) == (back == "direct")
    assert "看不到您与供应商之间的价格" in promised and "看不到供应商和其他" not in promised


@pytest.mark.parametrize("back", ["direct", "via"])
@pytest.mark.parametrize("earlier", [timedelta(hours=5), -timedelta(hours=5)])
def test_the_consumer_is_told_the_earlier_of_both_deadlines(consumer: Consumer, back: str, earlier: timedelta) -> None:
    up = consumer.chain.open_upstream(consumer.case, route_back=back)
    consumer.chain.up.take(up, "agree", Actor.SELLER)
    consumer.chain.down.take(consumer.now(), "agree", Actor.SELLER)
    own = consumer.now().due_at
    assert own is not None
    with writing():
        db.session.get_one(Case, up.id).due_at = own - earlier
    first = back == "direct" and earlier > timedelta(0)
    link = post(consumer.browser, "/c", {"order_no": "TB2026112300001", "last_four": "9650"}).location
    for url in (consumer.url, link):
        page = consumer.browser.get(url).text
        assert (words.moment(own - earlier) in page) == first, url
    assert ("供应商可能不再处理" in consumer.browser.get(consumer.url).text) == first


def test_how_long_a_link_can_be_opened_is_said_once_and_is_so(consumer: Consumer, now: Clock) -> None:
    now.forward(days=40)  # longer than a link lives by itself
    sentence = consumer_links.tell_validity()
    assert sentence in consumer.browser.get(consumer.url).text
    page = sign_in(consumer.app, "seller2").get(f"/seller/cases/{consumer.case_no}/consumer").text
    assert sentence in page and "售后进行中，有效" in page and "已过期" not in page and "收回" in page


def test_a_number_that_two_shops_have_asks_which(consumer: Consumer) -> None:
    """Number and telephone are right for both: the consumer says where they bought, and sees that shop's order only."""
    cast, number = consumer.chain.cast, "TB2026112300001"
    purchase = cast.order(buyer=cast.seller, title="羊毛围巾")
    with writing():
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == purchase.id)).one()
        downstream.record_order(
            db.session.get_one(Order, (purchase.id, cast.shop)),
            shop_id=cast.shop,
            order_no=number,
            channel="微信",
            receiver=("李雯", "13425059650", "四川省成都市武侯区一环路南二段8号"),
            goods=[downstream.Bought(line.id, 1_000, 1_990)],
            ordered_at=cast.now,
            received_at=cast.now,
            by=cast.seller,
            now=cast.now,
        )
    asked = {"order_no": number, "last_four": "9650"}
    which = post(consumer.browser, "/c", asked)
    assert which.status_code == 422 and "几家店铺有这个订单号" in which.text
    assert "seller的店" in which.text and "seller2的店" in which.text and number in which.text
    wrong = post(consumer.browser, "/c", {**asked, "shop": "999"})
    assert wrong.status_code == 422 and "请选择您购买的店铺" in wrong.text
    for shop, title, other in ((cast.shop, "羊毛围巾", "纯棉中筒袜"), (cast.shop2, "纯棉中筒袜", "羊毛围巾")):
        found = post(consumer.browser, "/c", {**asked, "shop": str(shop)})
        assert found.status_code == 303
        page = consumer.browser.get(found.location, follow_redirects=True).text
        assert title in page and other not in page
    blind = post(consumer.browser, "/c", {**asked, "last_four": "0000", "shop": str(cast.shop)})
    assert blind.status_code == 422 and "没有查到" in blind.text and "的店" not in blind.text
