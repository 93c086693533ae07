"""常用语: variables are said or left as gaps, nothing is sent by one click, a promise offers its step."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Message, Order, Reply
from portal.rights import phrases
from portal.talk import replies
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


def keep(cast: Cast, now: Clock, words: str, step: str = "") -> int:
    with writing():
        return replies.add_reply(cast.shop, "常用", words, step, now.at).id


def composed(desk: FlaskClient, order_no: str, wanted: object) -> tuple[str, str]:
    """What stands in the message box, and the whole page."""
    page = desk.get(f"/seller/orders/{order_no}/contact?reply={wanted}").text
    box = re.search(r'<textarea[^>]*name="words"[^>]*>(.*?)</textarea>', page, re.S)
    assert box is not None
    return html.unescape(box[1]).strip(), page


def count_messages() -> int:
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(Message).where(Message.kind == "text")) or 0


def test_a_text_is_filled_in_to_be_edited_and_sent_by_hand(app: Flask, cast: Cast, now: Clock) -> None:
    order_no = cast.order().order_no
    desk = sign_in(app, "seller")
    case = cast.open_case()
    number = db.session.scalar(db.select(Order.order_no).where(Order.id == case.order_id))
    reply_id = keep(cast, now, "您好，{商品}的售后 {售后单号} 请在 {截止} 前处理，差价 {差价}。")
    before = count_messages()
    words, _ = composed(desk, str(number), reply_id)
    assert case.case_no in words and case.goods in words and "11月" in words and "【待填：差价】" in words
    assert count_messages() == before
    at = f"/seller/orders/{number}/contact"
    refused = post(desk, at, {"words": words})
    assert refused.status_code == 422 and "还有没填的空" in refused.text and case.case_no in refused.text
    assert post(desk, at, {"words": words.replace("【待填：差价】", "无")}).status_code == 303
    assert count_messages() == before + 1
    plain, _ = composed(desk, order_no, reply_id)  # an order without a case: nothing is made up
    assert "【待填：售后单号】" in plain and "【待填：截止】" in plain


@pytest.mark.parametrize(
    ("state", "said"),
    [("applied", "¥2.00"), ("inspecting", "¥2.00"), ("disputed", "¥1.00"), ("paying", "¥2.00"), ("reshipping", "")],
)
def test_a_difference_is_what_is_still_to_be_paid(app: Flask, cast: Cast, now: Clock, state: str, said: str) -> None:
    """Of two pairs that each cost 1.00 more; of one where only one passed, and of none once it is paid."""
    reply_id = keep(cast, now, "请补 {差价}")
    if state == "disputed":
        case = cast.until("inspecting", dearer=100)
        counted = count_line(case, 2_000, 1_000)
        case = cast.take(case, "dispute_goods", Actor.SELLER, counted=counted, photos=cast.photos(2, cast.seller))
    elif state in ("paying", "reshipping"):
        case = cast.until(state) if state == "paying" else pay_more(cast)
    else:
        case = cast.until(state, dearer=100)
    number = str(db.session.scalar(db.select(Order.order_no).where(Order.id == case.order_id)))
    words, _ = composed(sign_in(app, "seller"), number, reply_id)
    assert words == (f"请补 {said}" if said else "请补 【待填：差价】")


def test_a_refund_is_of_what_passed(app: Flask, cast: Cast, now: Clock) -> None:
    reply_id = keep(cast, now, "退 {退款金额}")
    case = cast.until("inspecting", case_type=CaseType.RETURN_REFUND)
    asked = case.refund_fen
    case = cast.take(
        case,
        "dispute_goods",
        Actor.SELLER,
        counted=count_line(case, 2_000, 1_000),
        photos=cast.photos(2, cast.seller),
    )
    number = str(db.session.scalar(db.select(Order.order_no).where(Order.id == case.order_id)))
    words, _ = composed(sign_in(app, "seller"), number, reply_id)
    assert words == f"退 ¥{asked / 200:.2f}"


def count_line(case: Case, received: int, accepted: int) -> list[InspectedLine]:
    """What the shop counted of a case of one line."""
    line_id = db.session.scalars(db.select(CaseLine.id).where(CaseLine.case_id == case.id)).one()
    return [InspectedLine(line_id, received, accepted, "not_resellable", "有污渍")]


def pay_more(cast: Cast) -> Case:
    """A case of which the difference was paid, on its way to be sent."""
    case = cast.take(cast.until("paying"), "pay", Actor.BUYER, reference="2026112300099")
    return cast.take(case, "confirm_payment", Actor.SELLER)


@pytest.mark.parametrize("state", ["applied", "returning", "inspecting", "reshipping", "confirming"])
def test_of_a_receiver_all_is_said_or_nothing(app: Flask, cast: Cast, now: Clock, state: str) -> None:
    """The buyer reads it: their own name in part would look like somebody else's. What isn't said says why."""
    reply_id = keep(cast, now, "{收件人}您好，寄到 {地址}，电话 {电话}，售后 {售后单号}")
    desk = sign_in(app, "seller")
    case = cast.until(state)
    number = str(db.session.scalar(db.select(Order.order_no).where(Order.id == case.order_id)))
    words, page = composed(desk, number, reply_id)
    assert "*" not in words and case.case_no in words
    whole = state == "reshipping"
    assert ("13425059650" in words and "一环路南二段8号" in words and "李" in words) == whole
    assert (replies.find_gaps(words) == []) == whole
    assert ("收件人、电话、地址您现在只看得到一部分" in page) != whole
    if not whole:
        assert post(desk, f"/seller/orders/{number}/contact", {"words": words}).status_code == 422


@pytest.mark.parametrize(("state", "offered"), [("applied", True), ("returning", False)])
def test_a_promise_offers_its_step_where_it_can_be_taken(
    app: Flask, cast: Cast, now: Clock, state: str, offered: bool
) -> None:
    case = cast.until(state)
    number = db.session.scalar(db.select(Order.order_no).where(Order.id == case.order_id))
    desk = sign_in(app, "seller")
    for wanted in (keep(cast, now, "可以换", "agree"), "p1"):
        words, page = composed(desk, str(number), wanted)
        assert words in ("可以换", phrases.SELLER_PHRASES[1]) and "这段话答应了「同意申请」" in page
        assert (f'href="/seller/cases/{case.case_no}/agree"' in page) == offered
        assert ("没有可以办理的这一步" in page) != offered


def test_unknown_variables_are_refused_and_the_text_stays(app: Flask, cast: Cast) -> None:
    desk = sign_in(app, "seller")
    for words, named in (("{收件人}{价格}", "{价格}"), ("请补 {差价", "{"), ("｛ ｝", "{")):
        answer = post(desk, "/seller/replies", {"name": "一", "words": words})
        assert answer.status_code == 422 and "没有这样的变量" in answer.text and named in html.unescape(answer.text)
        assert html.escape(words) in answer.text
    assert db.session.scalar(db.select(db.func.count()).select_from(Reply)) == 0
    assert post(desk, "/seller/replies", {"name": "一", "words": "｛收件人｝{ 截止 }"}).status_code == 303


def test_of_another_shop_nothing_is_seen_and_roles_hold(app: Flask, cast: Cast, now: Clock) -> None:
    reply_id = keep(cast, now, "您好")
    order_no = cast.order().order_no
    stranger = sign_in(app, "seller2")
    assert stranger.get(f"/seller/replies/{reply_id}").status_code == 404
    post(stranger, f"/seller/replies/{reply_id}/remove", at="/seller/replies")
    desk = sign_in(app, "seller")
    assert composed(desk, order_no, reply_id)[0] == "您好" and composed(desk, order_no, "p99")[0] == ""
    post(desk, f"/seller/replies/{reply_id}", {"name": "二", "words": "您好呀"})
    assert "您好呀" in desk.get("/seller/replies").text
    post(desk, f"/seller/replies/{reply_id}/remove", at="/seller/replies")
    assert desk.get(f"/seller/replies/{reply_id}").status_code == 404
    cast.employ(cast.shop, "buyer2", "warehouse")
    assert sign_in(app, "buyer2").get("/seller/replies").status_code == 403
