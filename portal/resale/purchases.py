"""The purchase that a distributor names by its number, in whatever case they write it."""

from __future__ import annotations

from sqlalchemy import select

from portal.extensions import db
from portal.flow import StepRefused
from portal.models import Order
from portal.orders.addresses import split_address
from portal.orders.claims import list_spellings


def find_purchase(said: str, shop_id: int, owner_id: int) -> Order:
    """This person's purchase from another shop than theirs; of two with one number the one whose shop is named (~7).

    Raises StepRefused for none, and for several.
    """
    number, supplier_id = split_address(said)
    mine = select(Order).where(Order.buyer_id == owner_id, Order.shop_id != shop_id, Order.shown)
    found = db.session.scalars(mine.where(Order.order_no == number)).all()
    if not found:
        found = db.session.scalars(mine.where(Order.order_no.in_(list_spellings(number, owner_id)))).all()
    fits = [order for order in found if supplier_id in (0, order.shop_id)]
    if not fits:
        raise StepRefused(f"您的进货订单里没有 {said[:40]}", "purchase")
    if len(fits) > 1:
        written = "或".join(
            f"{order.order_no}~{order.shop_id}" for order in sorted(fits, key=lambda each: each.shop_id)
        )
        raise StepRefused(
            f"有几家供应商的进货订单都是 {number[:40]}，请写成 {written}（与订单页的网址相同）", "purchase"
        )
    return fits[0]
