"""发货台: the cases of a shop whose goods are to be sent, what goes out to whom, and why one can't be sent yet.

Whether a case can be sent is the flow's business, asked here for a page of cases with a few statements for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Exists, and_, bindparam, exists, or_, select, text

from portal.cases import case_facts, held, mediation_rows, piles
from portal.cases.actions import OFFERING, list_actions
from portal.extensions import db
from portal.flow import Actor, State
from portal.models import Case, CaseEvent, CaseLine, HeldStep, MoneyEntry, Order, OrderLine, Product
from portal.models.cases import BY_SHOP
from portal.orders import sku_numbers
from portal.people import roles
from portal.prepared import Prepared, among, list_columns
from portal.rights import addresses
from portal.searching import escape_like

STEP = "ship_replacement"
PAGE = 20
SINCE = timedelta(hours=12)  # of the running list: one shift
SENT_SHOWN = 20
PLATFORM = "平台已介入，请打开售后单处理"
HELD = "已经登记发货，即将生效；要改请先撤回"
NOT_NOW = "现在不需要发货"

_case, _line, _bought, _product, _order, _event, _held = (
    table.__table__.c for table in (Case, CaseLine, OrderLine, Product, Order, CaseEvent, HeldStep)
)


@dataclass(frozen=True)
class ToSend:
    """One case with what is still to go out. ``refusal``: why it can't be sent now, "" when it can."""

    case: Any  # its columns, with buyer_note and order_no of the order
    lines: Sequence[Any]
    refusal: str
    receiver: addresses.Address


def list_page(
    shop_id: int,
    role: str,
    now: datetime,
    *,
    goods: str = "",
    after: tuple[datetime, int] | None = None,
    size: int = PAGE,
) -> tuple[list[ToSend], tuple[datetime, int] | None]:
    """One page by deadline, what is overdue first, and the key the next one begins after.

    ``goods``: a part of 货号, 单品货号, title or specification.
    """
    query = piles.build_list("reshipping", None, next_page=after is not None)
    if goods:
        query = query.where(_has_goods(escape_like(goods)))
    values: dict[str, object] = {"shop_id": shop_id}
    if after is not None:
        values["at"], values["id"] = after
    rows = list_columns(query.with_only_columns(_case.id, _case.desk_at).limit(size + 1), values)
    key = (rows[size - 1].desk_at, rows[size - 1].id) if len(rows) > size else None
    return load(shop_id, [row.id for row in rows[:size]], role, now), key


_SEARCHED = (_bought.cargo_no, _bought.sku_cargo_no, _line.title, _line.wanted_spec)


def _has_goods(like: str) -> Exists:
    return exists().where(
        _line.case_id == _case.id,
        _line.shop_id == _case.shop_id,
        _bought.id == _line.order_line_id,
        _bought.shop_id == _line.shop_id,
        or_(*(column.like(like, escape="\\") for column in _SEARCHED)),
    )


_CASES = Prepared(
    select(*_case, *mediation_rows.COLUMNS, _order.buyer_note, _order.order_no)
    .join_from(
        mediation_rows.BESIDE, Order.__table__, and_(_order.id == _case.order_id, _order.shop_id == _case.shop_id)
    )
    .where(_case.shop_id == bindparam("shop_id"), among(_case.id, "ids"))
)
_LINES = Prepared(
    select(
        _line.id,
        _line.case_id,
        _line.order_line_id,
        _line.quantity_milli,
        _line.received_milli,
        _line.accepted_milli,
        _line.shipped_milli,
        _line.wanted_spec,
        _line.title,
        _line.spec,
        _line.unit,
        _bought.cargo_no,
        _bought.sku_cargo_no,
        _bought.product_id,
        _product.picture,
    )
    .join(OrderLine.__table__, and_(_bought.id == _line.order_line_id, _bought.shop_id == _line.shop_id))
    .outerjoin(Product.__table__, and_(_product.id == _bought.product_id, _product.shop_id == _bought.shop_id))
    .where(_line.shop_id == bindparam("shop_id"), among(_line.case_id, "ids"))
    .order_by(_line.id)
)


def load(shop_id: int, case_ids: Sequence[int], role: str, now: datetime) -> list[ToSend]:
    """These cases of the shop in this order, for somebody of this role."""
    ids = list(case_ids)
    cases = {row.id: row for row in _CASES.list_rows(shop_id=shop_id, ids=ids)} if ids else {}
    lines: dict[int, list[CaseLine]] = {}
    for row in sku_numbers.renumber(shop_id, _LINES.list_rows(shop_id=shop_id, ids=ids)) if ids else ():
        lines.setdefault(row.case_id, []).append(row)
    entries: dict[int, list[MoneyEntry]] = {}
    if owing := [case.id for case in cases.values() if case.entry_count]:
        asked = select(MoneyEntry).where(MoneyEntry.shop_id == shop_id, MoneyEntry.case_id.in_(owing))
        for entry in db.session.scalars(asked.order_by(MoneyEntry.id)):
            entries.setdefault(entry.case_id, []).append(entry)
    waiting = held.list_held(shop_id, ids) if ids else {}
    found = []
    for case in (cases[case_id] for case_id in ids if case_id in cases):
        own = lines.get(case.id, [])
        refusal = HELD if case.id in waiting else find_refusal(case, own, entries.get(case.id, []), now)
        open_now = () if refusal or not roles.may_take(role, STEP) else (STEP,)
        receiver = addresses.show_receiver(addresses.Reader(Actor.SELLER, role), open_now, case)
        left = [line for line in own if line.accepted_milli > line.shipped_milli]
        found.append(ToSend(case, left, refusal, receiver))
    return found


def find_refusal(case: Case, lines: Sequence[CaseLine], entries: Sequence[MoneyEntry], now: datetime) -> str:
    """Why the shop can't send the goods of a case now, as its page says; "" when it can."""
    if case.state != State.RESHIPPING:
        return NOT_NOW
    collect = partial(case_facts.collect_facts, case, now, entries=entries, lines=lines)
    for step, refusal in list_actions(case, Actor.SELLER, now, collect):
        if step.name == STEP:
            return PLATFORM if step.button.startswith(OFFERING) else refusal or ""
    return NOT_NOW


_SENT = Prepared(
    select(_event.at, _event.step, _event.data, _case.case_no, _case.goods, _case.receiver_name)
    .join_from(CaseEvent.__table__, Case.__table__, and_(_case.id == _event.case_id, _case.shop_id == _event.shop_id))
    .where(
        _event.shop_id == bindparam("shop_id"),
        _event.at >= bindparam("since"),
        text("case_events." + BY_SHOP),
        _event.user_id == bindparam("user_id"),
        or_(_event.step == STEP, _event.step == "ship_part"),
    )
    .order_by(_event.at.desc(), _event.id.desc())
    .limit(SENT_SHOWN)
)
_WAITING = Prepared(
    select(_held.id, _held.state, _held.due_at, _held.problem, _held.handed, _case.case_no, _case.goods)
    .join_from(HeldStep.__table__, Case.__table__, and_(_case.id == _held.case_id, _case.shop_id == _held.shop_id))
    .where(
        _held.shop_id == bindparam("shop_id"),
        _held.user_id == bindparam("user_id"),
        _held.due_at > bindparam("since"),
        _held.step == STEP,
        or_(_held.state == "held", _held.state == "failed"),
    )
    .order_by(_held.due_at.desc())
    .limit(SENT_SHOWN)
)


def list_sent(shop_id: int, user_id: int, now: datetime) -> Sequence[Any]:
    """What one person has sent in this shift, the newest first, its parcels in ``data``."""
    return _SENT.list_rows(shop_id=shop_id, user_id=user_id, since=now - SINCE)


def list_waiting(shop_id: int, user_id: int, now: datetime) -> Sequence[Any]:
    """What one person has sent that isn't in force yet, or could not be sent after all; the newest first."""
    return _WAITING.list_rows(shop_id=shop_id, user_id=user_id, since=now - held.SHOWN_FOR)
