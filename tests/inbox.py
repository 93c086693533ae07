"""Very many cases that wait for one buyer: copies of a few, since only their rows are looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from portal.extensions import db, writing
from portal.models import Case, CaseLine, FailedGoods, Mediation
from tests.cast import Cast

_STORED = [column for column in Case.__table__.c if column.computed is None and column.name != "id"]


def fill_waiting(cast: Cast, many: int) -> list[str]:
    """Cases of two shops, four at each moment, every seventh without a deadline, as the inbox has them."""
    own, other = cast.open_case(), cast.open_case(cast.order(shop=cast.shop2))
    waits = {"state": "returning", "due_rule": "buyer_ship"}
    asked = {"escalated": True, "stage": "evidence", "due_rule": "mediation_evidence", "due_at": None}

    def say(n: int) -> dict[str, Any]:
        return asked if n % 7 == 0 else {**waits, "due_at": cast.now + timedelta(hours=1 + n * 37 % many // 4)}

    for case, numbers in ((own, range(0, many, 2)), (other, range(1, many, 2))):
        _copy(case, numbers, say)
    with writing():
        for row in db.session.execute(select(Case.id, Case.shop_id).where(Case.escalated)).all():
            of_row = {"case_id": row.id, "shop_id": row.shop_id, "stage_at": cast.now, "escalated_at": cast.now}
            db.session.execute(insert(Mediation).values(evidence_round=1, heard="", asked_by="buyer", **of_row))
    return _list_numbers(Case.due_at.is_not(None) & (Case.state == "returning") | Case.escalated)


def fill_refused(cast: Cast, many: int) -> list[str]:
    """Cases that the shop has refused, two at each moment."""
    case = cast.open_case()
    values = {"state": "revising", "due_rule": "refusal_answer"}
    _copy(case, range(many), lambda n: {**values, "due_at": cast.now + timedelta(hours=1 + n // 2)})
    return _list_numbers(Case.due_rule == "refusal_answer")


def fill_coming(cast: Cast, many: int) -> list[str]:
    """Cases whose failed units are on their way home, two at each moment."""
    case = cast.until("reshipping")
    _copy(case, range(many - 1), lambda _n: {})
    found = _list_numbers(Case.state == "reshipping")
    ids = dict(db.session.execute(select(Case.case_no, Case.id).where(Case.state == "reshipping")).all())
    line = db.session.execute(select(CaseLine.__table__).where(CaseLine.case_id == case.id)).mappings().one()
    with writing():
        for n, number in enumerate(found):
            if ids[number] != case.id:
                values = {name: value for name, value in line.items() if name != "id"} | {"case_id": ids[number]}
                db.session.execute(insert(CaseLine).values(**values))
            due_at = cast.now + timedelta(hours=1 + n // 2)
            db.session.add(FailedGoods(shop_id=case.shop_id, case_id=ids[number], due_at=due_at))
            db.session.flush()
    return found


def _copy(case: Case, numbers: range, say: Callable[[int], dict[str, Any]]) -> None:
    with writing():
        row = db.session.execute(select(*_STORED).where(Case.id == case.id, Case.shop_id == case.shop_id)).one()
        for n in numbers:
            values = dict(row._mapping) | {"case_no": f"HH{900_000_000 + 1_000 * case.id + n}"} | say(n)
            db.session.execute(insert(Case).values(**values))


def _list_numbers(where: Any) -> list[str]:
    """By deadline, those without one last, then by id."""

    def order(row: Any) -> tuple[bool, datetime, int]:
        return row.due_at is None, row.due_at or row.opened_at, row.id

    rows = db.session.execute(select(Case.case_no, Case.due_at, Case.opened_at, Case.id).where(where)).all()
    return [row.case_no for row in sorted(rows, key=order)]
