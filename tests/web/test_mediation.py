"""平台介入 over HTTP: asked for by either side, heard, decided after a second look, and what strangers see of it."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from portal.cases import clock as case_clock
from portal.cli import group
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseEvent, Evidence, Order, Staff, User
from portal.talk import conversations
from tests.cast import PARCELS, PASSWORD, Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo

NOTE = "买家照片清楚,采信买家证据"


def fresh(case_id: int) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case_id, populate_existing=True)


def last(case_id: int) -> CaseEvent:
    db.session.rollback()
    query = db.select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version.desc())
    return db.session.scalars(query).first()  # type: ignore[return-value]


def pictures(many: int) -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(photo((320, 240))), f"{number}.jpg") for number in range(many)]


def heard(cast: Cast, state: str = "revising", **how: Any) -> Case:
    case = cast.until(state, **how)
    case = cast.take(case, "escalate", Actor.BUYER, note="商家不肯换", because="refused", wish="换两双新的")
    return cast.take(case, "submit_evidence", Actor.SELLER, note="出库照片")


def confirmed(client: FlaskClient, url: str, data: dict[str, Any]) -> Any:
    """The form, the second look, and the decision."""
    looked = post(client, url, data)
    assert looked.status_code == 200 and "核对后裁决" in looked.text, looked.text
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', looked.text))
    assert data.items() <= kept.items()
    return client.post(url, data={**kept, **token_of(looked), "confirmed": "1"})


# ---------------------------------------------------------------- the two sides


@pytest.mark.parametrize(("side", "url"), [("buyer", "/cases"), ("seller", "/seller/cases")])
def test_a_side_asks_hands_in_and_withdraws(app: Flask, cast: Cast, now: Clock, side: str, url: str) -> None:
    case = cast.until("disputed")
    client, url = sign_in(app, side), f"{url}/{case.case_no}"
    assert "申请平台介入" in client.get(url).text
    empty = post(client, f"{url}/escalate", {})
    assert empty.status_code == 422
    assert all(said in empty.text for said in ("请选择申请平台介入的原因", "请写明希望的结果", "请写明经过和理由"))
    wrong = {"because": "nonsense", "wish": "退款", "note": "x" * 501}
    answer = post(client, f"{url}/escalate", wrong)
    assert answer.status_code == 422 and 'value="退款"' in answer.text and "最多 500 个字" in answer.text
    good = {"because": "inspection", "wish": "按全部通过处理", "note": "寄回时完好"}
    answer = post(client, f"{url}/escalate", good | {"photos": pictures(2)}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    shown = client.get(answer.location).text
    assert "平台介入·举证中" in shown and "按全部通过处理" in shown and "举证商品收到时的状况" in shown
    assert "您申请了平台介入" in shown  # said of the right one of two rows, to whom it was
    assert last(case.id).data["because"] == "inspection"

    for many in (1, 2):  # several times in a round
        more = {"note": f"第 {many} 份", "photos": pictures(many)}
        assert post(client, f"{url}/submit_evidence", more, content_type="multipart/form-data").status_code == 303
    assert db.session.scalar(db.select(db.func.count()).select_from(Evidence).where(Evidence.case_id == case.id)) >= 5
    assert post(client, f"{url}/submit_evidence", {"note": ""}).status_code == 422

    other = sign_in(app, "seller" if side == "buyer" else "buyer")
    there = f"/cases/{case.case_no}" if side == "seller" else f"/seller/cases/{case.case_no}"
    assert "第 2 份" in other.get(there).text
    refused = other.post(f"{there}/withdraw_mediation", data=token_of(other.get("/login")))
    assert refused.status_code == 409 and "只有申请的一方可以撤回" in refused.text
    done = post(client, f"{url}/withdraw_mediation", {})
    assert done.status_code == 303 and not fresh(case.id).escalated
    page = client.get(url).text
    assert "平台介入已结束" in page and "撤回了平台介入申请" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("applied", "商家还在处理期限内"),
        ("proposed", "请先答复方案"),
        ("returning", "请先寄回商品"),
        ("paying", "补差价后商家说没有收到时"),
        ("reshipping", "商家超时或有问题未解决时可以申请平台介入"),
        ("confirming", "商家超时或有问题未解决时可以申请平台介入"),
        ("refunding", "超过 24 小时可以申请平台介入"),
    ],
)
def test_the_page_says_when_it_can_be_asked_for(app: Flask, cast: Cast, now: Clock, state: str, words: str) -> None:
    case = cast.until(state)
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    assert words in page
    assert "撤回平台介入" not in page and "提交证据" not in page  # nothing about what there isn't


def test_settling_it_is_shown_as_the_end(app: Flask, cast: Cast, now: Clock) -> None:
    case = heard(cast, "disputed")
    assert post(sign_in(app, "buyer"), f"/cases/{case.case_no}/accept_result", {}).status_code == 303
    for who, url in (("buyer", "/cases"), ("seller", "/seller/cases"), ("mediator", "/mediation")):
        page = sign_in(app, who).get(f"{url}/{case.case_no}").text
        assert (
            "平台介入已结束" in page and f"{'您' if who == 'buyer' else '买家'}接受了验货结果，平台不再裁决" in page
        ), who


def test_the_seller_has_a_tab_for_it(app: Flask, cast: Cast, now: Clock) -> None:
    case, other = heard(cast), cast.until("revising")
    page = sign_in(app, "seller").get("/seller?tab=mediation").text
    assert case.case_no in page and other.case_no not in page
    assert '平台介入 <span class="n">1</span>' in page and "平台介入·举证中" in page
    assert "平台介入·举证中" in sign_in(app, "buyer").get("/cases").text
    assert sign_in(app, "seller2").get("/seller?tab=mediation").text.count('class="open"') == 0


def test_what_was_not_fulfilled_is_said_to_everybody(app: Flask, cast: Cast, now: Clock) -> None:
    case_id = cast.until("refunding", case_type=CaseType.REFUND_ONLY).id
    while (due := fresh(case_id).due_at) is not None:
        case_clock.sweep(due)
    case_no, until = fresh(case_id).case_no, fresh(case_id).updated_at - cast.now
    now.forward(seconds=until.total_seconds() + 1)
    buyer = sign_in(app, "buyer").get(f"/cases/{case_no}").text
    assert "商家没有履行，平台已列为未履行" in buyer and "未履行清单" in buyer and "原来的时限" not in buyer
    seller = sign_in(app, "seller")
    desk = seller.get(f"/seller/cases/{case_no}").text
    assert "<h2>平台已列为未履行，请按平台的处理履行</h2>" in desk and "不再有时限" in desk and "登记已退款" in desk
    assert "未履行" in seller.get("/seller?tab=mediation").text
    mediator = sign_in(app, "mediator")
    listed = mediator.get("/mediation?tab=unfulfilled").text
    assert case_no in listed and "起未履行" in listed and "未履行" in mediator.get(f"/mediation/{case_no}").text
    shops = sign_in(app, "operator").get("/operator/shops").text
    assert "未履行 1 张" in shops and case_no in shops


# ---------------------------------------------------------------- the mediator


def test_a_refund_is_decided_after_a_second_look(app: Flask, cast: Cast, now: Clock) -> None:
    case = heard(cast)
    client, url = sign_in(app, "mediator"), f"/mediation/{case.case_no}"
    page = client.get(url).text
    assert all(said in page for said in ("买家的主张", "商家的主张", "举证责任", "换两双新的", "双方会话", "出库照片"))
    form = client.get(f"{url}/decide_refund").text
    assert "最多 25.00 元" in form and 'value="25.00"' in form
    data = {"amount": "20.00", "goods_back": "yes", "freight_payer": "seller", "note": NOTE}
    looked = post(client, f"{url}/decide_refund", data)
    assert looked.status_code == 200 and "退款 20.00 元" in looked.text and "买家须在 7 天内寄回商品" in looked.text
    assert "退回运费由商家承担" in looked.text and fresh(case.id).state == "revising"  # nothing is done yet
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', looked.text))
    back = client.post(f"{url}/decide_refund", data={**kept, "again": "1"})
    assert back.status_code == 200 and NOTE in back.text and 'value="20.00"' in back.text
    sent = {**kept, "confirmed": "1"}
    done = client.post(f"{url}/decide_refund", data=sent)
    assert done.status_code == 303 and fresh(case.id).state == "converted"
    assert client.post(f"{url}/decide_refund", data=sent).location == done.location  # twice is once
    child = db.session.scalars(db.select(Case).where(Case.parent_id == case.id)).one()
    assert (child.state, child.type, child.refund_fen) == ("returning", "return_refund", 2000)
    assert "平台裁决：改为退款" in client.get(done.location).text
    for who, there in (("buyer", "/cases"), ("seller", "/seller/cases")):
        page = sign_in(app, who).get(f"{there}/{case.case_no}").text
        assert "平台裁决" in page and NOTE in page and "裁决退款：¥20.00" in page and child.case_no in page
    assert case.case_no in client.get("/mediation?tab=decided").text


@pytest.mark.parametrize(
    ("step", "state", "data", "target", "outcome"),
    [
        ("decide_close", "disputed", {}, "closed", "商家收到的商品由商家退还给买家"),
        ("decide_return", "revising", {"freight_payer": "buyer"}, "returning", "退回运费由买家承担"),
        ("decide_reship", "revising", {}, "reshipping", "商家须在 72 小时内发出商品"),
        ("decide_continue", "revising", {}, "revising", "至少还有 24 小时"),
        ("more_evidence", "revising", {"asked": "buyer"}, "revising", "请买家在 48 小时内补充证据"),
        ("decide_refund", "disputed", {"amount": "25"}, "converted", "买家不用寄回商品"),
    ],
)
def test_every_decision_has_its_form(
    app: Flask, cast: Cast, now: Clock, step: str, state: str, data: dict[str, str], target: str, outcome: str
) -> None:
    case = heard(cast, state)
    client, url = sign_in(app, "mediator"), f"/mediation/{case.case_no}/{step}"
    wrong = post(client, url, {"note": "短"})
    assert wrong.status_code == 422 and "请至少填写 5 个字" in wrong.text
    assert outcome in post(client, url, {"note": NOTE, **data}).text
    assert confirmed(client, url, {"note": NOTE, **data}).status_code == 303
    assert (fresh(case.id).state, last(case.id).step, last(case.id).note) == (target, step, NOTE)


@pytest.mark.parametrize("amount", ["", "0", "-1", "25.01", "1e3", "NaN", "٣", "99999999999", "1.234", "<b>"])
def test_an_amount_that_cannot_be(app: Flask, cast: Cast, now: Clock, amount: str) -> None:
    case = heard(cast)
    data = {"amount": amount, "goods_back": "no", "note": NOTE}
    answer = post(sign_in(app, "mediator"), f"/mediation/{case.case_no}/decide_refund", data)
    assert answer.status_code == 422 and 'id="amount-err"' in answer.text and NOTE in answer.text
    assert fresh(case.id).escalated


def test_goods_that_go_back_need_somebody_who_pays(app: Flask, cast: Cast, now: Clock) -> None:
    case = heard(cast)
    url, data = f"/mediation/{case.case_no}/decide_refund", {"amount": "1", "note": NOTE}
    client = sign_in(app, "mediator")
    assert "请选择商品是否寄回" in post(client, url, data).text
    wrong = post(client, url, data | {"goods_back": "yes", "freight_payer": "nobody"})
    assert wrong.status_code == 422 and "请选择退回运费由谁承担" in wrong.text


def test_nothing_is_decided_before_both_were_heard_or_the_time_is_over(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.take(cast.until("revising"), "escalate", Actor.BUYER, note="请处理")
    client, url = sign_in(app, "mediator"), f"/mediation/{case.case_no}"
    early = "举证期还没有结束，双方都提交证据后可以提前裁决"
    assert early in client.get(url).text and early in client.get(f"{url}/decide_close").text
    answer = client.post(f"{url}/decide_close", data={**token_of(client.get("/login")), "note": NOTE, "confirmed": "1"})
    assert answer.status_code == 409 and early in answer.text and NOTE in answer.text
    now.forward(hours=49)
    client = sign_in(app, "mediator")
    from portal.cases import clock as case_clock

    case_clock.settle_now(case.id, now.at)
    assert post(client, f"{url}/decide_close", {"note": NOTE}).status_code == 200


def test_a_withdrawal_meanwhile_keeps_the_words(app: Flask, cast: Cast, now: Clock) -> None:
    case = heard(cast)
    client, url = sign_in(app, "mediator"), f"/mediation/{case.case_no}/decide_close"
    looked = post(client, url, {"note": NOTE})
    cast.take(case, "withdraw_mediation", Actor.BUYER)
    answer = client.post(url, data={**token_of(looked), "note": NOTE, "confirmed": "1"})
    assert answer.status_code == 409 and "最新状态" in answer.text and NOTE in answer.text
    assert fresh(case.id).state == "revising"
    again = client.post(url, data={**token_of(looked), "note": NOTE})
    assert again.status_code == 409 and NOTE in again.text


def test_new_evidence_meanwhile_is_read_first(app: Flask, cast: Cast, now: Clock) -> None:
    case = heard(cast)
    client, url = sign_in(app, "mediator"), f"/mediation/{case.case_no}/decide_close"
    stale = client.get(url)
    cast.take(case, "submit_evidence", Actor.BUYER, note="还有一份")
    answer = client.post(url, data={**token_of(stale), "note": NOTE})
    assert answer.status_code == 409 and "已有更新" in answer.text and NOTE in answer.text


def test_the_conversation_is_read_only_while_it_is_open(app: Flask, cast: Cast, now: Clock) -> None:
    case = heard(cast)
    picture = cast.photos(1, cast.seller)[0]
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, case.order_id), cast.now)
        for number in range(55):
            conversations.add_message(talk, "buyer", cast.buyer, f"第{number}句话", now=cast.now)
        conversations.add_message(talk, "seller", cast.seller, "看图", now=cast.now, photos=[picture])
    store = app.extensions["portal_store"]
    store.put(db.session.scalars(db.select(Evidence.key).where(Evidence.public_id == picture)).one(), b"x")
    with writing():
        same = hashlib.sha256(b"x").hexdigest()
        db.session.execute(update(Evidence).where(Evidence.public_id == picture).values(sha256=same, thumb_sha256=same))
    db.session.rollback()
    client, url = sign_in(app, "mediator"), f"/mediation/{case.case_no}"
    page = client.get(url).text
    assert "第54句话" in page and "第3句话" not in page and "商家 " in page
    earlier = re.search(rf"{url}\?before=\d+", page)
    assert earlier and "第3句话" in client.get(earlier[0]).text
    assert client.get(f"/f/{picture}").status_code == 200
    assert client.get(f"/orders/{db.session.get_one(Order, case.order_id).order_no}/contact").status_code == 404
    cast.take(case, "withdraw_mediation", Actor.BUYER)
    answer = client.get(url)
    assert answer.status_code == 200 and "第54句话" not in answer.text and "双方会话" not in answer.text
    assert client.get(f"/f/{picture}").status_code == 404


@pytest.mark.parametrize("who", ["buyer", "seller", "buyer2", "seller2", "colleague"])
def test_nobody_of_either_side_and_nobody_else_sees_it(app: Flask, cast: Cast, now: Clock, who: str) -> None:
    """Also those who are mediators, where they have to do with a side."""
    case = heard(cast)
    with writing():
        if who == "colleague":
            db.session.add(Staff(user_id=cast.mediator, shop_id=cast.shop, role="agent"))
        elif who in ("buyer", "seller"):
            db.session.get_one(User, getattr(cast, who)).mediator = True
    client = sign_in(app, "mediator" if who == "colleague" else who)
    url = f"/mediation/{case.case_no}"
    assert client.get(url).status_code == client.get(f"{url}/decide_close").status_code == 404
    form = {**token_of(client.get("/login")), "note": NOTE, "confirmed": "1"}
    assert client.post(f"{url}/decide_close", data=form).status_code == 404
    docket = client.get("/mediation?tab=evidence")
    assert case.case_no not in docket.text and docket.status_code == (404 if who.endswith("2") else 200)
    assert fresh(case.id).escalated


def test_a_case_that_the_platform_was_never_called_into_is_not_there(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("disputed")
    assert sign_in(app, "mediator").get(f"/mediation/{case.case_no}").status_code == 404


def test_odd_addresses(app: Flask, cast: Cast, now: Clock) -> None:
    case = heard(cast)
    client = sign_in(app, "mediator")
    for path in ("?tab=x", "?after=x", "?after=2026-01-01~1", "/HH1", "/HH1/decide_close"):
        assert client.get(f"/mediation{path}").status_code == 404, path
    for step in ("nonsense", "agree", "decide_complete"):
        assert client.get(f"/mediation/{case.case_no}/{step}").status_code == 409, step
    assert client.get(f"/mediation/{case.case_no}?before=%00").status_code == 200
    assert "没有符合的售后单" in client.get("/mediation?tab=evidence&q=%25").text


def test_signing_in_leads_mediators_to_their_queue_and_back(app: Flask, cast: Cast, now: Clock) -> None:
    client = app.test_client()
    answer = post(client, "/login", {"member_name": "mediator", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/mediation")
    assert 'href="/me"' in client.get("/mediation").text and 'href="/mediation"' in client.get("/me").text
    client = app.test_client()
    answer = post(client, "/login?next=/orders", {"member_name": "mediator", "password": PASSWORD, "next": "/orders"})
    assert answer.location == "/orders"
    with writing():
        db.session.add(Staff(user_id=cast.mediator, shop_id=cast.shop2, role="agent"))
    assert 'href="/seller"' in client.get("/mediation").text
    assert 'href="/mediation"' not in sign_in(app, "buyer").get("/me").text


def test_a_mediator_is_made_at_the_command_line(app: Flask) -> None:
    with app.test_request_context():
        done = CliRunner().invoke(
            group.portal, ["create-user", "platform1", "--mediator"], obj=_info(app), input="correct-horse-7\n"
        )
    assert done.exit_code == 0, done.output
    db.session.rollback()
    assert db.session.scalars(db.select(User.mediator).where(User.member_name == "platform1")).one()


def _info(app: Flask) -> Any:
    from flask.cli import ScriptInfo

    return ScriptInfo(create_app=lambda: app)


def test_what_the_state_says_is_chosen_to_begin_with(app: Flask, cast: Cast, now: Clock) -> None:
    refused = cast.open_case()
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, (refused.order_id, refused.shop_id)), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "这一款没有货了", now=cast.now)
    refused = cast.take(refused, "reject", Actor.SELLER, refusal="no_stock", note="没有货了")
    asked, disputed = cast.until("revising"), cast.until("disputed")
    for case, code in ((disputed, "inspection"), (asked, ""), (refused, "refused")):
        page = sign_in(app, "buyer").get(f"/cases/{case.case_no}/escalate").text
        radios = [each for each in re.findall(r"<input[^>]+>", page) if 'name="because"' in each and "checked" in each]
        chosen = [each.partition('value="')[2].partition('"')[0] for each in radios]
        assert "申请的原因" in page and chosen == [code][: bool(code)], chosen


@pytest.mark.parametrize("case_type", CaseType)
def test_nobody_calls_about_goods_that_never_go_that_way(
    app: Flask, cast: Cast, now: Clock, case_type: CaseType
) -> None:
    """An inspection is of what comes back, a replacement of what is sent out."""
    case = cast.until("revising", case_type=case_type)
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}/escalate").text
    back, out = "验货结果有争议" in page, "未按约定寄出" in page
    assert "商家超时未处理" in page
    assert back == (case_type in (CaseType.EXCHANGE, CaseType.RETURN_REFUND))
    assert out == (case_type in (CaseType.EXCHANGE, CaseType.REISSUE))


def test_the_end_of_a_round_is_not_when_the_platform_rules_at_the_latest(app: Flask, cast: Cast, now: Clock) -> None:
    """「等待平台裁决」 stood above 「最晚 … 」, and the moment was the end of the evidence."""
    case = cast.mediated(cast.until("disputed"), "evidence")
    buyer, at = sign_in(app, "buyer"), f"/cases/{case.case_no}"
    case = cast.take(case, "submit_evidence", Actor.BUYER, note="看照片", photos=[])
    assert "最晚 <" in read_card(buyer, at) and "举证期到" not in read_card(buyer, at)  # the seller's deadline
    cast.take(case, "submit_evidence", Actor.SELLER, note="看记录", photos=[])
    assert "等待平台裁决" in read_card(buyer, at)
    assert "举证期到 <" in read_card(buyer, at) and "最晚 <" not in read_card(buyer, at)


@pytest.mark.parametrize("step", ["decide_return", "decide_refund", "decide_close"])
def test_a_ruling_is_said_once_beside_its_record(app: Flask, cast: Cast, now: Clock, step: str) -> None:
    """The answer card quotes it while it is the last word; once somebody went on, the platform's own card says it."""
    case = heard(cast)
    more: dict[str, dict[str, Any]] = {
        "decide_return": {"freight_payer": "seller"},
        "decide_refund": {"amount": "20.00", "goods_back": "yes", "freight_payer": "seller"},
        "decide_close": {},
    }
    done = confirmed(sign_in(app, "mediator"), f"/mediation/{case.case_no}/{step}", {"note": NOTE, **more[step]})
    assert done.status_code == 303
    for who, there in (("buyer", "/cases"), ("seller", "/seller/cases")):
        page = sign_in(app, who).get(f"{there}/{case.case_no}").text
        above, _, record = page.partition('class="timeline"')
        assert above.count(NOTE) == 1 and record.count(NOTE) == 1, (who, above.count(NOTE))
        assert "由平台裁决，系统已执行" in above
    if step == "decide_return":
        cast.take(fresh(case.id), "ship_return", Actor.BUYER, parcels=PARCELS)
        above, _, _ = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text.partition('class="timeline"')
        assert above.count(NOTE) == 1 and NOTE not in read_card(sign_in(app, "buyer"), f"/cases/{case.case_no}")


def read_card(client: FlaskClient, at: str) -> str:
    """The answer card of a case."""
    found = re.search(r'<section id="case".*?</section>', client.get(at).text, re.S)
    assert found
    return found[0]
