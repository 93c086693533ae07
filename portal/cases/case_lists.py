"""Cases as lists read them: a buyer's own by page, and the chain that a case belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from portal.extensions import Moment, db
from portal.models import Case

PAGE = 20


_LIST = (
    select(
        Case.id,
        Case.case_no,
        Case.type,
        Case.state,
        Case.goods,
        Case.quantity_milli,
        Case.unit,
        Case.due_at,
        Case.opened_at,
        Case.updated_at,
        Case.problem_open,
        Case.stage,
    )
    .where(Case.buyer_id == bindparam("buyer_id"))
    .order_by(Case.updated_at.desc(), Case.id.desc())
    .limit(PAGE + 1)
)


_NEXT = _LIST.where(tuple_(Case.updated_at, Case.id) < tuple_(bindparam("at", type_=Moment()), bindparam("id")))


def list_of_buyer(
    buyer_id: int, after: tuple[datetime, int] | None = None
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of a buyer's cases, the newest change first, and the key the next one begins after."""
    values: dict[str, Any] = {"buyer_id": buyer_id}
    if after is not None:
        values["at"], values["id"] = after
    rows = db.session.execute(_LIST if after is None else _NEXT, values).all()
    if len(rows) <= PAGE:
        return rows, None
    return rows[:PAGE], (rows[PAGE - 1].updated_at, rows[PAGE - 1].id)


def list_chain(case: Case) -> Sequence[Any]:
    """All cases that one of them came out of another, with what was first at the front."""
    return db.session.execute(_CHAIN, {"case_id": case.id}).all()


_up = select(Case.id, Case.parent_id).where(Case.id == bindparam("case_id")).cte("up", recursive=True)


_up = _up.union(select(Case.id, Case.parent_id).join(_up, Case.id == _up.c.parent_id))


_down = select(_up.c.id).where(_up.c.parent_id.is_(None)).cte("down", recursive=True)


_down = _down.union(select(Case.id).join(_down, Case.parent_id == _down.c.id))


_CHAIN = (
    select(Case.id, Case.case_no, Case.type, Case.state, Case.opened_at)
    .where(Case.id.in_(select(_down.c.id)))
    .order_by(Case.opened_at, Case.id)
    .limit(20)
)
