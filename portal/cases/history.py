"""The audit events of a case and the counters that are kept in the same transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text, update

from portal import flow
from portal.cases import listening
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import State, Step
from portal.models import (
    Case,
    CaseEvent,
    Shop,
    User,
)


def write_event(
    case: Case, step: Step, by: ActedBy, at: datetime, *, source: str, note: str, data: dict[str, object], version: int
) -> None:
    if by.whence:
        data = {**data, "whence": by.whence}
    if by.rule:
        data = {**data, "by_rule": by.rule}
    before = ""
    if version > 1:
        before = (
            db.session.scalar(
                select(CaseEvent.hash).where(
                    CaseEvent.case_id == case.id, CaseEvent.shop_id == case.shop_id, CaseEvent.version == version - 1
                )
            )
            or ""
        )
    row = {
        "shop_id": case.shop_id,
        "case_id": case.id,
        "version": version,
        "step": step.name,
        "actor": str(by.actor),
        "user_id": by.user_id,
        "author": by.name,
        "at": at,
        "source": source,
        "target": str(step.target),
        "note": note,
        "data": data,
        "request_id": by.request_id,
        "before_hash": before,
    }
    db.session.execute(insert(CaseEvent), {**row, "hash": hash_event(row)})
    listening.note_change(case.id, at)


def write_note(case: Case, name: str, by: ActedBy, at: datetime, *, note: str, data: dict[str, object]) -> None:
    """Write one of flow.NOTES into the timeline; the case stays where it is."""
    state = State(case.state)
    step = Step(name, frozenset(), state, state, by.actor, flow.NOTES[name], ())
    case.version += 1
    case.updated_at = max(at, case.updated_at)
    db.session.flush()
    write_event(case, step, by, case.updated_at, source=state, note=note, data=data, version=case.version)


def hash_event(row: Mapping[str, Any]) -> str:
    """SHA-256 over an event's own words and the hash of the one before; portal doctor recomputes it."""
    said = [
        row["before_hash"],
        row["case_id"],
        row["version"],
        row["step"],
        row["actor"],
        row["user_id"],
        row["author"],
        round(row["at"].timestamp() * 1000),
        row["source"],
        row["target"],
        row["note"],
        row["data"],
        row["request_id"],
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


_MORE = text(
    "INSERT INTO case_tallies (shop_id, state, number) VALUES (:shop_id, :state, 1) "
    "ON CONFLICT (shop_id, state) DO UPDATE SET number = case_tallies.number + 1"
)

_FEWER = text("UPDATE case_tallies SET number = number - 1 WHERE shop_id = :shop_id AND state = :state")


def update_counters(case: Case, source: str | None, target: str) -> None:
    """Counters last, in a fixed order, so that no two transactions wait for each other."""
    shop_id, buyer_id = case.shop_id, case.buyer_id
    steps = {} if source == target else {target: 1} | ({source: -1} if source else {})
    for state in sorted(steps):
        db.session.execute(_MORE if steps[state] > 0 else _FEWER, {"shop_id": shop_id, "state": str(state)})
    for kind, row_id in ((Shop, shop_id), (User, buyer_id)):
        db.session.execute(
            update(kind)
            .where(kind.id == row_id)
            .values(version=kind.version + 1)
            .execution_options(synchronize_session=False)
        )
