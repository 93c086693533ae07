"""The board finds what was planted in a year of a made-up shop, soon, and seldom raises an alarm for nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from portal import doctor
from portal.calendar.weeks import number_week
from portal.extensions import db, writing
from portal.models import FaultWeek, Product, SoldWeek
from portal.service import fault_cases, quality
from portal.service.quality import Cell
from portal.service.rates import find_risen
from tests.cast import Cast

ORDERS, SKUS, WEEKS = 10_000, 20, 52
COMMON = {"broken": 0.012, "colour": 0.008, "size": 0.010, "defect": 0.008, "missing": 0.004}


class Year:
    """What was sold and what of it was faulty, by cell and week; ``planted``: a chance that changes with the week."""

    def __init__(self, seed: int, planted: dict[tuple[int, str], Callable[[int], float]]) -> None:
        dice = random.Random(seed)
        self.sold: Counter[tuple[int, int]] = Counter()
        self.faults: Counter[tuple[int, str, int, int]] = Counter()  # the last: the week in which it is reported
        weights = [1 / (1 + sku * 0.2) for sku in range(SKUS)]
        for sku in dice.choices(range(SKUS), weights, k=ORDERS):
            week = dice.randrange(WEEKS)
            self.sold[sku, week] += 1
            for fault, chance in COMMON.items():
                if dice.random() < chance + planted.get((sku, fault), lambda week: 0.0)(week):
                    self.faults[sku, fault, week, week + dice.choices((0, 1, 2), (3, 6, 1))[0]] += 1
                    break

    def find_risen(self, week: int) -> set[tuple[int, str]]:
        """As the board does at the end of a week."""
        weeks = range(week - quality.WEEKS + 1, week + 1)
        faults: dict[Cell, dict[int, int]] = {}
        for (sku, fault, at, reported), number in self.faults.items():
            if at in weeks and reported <= week:
                of_cell = faults.setdefault(Cell(sku, "", fault), {})
                of_cell[at] = of_cell.get(at, 0) + number
        sold: dict[tuple[int, str | None], dict[int, int]] = {}
        for (sku, at), number in self.sold.items():
            if at in weeks:
                sold.setdefault((sku, ""), {})[at] = number
        risen = find_risen(quality.find_periods(quality.Weeks(faults, sold), week))
        return {(cell.product_id, cell.fault) for cell in risen}


@pytest.mark.parametrize("seed", range(6))
def test_what_was_planted_is_found_within_two_weeks(seed: int) -> None:
    planted: dict[tuple[int, str], Callable[[int], float]] = {
        (1, "defect"): lambda week: 0.35 * (20 <= week < 26),  # a bad batch
        (3, "colour"): lambda week: 0.30 * (week >= 30),  # a description that promises too much
        (0, "broken"): lambda week: 0.25 * (week >= 40),  # a clumsy carrier
    }
    year = Year(seed, planted)
    for (sku, fault), begins in (((1, "defect"), 20), ((3, "colour"), 30), ((0, "broken"), 40)):
        assert any((sku, fault) in year.find_risen(week) for week in (begins, begins + 1, begins + 2)), (sku, fault)


@pytest.mark.parametrize("seed", range(6))
def test_a_quiet_year_raises_no_more_than_one_alarm_a_month(seed: int) -> None:
    year = Year(seed + 100, {})
    alarms, known = 0, set[tuple[int, str]]()
    for week in range(quality.WEEKS - 1, WEEKS):
        risen = year.find_risen(week)
        alarms += len(risen - known)
        known = risen
    assert alarms <= (WEEKS - quality.WEEKS) / 4.35


def test_the_board_reads_what_was_counted(cast_both: Cast) -> None:
    cast = cast_both
    with writing():
        product = Product(shop_id=cast.shop, product_key="k", title="加厚连裤袜")
        db.session.add(product)
        db.session.flush()
        product_id, week = product.id, number_week(cast.now)
        rows: list[dict[str, Any]] = [
            {"shop_id": shop, "product_id": product_id, "spec": spec, "batch_id": 0, "week": at}
            for shop in (cast.shop, cast.shop2)
            for spec in ("黑色", "白色")
            for at in range(week - quality.WEEKS + 1, week + 1)
        ]
        db.session.execute(insert(SoldWeek), [{**row, "lines": 10, "milli": 1000} for row in rows])
        faults = [
            {**row, "fault": "broken", "cases": 3 if row["week"] >= week - 2 else 0, "milli": 0}
            for row in rows
            if row["spec"] == "黑色"
        ]
        db.session.execute(insert(FaultWeek), faults)
    board = quality.build_board(cast.shop, cast.now, money=True)
    assert [(row.cell, row.share[:2], row.lately[:2]) for row in board.rows] == [
        (Cell(product_id, "黑色", "broken"), (9, 150), (9, 30))
    ]
    assert board.sold == 300
    assert {row.cell.spec for row in board.risen} == {"黑色", None}
    counts = quality.list_weeks(cast.shop, Cell(product_id, None, "broken"), cast.now)
    assert [(count.part, count.number) for count in counts] == [(0, 20)] * 12 + [(3, 20)] * 3
    assert quality.build_board(cast.shop, cast.now.replace(year=2025), money=False).rows == []


def test_a_number_opens_its_cases(cast_both: Cast) -> None:
    cast = cast_both
    cases = [cast.until("completed") for _ in range(2)] + [cast.open_case(reason="colour")]
    assert not any(line for check in doctor.CHECKS if check.name == "faults" for line in check.broken())
    board = quality.build_board(cast.shop, cast.now, money=True)
    assert {row.cell.fault for row in board.rows} == {"broken", "colour"}
    span = board.weeks
    for row in board.rows:
        shown, more = fault_cases.list_cases(cast.shop, fault_cases.choose_cell(row.cell, span))
        assert (len(shown), more) == (row.share.part, None)
        assert {each.case.id for each in shown} <= {case.id for case in cases}
        assert not fault_cases.list_cases(cast.shop2, fault_cases.choose_cell(row.cell, span))[0]
