"""The row of an open 平台介入: read beside its case, written as the case moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import and_, delete, insert, update

from portal.extensions import db
from portal.models import Case, Mediation

_mediation, _case = Mediation.__table__.c, Case.__table__.c
COLUMNS: Final = tuple(column for column in _mediation if not column.primary_key)
NAMES: Final = frozenset(column.key for column in COLUMNS)
OF_CASE: Final = and_(_mediation.case_id == _case.id, _mediation.shop_id == _case.shop_id)
BESIDE: Final = Case.__table__.outerjoin(Mediation.__table__, OF_CASE)  # cases with COLUMNS, None where none is open


@dataclass(frozen=True)
class NoMediation:
    """What stands where none is open."""

    stage_at: datetime | None = None
    escalated_at: datetime | None = None
    evidence_round: int = 0
    heard: str = ""
    asked_by: str = ""
    mediator_id: int | None = None
    first_mediator_id: int | None = None
    passed_at: datetime | None = None


NONE: Final = NoMediation()


def find_mediation(case: Any) -> Mediation | NoMediation:
    """The open mediation of a case. A case that was read as columns has those of its mediation beside its own."""
    if not case.escalated:
        return NONE
    found = case.mediation if isinstance(case, Case) else case
    return NONE if found is None or found.stage_at is None else cast(Mediation, found)


def forget_read(case: Case) -> None:
    """What was read of a case's mediation before the case was locked, or moved, is read again when it is needed."""
    held = db.session.identity_map.get(db.session.identity_key(Mediation, (case.id, case.shop_id)))
    if held is not None:
        db.session.expire(held)


def list_values(case: Case) -> dict[str, object]:
    """The columns of a case's mediation by name."""
    found = find_mediation(case)
    return {column.key: getattr(found, column.key) for column in COLUMNS}


def write_mediation(case: Case, changes: Mapping[str, object], *, was_open: bool, is_open: bool) -> None:
    """Open, change or end the mediation of a case that has just moved, and is locked by that."""
    mine = (Mediation.case_id == case.id, Mediation.shop_id == case.shop_id)
    unheld = {"synchronize_session": False}
    if was_open and not is_open:
        db.session.execute(delete(Mediation).where(*mine), execution_options=unheld)
    elif is_open and not was_open:
        db.session.execute(insert(Mediation).values(case_id=case.id, shop_id=case.shop_id, **changes))
    elif changes:
        db.session.execute(update(Mediation).where(*mine).values(**changes), execution_options=unheld)
    forget_read(case)
