"""The truth table of what may be applied for, and what holds for every answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal.rights import eligibility, reasons, windows
from portal.rights.goods import Goods, Policy, Route
from tests.unit.eligibility_rows import (
    BOTH,
    BY_7TH,
    BY_22ND,
    END_15,
    END_30,
    ENOUGH,
    GOODS,
    HIDDEN_30,
    LATE,
    NOT_BEGUN,
    NOW,
    POLICY,
    ROWS,
    SEVEN,
    SHOP_15,
    SIGNED,
    UNDERWAY,
    USED_UP,
    WAITING,
    Row,
    beijing,
    goods,
    policy,
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_truth_table(row: Row) -> None:
    verdict = eligibility.check(
        row.goods, row.case_type, row.reason, row.evidence, row.now, row.policy, negotiated=row.asked
    )

    assert (verdict.allowed, verdict.why) == (row.allowed, row.why)
    assert verdict.negotiated == row.negotiated
    assert tuple(way.route for way in verdict.instead) == row.routes
    assert (verdict.freight_payer, verdict.until) == (row.payer, row.until)
    assert (verdict.basis, verdict.field) == (row.basis, row.field)


def test_the_table_is_long_enough_and_names_each_row_once() -> None:
    assert len(ROWS) >= 140
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {row.reason for row in ROWS} >= {reason.id for reason in reasons.REASONS}


HIDDEN_TOO = "使用中才发现的质量问题可到 12月22日 24:00"
HIDDEN_ONLY = "现在只有使用中才发现的质量问题可以申请"
ONLY_FAULTS = "这件商品在质量问题或发错时可以换货"
NOT_CAME = "没有收到商品，也从「申请换货」申请退款"
UNSENT_YET = "还可申请 10 件；还没有发货，可以申请退款，全部或一部分都可以"
ON_ITS_WAY = "还没有开始计算，提交申请即表示您已收到商品"
LONG = policy(window_days=30)
OFFERS = {
    "in time": (GOODS, POLICY, NOW, True, f"还可申请 10 件，{BY_7TH}；{HIDDEN_TOO}", END_15),
    "one window": (GOODS, LONG, NOW, True, f"还可申请 10 件，{BY_22ND}", END_30),
    "some left": (goods(claimed_milli=7_500, unit="米"), LONG, NOW, True, f"还可申请 2.5 米，{BY_22ND}", END_30),
    "hidden only": (GOODS, POLICY, LATE, True, f"还可申请 10 件；{HIDDEN_ONLY}，{BY_22ND}", END_30),
    "too late": (GOODS, POLICY, END_30, False, f"{HIDDEN_30}，已于 12月22日 24:00 结束", END_30),
    "on its way": (UNDERWAY, POLICY, NOW, True, f"还可申请 10 件；{SHOP_15}，{ON_ITS_WAY}；{NOT_CAME}", None),
    "nobody knows when": (goods(received_at=None), POLICY, NOW, True, f"还可申请 10 件；{NOT_BEGUN}", None),
    "excluded": (goods(exchangeable=False), LONG, NOW, True, f"还可申请 10 件，{ONLY_FAULTS}，{BY_22ND}", END_30),
    "unshipped": (WAITING, POLICY, NOW, True, UNSENT_YET, None),
    "called unshipped, but there": (goods(status="unshipped"), LONG, NOW, True, f"还可申请 10 件，{BY_22ND}", END_30),
    "unshipped, nothing left": (
        replace(WAITING, claimed_milli=10_000),
        POLICY,
        NOW,
        False,
        "没有可申请的数量了，已申请 10/10 件",
        None,
    ),
    "nothing left": (goods(claimed_milli=10_000), POLICY, NOW, False, USED_UP, None),
}


@pytest.mark.parametrize(("line", "terms", "now", "allowed", "why", "until"), OFFERS.values(), ids=OFFERS)
def test_what_the_button_says(
    line: Goods, terms: Policy, now: datetime, allowed: bool, why: str, until: datetime | None
) -> None:
    verdict = eligibility.offer(line, now, terms)

    assert (verdict.allowed, verdict.why, verdict.until) == (allowed, why, until)
    assert verdict.freight_payer is None


def test_the_sentences_that_name_a_date_or_a_case() -> None:
    def way(line: Goods, reason: str, route: Route) -> str:
        verdict = eligibility.check(line, "exchange", reason, ENOUGH, NOW, POLICY)
        return next(each.sentence for each in verdict.instead if each.route is route)

    covered = goods(guarantees=BOTH)
    assert way(covered, "dislike", Route.PROMISE) == "这件商品有7天包换，11月29日 24:00 前可以选择「7天包换」申请换货"
    assert (
        way(covered, "dislike", Route.SEVEN_DAY)
        == "这件商品支持7天无理由退货，11月29日 24:00 前可以申请，商品须完好，退回运费由您承担"
    )
    later = replace(covered, received_at=None)
    assert way(later, "dislike", Route.PROMISE) == "这件商品有7天包换，收到商品后 7 天内可以选择「7天包换」申请换货"
    spent = goods(claimed_milli=10_000, open_case="HH26112300000001")
    assert way(spent, "damaged", Route.OPEN_CASE) == "请在售后单 HH26112300000001 里查看进度"


UNSENT_REASONS = {"not_wanted", "late_ship", "out_of_stock"}
ABSENT_REASONS = {"not_delivered", "refused_delivery"}


def test_a_reason_is_shown_where_it_can_be() -> None:
    everything = {reason.id for reason in reasons.REASONS}
    plain = everything - UNSENT_REASONS - ABSENT_REASONS - {"promise", "seven_day"}

    def shown(line: Goods) -> set[str]:
        return {reason.id for reason in eligibility.offered(line, POLICY)}

    assert shown(GOODS) == plain
    assert shown(goods(guarantees=BOTH)) == plain | {"promise", "seven_day"}
    assert shown(UNDERWAY) == shown(SIGNED) == plain | ABSENT_REASONS
    assert shown(WAITING) == UNSENT_REASONS


@pytest.mark.parametrize(
    ("reason_id", "line", "types", "negotiated"),
    [
        ("damaged", GOODS, ("exchange", "return_refund"), False),
        ("damaged", goods(guarantees=frozenset({"psbj"})), ("exchange", "return_refund", "reissue"), False),
        ("missing_item", GOODS, ("reissue", "refund_only"), False),
        ("over_qty", GOODS, ("return_refund",), False),
        ("wrong_order", GOODS, ("exchange",), False),
        ("dislike", GOODS, ("exchange", "return_refund"), True),
        ("no_evidence", GOODS, (), False),
        ("not_wanted", WAITING, ("refund_only",), False),
        ("damaged", WAITING, (), False),
        ("not_delivered", UNDERWAY, ("refund_only", "reissue"), False),
        ("seven_day", goods(guarantees=SEVEN), ("return_refund",), False),
    ],
)
def test_the_ways_of_a_reason(reason_id: str, line: Goods, types: tuple[str, ...], negotiated: bool) -> None:
    reason = reasons.reason(reason_id)
    assert reason
    found = eligibility.ways(line, reason, NOW, POLICY)

    assert tuple(kind for kind, _ in found) == types
    assert all(verdict.negotiated is negotiated for _, verdict in found)


def test_a_special_reason_gives_an_exchange_and_leaves_the_money_to_the_seller() -> None:
    other = reasons.reason("other")
    assert other
    found = eligibility.ways(GOODS, other, NOW, POLICY)

    assert [(kind, verdict.negotiated) for kind, verdict in found] == [("exchange", False), ("return_refund", True)]


def test_a_non_ground_has_no_window() -> None:
    dislike, damaged = reasons.reason("dislike"), reasons.reason("damaged")
    assert dislike and damaged

    assert windows.find_window_end(GOODS, dislike, POLICY) is None
    assert windows.find_window_end(GOODS, damaged, POLICY) == END_15
    assert windows.find_window_end(goods(received_at=None), damaged, POLICY) is None


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (beijing(11, 22, 0, 0, 0), 7, beijing(11, 30)),
        (beijing(11, 22, 23, 59, 59), 7, beijing(11, 30)),
        (beijing(2, 25, 9), 3, beijing(3, 1)),
        (beijing(2, 25, 9, year=2028), 4, beijing(3, 1, year=2028)),
        (datetime(2026, 11, 21, 16, 0, tzinfo=UTC), 1, beijing(11, 24)),  # 00:00 of the 22nd in Shanghai
        (datetime(2026, 11, 21, 15, 59, tzinfo=UTC), 1, beijing(11, 23)),
    ],
)
def test_a_term_begins_the_day_after_and_ends_at_midnight(start: datetime, days: int, end: datetime) -> None:
    assert windows.find_last_day_end(start, days) == end
