"""铺货: both terms in working days; what was promised only ever moves to a later day; overdue closes nothing."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import words
from portal.applications import goods as applications_goods
from portal.applications import unsent
from portal.calendar import calendars
from portal.calendar.workdays import BEIJING, Day
from portal.cases import clock as case_clock
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, Notice, Order, Shipment
from portal.parcels import following, keeping
from portal.parcels.scans import Scan
from portal.rights import eligibility, policies, resale
from portal.rights.resale import Rule
from portal.tracking import polling
from tests.cast import Cast


def beijing(month: int, day: int, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BEIJING)


def resold(cast: Cast, received: datetime | None = None, **columns: object) -> Order:
    status = "completed" if received else "in_transit"
    return cast.order(status=status, received_at=received, downstream_order_no="TB-1", **columns)  # type: ignore[arg-type]


def fresh(order_id: int) -> Order:
    db.session.expire_all()
    return db.session.get_one(Order, order_id)


def load_2027(now: datetime, *days: str) -> int:
    with writing():
        special = calendars.read_notice("\n".join(days), 2027)
        calendars.keep_year(2027, special, "通知", by=None, now=now)
    return resale.recompute(now)


def test_the_term_to_apply_is_promised_once(cast_both: Cast) -> None:
    cast = cast_both
    order_id = resold(cast, beijing(2, 10)).id
    plain = cast.order(received_at=beijing(2, 10)).id
    assert resale.promise_terms(cast.now) == 1 and resale.promise_terms(cast.now) == 0
    order = fresh(order_id)
    assert order.apply_by == beijing(2, 27, 0) and not order.apply_provisional  # the end of 2-26
    assert "跳过 2月15日–23日 春节" in resale.describe_apply_term(order, beijing(2, 11))
    assert "超期" in resale.describe_apply_term(order, beijing(2, 27, 0))
    assert fresh(plain).apply_by is None and resale.describe_apply_term(fresh(plain), cast.now) == ""


def test_what_the_term_runs_from(cast: Cast) -> None:
    """From receipt, always: shipping begins it only where the rule says so, and receipt then begins it anew."""
    sent = resold(cast, None, shipped_at=beijing(11, 18)).id
    old = cast.order(status="completed", received_at=None, downstream_order_no="TB-1", shipped_at=beijing(11, 1)).id
    not_sent = cast.order(status="unshipped", is_dropship=True).id
    unknown = resold(cast, None).id  # on its way, and nobody knows since when
    resale.promise_terms(cast.now)
    for order_id in (sent, not_sent, unknown, old):
        assert fresh(order_id).apply_by is resale.find_apply_by(fresh(order_id)) is None
    assert "还不知道签收时间" in resale.describe_apply_term(fresh(sent), cast.now)
    assert "还不知道签收时间" in resale.describe_apply_term(fresh(old), cast.now) and not resale.describe_apply_term(
        fresh(not_sent), cast.now
    )
    resale.set_rule(Rule("shipped"))
    resale.promise_terms(cast.now)
    assert fresh(sent).apply_from == beijing(11, 18)
    with writing():
        db.session.execute(
            update(Order)
            .where(Order.id == sent)
            .values(received_at=beijing(11, 20), apply_from=None, status="delivered")
        )
    resale.promise_terms(cast.now)
    assert fresh(sent).apply_from == beijing(11, 20) and fresh(sent).apply_by == beijing(12, 2, 0)
    resale.set_rule(Rule("confirmed", 3, 15))
    paid, received = resold(cast, None).id, resold(cast, beijing(11, 20)).id
    resale.promise_terms(cast.now)
    assert fresh(paid).apply_from == fresh(paid).paid_at and fresh(received).apply_from == beijing(11, 20)


def test_a_calendar_moves_what_was_provisional_and_only_later(cast_both: Cast) -> None:
    cast = cast_both
    settled, moving, earlier = (resold(cast, beijing(12, day)).id for day in (14, 24, 28))
    resale.promise_terms(cast.now)
    assert not fresh(settled).apply_provisional
    before = {order_id: fresh(order_id).apply_by for order_id in (settled, moving, earlier)}
    assert fresh(moving).apply_provisional and "暂按周一至周五计算" in resale.describe_apply_term(
        fresh(moving), cast.now
    )
    assert (
        load_2027(cast.now, "2027-01-01 休 元旦", "2027-01-02 班 元旦", "2027-01-03 班 元旦") == 0
    )  # would be earlier
    assert fresh(moving).apply_by == before[moving] and not fresh(moving).apply_provisional
    with writing():
        db.session.execute(update(Order).where(Order.id.in_([moving, earlier])).values(apply_provisional=True))
    assert load_2027(cast.now, "2027-01-01 休 元旦", "2027-01-04 休 元旦", "2027-01-05 休 元旦") == 2
    for order_id in (moving, earlier):
        was, is_now = before[order_id], fresh(order_id).apply_by
        assert was is not None and is_now is not None and is_now > was
    assert fresh(settled).apply_by == before[settled]
    told = db.session.scalars(select(Notice.title).where(Notice.kind == "term_moved")).all()
    assert told == ["铺货申请时限已延后"] * 2
    assert resale.recompute(cast.now) == 0


def test_a_case_is_to_be_done_in_fifteen_and_overdue_closes_nothing(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(resold(cast, beijing(11, 22)))
    plain = cast.open_case()
    assert case.finish_by == beijing(12, 15, 0) and plain.finish_by is None  # 15 working days after 11-23
    assert "15 个工作日" in resale.describe_finish_term(case)
    late = beijing(12, 15, 0)
    assert resale.mark_overdue(late - timedelta(seconds=1)) == 0
    assert resale.mark_overdue(late) == 1 and resale.mark_overdue(late + timedelta(days=9)) == 0
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert case.overdue_at == late and case.state == "applied" and "不会因此关闭" in resale.describe_finish_term(case)
    told = db.session.scalars(select(Notice.user_id).where(Notice.kind == "resale")).all()
    assert sorted(told) == [cast.buyer, cast.seller]


def test_cases_move_with_the_calendar_too(cast: Cast) -> None:
    at = beijing(12, 20)
    case_id = cast.open_case(resold(cast, beijing(12, 18)), now=at).id
    case = db.session.get_one(Case, case_id)
    before = case.finish_by
    assert case.finish_provisional and before is not None
    assert load_2027(at, "2027-01-01 休 元旦") == 1
    db.session.expire_all()
    assert db.session.get_one(Case, case_id).finish_by == before + timedelta(days=3)  # Friday off: to Monday


def test_after_the_term_only_by_agreement(cast: Cast) -> None:
    from portal.rights import eligibility, policies
    from portal.rights.goods import Evidence, Route

    order = resold(cast, beijing(11, 11))  # the seventh working day is 11-20
    resale.promise_terms(cast.now)
    order = fresh(order.id)
    (line,) = applications_goods.list_lines(order.id, order.shop_id)
    goods = applications_goods.describe_goods(order, line)
    policy = applications_goods.describe_policy(policies.get_current(cast.shop))
    enough = Evidence(1_000, 2, 20)
    verdict = eligibility.check(goods, CaseType.EXCHANGE, "damaged", enough, cast.now, policy)
    assert not verdict.allowed and "7 个工作日" in verdict.why
    assert any(way.route is Route.NEGOTIATE and "超期" in way.sentence for way in verdict.instead)
    asked = eligibility.check(goods, CaseType.EXCHANGE, "damaged", enough, cast.now, policy, negotiated=True)
    assert asked.allowed and asked.negotiated
    in_time = eligibility.check(goods, CaseType.EXCHANGE, "damaged", enough, beijing(11, 20, 23), policy)
    assert in_time.allowed and not in_time.negotiated


NOTICE = "2027-02-05 休 春节\n2027-02-06 休 春节\n2027-02-20 班 春节"


def test_a_notice_is_read_line_by_line() -> None:
    assert calendars.read_notice("2027/2/5,休,春节\n\n2027年2月20日 班 春节", 2027)[1] == Day(
        datetime(2027, 2, 20, tzinfo=BEIJING).date(), False, "春节"
    )
    for text, sentence in (
        ("", "请粘贴"),
        ("2027-02-30 休 春节", "没有这一天"),
        ("2026-02-05 休 春节", "不是 2027 年"),
        ("x", "看不懂"),
        ("2027-02-05 休 春节\n2027-02-05 班 春节", "重复"),
        ("2027-02-05 班 春节", "不是周末"),
    ):
        with pytest.raises(calendars.CalendarRefused, match=sentence):
            calendars.read_notice(text, 2027)


def test_missing_from_november_on(cast: Cast) -> None:
    assert calendars.find_missing_year(beijing(10, 31)) is None and calendars.find_missing_year(beijing(11, 1)) == 2027
    with writing():
        calendars.keep_year(2027, calendars.read_notice(NOTICE, 2027), "通知", by=None, now=cast.now)
    assert (
        calendars.find_missing_year(beijing(11, 1)) is None
        and calendars.find_missing_year(beijing(1, 2, year=2028)) == 2028
    )
    assert case_clock.sweep(cast.now) == 0


def test_the_end_of_a_term_is_said_by_the_day_before(cast: Cast) -> None:
    assert words.end(beijing(12, 2, 0)) == "12月1日 24:00" and words.end(beijing(12, 2, 1)) == "12月2日 01:00"
    order = fresh(resold(cast, beijing(11, 20)).id)
    line = applications_goods.list_lines(order.id, order.shop_id)[0]
    said = eligibility.offer(
        applications_goods.describe_goods(order, line),
        beijing(11, 22),
        applications_goods.describe_policy(policies.get_current(cast.shop)),
    )
    assert "请在 12月1日 24:00 前提交" in said.why and said.until == resale.find_apply_by(order)


def test_a_carriers_receipt_lengthens_the_term(cast_both: Cast) -> None:
    """Where the term runs from shipping, 签收 by a scan begins it anew."""
    cast = cast_both
    resale.set_rule(Rule("shipped"))
    order_id = resold(cast, None, shipped_at=beijing(11, 10), tracking_text="73610555582883").id
    resale.promise_terms(beijing(11, 11))
    assert fresh(order_id).apply_by == beijing(11, 20, 0)
    with writing():
        following.follow_order(fresh(order_id), beijing(11, 11))
        shipment = db.session.scalars(select(Shipment.id).where(Shipment.order_id == order_id)).one()
        said = [Scan(beijing(11, 18), "signed", "已签收,签收人:本人")]
        keeping.keep_scans_of_order(shipment, said, now=beijing(11, 18, 13), origin="kuaidi100")
    assert resale.find_apply_by(fresh(order_id)) == beijing(11, 28, 0)  # at once, before the sweep has written it down
    assert resale.promise_terms(beijing(11, 19)) == 1
    assert fresh(order_id).apply_from == beijing(11, 18) and fresh(order_id).apply_by == beijing(11, 28, 0)


VECTORS = json.loads((Path(__file__).parents[1] / "data" / "deadlines.json").read_text())["workdays"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["start"])
def test_the_term_runs_from_receipt_of_what_was_shipped_here(cast: Cast, vector: dict[str, Any]) -> None:
    """Goods shipped in the portal that are ten days on their way: seven working days after 签收, on every page."""
    signed = datetime.fromisoformat(vector["start"]).replace(hour=12, tzinfo=BEIJING)
    sent = signed - timedelta(days=10)
    order_id = cast.order(status="unshipped", downstream_order_no="TB-1", ordered_at=sent - timedelta(days=1)).id
    with writing():
        unsent.ship_order(
            order_id, cast.shop, [("ZTO", "73610555582883")], by=ActedBy(Actor.SELLER, cast.seller), now=sent
        )
    polling.follow_orders(sent)
    resale.promise_terms(signed - timedelta(minutes=1))
    assert fresh(order_id).apply_by is resale.find_apply_by(fresh(order_id)) is None
    with writing():
        shipment = db.session.scalars(select(Shipment.id).where(Shipment.order_id == order_id)).one()
        keeping.keep_scans_of_order(shipment, [Scan(signed, "signed", "已签收")], now=signed, origin="kuaidi100")
    end = datetime.fromisoformat(vector["plus_7_workdays"]).replace(tzinfo=BEIJING) + timedelta(days=1)
    assert resale.find_apply_by(fresh(order_id)) == end
    resale.promise_terms(signed)
    order = fresh(order_id)
    assert order.apply_by == end and order.apply_provisional == vector["provisional_7"]
    line = applications_goods.list_lines(order.id, order.shop_id)[0]
    offer = eligibility.offer(
        applications_goods.describe_goods(order, line), signed, applications_goods.get_policy_for(order)
    )
    assert (
        offer.until == end
        and words.end(end) in offer.why
        and words.end(end).split()[0] in resale.describe_apply_term(order, signed)
    )


@pytest.mark.parametrize(("days", "last"), [(7, (12, 2)), (8, (12, 2)), (30, (12, 21))])
@pytest.mark.parametrize("later", [False, True])
def test_a_policy_lengthens_the_term_and_never_shortens_it(
    cast_both: Cast, days: int, last: tuple[int, int], later: bool
) -> None:
    """Published before or after the goods arrived: one date, in the column, in the sentence, in the verdict."""
    cast, received = cast_both, beijing(11, 20)
    at = beijing(11, 22) if later else beijing(11, 1)
    cast.publish_policy(days, max(days, 30), at=at)
    order_id = resold(cast, received).id
    resale.promise_terms(cast.now)
    cast.publish_policy(7, 30, at=beijing(11, 23))  # shortens nothing that was promised
    end = beijing(*last, 0)
    assert resale.find_apply_by(fresh(order_id)) == end
    resale.promise_terms(cast.now)
    order = fresh(order_id)
    assert order.apply_by == resale.find_apply_by(order) == end
    line = applications_goods.list_lines(order.id, order.shop_id)[0]
    offer = eligibility.offer(
        applications_goods.describe_goods(order, line), cast.now, applications_goods.get_policy_for(order)
    )
    assert offer.until == end and words.end(end) in offer.why
    assert words.end(end).split()[0] in resale.describe_apply_term(order, cast.now)


def test_a_shorter_policy_takes_nothing_from_what_was_bought_before_it(cast_both: Cast) -> None:
    cast = cast_both
    before = cast.order(received_at=beijing(11, 22))
    after = cast.order(ordered_at=beijing(11, 21), received_at=beijing(11, 22, 15))
    cast.publish_policy(7, 30, at=beijing(11, 20))
    assert (
        applications_goods.get_policy_for(before).window_days == 15
        and applications_goods.get_policy_for(after).window_days == 7
    )


def test_one_function_says_when_an_order_was_received() -> None:
    root = Path(__file__).parents[2] / "portal"
    said = re.compile(r"\.received_at = |\[.received_at.\] = |\b(values|Order)\([^)]*\breceived_at=")
    found = [str(path.relative_to(root)) for path in root.rglob("*.py") if said.search(path.read_text("utf-8"))]
    assert found == []  # but for receiving.py, which sets both columns of a receipt
