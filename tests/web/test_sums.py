"""What a step makes of the money is shown before it, with its arithmetic, and holds; each type has its own words."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.calendar import clock
from portal.cases import clock as case_clock
from portal.cases import stakes
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.inputs import money_text
from portal.models import Case, CaseEvent, CaseLine, MoneyEntry, OrderLine
from portal.money import worth
from portal.resale import links
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import NOW, Clock
from tests.web.test_addresses import STATES


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def dispute(cast: Cast, accepted: int = 2_000, **opening: Any) -> Case:
    """Three units of 46.49 asked back, of which the shop lets some pass."""
    order = cast.order(milli=3_000, price_fen=1_550, paid_fen=4_649, goods_total_fen=4_650)
    case = cast.open_case(order, milli=3_000, case_type=CaseType.RETURN_REFUND, **opening)
    for step, actor, values in cast.path("inspecting", CaseType.RETURN_REFUND):
        case = cast.take(case, step, actor, **values)
    return cast.take(case, "dispute_goods", Actor.SELLER, **cast._facts_of(case, {"dispute": accepted}, NOW))


def test_accepting_two_of_three_says_what_is_given_up(app: Flask, cast: Cast) -> None:
    case = dispute(cast)
    case_id, case_no = case.id, case.case_no
    said = "退款 46.49 元 → 30.99 元"
    for name, side in (("buyer", "/cases"), ("seller", "/seller/cases")):
        page = sign_in(app, name).get(f"{side}/{case_no}").text
        assert said in page and "其中 3 双可退 46.49 元" in page and "其中 2 双可退 30.99 元" in page
        assert "按验货结果的金额" in page
    buyer = sign_in(app, "buyer")
    url = f"/cases/{case_no}/accept_result"
    assert said in buyer.get(url).text and "换货" not in buyer.get(url).text.replace("换货条件", "")
    assert post(buyer, url).status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(MoneyEntry.amount_fen).where(MoneyEntry.case_id == case_id)).one() == 3_099
    for name, side in (("buyer", "/cases"), ("seller", "/seller/cases")):
        assert said in sign_in(app, name).get(f"{side}/{case_no}").text  # in the timeline


@pytest.mark.parametrize(("accepted", "fen"), [(1_000, 1_549), (2_000, 3_099), (3_000, 4_649)])
@pytest.mark.parametrize("said_by", ["buyer", "clock"])
def test_what_is_said_is_what_is_paid(cast: Cast, accepted: int, fen: int, said_by: str) -> None:
    """Of three units bought for 46.50 less 0.01 two are worth 2/3 of 46.49, down to the 分: 30.99; the last takes the
    rest, 15.50. So units that come back one by one never add up to more, or less, than was paid."""
    if accepted == 3_000:
        order = cast.order(milli=3_000, price_fen=1_550, paid_fen=4_649, goods_total_fen=4_650)
        case = cast.until("inspecting", order=order, milli=3_000, case_type=CaseType.RETURN_REFUND)
        foreseen = stakes.weigh(case).refund_fen
        case = cast.take(case, "accept_goods", Actor.SELLER, **cast._facts_of(case, {}, NOW))
    else:
        case = dispute(cast, accepted)
        change = stakes.foresee(case, "accept_result", None)
        assert change is not None
        foreseen = change.after.refund_fen
        if said_by == "buyer":
            case = cast.take(case, "accept_result", Actor.BUYER)
        else:
            assert case.due_at is not None
            case_clock.sweep(case.due_at)
    paid = db.session.scalars(select(MoneyEntry.amount_fen).where(MoneyEntry.case_id == case.id)).one()
    assert foreseen == paid == fen
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == case.order_id)).one()
    rest = worth.add_up(worth.work_out_worth(case.order_id, [(line, 3_000 - accepted)]))
    assert fen + rest == 4_649


def test_units_at_their_own_prices_are_worth_these(app: Flask, cast: Cast) -> None:
    """Two units of 15.50 and one of 15.49, each a line: accepting the two is 31.00 of 46.49."""
    order = cast.order(lines=2, milli=2_000, price_fen=1_550, paid_fen=4_649, goods_total_fen=4_649)
    with writing():
        second = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()[1]
        second.quantity_milli, second.unit_price_fen = 1_000, 1_549
    first, second = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
    found = worth.work_out_worth(order.id, [(first.id, 2_000), (second.id, 1_000)])
    assert [each.fen for each in found] == [3_100, 1_549]
    assert worth.add_up(worth.work_out_worth(order.id, [(first.id, 2_000)])) == 3_100


def test_sums_that_changed_meanwhile_are_asked_again(app: Flask, cast: Cast) -> None:
    """Another case of the order was paid out while the page was open: both are shown, nothing is done unseen."""
    order = cast.order(milli=3_000, price_fen=1_000, paid_fen=2_999, goods_total_fen=3_000)
    case = cast.open_case(order, milli=1_000, case_type=CaseType.RETURN_REFUND)
    for step, actor, values in cast.path("inspecting", CaseType.RETURN_REFUND):
        case = cast.take(case, step, actor, **values)
    other = cast.open_case(order, milli=2_000, case_type=CaseType.REFUND_ONLY)
    case_id, case_no, version = case.id, case.case_no, case.version
    seller = sign_in(app, "seller")
    url = f"/seller/cases/{case_no}/accept_goods"
    page = seller.get(url)
    assert "退款 9.99 元" in page.text
    line = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case_id)).one()
    fields = token_of(page) | {f"received_{line}": "1", f"accepted_{line}": "1", f"condition_{line}": "intact"}
    cast.take(other, "agree", Actor.SELLER)  # 19.99 of 29.99 are promised: the last unit takes the rest
    answer = seller.post(url, data=fields)
    assert answer.status_code == 409 and stakes.CHANGED in answer.text and "退款 10.00 元" in answer.text
    db.session.rollback()
    assert db.session.get_one(Case, case_id).version == version
    done = seller.post(url, data=fields | {"version": token_of(answer)["version"]})
    assert done.status_code == 303, done.text
    db.session.rollback()
    assert db.session.scalars(select(MoneyEntry.amount_fen).where(MoneyEntry.case_id == case_id)).one() == 1_000


def test_fewer_units_are_looked_at_before_they_are_asked_for(app: Flask, cast: Cast) -> None:
    order = cast.order(milli=3_000, price_fen=1_550)
    case = cast.open_case(order, milli=3_000, case_type=CaseType.RETURN_REFUND)
    case_id, case_no = case.id, case.case_no
    line = db.session.scalars(select(CaseLine.order_line_id).where(CaseLine.case_id == case_id)).one()
    buyer, url = sign_in(app, "buyer"), f"/cases/{case_no}/modify"
    page = buyer.get(url).text
    assert "退款 46.50 元" in page
    fields = {f"quantity_{line}": "2", "reason": "damaged", "description": "只退两双"}
    first = post(buyer, url, fields)
    assert first.status_code == 409 and "退款 46.50 元 → 31.00 元" in first.text
    assert "只退两双" in first.text and 'value="2"' in first.text  # nothing that was typed is lost
    db.session.rollback()
    assert db.session.get_one(Case, case_id).quantity_milli == 3_000
    again = buyer.post(url, data={**token_of(first), **fields})
    assert again.status_code == 303, again.text
    db.session.rollback()
    assert db.session.get_one(Case, case_id).refund_fen == 3_100
    event = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.step == "modify")).one()
    assert event.data["sums"] == [[4_650, 0, 0], [3_100, 0, 0]]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"amount_fen": 500}, "退款 25.00 元 → 5.00 元"),
        ({"type": "exchange"}, "退款 25.00 元 → 0 元"),
        ({"type": "exchange", "compensation_fen": 300}, "补偿 3.00 元"),
    ],
)
def test_a_proposal_says_what_it_makes_of_the_sum(app: Flask, cast: Cast, terms: dict[str, Any], said: str) -> None:
    case = cast.open_case(case_type=CaseType.RETURN_REFUND)
    case = cast.take(case, "propose", Actor.SELLER, terms=cast.terms(case, **terms))
    case_no, step = case.case_no, "accept_refund" if "type" not in terms else "accept_convert"
    for name, side in (("buyer", "/cases"), ("seller", "/seller/cases")):
        assert said in sign_in(app, name).get(f"{side}/{case_no}").text
    buyer = sign_in(app, "buyer")
    assert said in buyer.get(f"/cases/{case_no}/{step}").text
    assert post(buyer, f"/cases/{case_no}/{step}").status_code == 303


def test_other_ways_of_giving_up_or_getting_money(app: Flask, cast: Cast) -> None:
    """Withdrawing, waiving, turning into a refund, and a decision: each page says it before."""
    buyer, seller, mediator = (sign_in(app, name) for name in ("buyer", "seller", "mediator"))
    asked = cast.open_case(case_type=CaseType.REFUND_ONLY).case_no
    assert "退款 25.00 元 → 0 元" in buyer.get(f"/cases/{asked}/withdraw").text
    assert "退款 25.00 元" in seller.get(f"/seller/cases/{asked}").text  # before 同意
    assert "退款 25.00 元" in seller.get(f"/seller/cases/{asked}/agree").text
    paying = cast.until("paying").case_no
    assert "补差价 2.00 元 → 0 元" in seller.get(f"/seller/cases/{paying}/waive").text
    assert "补差价 2.00 元" in buyer.get(f"/cases/{paying}").text
    late = cast.until("reshipping")
    with writing():
        db.session.get_one(Case, late.id).late = True
    assert "<strong>退款 25.00 元</strong>" in buyer.get(f"/cases/{late.case_no}/convert_refund").text
    judged = cast.mediated(dispute(cast)).case_no
    url = f"/mediation/{judged}/decide_refund"
    page = mediator.get(url)
    assert "退款 46.49 元" in page.text
    check = mediator.post(url, data={**token_of(page), "amount": "20", "note": "商品有使用痕迹"})
    assert "退款 46.49 元 → 20.00 元" in check.text
    done = mediator.post(url, data={**token_of(check), "amount": "20", "note": "商品有使用痕迹", "confirmed": "1"})
    assert done.status_code == 303, done.text
    assert "退款 46.49 元 → 20.00 元" in buyer.get(f"/cases/{judged}").text


KEPT = ("申请换货", "换货政策", "不支持无责换货")  # the button of an order, the shop's page and its own words of rules


@pytest.mark.timeout(240)
@pytest.mark.parametrize("case_type", [CaseType.RETURN_REFUND, CaseType.REFUND_ONLY, CaseType.REISSUE])
def test_only_an_exchange_is_called_one(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, case_type: CaseType
) -> None:
    """In every state, on every page and form of either side, of the mediator and behind the consumer's link."""
    monkeypatch.setattr("portal.web.rates.count", lambda *_args, **_named: True)
    browsers = {name: sign_in(app, name) for name in ("buyer", "seller", "mediator")}
    wrong = []
    for state in STATES[case_type]:
        if state == "converted" and case_type is CaseType.REISSUE:
            continue  # an exchange is what it has become
        cases = [cast.until(state, case_type=case_type)]
        if state in ("applied", "disputed", "inspecting", "refund_failed"):
            cases.append(cast.mediated(cast.until(state, case_type=case_type)))
        for case in cases:
            case_no, mediated = case.case_no, case.escalated
            with writing():
                token = links.make_link(NOW, shop_id=cast.shop, case_id=case.id, by=cast.seller)
            texts = {"link": app.test_client().get(f"/c/{token}/{case_no}", follow_redirects=True).text}
            places = {"buyer": f"/cases/{case_no}", "seller": f"/seller/cases/{case_no}"}
            places |= {"mediator": f"/mediation/{case_no}"} if mediated else {}
            for name in places:
                texts[f"{name}'s notices"] = (
                    browsers[name].get("/notices" if name != "seller" else "/seller/notices").text
                )
            for side in ("", "/seller"):
                pack = browsers["seller" if side else "buyer"].get(f"{side}/cases/{case_no}/pack.zip").data
                with zipfile.ZipFile(io.BytesIO(pack)) as opened:
                    texts[f"{side} pack"] = opened.read("timeline.html").decode()
            for name, base in places.items():
                texts[base] = browsers[name].get(base).text
                for step in set(re.findall(rf'href="{base}/([a-z_]+)"', texts[base])) - CHOOSING:
                    texts[f"{base}/{step}"] = browsers[name].get(f"{base}/{step}").text
            wrong += [f"{state} {path}: {hit}" for path, text in texts.items() for hit in find_alien(text)]
    assert not wrong, "\n".join(wrong)


CHOOSING = {
    "propose",
    "propose_other_sku",
    "counter",
    "replacement_defective",
}  # what else there might be is what these pages are about


def find_alien(text: str) -> list[str]:
    """Where a page speaks of an exchange, with what stands around it."""
    words = re.sub(r"<script.*?</script>|<style.*?</style>|<nav.*?</nav>|<[^>]+>", " ", text, flags=re.S)
    for known in KEPT:
        words = words.replace(known, "")
    return [words[max(at.start() - 18, 0) : at.end() + 12].strip() for at in re.finditer("换货", words)]


def test_what_becomes_of_a_difference_that_is_not_paid_is_said_with_its_sum(app: Flask, cast: Cast, now: Clock) -> None:
    """Beforehand, to who pays it and to who is paid. The refund that follows is that one."""
    case = cast.until("paying")
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")
    pages = [
        buyer.get(f"/cases/{case.case_no}").text,
        buyer.get(f"/cases/{case.case_no}/pay").text,
        seller.get(f"/seller/cases/{case.case_no}").text,
    ]
    assert case.due_at is not None
    case_clock.sweep(case.due_at)
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    assert child.refund_fen > 0
    for page in pages:
        assert f"到期未补差价，系统转为退款 {money_text(child.refund_fen)} 元" in page
