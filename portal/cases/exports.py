"""导出: a list of cases as a table. Asked for, written by the sweep page by page, kept for a day."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from portal import words, workbook
from portal.cases import shop_queue
from portal.cases.queue_filters import Filters
from portal.extensions import Busy, db, writing
from portal.flow import State
from portal.models import Export
from portal.rights import reasons

log = logging.getLogger("portal.exports")
KEPT_FOR = timedelta(days=1)
GIVEN_UP_AFTER = timedelta(minutes=10)  # whoever wrote it is gone; somebody else begins anew
MOST_ROWS = 100_000
MOST_OPEN = 3  # of one person
SAID_EVERY = 2_000  # rows
AT_ONCE = 500

COLUMNS: dict[str, workbook.Column] = {
    "case_no": workbook.Column("售后单号", "", 20),
    "order_no": workbook.Column("订单号", "", 24),
    "type": workbook.Column("类型", "", 10),
    "state": workbook.Column("状态", "", 12),
    "due_at": workbook.Column("期限", "", 14),
    "goods": workbook.Column("商品", "", 36),
    "spec": workbook.Column("规格", "", 20),
    "wanted_spec": workbook.Column("换成", "", 20),
    "quantity_milli": workbook.Column("数量", "", 8),
    "unit": workbook.Column("单位", "", 6),
    "reason": workbook.Column("原因", "", 16),
    "buyer": workbook.Column("买家", "", 18),
    "opened_at": workbook.Column("申请时间", "", 14),
}


class TooMany(Exception):
    """This person has as many exports under way as they may have."""


def ask_for(
    shop_id: int,
    user_id: int,
    tab: str,
    filters: Filters,
    states: frozenset[State] | None,
    columns: Sequence[str],
    now: datetime,
) -> Export:
    """Have a list written, with these columns in the table's own order. Raises TooMany."""
    mine = (Export.shop_id == shop_id, Export.user_id == user_id, Export.state.in_(("waiting", "running")))
    if (db.session.scalar(select(func.count()).select_from(Export).where(*mine)) or 0) >= MOST_OPEN:
        raise TooMany
    row = Export(
        shop_id=shop_id,
        user_id=user_id,
        asked={
            "tab": tab,
            "filters": asdict(filters),
            "states": None if states is None else sorted(states),
            "columns": [name for name in COLUMNS if name in columns],
        },
        made_at=now,
        expires_at=now + KEPT_FOR,
    )
    db.session.add(row)
    db.session.flush()
    return row


def list_exports(shop_id: int, user_id: int, now: datetime) -> Sequence[Export]:
    """This person's exports that haven't expired, the newest first."""
    mine = select(Export).where(Export.shop_id == shop_id, Export.user_id == user_id, Export.expires_at > now)
    return db.session.scalars(mine.order_by(Export.id.desc()).limit(20)).all()


def find_file(shop_id: int, user_id: int, export_id: int, now: datetime) -> bytes | None:
    """The file of this person's export; None: there is none, or it has expired."""
    mine = (Export.shop_id == shop_id, Export.user_id == user_id, Export.id == export_id, Export.expires_at > now)
    return db.session.scalar(select(Export.file).where(*mine, Export.state == "done"))


def write_waiting(now: datetime) -> int:
    """Write what waits, and what somebody began and never ended; returns how many files were made."""
    left = or_(Export.state == "waiting", (Export.state == "running") & (Export.begun_at < now - GIVEN_UP_AFTER))
    found = db.session.execute(select(Export.id, Export.shop_id).where(left).order_by(Export.id).limit(10)).all()
    return sum(_write(export_id, shop_id, now, left) for export_id, shop_id in found)


def forget_old(now: datetime) -> None:
    """Erase what has expired."""
    db.session.execute(delete(Export).where(Export.expires_at <= now))


def _write(export_id: int, shop_id: int, now: datetime, left: Any) -> bool:
    mine = (Export.id == export_id, Export.shop_id == shop_id)
    if not _change((*mine, left), state="running", begun_at=now, row_count=0):
        return False  # somebody else has it
    asked = db.session.scalars(select(Export.asked).where(*mine)).one()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "export.xlsx")
            columns = [COLUMNS[name] for name in asked["columns"]]
            workbook.write_long(path, "售后单", columns, _read_rows(shop_id, asked, now, mine), made_at=now)
            made = Path(path).read_bytes()
    except Busy:
        _change(mine, state="waiting")
        raise
    except Exception:
        log.exception("a list could not be written: %s", export_id)
        _change(mine, state="failed", done_at=now)
        return False
    return _change((*mine, Export.state == "running"), state="done", done_at=now, file=made)


def _read_rows(shop_id: int, asked: dict[str, Any], now: datetime, mine: Any) -> Iterator[list[str]]:
    """The rows of the list in its order, a page at a time; how far it is, is said in between."""
    states = None if asked["states"] is None else frozenset(State(state) for state in asked["states"])
    after, done = None, 0
    while done < MOST_ROWS:
        rows, after = shop_queue.list_page(
            shop_id, asked["tab"], now, filters=Filters(**asked["filters"]), states=states, after=after, size=AT_ONCE
        )
        for row in rows:
            yield [_say(name, row) for name in asked["columns"]]
        if done // SAID_EVERY != (done + len(rows)) // SAID_EVERY or after is None:
            _change(mine, row_count=done + len(rows))
        done += len(rows)
        if after is None:
            return


def _say(name: str, row: Any) -> str:
    value = getattr(row, name)
    if name == "type":
        return words.TYPE[value]
    if name == "state":
        return words.STATES_OF[row.type][value]
    if name == "reason":
        return reasons.said(value)
    if name == "quantity_milli":
        return f"{value / 1000:g}"
    if name in ("due_at", "opened_at"):
        return words.moment(value) if value else ""
    return str(value or "")


def _change(where: Any, **values: Any) -> bool:
    with writing():
        changed = db.session.execute(
            update(Export).where(*where).values(**values).execution_options(synchronize_session=False)
        )
        return bool(changed.rowcount == 1)  # type: ignore[attr-defined]
