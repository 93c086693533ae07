"""Downstream orders of a distributor: recorded, and found from either end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import aliased

from portal.applications import goods as applications_goods
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import (
    Case,
    CaseLine,
    Order,
    OrderLine,
    OrderLink,
    Product,
    Shop,
)
from portal.orders import receiving, sold
from portal.orders.claims import Claims
from portal.people import accounts
from portal.resale.receivers import is_receiver

UPSTREAM = "upstream-"  # how the key of a line begins that was sold on: the purchase's line follows
MOST_NAME = 40  # characters of a consumer's name with their order number


@dataclass(frozen=True)
class Bought:
    """One line of a downstream order as the distributor writes it down: of which purchased line, how much, for what."""

    line_id: int
    milli: int
    price_fen: int


@dataclass(frozen=True)
class Passes:
    """What the consumer applies for goes to the supplier by itself; the goods take these routes (of CaseLink)."""

    route_back: str = "direct"
    route_out: str = "direct"


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
    passes: Passes | None = None,
) -> Order:
    """Write down an order of the distributor's shop that a purchase of theirs serves; its buyer is made, dormant.

    ``unfit_confirmed``: the consumer confirmed, when buying, that goods which aren't fit for it can't be returned
    without a reason (消费者权益保护法 25); without that 7天无理由 holds whatever the product says.
    An order that rests on several purchases is written down for each of them: the goods come together under its number.
    Raises StepRefused for a number that is taken or goods that the purchase doesn't have.
    """
    claims = Claims()
    claims.look_up([order_no])
    order_no = claims.spell(order_no, shop_id)
    lines = {line.id: line for line in applications_goods.list_lines(upstream.id, upstream.shop_id)}
    if not goods or any(
        item.line_id not in lines or not 0 < item.milli <= lines[item.line_id].quantity_milli for item in goods
    ):
        raise StepRefused("数量不能超过进货订单里的数量", "goods")
    order = None
    if shop_id in claims.shops_of(order_no):
        order = _find_same(order_no, shop_id, receiver, upstream)
    if order is None:
        order = _add_order(upstream, shop_id, order_no, receiver, ordered_at, received_at, now)
        claims.settle([(order_no, shop_id)], now)
    _add_goods(order, lines, goods, ordered_at if unfit_confirmed else None)
    db.session.add(
        OrderLink(
            downstream_id=order.id,
            upstream_id=upstream.id,
            upstream_shop_id=upstream.shop_id,
            shop_id=shop_id,
            channel=channel,
            applies=passes is not None,
            route_back=passes.route_back if passes else "via",
            route_out=passes.route_out if passes else "via",
            created_by=by,
            created_at=now,
        )
    )
    db.session.flush()
    return order


def _find_same(order_no: str, shop_id: int, receiver: tuple[str, str, str], upstream: Order) -> Order:
    """The consumer's order of that number, when this purchase is another part of it. Raises StepRefused."""
    order = db.session.scalars(
        select(Order).where(Order.order_no == order_no, Order.shop_id == shop_id).with_for_update()
    ).one()
    links = select(OrderLink.upstream_id).where(OrderLink.shop_id == shop_id, OrderLink.downstream_id == order.id)
    known = list(db.session.scalars(links))
    if not known or upstream.id in known or not is_receiver(order, receiver):
        raise StepRefused("这个订单号已登记过，请核对下游订单号", "order_no")
    if order.case_count:
        raise StepRefused("这个订单已有售后，不能再加入商品；请用另一个订单号登记", "order_no")
    return order


def _add_order(
    upstream: Order,
    shop_id: int,
    order_no: str,
    receiver: tuple[str, str, str],
    ordered_at: datetime,
    received_at: datetime | None,
    now: datetime,
) -> Order:
    buyer = accounts.create_user(_name_consumer(receiver[0], order_no), now=now)
    order = Order(
        order_no=order_no,
        shop_id=shop_id,
        buyer_id=buyer.id,
        status="completed" if received_at else "in_transit",
        status_text="消费者已收货" if received_at else "已发给消费者",
        ordered_at=ordered_at,
        paid_at=ordered_at,
        **receiving.make_receipt(received_at),
        consumer=True,
        goods_total_fen=0,
        paid_fen=0,
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
    return order


def _name_consumer(name: str, order_no: str) -> str:
    """What the consumer is called in the shop: the name they were given, told apart by their order."""
    wished = f"{name}（{order_no}）"
    if len(wished) <= MOST_NAME and not accounts.is_taken(wished):
        return wished
    return f"{name[:20]}（{secrets.token_hex(5)}）"


def _add_goods(order: Order, lines: Mapping[int, Any], goods: Sequence[Bought], confirmed_at: datetime | None) -> None:
    """Hang what was sold on the order, after what it has already, and count it into its sums."""
    known = db.session.scalars(
        select(OrderLine.position).where(OrderLine.shop_id == order.shop_id, OrderLine.order_id == order.id)
    ).all()
    for position, item in enumerate(goods, max(known, default=0) + 1):
        line = lines[item.line_id]
        db.session.add(
            OrderLine(
                shop_id=order.shop_id,
                order_id=order.id,
                position=position,
                line_key=f"{UPSTREAM}{line.id}",
                title=line.title,
                spec=line.spec,
                unit=line.unit,
                unit_price_fen=item.price_fen,
                quantity_milli=item.milli,
                cargo_no=line.cargo_no,
                sku_cargo_no=line.sku_cargo_no,
                product_id=_product(order.shop_id, line).id,
                snapshot={"货品标题": line.title, "型号": line.spec},
                unfit_confirmed_at=confirmed_at,
            )
        )
    total = sum(item.price_fen * item.milli // 1000 for item in goods)
    order.goods_total_fen += total
    order.paid_fen += total
    db.session.flush()
    sold.count_sold(order.shop_id, [order.id])


def _product(shop_id: int, line: OrderLine) -> Product:
    """The distributor's own product for goods that they resell."""
    key = f"{sold.RESOLD}{line.product_id or line.id}"
    found = db.session.scalars(select(Product).where(Product.shop_id == shop_id, Product.product_key == key)).first()
    if found is None:
        found = Product(shop_id=shop_id, product_key=key, title=line.title, cargo_no=line.cargo_no)
        db.session.add(found)
        db.session.flush()
    return found


def find_owned_shop(user_id: int) -> int | None:
    """The shop that this person owns, as a distributor must."""
    return db.session.scalar(select(Shop.id).where(Shop.owner_id == user_id))


def list_orders_below(upstream_order_id: int) -> Sequence[Row[int, str, str, datetime | None]]:
    """The downstream orders written down for a purchase: order_no, channel, received_at."""
    return db.session.execute(
        select(Order.id, Order.order_no, OrderLink.channel, Order.received_at)
        .join(OrderLink, and_(OrderLink.downstream_id == Order.id, OrderLink.shop_id == Order.shop_id))
        .where(OrderLink.upstream_id == upstream_order_id)
        .order_by(Order.id)
    ).all()


def find_order_above(downstream: Case) -> Order | None:
    """The purchase behind a downstream case, of several the one that serves most of its lines."""
    return next(iter(list_orders_above(downstream)), None)


def list_orders_above(downstream: Case) -> list[Order]:
    """The purchases behind a downstream case: as written down, else by the 下游订单号 that its export says.

    Where it is known which line came from which, only those that serve a line of the case, most lines first.
    """
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
        .order_by(OrderLink.created_at, Order.id)
    ).all()
    if written:
        serving = _find_serving(downstream)
        ordered = sorted(written, key=lambda order: -serving.count(order.id))  # of equals the first
        return [order for order in ordered if order.id in serving] or ordered[:1]
    order_no = db.session.scalar(
        select(Order.order_no).where(Order.id == downstream.order_id, Order.shop_id == downstream.shop_id)
    )
    said = (
        select(Order)
        .where(
            Order.buyer_id == owner,
            Order.shown,
            Order.downstream_order_no == order_no,
            Order.shop_id != downstream.shop_id,
        )
        .order_by(Order.id.desc())
        .limit(1)
    )
    return list(db.session.scalars(said))


def _find_serving(downstream: Case) -> list[int]:
    """The purchase's order id of each line of a case, as far as it was written down."""
    keys = db.session.scalars(
        select(OrderLine.line_key)
        .join(CaseLine, and_(CaseLine.order_line_id == OrderLine.id, CaseLine.shop_id == OrderLine.shop_id))
        .where(CaseLine.shop_id == downstream.shop_id, CaseLine.case_id == downstream.id)
    ).all()
    ids = [int(key.removeprefix(UPSTREAM)) for key in keys if key.startswith(UPSTREAM)]
    return list(db.session.scalars(select(OrderLine.order_id).where(OrderLine.id.in_(ids))))


def find_passes(downstream: Case, upstream: Order) -> Passes | None:
    """The routes by which a consumer's application goes on to this purchase's supplier by itself; None: it doesn't."""
    link = db.session.scalars(
        select(OrderLink).where(
            OrderLink.shop_id == downstream.shop_id,
            OrderLink.downstream_id == downstream.order_id,
            OrderLink.upstream_id == upstream.id,
        )
    ).one_or_none()
    return Passes(link.route_back, link.route_out) if link is not None and link.applies else None


def list_orders(shop_id: int, most: int = 20) -> Sequence[Row[str, str, str, int]]:
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
