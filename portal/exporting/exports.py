"""导出: a list as a table. Asked for, written by the sweep page by page, kept for a day."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import undefer

from portal import workbook
from portal.exporting.kinds import KINDS
from portal.extensions import Busy, db, writing
from portal.models import Export

log = logging.getLogger("portal.exports")
KEPT_FOR = timedelta(days=1)
GIVEN_UP_AFTER = timedelta(minutes=10)  # whoever wrote it is gone; somebody else begins anew
MOST_ROWS = 100_000
MOST_OPEN = 3  # of one person
SAID_EVERY = 2_000  # rows


class TooMany(Exception):
    """This person has as many exports under way as they may have."""


def ask_for(
    shop_id: int, user_id: int, kind: str, asked: Mapping[str, object], columns: Sequence[str], now: datetime
) -> Export:
    """Have a list of a kind written, with these columns in the kind's own order; ``asked``: which rows, as JSON takes
    it. Raises TooMany."""
    mine = (Export.shop_id == shop_id, Export.user_id == user_id, Export.state.in_(("waiting", "running")))
    if (db.session.scalar(select(func.count()).select_from(Export).where(*mine)) or 0) >= MOST_OPEN:
        raise TooMany
    row = Export(
        shop_id=shop_id,
        user_id=user_id,
        asked={**asked, "kind": kind, "columns": [name for name in KINDS[kind].columns if name in columns]},
        made_at=now,
        expires_at=now + KEPT_FOR,
    )
    db.session.add(row)
    db.session.flush()
    return row


def find_kind(export: Export) -> str:
    """Which list it is of; those that were asked for before there were several are of the queue."""
    return str(export.asked.get("kind", "queue"))


def list_exports(shop_id: int, user_id: int, now: datetime) -> Sequence[Export]:
    """This person's exports that haven't expired, the newest first."""
    mine = select(Export).where(Export.shop_id == shop_id, Export.user_id == user_id, Export.expires_at > now)
    return db.session.scalars(mine.order_by(Export.id.desc()).limit(20)).all()


def find_done(shop_id: int, user_id: int, export_id: int, now: datetime) -> Export | None:
    """This person's export, written, with its file; None: there is none, or it has expired."""
    mine = (Export.shop_id == shop_id, Export.user_id == user_id, Export.id == export_id, Export.expires_at > now)
    return db.session.scalars(
        select(Export).options(undefer(Export.file)).where(*mine, Export.state == "done")
    ).one_or_none()


def write_waiting(now: datetime) -> int:
    """Write what waits, and what somebody began and never ended; returns how many files were made."""
    left = or_(Export.state == "waiting", (Export.state == "running") & (Export.begun_at < now - GIVEN_UP_AFTER))
    found = db.session.execute(select(Export.id, Export.shop_id).where(left).order_by(Export.id).limit(10)).all()
    return sum(_write(export_id, shop_id, now, left) for export_id, shop_id in found)


def forget_old(now: datetime) -> None:
    """Erase what has expired."""
    db.session.execute(delete(Export).where(Export.expires_at <= now))


def _write(export_id: int, shop_id: int, now: datetime, left: object) -> bool:
    mine = (Export.id == export_id, Export.shop_id == shop_id)
    if not _change((*mine, left), state="running", begun_at=now, row_count=0):
        return False  # somebody else has it
    asked = db.session.scalars(select(Export.asked).where(*mine)).one()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "export.xlsx")
            kind = KINDS[asked.get("kind", "queue")]
            columns = [kind.columns[name] for name in asked["columns"]]
            workbook.write_long(path, kind.title, columns, _read_rows(shop_id, asked, now, mine), made_at=now)
            made = Path(path).read_bytes()
    except Busy:
        _change(mine, state="waiting")
        raise
    except Exception:
        log.exception("a list could not be written: %s", export_id)
        _change(mine, state="failed", done_at=now)
        return False
    return _change((*mine, Export.state == "running"), state="done", done_at=now, file=made)


def _read_rows(
    shop_id: int, asked: dict[str, Any], now: datetime, mine: tuple[ColumnElement[bool], ColumnElement[bool]]
) -> Iterator[list[str | int]]:
    """The rows of the list in its order, a page at a time; how far it is, is said in between."""
    kind, done = KINDS[asked.get("kind", "queue")], 0
    for rows in kind.read(shop_id, asked, now):
        rows = rows[: MOST_ROWS - done]
        for row in rows:
            yield [kind.say(name, row) for name in asked["columns"]]
        if done // SAID_EVERY != (done + len(rows)) // SAID_EVERY:
            _change(mine, row_count=done + len(rows))
        done += len(rows)
        if done == MOST_ROWS:
            break
    _change(mine, row_count=done)


def _change(where: Any, **values: object) -> bool:
    with writing():
        changed = db.session.execute(
            update(Export).where(*where).values(**values).execution_options(synchronize_session=False)
        )
        return bool(changed.rowcount == 1)  # type: ignore[attr-defined]
