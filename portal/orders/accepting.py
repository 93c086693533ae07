"""采信: what an import didn't believe is believed after all, by somebody of the shop and for a reason.

What can be is decided in portal/orders/acceptable.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, select, update

from portal.extensions import db
from portal.models import Order, OrderDoubt, OrderLine, OrderVersion, Shop, User
from portal.models.orders import find_path
from portal.notices import beside_steps
from portal.orders import acceptable, sold, versions
from portal.orders.importing import keeping
from portal.orders.importing.lines import name_state
from portal.orders.importing.said import SUMS
from portal.rights import resale

MOST = 500  # at once
MOST_SEEN = 2_000  # of a group, to find those among them
WITHDRAWN = "退款已撤销，采信"


class Doubtful(NamedTuple):
    """Something that wasn't believed, for the desk; ``stop`` says why it can't be, "" where it can."""

    id: int
    order_id: int
    order_no: str
    row: int
    name: str
    heading: str
    kept: str
    said: str
    why: str
    source: str
    at: datetime
    stop: str
    lifts: bool  # it says that a refund was withdrawn


class Group(NamedTuple):
    """The doubts of an upload about one column, for one reason."""

    heading: str
    why: str
    many: int


def list_groups(shop_id: int, import_id: int) -> list[Group]:
    """What of an upload waits to be looked at, the most frequent first."""
    rows = db.session.execute(
        select(OrderDoubt.heading, OrderDoubt.why, func.count())
        .where(OrderDoubt.shop_id == shop_id, OrderDoubt.import_id == import_id)
        .group_by(OrderDoubt.heading, OrderDoubt.why)
    )
    return sorted((Group(*row) for row in rows), key=lambda group: (-group.many, group.heading, group.why))


def list_of_import(shop_id: int, import_id: int, group: Group, after: int, size: int) -> list[Doubtful]:
    """The doubts of a group after an id; one more than ``size`` when there are more."""
    return _list(
        shop_id,
        (OrderDoubt.import_id == import_id)
        & (OrderDoubt.heading == group.heading)
        & (OrderDoubt.why == group.why)
        & (OrderDoubt.id > after),
        size + 1,
    )


def list_of_order(shop_id: int, order_id: int, after: int = 0, size: int = 50) -> list[Doubtful]:
    """The doubts about an order after an id; one more than ``size`` when there are more."""
    return _list(shop_id, (OrderDoubt.order_id == order_id) & (OrderDoubt.id > after), size + 1)


def count_of_orders(shop_id: int, order_ids: Collection[int]) -> dict[int, int]:
    """How many doubts there are about each of these orders."""
    rows = db.session.execute(
        select(OrderDoubt.order_id, func.count())
        .where(OrderDoubt.shop_id == shop_id, OrderDoubt.order_id.in_(order_ids))
        .group_by(OrderDoubt.order_id)
    )
    found: dict[int, int] = dict(rows.all())
    return found


def _list(shop_id: int, which: ColumnElement[bool], most: int) -> list[Doubtful]:
    query = select(OrderDoubt).where(OrderDoubt.shop_id == shop_id, which).order_by(OrderDoubt.id).limit(most)
    found = list(db.session.scalars(query))
    orders = _load_orders(shop_id, {doubt.order_id for doubt in found})
    facts = acceptable.Facts.find(shop_id, orders, acceptable.load_lines(shop_id, found))
    return [_describe(doubt, orders[doubt.order_id], facts) for doubt in found]


def _load_orders(shop_id: int, ids: Collection[int], *, lock: bool = False) -> dict[int, Order]:
    query = select(Order).where(Order.shop_id == shop_id, Order.id.in_(ids)).order_by(Order.id)
    query = query.with_for_update() if lock else query
    return {order.id: order for order in db.session.scalars(query.execution_options(populate_existing=lock))}


def _describe(doubt: OrderDoubt, order: Order, facts: acceptable.Facts) -> Doubtful:
    line = facts.lines.get(doubt.value["line"]) if doubt.name == acceptable.OF_A_LINE else None
    heading = f"{doubt.heading}（{name_line(line)}）" if line is not None else doubt.heading
    said = (doubt.row, doubt.name, heading, doubt.kept, doubt.said, doubt.why, doubt.source, doubt.at)
    stop, lifts = acceptable.find_stop(doubt, order, facts), acceptable.is_lifting(doubt, order, facts)
    return Doubtful(doubt.id, order.id, order.order_no, *said, stop, lifts)


def name_line(line: OrderLine) -> str:
    """A line as a person knows it again."""
    return f"{line.title[:40]} {line.spec[:40]}".strip()


def accept(shop_id: int, ids: Collection[int], *, reason: str, user_id: int, now: datetime) -> int:
    """Believe these doubts as far as that can be, and say how many were. Called inside ``writing()``.

    Sums of an order belong together: whoever believes one believes all of them, or none when one of them can't be.
    """
    query = select(OrderDoubt).where(OrderDoubt.shop_id == shop_id, OrderDoubt.id.in_(ids))
    chosen = list(db.session.scalars(query))
    known_lines = acceptable.load_lines(shop_id, chosen, lock=True)
    orders = _load_orders(shop_id, {doubt.order_id for doubt in chosen}, lock=True)
    of_sums = {doubt.order_id for doubt in chosen if doubt.name in SUMS}
    if of_sums:
        more = select(OrderDoubt).where(
            OrderDoubt.shop_id == shop_id, OrderDoubt.order_id.in_(of_sums), OrderDoubt.name.in_(SUMS)
        )
        chosen = list({doubt.id: doubt for doubt in (*chosen, *db.session.scalars(more))}.values())
    facts = acceptable.Facts.find(shop_id, orders, known_lines)
    of_order: dict[int, list[OrderDoubt]] = defaultdict(list)
    free = [doubt for doubt in chosen if not acceptable.find_stop(doubt, orders[doubt.order_id], facts)]
    stopped = {doubt.order_id for doubt in chosen if doubt.name in SUMS and doubt not in free}
    for doubt in free:
        if doubt.name not in SUMS or doubt.order_id not in stopped:
            of_order[doubt.order_id].append(doubt)
    for order_id, believed in sorted(of_order.items()):
        _believe(orders[order_id], believed, known_lines, reason, user_id, now)
    if of_order:
        _count_again(shop_id, [orders[order_id] for order_id in sorted(of_order)])
    return sum(map(len, of_order.values()))


def _believe(
    order: Order,
    believed: Sequence[OrderDoubt],
    known_lines: Mapping[int, OrderLine],
    reason: str,
    user_id: int,
    now: datetime,
) -> None:
    of_lines = {doubt.id: known_lines[doubt.value["line"]] for doubt in believed if doubt.name == acceptable.OF_A_LINE}
    was_resold = resale.is_resold(order)
    for doubt in believed:
        if doubt.id in of_lines:
            of_lines[doubt.id].own_status = doubt.value["own_status"]
            continue
        for name, value in doubt.value.items():
            setattr(order, name, keeping.unpack(value))
    order.both_terms |= resale.is_resold(order) != was_resold
    order.version += 1
    order.updated_at = now
    headings = {doubt_id: name_state(line.position) for doubt_id, line in of_lines.items()}
    changes = [[headings.get(doubt.id, doubt.heading), doubt.kept, doubt.said] for doubt in believed]
    source = believed[0].source
    version = versions.record_by_hand(order, changes, source=source, reason=reason, accepted_by=user_id, now=now)
    db.session.execute(
        delete(OrderDoubt)
        .where(OrderDoubt.shop_id == order.shop_id, OrderDoubt.id.in_([doubt.id for doubt in believed]))
        .execution_options(synchronize_session=False)
    )
    if any(doubt.name == "status" for doubt in believed):
        _tell_buyer(order, version, order.status != "refunding")
    for line in of_lines.values():
        _tell_buyer(order, version, line.own_status != "refunding", line)


def _tell_buyer(order: Order, version: OrderVersion, lifted: bool, line: OrderLine | None = None) -> None:
    """Tell the buyer that a refund of the order, or of one line of it, was withdrawn, or is under way again."""
    if not order.shown:
        return
    what = f"订单 {order.order_no} " if line is None else f"订单 {order.order_no} 的「{name_line(line)}」"
    which = "订单" if line is None else "一件商品"
    beside_steps.tell_of_order(
        order.buyer_id,
        shop_id=order.shop_id,
        kind="refund_withdrawn" if lifted else "refund_again",
        title="商家确认退款已撤销" if lifted else f"商家确认{which}在退款中",
        body=what
        + ("不再按退款中处理，能否申请售后请看订单页。" if lifted else "按退款中处理，退款期间不能申请售后。")
        + f"商家说明：{version.reason}。与实际不符，请联系商家，或向平台投诉。",
        href=find_path(order),
        at=version.at,
        dedupe_key=f"believed:{version.id}:{line.id}" if line is not None else f"believed:{version.id}",
    )


def _count_again(shop_id: int, orders: Sequence[Order]) -> None:
    sold.count_orders({order.id: shop_id for order in orders})
    for table, ids in ((Shop, {shop_id}), (User, {order.buyer_id for order in orders})):
        statement = update(table).where(table.id.in_(sorted(ids))).values(version=table.version + 1)
        db.session.execute(statement.execution_options(synchronize_session=False))


def list_acceptable(shop_id: int, import_id: int, group: Group) -> list[int]:
    """The first MOST ids of a group that can be believed."""
    found = list_of_import(shop_id, import_id, group, 0, MOST_SEEN)
    return [each.id for each in found if not each.stop][:MOST]
