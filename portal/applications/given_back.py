"""What of an order that wasn't sent is given back already: its refund is agreed, so it is not to be sent any more."""

from __future__ import annotations

from sqlalchemy import and_, func, select

from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import Case, CaseLine, Order, OrderLine

AGREED = (State.REFUNDING, State.REFUND_FAILED, State.COMPLETED)


def count_given_back(order_id: int, shop_id: int) -> dict[int, int]:
    """By line, thousandths whose refund is agreed or paid because they weren't sent."""
    query = (
        select(CaseLine.order_line_id, func.sum(CaseLine.quantity_milli))
        .join(Case, and_(Case.id == CaseLine.case_id, Case.shop_id == CaseLine.shop_id))
        .where(
            Case.order_id == order_id,
            Case.shop_id == shop_id,
            Case.type == CaseType.REFUND_ONLY,
            Case.goods_state == "unshipped",
            Case.state.in_(AGREED),
        )
        .group_by(CaseLine.order_line_id)
    )
    return {line_id: int(milli) for line_id, milli in db.session.execute(query)}


def is_all_given_back(order_id: int, shop_id: int) -> bool:
    """Whether nothing is left to be sent of an order that waits for it."""
    back = count_given_back(order_id, shop_id)
    if not back:
        return False
    lines = (
        select(OrderLine.id, OrderLine.quantity_milli)
        .join(Order, and_(Order.id == OrderLine.order_id, Order.shop_id == OrderLine.shop_id))
        .where(OrderLine.order_id == order_id, OrderLine.shop_id == shop_id, Order.status == "unshipped")
    )
    left = [milli - back.get(line_id, 0) for line_id, milli in db.session.execute(lines)]
    return bool(left) and max(left) <= 0
