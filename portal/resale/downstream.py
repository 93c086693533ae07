"""Downstream orders of a distributor: recorded, and found from either end."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from portal.applications import goods as applications_goods
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import (
    Case,
    Order,
    OrderLine,
    OrderLink,
    Product,
    Shop,
)
from portal.orders import receiving
from portal.orders.claims import Claims
from portal.people import accounts


@dataclass(frozen=True)
class Bought:
    """One line of a downstream order as the distributor writes it down: of which purchased line, how much, for what."""

    line_id: int
    milli: int
    price_fen: int


def record_order(
    upstream: Order,
    *,
    shop_id: int,
    order_no: str,
    channel: str,
    receiver: tuple[str, str, str],
    goods: Sequence[Bought],
    ordered_at: datetime,
    received_at: datetime | None,
    by: int,
    now: datetime,
    unfit_confirmed: bool = False,
) -> Order:
    """Write down an order of the distributor's shop that a purchase of his serves; its buyer is made for it, dormant.

    ``unfit_confirmed``: the consumer confirmed, when buying, that goods which aren't fit for it can't be returned
    without a reason (消费者权益保护法 25); without that 7天无理由 holds whatever the product says.
    Raises StepRefused for a number that is taken or goods that the purchase doesn't have.
    """
    claims = Claims()
    claims.look_up([order_no])
    if shop_id in claims.shops_of(order_no):
        raise StepRefused("这个订单号已登记过,请核对下游订单号", "order_no")
    lines = {line.id: line for line in applications_goods.list_lines(upstream.id)}
    if not goods or any(
        item.line_id not in lines or not 0 < item.milli <= lines[item.line_id].quantity_milli for item in goods
    ):
        raise StepRefused("数量不能超过进货订单里的数量", "goods")
    buyer = accounts.create_user(f"消费者{secrets.token_hex(5)}", now=now)
    total = sum(item.price_fen * item.milli // 1000 for item in goods)
    status = "completed" if received_at else "in_transit"
    order = Order(
        order_no=order_no,
        shop_id=shop_id,
        buyer_id=buyer.id,
        status=status,
        status_text="消费者已收货" if received_at else "已发给消费者",
        ordered_at=ordered_at,
        paid_at=ordered_at,
        **receiving.make_receipt(received_at),
        consumer=True,
        goods_total_fen=total,
        paid_fen=total,
        receiver_name=receiver[0],
        receiver_phone=receiver[1],
        receiver_address=receiver[2],
        carrier_text=upstream.carrier_text,
        tracking_text=upstream.tracking_text,
        imported_at=now,
        updated_at=now,
    )
    db.session.add(order)
    db.session.flush()
    claims.settle([(order_no, shop_id)], now)
    for position, item in enumerate(goods, 1):
        line = lines[item.line_id]
        db.session.add(
            OrderLine(
                shop_id=shop_id,
                order_id=order.id,
                position=position,
                line_key=f"upstream-{line.id}",
                title=line.title,
                spec=line.spec,
                unit=line.unit,
                unit_price_fen=item.price_fen,
                quantity_milli=item.milli,
                cargo_no=line.cargo_no,
                product_id=_product(shop_id, line).id,
                snapshot={"货品标题": line.title, "型号": line.spec},
                unfit_confirmed_at=ordered_at if unfit_confirmed else None,
            )
        )
    db.session.add(
        OrderLink(
            downstream_id=order.id,
            upstream_id=upstream.id,
            upstream_shop_id=upstream.shop_id,
            shop_id=shop_id,
            channel=channel,
            created_by=by,
            created_at=now,
        )
    )
    db.session.flush()
    return order


def _product(shop_id: int, line: Any) -> Product:
    """The distributor's own product for goods that he resells."""
    key = f"resold-{line.product_id or line.id}"
    found = db.session.scalars(select(Product).where(Product.shop_id == shop_id, Product.product_key == key)).first()
    if found is None:
        found = Product(shop_id=shop_id, product_key=key, title=line.title, cargo_no=line.cargo_no)
        db.session.add(found)
        db.session.flush()
    return found


def find_owned_shop(user_id: int) -> int | None:
    """The shop that this person owns, as a distributor must."""
    return db.session.scalar(select(Shop.id).where(Shop.owner_id == user_id))


def list_orders_below(upstream_order_id: int) -> Sequence[Any]:
    """The downstream orders written down for a purchase: order_no, channel, received_at."""
    return db.session.execute(
        select(Order.id, Order.order_no, OrderLink.channel, Order.received_at)
        .join(OrderLink, and_(OrderLink.downstream_id == Order.id, OrderLink.shop_id == Order.shop_id))
        .where(OrderLink.upstream_id == upstream_order_id)
        .order_by(Order.id)
    ).all()


def find_order_above(downstream: Case) -> Order | None:
    """The purchase behind a downstream case: as written down, else by the 下游订单号 that its export says."""
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == downstream.shop_id))
    written = db.session.scalars(
        select(Order)
        .join(OrderLink, and_(OrderLink.upstream_id == Order.id, OrderLink.upstream_shop_id == Order.shop_id))
        .where(
            OrderLink.downstream_id == downstream.order_id,
            OrderLink.shop_id == downstream.shop_id,
            Order.buyer_id == owner,
            Order.shown,
        )
    ).one_or_none()
    if written is not None:
        return written
    order_no = db.session.scalar(
        select(Order.order_no).where(Order.id == downstream.order_id, Order.shop_id == downstream.shop_id)
    )
    return db.session.scalars(
        select(Order)
        .where(
            Order.buyer_id == owner,
            Order.shown,
            Order.downstream_order_no == order_no,
            Order.shop_id != downstream.shop_id,
        )
        .order_by(Order.id.desc())
        .limit(1)
    ).one_or_none()


def list_orders(shop_id: int, most: int = 20) -> Sequence[Any]:
    """The newest downstream orders that were written down, with the purchase of each."""
    above = aliased(Order)
    return db.session.execute(
        select(Order.order_no, OrderLink.channel, above.order_no.label("upstream_no"), Order.case_count)
        .join(OrderLink, and_(OrderLink.downstream_id == Order.id, OrderLink.shop_id == Order.shop_id))
        .join(above, and_(above.id == OrderLink.upstream_id, above.shop_id == OrderLink.upstream_shop_id))
        .where(OrderLink.shop_id == shop_id)
        .order_by(OrderLink.downstream_id.desc())
        .limit(most)
    ).all()
