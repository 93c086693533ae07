"""面单 of orders: chosen in the list, counted, then shown on a page to print; looking at it again counts nothing."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal.applications import goods
from portal.cases import labels
from portal.extensions import db
from portal.flow import Actor
from portal.models import Order, OrderLabelPrint
from portal.orders import to_send
from portal.rights import addresses
from portal.seller import bp
from portal.seller.labels import Label, say_line, show_page
from portal.web.once import once

AT = "/seller/orders/labels"
HERE = "/seller/orders"
_NOT_SENT = {to_send.AGREED_ALL: "商品都已同意退款，不用发", to_send.ENDED_SOME: "没有要发的商品"}


@bp.route("/orders/labels", methods=["GET", "POST"])
def order_labels() -> ResponseReturnValue:
    """The labels of the orders in the address. POST: count that those chosen are printed, then show them."""
    shop_id = g.who.shop_id
    if request.method == "POST":
        picked = request.form.getlist("page_order" if request.form.get("scope") == "page" else "order")
        chosen = _load(picked[: labels.MOST])
        waiting = to_send.list_waiting(shop_id, [order.id for order in chosen])
        ready = [order for order in chosen if order.id in waiting]
        if not ready:
            return redirect(f"{HERE}?said=order-labels-none", 303)

        def printed() -> str:
            labels.count_prints(OrderLabelPrint, shop_id, [order.id for order in ready], g.who.user_id, g.now)
            return f"{AT}?orders={'.'.join(order.order_no for order in ready)}"

        return once(printed)
    found = _load(request.args.get("orders", "").split(".")[: labels.MOST])
    waiting = to_send.list_waiting(shop_id, [order.id for order in found])
    gone = to_send.find_given_back(shop_id, [order.id for order in found])
    going = [order for order in found if order.id in waiting]
    back = to_send.count_given_back(shop_id, [order.id for order in going if order.case_count])
    prints = labels.list_prints(OrderLabelPrint, shop_id, [order.id for order in going])
    reader = addresses.Reader(Actor.SELLER, g.who.role)
    made = [
        Label(
            order.order_no,
            addresses.show_receiver(reader, {"ship_order"}, order),
            [
                say_line(line, "", left)
                for line in goods.list_lines(order.id, shop_id)
                if (left := to_send.count_left(line, back))
            ],
            prints.get(order.id),
        )
        for order in going
    ]
    return show_page(
        made,
        [
            (order.order_no, _NOT_SENT[gone[order.id]] if order.id in gone else "不是待发货状态")
            for order in found
            if order.id not in waiting
        ],
        kind="订单号",
        back=HERE,
        hint="在「待发货」的订单里勾选要发的，再按「打印面单」。",
    )


def _load(order_nos: Sequence[str]) -> list[Order]:
    """These orders of the shop, in this order, each once."""
    asked = select(Order).where(Order.shop_id == g.who.shop_id, Order.order_no.in_(order_nos))
    known = {order.order_no: order for order in db.session.scalars(asked)}
    return [known[number] for number in dict.fromkeys(order_nos) if number in known]
