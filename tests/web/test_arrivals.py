"""已到账, 未到账 on the pages: the buyer says it, the desk sees its deadline, proof goes back, the buyer looks."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.calendar.lengths import get_deadline
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import Case
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_payouts import entry_of


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


def paid(cast: Cast) -> Case:
    return cast.until("completed", case_type=CaseType.REFUND_ONLY)


def test_the_buyer_says_not_arrived_and_the_desk_sees_it(buyer: FlaskClient, app: Flask, cast: Cast) -> None:
    case = paid(cast)
    url = f"/cases/{case.case_no}"
    page = buyer.get(url).text
    assert "未到账" in page and "已到账" in page and "请核对是否到账" in page and "商家已付款" in page
    form = buyer.get(f"{url}/deny_arrival").text
    assert "2026112300001" in form and "72 小时" in form
    done = post(buyer, f"{url}/deny_arrival", {"note": "账户里没有"})
    assert done.status_code == 303
    page = buyer.get(done.location).text
    assert "没有到账" in page and "您说没有收到" in page and "商家已付款" not in page
    assert "申请平台介入" in page and "等待商家" in page
    desk = sign_in(app, "seller")
    rows = desk.get("/seller/payouts?tab=contested").text
    assert case.case_no in rows and "提交付款凭证" in rows and "前答复" in rows
    again = post(
        desk, f"/seller/payouts/{entry_of(case).id}/settle", {"reference": "2026112300099"}, at="/seller/staff"
    )
    assert again.status_code == 409 and "没有重复登记" in again.text


def test_proof_needs_words_and_a_picture_and_keeps_what_was_typed(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.take(paid(cast), "deny_arrival", Actor.BUYER)
    desk = sign_in(app, "seller")
    url = f"/seller/cases/{case.case_no}/show_payment"
    bad = post(desk, url, {"note": "23日原路退回"})
    assert bad.status_code == 422 and "请上传付款凭证" in bad.text and "23日原路退回" in bad.text
    assert db.session.get_one(Case, case.id).payment_claim == "missing"


def test_the_buyer_finds_it_after_all(buyer: FlaskClient, cast: Cast) -> None:
    case = cast.take(paid(cast), "deny_arrival", Actor.BUYER)
    cast.take(case, "show_payment", Actor.SELLER, note="原路退回", photos=cast.photos(1, cast.seller))
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "商家已提交付款凭证" in page and "需要您处理" in page
    done = post(buyer, f"/cases/{case.case_no}/refund_arrived")
    assert done.status_code == 303
    page = buyer.get(done.location).text
    assert "退款完成" in page and "您已确认到账" in page and "商家已付款" in page


def test_after_the_days_nobody_says_that_it_arrived(buyer: FlaskClient, cast: Cast, now: Clock) -> None:
    case = paid(cast)
    now.forward(days=8)
    page = buyer.get(f"/cases/{case.case_no}").text
    assert "您在期限内没有提出异议" in page and "您已确认到账" not in page and "未到账" not in page


def test_a_payment_before_the_case_became_another_is_contested_there(
    buyer: FlaskClient, app: Flask, cast: Cast, now: Clock
) -> None:
    case = cast.until("reshipping")
    cast.paid_beside(case)
    case = cast.take(case, "convert_refund", Actor.BUYER, now.forward(hours=73))
    url = f"/cases/{case.case_no}"
    assert "未到账" in buyer.get(url).text
    assert post(buyer, f"{url}/deny_arrival", {"note": "账户里没有"}).status_code == 303
    page = buyer.get(url).text
    assert "您说没有收到" in page and "等待商家" in page
    desk = sign_in(app, "seller")
    assert "提交付款凭证" in desk.get("/seller/payouts?tab=contested").text
    assert "提交付款凭证" in desk.get(f"/seller/cases/{case.case_no}").text


def is_ticked(page: str) -> bool:
    return '<li class="done">到账' in page


@pytest.mark.parametrize("case_type", [CaseType.REFUND_ONLY, CaseType.RETURN_REFUND])
def test_the_last_step_is_ticked_when_the_money_has_come(
    buyer: FlaskClient, cast: Cast, now: Clock, case_type: CaseType
) -> None:
    url = f"/cases/{cast.until('completed', case_type=case_type).case_no}"
    page = buyer.get(url).text
    assert "请核对是否到账" in page and not is_ticked(page) and 'aria-current="step">到账' in page
    assert post(buyer, f"{url}/confirm_arrival", {}).status_code == 303
    assert is_ticked(buyer.get(url).text)


def test_who_says_nothing_in_time_has_got_the_money(buyer: FlaskClient, cast: Cast, now: Clock) -> None:
    url = f"/cases/{paid(cast).case_no}"
    assert not is_ticked(buyer.get(url).text)
    now.forward(seconds=get_deadline("arrival_objection").total_seconds() + 1)
    assert is_ticked(buyer.get(url).text)


def test_the_rule_for_proof_is_said_on_both_pages_from_the_beginning(
    buyer: FlaskClient, app: Flask, cast: Cast, now: Clock
) -> None:
    """Before anything is handed in, in the forms and while the platform is in it; the buyer can doubt what is shown."""
    case = paid(cast)
    url, desk = f"/cases/{case.case_no}", sign_in(app, "seller")
    at_desk = f"/seller/cases/{case.case_no}"
    doubting, paying = "没有说「还是没到账」", "按没有付款处理"
    form = buyer.get(f"{url}/deny_arrival").text
    assert f"您{doubting}" in form and paying in form and "7 天" in form
    cast.take(case, "deny_arrival", Actor.BUYER)
    form = desk.get(f"{at_desk}/show_payment").text
    assert f"买家{doubting}" in form and "您提交付款凭证" in form
    assert "还是没到账" not in buyer.get(url).text  # nothing was shown yet
    cast.take(case, "show_payment", Actor.SELLER, note="原路退回", photos=cast.photos(1, cast.seller))
    page = buyer.get(url).text
    assert "还是没到账" in page
    asked = buyer.get(f"{url}/escalate").text
    assert "视为您看过凭证" in asked
    cast.take(case, "escalate", Actor.BUYER, note="没有", because="other")
    for client, where in ((buyer, url), (desk, at_desk)):
        page = client.get(where).text
        assert doubting in page and paying in page
    form = buyer.get(f"{url}/doubt_payment").text
    assert "看过凭证，还是没有收到" in form and "2026112300001" in form
    done = post(buyer, f"{url}/doubt_payment", {"note": "不是我的账户"})
    assert done.status_code == 303
    assert "您看过付款凭证，说还是没有到账" in buyer.get(url).text
    assert "买家看过付款凭证，说还是没有到账" in desk.get(at_desk).text


@pytest.mark.parametrize("called", [False, True])
@pytest.mark.parametrize("doubts", [0, 1, 2])
def test_proof_is_named_only_where_it_can_be_shown(
    buyer: FlaskClient, app: Flask, cast: Cast, now: Clock, doubts: int, called: bool
) -> None:
    """After two doubts the shop pays again or the platform comes: no page of either side names proof as a way."""
    case, at = cast.take(paid(cast), "deny_arrival", Actor.BUYER), now.at
    url, desk = f"/cases/{case.case_no}", sign_in(app, "seller")
    for number in range(doubts):
        at = now.forward(hours=1)
        case = cast.take(case, "show_payment", Actor.SELLER, at, note="已付", photos=cast.photos(1, cast.seller))
        again = "再次答复" in buyer.get(f"{url}/doubt_payment").text
        then = "商家须再次答复" in buyer.get(url).text
        case = cast.take(case, "doubt_payment", Actor.BUYER, at)
        assert (again, then) == (number == 0, number == 0)
    if called:
        case = cast.take(case, "escalate", Actor.BUYER, at, note="没有", because="not_paid", wish="退款")
    can = called or doubts < 2
    assert ('name="note"' in desk.get(f"/seller/cases/{case.case_no}/show_payment").text) == can
    assert (f"/{case.case_no}/show_payment" in desk.get("/seller/payouts?tab=contested").text) == can
    for client, where in ((buyer, url), (desk, f"/seller/cases/{case.case_no}")):
        page = client.get(where).text
        assert ("须提交付款凭证" in page) == can
        assert ("没有提交付款凭证" in page) == (can and not called)
        assert ("看过凭证，仍说没有到账" in page) == (not can)
