"""What of an order that wasn't sent is still to be sent: not what its refund was agreed for, nor what ended by itself.

One rule for lists, counts, tables, labels and the step itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, case, exists, func, or_, select

from portal import words
from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import Case, CaseLine, Order, OrderLine
from portal.prepared import among

AGREED = (State.REFUNDING, State.REFUND_FAILED, State.COMPLETED)
AGREED_ALL, ENDED_SOME = "agreed", "ended"  # why nothing is left: agreed here, or the platform ended some of it
ALL_GIVEN_BACK = {
    AGREED_ALL: "这笔订单的商品都已同意退款，请不要发货；退款在「待退款」里登记",
    ENDED_SOME: "这笔订单的商品都已退款、正在退款或已取消，请不要发货",
}
ENDED = ("refunding", "cancelled")  # what an import may have said of one line
GOES_ON = and_(*(OrderLine.own_status != ended for ended in ENDED))  # of a line: nothing ended it alone

_GIVEN_BACK = and_(
    Case.type == CaseType.REFUND_ONLY,
    Case.goods_state == "unshipped",
    or_(*(Case.state == str(state) for state in AGREED)),  # no IN, which prepared statements don't take
)
_OF_LINE = (
    select(func.coalesce(func.sum(CaseLine.quantity_milli), 0))
    .where(
        CaseLine.order_line_id == OrderLine.id,
        CaseLine.shop_id == OrderLine.shop_id,
        # not joined: SQLite would begin with all cases of the shop in these states
        exists().where(Case.id == CaseLine.case_id, Case.shop_id == CaseLine.shop_id, _GIVEN_BACK).correlate(CaseLine),
    )
    .correlate(OrderLine)
    .scalar_subquery()
)
_LEFT = (
    exists()
    .where(
        OrderLine.order_id == Order.id,
        OrderLine.shop_id == Order.shop_id,
        GOES_ON,
        or_(OrderLine.claimed_milli == 0, OrderLine.quantity_milli > _OF_LINE),
    )
    .correlate(Order)
)
WAITS = and_(Order.status == "unshipped", _LEFT)  # of an order: something of it is to be sent
_SOME_ENDED = (
    select(func.count())  # not EXISTS, for which PostgreSQL reads the lines of all orders at once
    .select_from(OrderLine)
    .where(
        OrderLine.order_id == Order.id,
        OrderLine.shop_id == Order.shop_id,
        or_(*(OrderLine.own_status == ended for ended in ENDED)),
    )
    .correlate(Order)
    .scalar_subquery()
)
GIVEN_BACK = case(  # why nothing of an unsent order is to be sent any more, "" where it isn't so; asked of no other one
    (Order.status != "unshipped", ""), (_LEFT, ""), (_SOME_ENDED > 0, ENDED_SOME), else_=AGREED_ALL
)


def count_given_back(shop_id: int, order_ids: Collection[int]) -> dict[int, int]:
    """By line of these orders, thousandths whose refund is agreed or paid because they weren't sent."""
    if not order_ids:
        return {}
    query = (
        select(CaseLine.order_line_id, func.sum(CaseLine.quantity_milli))
        .join(Case, and_(Case.id == CaseLine.case_id, Case.shop_id == CaseLine.shop_id))
        .where(among(Case.order_id, "orders"), Case.shop_id == shop_id, _GIVEN_BACK)
        .group_by(CaseLine.order_line_id)
    )
    found = db.session.execute(query, {"orders": list(order_ids)})
    return {line_id: int(milli) for line_id, milli in found}


def list_waiting(shop_id: int, order_ids: Collection[int]) -> set[int]:
    """Which of these orders have something to be sent."""
    if not order_ids:
        return set()
    query = select(Order.id).where(Order.shop_id == shop_id, among(Order.id, "orders"), WAITS)
    return set(db.session.scalars(query, {"orders": list(order_ids)}))


def tell_statuses(shop_id: int, orders: Sequence[Order]) -> dict[int, str]:
    """What the status of each order is called, by its id: 待发货 only where something of it is to be sent."""
    given_back = find_given_back(shop_id, [order.id for order in orders if order.status == "unshipped"])
    return {
        order.id: words.ORDER_GIVEN_BACK[given_back[order.id]]
        if order.id in given_back
        else words.ORDER_STATUS[order.status]
        for order in orders
    }


def find_given_back(shop_id: int, order_ids: Collection[int]) -> dict[int, str]:
    """Of which of these orders nothing is to be sent any more, and why."""
    if not order_ids:
        return {}
    query = select(Order.id, GIVEN_BACK).where(
        Order.shop_id == shop_id, among(Order.id, "orders"), Order.status == "unshipped", ~_LEFT
    )
    return dict(db.session.execute(query, {"orders": list(order_ids)}).tuples().all())


def count_left(line: OrderLine, given_back: dict[int, int]) -> int:
    """How much of a line is still to be sent, thousandths: nothing of one that ended by itself."""
    if line.own_status in ENDED:
        return 0
    return max(int(line.quantity_milli) - given_back.get(line.id, 0), 0)
