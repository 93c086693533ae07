"""What was sold and what was wrong with it: counted by week as it changes, equal to a recount, on both databases."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import doctor
from portal.calendar import weeks
from portal.cases import faults
from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, CaseLine, FaultLine, FaultWeek, Order, SoldWeek
from portal.orders import sold
from tests.cast import Cast

CHECKS = ("sold", "sold weeks", "faults")


def list_broken() -> list[str]:
    return [line for check in doctor.CHECKS if check.name in CHECKS for line in check.broken()]


def count_cases(cast: Cast) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in db.session.scalars(select(FaultWeek).where(FaultWeek.shop_id == cast.shop)):
        if row.cases:
            found[row.fault] = found.get(row.fault, 0) + row.cases
    return found


def count_lines(cast: Cast) -> int:
    return sum(db.session.scalars(select(SoldWeek.lines).where(SoldWeek.shop_id == cast.shop)))


def set_fault(case_id: int, fault: str, cast: Cast) -> None:
    with writing():
        case = db.session.scalars(select(Case).where(Case.id == case_id)).one()
        line = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case_id)).first()
        faults.set_faults(case, {line or 0: fault}, by=cast.seller, now=cast.now)


def test_a_week_begins_on_monday_in_beijing(cast: Cast) -> None:
    monday = weeks.find_monday(weeks.number_week(cast.now))
    assert monday.weekday() == 0
    begins = cast.now.replace(year=2026, month=11, day=22, hour=16, minute=0, second=0, microsecond=0)
    assert weeks.number_week(begins) == weeks.number_week(begins - timedelta(seconds=1)) + 1
    assert weeks.name_week(weeks.number_week(begins)) == "2026年第48周"


def test_a_reason_presets_the_fault_and_a_person_changes_it(cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.open_case(reason="damaged").id
    assert count_cases(cast) == {"broken": 1}
    set_fault(case_id, "packing", cast)
    assert count_cases(cast) == {"packing": 1}
    row = db.session.scalars(select(FaultLine).where(FaultLine.case_id == case_id)).one()
    assert (row.fault, row.set_by, row.counted) == ("packing", cast.seller, True)
    set_fault(case_id, "none", cast)
    assert count_cases(cast) == {}
    set_fault(case_id, "colour", cast)
    assert count_cases(cast) == {"colour": 1}
    with pytest.raises(StepRefused):
        set_fault(case_id, "no such fault", cast)
    assert count_cases(cast) == {"colour": 1}
    assert not list_broken()


def test_a_case_that_comes_to_nothing_counts_no_more(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(reason="colour")
    cast.open_case(reason="wrong_order")
    assert count_cases(cast) == {"colour": 1}
    cast.take(case, "withdraw", Actor.BUYER)
    assert count_cases(cast) == {}
    set_fault(case.id, "size", cast)
    assert count_cases(cast) == {}
    assert not list_broken()


def test_a_changed_application_counts_as_it_now_is(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(reason="colour")
    cast.take(case, "modify", Actor.BUYER, reason=("size"))
    assert count_cases(cast) == {"size": 1}
    set_fault(case.id, "described", cast)
    case = db.session.scalars(select(Case).where(Case.id == case.id)).one()
    cast.take(case, "modify", Actor.BUYER, reason=("damaged"))
    assert count_cases(cast) == {"described": 1}
    assert not list_broken()


def test_who_counts_the_goods_says_what_is_wrong(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("inspecting")
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    milli = line.quantity_milli
    cast.take(case, "accept_goods", Actor.SELLER, counted=([InspectedLine(line.id, milli, milli, fault="size")]))
    assert count_cases(cast) == {"size": 1}
    assert not list_broken()


def test_what_is_called_off_was_not_sold(cast_both: Cast) -> None:
    cast = cast_both
    before = count_lines(cast)
    order = cast.order(status="unpaid")
    assert count_lines(cast) == before
    for status, more in (("unshipped", 1), ("cancelled", 0), ("completed", 1)):
        with writing():
            row = db.session.scalars(select(Order).where(Order.id == order.id)).one()
            row.status = status
            db.session.flush()
            sold.count_sold(cast.shop, [order.id])
        assert bool(count_lines(cast) - before) == bool(more)
    assert not list_broken()


def test_any_life_equals_a_recount(cast_both: Cast) -> None:
    cast, dice = cast_both, random.Random(5)
    cases = [cast.open_case(reason=dice.choice(["damaged", "size", "defect", "seven_day"])).id for _ in range(8)]
    for _ in range(25):
        case = db.session.scalars(select(Case).where(Case.id == dice.choice(cases))).one()
        act = dice.randrange(3)
        if act == 0:
            set_fault(case.id, dice.choice(["broken", "none", "other", "packing"]), cast)
        elif act == 1 and case.state == "applied":
            cast.take(case, "withdraw", Actor.BUYER)
        else:
            with writing():
                order = db.session.scalars(select(Order).where(Order.id == case.order_id)).one()
                order.ordered_at -= timedelta(days=dice.randrange(20))
                db.session.flush()
                sold.count_sold(cast.shop, [order.id])
        assert not list_broken()
