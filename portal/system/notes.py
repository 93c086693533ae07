"""Facts about this installation, kept in the database where every process and every node sees them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from portal.extensions import db, writing
from portal.models import SystemNote

IDENTITY, SWEEP, CLOCK = "identity", "sweep", "clock"
# Alarms: what the sweep could not do, and files that are not what they were.
STUCK_CASE, STUCK_PART, DAMAGED = "stuck case", "stuck part", "damaged file"


class Note(NamedTuple):
    """A fact and the moment it was noted."""

    kind: str
    about: str
    at: datetime
    value: dict[str, Any]


_TABLE = SystemNote.__table__.c
_ALL = select(_TABLE.kind, _TABLE.about, _TABLE.at, _TABLE.value)


def read(kind: str, about: str = "") -> Note | None:
    """The note of this kind about this."""
    row = db.session.execute(_ALL.where(_TABLE.kind == kind, _TABLE.about == about)).one_or_none()
    return None if row is None else Note(*row)


def list_notes(kind: str, most: int = 1000) -> list[Note]:
    """The notes of a kind."""
    return [
        Note(*row) for row in db.session.execute(_ALL.where(_TABLE.kind == kind).order_by(_TABLE.about).limit(most))
    ]


def write(kind: str, value: dict[str, object], at: datetime, about: str = "") -> None:
    """Keep a fact, in place of the one before."""
    with writing():
        db.session.merge(SystemNote(kind=kind, about=about, at=at, value=value))
        db.session.flush()


def remove(kind: str, *about: str) -> None:
    """Forget what is noted of this kind about these; what is not there is no error."""
    with writing():
        db.session.execute(delete(SystemNote).where(SystemNote.kind == kind, SystemNote.about.in_(about or [""])))


def raise_alarm(kind: str, about: str, said: str, at: datetime) -> None:
    """Note once that something is wrong; the moment stays that of the first time."""
    known = read(kind, about[:80])
    db.session.rollback()
    if known is None or known.value.get("said") != said[:300]:
        write(kind, {"said": said[:300]}, known.at if known else at, about[:80])


def end_alarms(kind: str, still: Collection[str]) -> None:
    """Forget the alarms of this kind but those about ``still``."""
    keep = {about[:80] for about in still}
    over = [note.about for note in list_notes(kind) if note.about not in keep]
    db.session.rollback()
    if over:
        remove(kind, *over)


def list_alarms() -> list[str]:
    """Everything that is wrong now, a line each."""
    found = [note for kind in (STUCK_CASE, STUCK_PART, DAMAGED, CLOCK) for note in list_notes(kind, 50)]
    lines = (f"{note.kind} {note.about} since {note.at:%Y-%m-%d %H:%M} UTC: {note.value['said']}" for note in found)
    return [" ".join(line.split()) for line in lines]
