"""What a consumer reads before a step is what a buyer with an account reads: until when, how much, what follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import words
from portal.cases import actions
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case
from portal.resale import links as consumer_links
from tests.cast import Cast, sign_in
from tests.conftest import Clock
from tests.domain.test_bankdata import takes_accounts
from tests.domain.test_chains import Chain

BUYER, SELLER = Actor.BUYER, Actor.SELLER
STATES = [
    (CaseType.EXCHANGE, state)
    for state in ("applied", "proposed", "revising", "returning", "inspecting", "disputed", "paying", "confirming")
] + [(CaseType.RETURN_REFUND, state) for state in ("disputed", "refunding", "refund_failed", "completed")]


class Reader:
    """A consumer of the second shop: their cases, and a browser with a link to the order of each."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        down = Chain(cast).down
        self.cast = down
        self.browser: FlaskClient = app.test_client()
        self.links: dict[int, str] = {}

    def case(self, state: str, case_type: CaseType = CaseType.EXCHANGE) -> Case:
        order = replace(self.cast).order(buyer=self.cast.buyer, shop=self.cast.shop, milli=3_000)
        return self.cast.until(state, order=order, case_type=case_type, milli=3_000)

    def take(self, case: Case, step: str, actor: Actor, **values: Any) -> Case:
        return self.cast.take(case, step, actor, **values)

    def reads(self, case: Case, step: str = "") -> str:
        """The words of the case's page, or of the page of a step; its markup is in ``self.page``."""
        if case.order_id not in self.links:
            with writing():
                token = consumer_links.make_link(self.cast.now, shop_id=case.shop_id, order_id=case.order_id) or ""
            self.browser.get(f"/c/{token}")
            self.links[case.order_id] = f"/c/{consumer_links.name_link(token)}"
        here = f"{self.links[case.order_id]}/{case.case_no}"
        answer = self.browser.get(f"{here}/do/{step}" if step else here)
        assert answer.status_code == 200, (step, answer.status_code)
        self.page = answer.text
        return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", answer.text[answer.text.index("<main") :]))


@pytest.fixture
def reader(app: Flask, cast: Cast, now: Clock) -> Reader:
    return Reader(app, cast)


@pytest.mark.parametrize(("case_type", "state"), STATES)
def test_a_step_says_something_and_never_speaks_of_a_next_page(reader: Reader, case_type: CaseType, state: str) -> None:
    case = reader.case(state, case_type)
    reader.reads(case)
    known = set(re.findall(r"/do/(\w+)", reader.page))
    assert known
    for name in known:
        said = reader.reads(case, name)
        title = re.findall(r"<h1[^>]*>([^<]+)", reader.page)[0]
        bare = re.sub(rf"{title}|返回售后进度", "", said)
        assert len(bare) > 8, (name, said)
        assert "下一页" not in said


@pytest.mark.parametrize(
    ("case_type", "state", "step", "otherwise"),
    [
        (CaseType.EXCHANGE, "proposed", "accept_reship", "到期未确认，方案作废"),
        (CaseType.EXCHANGE, "proposed", "decline", "到期未确认，方案作废"),
        (CaseType.EXCHANGE, "revising", "modify", "到期未补充"),
        (CaseType.EXCHANGE, "disputed", "accept_result", "到期未答复"),
        (CaseType.EXCHANGE, "disputed", "object", "到期未答复"),
        (CaseType.EXCHANGE, "paying", "pay", "到期未补差价"),
        (CaseType.EXCHANGE, "confirming", "confirm", "到期未确认"),
        (CaseType.RETURN_REFUND, "disputed", "accept_result", "到期未答复"),
    ],
)
def test_what_is_asked_for_says_until_when_and_what_comes_otherwise(
    reader: Reader, case_type: CaseType, state: str, step: str, otherwise: str
) -> None:
    case = reader.case(state, case_type)
    assert case.due_at is not None
    assert f"请在{words.end(case.due_at)}前提交。{otherwise}".replace(" ", "") in reader.reads(case, step)


def paid(reader: Reader) -> Case:
    return reader.case("completed", CaseType.RETURN_REFUND)


def denied(reader: Reader) -> Case:
    return reader.take(paid(reader), "deny_arrival", BUYER, note="没有")


@pytest.mark.parametrize(
    ("make", "step"), [(paid, "confirm_arrival"), (paid, "deny_arrival"), (denied, "refund_arrived")]
)
def test_who_looks_for_a_payment_reads_its_sum_and_number(
    reader: Reader, make: Callable[[Reader], Case], step: str
) -> None:
    case = make(reader)
    for page in (step, ""):
        said = reader.reads(case, page)
        assert "37.50" in said and "2026112300001" in said, said
    assert "/contact" not in reader.page


def test_a_difference_that_was_denied_is_not_asked_for_as_if_it_were_new(reader: Reader) -> None:
    case = reader.take(reader.case("paying"), "pay", BUYER, reference="2026112300888")
    case = reader.take(case, "deny_payment", SELLER, note="账上没有这笔")
    said = reader.reads(case, "pay")
    assert "商家没有收到您登记过的差价" in said and "2026112300888" in said and "付过的不要再付一次" in said
    assert "我已付款" in said and "<h1" in reader.page and "已补差价" not in said


def test_a_mediation_is_read_where_it_is_answered(reader: Reader) -> None:
    case = reader.take(
        reader.case("disputed"), "escalate", BUYER, note="商家说是我弄的", because="inspection", wish="换货"
    )
    said = reader.reads(case)
    assert "本轮举证您已提交，商家未提交" in said and "等待商家提交证据" in said and "对方提交证据" not in said
    assert "平台随后在" in reader.reads(reader.case("disputed"), "escalate")
    assert "撤回后平台不再裁决" in reader.reads(case, "withdraw_mediation")
    assert "谁举证，不举证怎么判" in reader.reads(case, "submit_evidence")


def test_an_offer_is_read_where_it_is_answered(reader: Reader) -> None:
    case = reader.cast.mediated(reader.case("inspecting"))
    case = reader.take(case, "propose", SELLER, terms=reader.cast.terms(case, compensation_fen=321), note="")
    for page in ("", "accept_offer", "decline_offer"):
        said = reader.reads(case, page)
        assert "商家的提议" in said and "3.21" in said, (page, said)
    assert "提交后先发给商家" in reader.reads(reader.cast.mediated(reader.case("revising")), "modify")


def test_new_words_for_the_same_buttons(reader: Reader) -> None:
    """A submit button says what it hands in, as it does for who has an account."""
    for state, step, button in (
        ("revising", "modify", "保存修改"),
        ("confirming", "extend", "确认延长"),
        ("confirming", "report_problem", "提交问题"),
        ("inspecting", "claim_freight", "提交运费"),
    ):
        reader.reads(reader.case(state), step)
        bar = reader.page[reader.page.index('class="bar"') :]
        assert f">{button}<" in bar, (step, bar[:200])


def test_one_orange_button_on_a_page(reader: Reader) -> None:
    for case_type, state in STATES:
        case = reader.case(state, case_type)
        reader.reads(case)
        orange = re.findall(r'class="btn primary"[^>]*>', reader.page)
        assert len(orange) <= 1, (state, orange)


def test_photos_that_hand_the_case_in_again_say_so(reader: Reader) -> None:
    assert "提交照片并重新申请" in reader.reads(reader.case("revising"))
    said = reader.reads(reader.case("inspecting"))
    assert "提交照片" in said and "重新申请" not in said


def test_an_order_without_anything_left_leads_nowhere(reader: Reader) -> None:
    case = reader.case("applied")
    reader.reads(case)
    page = reader.browser.get(reader.links[case.order_id]).text
    assert "/apply" not in page and "商品都已申请过售后" in page
    reader.take(case, "withdraw", BUYER)
    assert "/apply" in reader.browser.get(reader.links[case.order_id]).text


def test_who_objected_reads_what_the_deadline_brings(reader: Reader) -> None:
    case = reader.take(reader.case("disputed"), "object", BUYER, note="不是我弄的")
    said = reader.reads(case)
    assert "到期商家没有改验货结果、您也没有申请平台介入的，按商家的验货结果继续" in said
    assert "等待商家复核" not in said[: said.index("处理记录")]
    assert "申请平台介入：由平台按双方的证据裁决" in said
    open_now = {row.name for row, refusal in actions.list_actions(case, BUYER, reader.cast.now) if refusal is None}
    assert "escalate" in open_now
    db.session.rollback()


def test_who_gives_an_account_reads_what_for_and_until_when(app: Flask, cast: Cast, now: Clock) -> None:
    takes_accounts(cast)
    case = cast.take(cast.until("refund_failed", case_type=CaseType.RETURN_REFUND), "ask_account", SELLER)
    assert case.due_at is not None
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}/give_account").text
    assert f"{case.refund_fen / 100:.2f} 元" in page and words.end(case.due_at) in re.sub(r"<[^>]+>", "", page)
    assert "不提供账户也不影响退款；到期还没有退款的，由平台介入" in page


@pytest.mark.parametrize("reader", ["buyer", "seller"])
def test_a_refund_that_failed_is_not_said_to_go_the_way_that_failed(
    app: Flask, cast: Cast, now: Clock, reader: str
) -> None:
    case = cast.until("refund_failed", case_type=CaseType.RETURN_REFUND)
    at = f"/cases/{case.case_no}" if reader == "buyer" else f"/seller/cases/{case.case_no}"
    payments = sign_in(app, reader).get(at).text.partition('id="payments"')[2].partition("</section>")[0]
    assert "上一次没有付成" in payments and "付款方式由商家付款时登记" in payments
    assert "原路退回到" not in payments and "不需要银行账号" not in payments


def test_freight_is_not_said_to_go_back_the_way_it_never_came(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.take(
        cast.until("inspecting", case_type=CaseType.RETURN_REFUND), "claim_freight", BUYER, freight_fen=900
    )
    case = cast.take(cast.take(case, "accept_goods", SELLER), "accept_freight", SELLER)
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    payments = page[page.index('id="payments"') :]
    assert payments.count("原路退回到您原来的支付账户") == 1 and "付款方式由商家付款时登记" in payments
