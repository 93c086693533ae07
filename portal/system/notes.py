"""Facts about this installation, kept in the database where every process and every node sees them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from portal.extensions import db, writing
from portal.models import SystemNote

IDENTITY, SWEEP, CLOCK = "identity", "sweep", "clock"
STUCK = "stuck:"  # what the sweep could not do: stuck:case:12
DAMAGED = "damaged:"  # files that are not what they were: damaged:ab/ab….webp


class Note(NamedTuple):
    """A fact and the moment it was noted."""

    name: str
    at: datetime
    value: dict[str, Any]


_TABLE = SystemNote.__table__.c


def read(name: str) -> Note | None:
    """The note of this name."""
    row = db.session.execute(select(_TABLE.name, _TABLE.at, _TABLE.value).where(_TABLE.name == name)).one_or_none()
    return None if row is None else Note(*row)


def list_notes(prefix: str, most: int = 1000) -> list[Note]:
    """The notes whose names begin so, in the order of their names."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)  # LIKE would read the whole table
    query = select(_TABLE.name, _TABLE.at, _TABLE.value).where(_TABLE.name >= prefix, _TABLE.name < after)
    return [Note(*row) for row in db.session.execute(query.order_by(_TABLE.name).limit(most))]


def write(name: str, value: dict[str, Any], at: datetime) -> None:
    """Keep a fact, in place of the one before."""
    with writing():
        db.session.merge(SystemNote(name=name, at=at, value=value))
        db.session.flush()


def remove(*names: str) -> None:
    """Forget these facts; what is not there is no error."""
    with writing():
        db.session.execute(delete(SystemNote).where(SystemNote.name.in_(names)))


def raise_alarm(prefix: str, about: str, said: str, at: datetime) -> None:
    """Note once that something is wrong; the moment stays that of the first time."""
    name = f"{prefix}{about}"[:80]
    known = read(name)
    db.session.rollback()
    if known is None or known.value.get("said") != said[:300]:
        write(name, {"said": said[:300]}, known.at if known else at)


def end_alarms(prefix: str, still: Collection[str]) -> None:
    """Forget the alarms of this kind but those about ``still``."""
    keep = {f"{prefix}{about}"[:80] for about in still}
    over = [note.name for note in list_notes(prefix) if note.name not in keep]
    db.session.rollback()
    if over:
        remove(*over)


def list_alarms() -> list[str]:
    """Everything that is wrong now, a line each."""
    stopped = read(CLOCK)
    found = [*list_notes(STUCK), *list_notes(DAMAGED), *([stopped] if stopped else [])]
    return [f"{note.name} since {note.at:%Y-%m-%d %H:%M} UTC: {note.value.get('said', '')}" for note in found]
