"""Sends the orders of tables, beside the sweep: each alone, counted and sent in one transaction, so that none is half
done and none is sent twice, however often the work is broken off."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, text, update

from portal.applications import dispatch, unsent
from portal.cases.effects.step_context import ActedBy
from portal.extensions import Busy, db, writing
from portal.flow import Actor, StepRefused
from portal.models import DispatchFile
from portal.models.dispatch import SENDING

log = logging.getLogger("portal.dispatch")
AT_ONCE = 200  # orders a round and table, so that one table doesn't hold up another for long


def start(file: DispatchFile, by: ActedBy, now: datetime) -> bool:
    """The shop's yes: let a table be sent, or what could not go before; whether it wasn't under way. Inside
    ``writing()``."""
    begun = db.session.execute(
        update(DispatchFile)
        .where(*_of(file.id, file.shop_id), (DispatchFile.tried_at.is_(None) | DispatchFile.done_at.is_not(None)))
        .values(
            user_id=by.user_id,
            author=by.name,
            request_id=by.request_id,
            tried_at=now,
            rows_done=0,
            done_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    return bool(begun.rowcount == 1)  # type: ignore[attr-defined]


def find_progress(public_id: str, shop_id: int) -> Row[Any] | None:
    """How far a table of this shop is, and how many orders it has, without its rows: asked every few seconds."""
    columns = (DispatchFile.public_id, DispatchFile.tried_at, DispatchFile.done_at, DispatchFile.rows_done)
    number = func.json_array_length(DispatchFile.rows).label("number")
    of_shop = (DispatchFile.public_id == public_id, DispatchFile.shop_id == shop_id)
    return db.session.execute(select(*columns, number).where(*of_shop)).one_or_none()


def is_under_way(file: DispatchFile | Row[*tuple[object, ...]]) -> bool:
    """Whether it is being sent; of a table or its progress."""
    return file.tried_at is not None and file.done_at is None


def work_off(now: datetime) -> int:
    """Send some more of every table; returns how many orders were sent."""
    found = db.session.execute(select(DispatchFile.id, DispatchFile.shop_id).where(text(SENDING))).all()
    db.session.rollback()
    return sum(_work_off_table(row.id, row.shop_id, now) for row in sorted(found))


def _of(file_id: int, shop_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return DispatchFile.id == file_id, DispatchFile.shop_id == shop_id


def _work_off_table(file_id: int, shop_id: int, now: datetime) -> int:
    file = db.session.scalars(select(DispatchFile).where(*_of(file_id, shop_id))).one()
    by = ActedBy(Actor.SELLER, file.user_id, file.author, file.request_id)
    first, given = file.rows_done, list(file.rows)
    rows = dispatch.judge(file, first, AT_ONCE)
    db.session.rollback()
    sent = 0
    for place, row in enumerate(rows, first):
        if row.outcome == "ready" and row.order is not None:
            parcels = [(code, number) for code, number in given[place]["parcels"]]
            sent += _send((file_id, shop_id), place, row.order.id, parcels, by=by, now=now)
    with writing():
        last = min(first + AT_ONCE, len(given))
        values: dict[str, object] = {"rows_done": last} | ({"done_at": now} if last == len(given) else {})
        db.session.execute(
            update(DispatchFile)
            .where(*_of(file_id, shop_id), text(SENDING), DispatchFile.rows_done <= last)
            .values(values)
            .execution_options(synchronize_session=False)
        )
    return sent


def _send(
    key: tuple[int, int], place: int, order_id: int, parcels: list[tuple[str, str]], *, by: ActedBy, now: datetime
) -> bool:
    """One order, once; what refuses it is kept as its reason."""
    try:
        with writing():
            if not _count(key, place):
                return False  # somebody else has it
            if dispatch.has_open_case(order_id, key[1]):
                return False  # opened since the look; that is said for as long as it is so
            unsent.ship_order(order_id, key[1], parcels, by=by, now=now)
            return True
    except StepRefused as refused:
        why = refused.sentence
    except Busy:
        raise  # the next round tries again
    except Exception:
        log.exception("an order of a table failed: %s", order_id)
        why = "系统没能处理，请在「订单」里单独发货"
    with writing():
        if _count(key, place):
            mine = select(DispatchFile).where(*_of(*key)).execution_options(populate_existing=True)
            file = db.session.scalars(mine).one()
            file.rows = [{**said, "why": why} if at == place else said for at, said in enumerate(file.rows)]
    return False


def _count(key: tuple[int, int], place: int) -> bool:
    """Claim a row: whether nobody has gone through it since the yes."""
    counted = db.session.execute(
        update(DispatchFile)
        .where(*_of(*key), text(SENDING), DispatchFile.rows_done <= place)
        .values(rows_done=place + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(counted.rowcount == 1)  # type: ignore[attr-defined]
