"""订单: what the shop has to send, and sending it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.applications import goods, unsent
from portal.cases import labels
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor, StepRefused
from portal.models import Order, OrderLabelPrint
from portal.money import paid
from portal.orders import accepting, order_lists, to_send
from portal.orders.export_format import parcels_of
from portal.people import roles
from portal.rights import addresses
from portal.seller import bp
from portal.seller.shipping_forms import ParcelForm
from portal.web import guards, paging
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


@bp.get("/orders")
def order_list() -> ResponseReturnValue:
    """The shop's orders: those to be sent first; search by number."""
    tab = request.args.get("tab", "unshipped")
    if tab not in order_lists.SHOP_TABS:
        abort(404)
    number, problem = "", ""
    try:
        number = inputs.line(request.args.get("q", ""), limit=40)
    except inputs.InputRefused as refused:
        problem = refused.sentence
    after = paging.moment_key(request.args.get("after", ""))
    rows, key = order_lists.list_page_of_shop(g.who.shop_id, tab, number=number, after=after)
    more = urlencode({"tab": tab, "after": f"{key[0].isoformat()}~{key[1]}"}) if key else ""
    ships = roles.may_open(g.who.role, "ship")
    orders = [row["order"] for row in rows]
    waiting = [order.id for order in orders if order.status == "unshipped" and not order.given_back] if ships else []
    return page(
        "seller/orders.html",
        rows=rows,
        to_send=waiting,
        back=to_send.count_given_back(
            g.who.shop_id,
            [each["order"].id for each in rows if each["order"].status == "unshipped" and each["order"].case_count],
        ),
        prints=labels.list_prints(OrderLabelPrint, g.who.shop_id, waiting) if waiting else {},
        label_form=Form(formdata=None),
        doubts=_count_doubts([row["order"].id for row in rows]),
        overpaid=paid.list_overpaid({row["order"].id: g.who.shop_id for row in rows})
        if rows and roles.may_see_money(g.who.role)
        else {},
        q=number,
        problem=problem,
        chosen=tab,
        tabs=order_lists.SHOP_TABS,
        waiting=order_lists.count_to_send(g.who.shop_id),
        more=f"/seller/orders?{more}" if more else "",
        ships=ships,
        parcels={
            order.id: parcels_of(order.carrier_text, order.tracking_text)
            for order in (row["order"] for row in rows)
            if order.carrier_text or order.tracking_text
        },
    )


def _count_doubts(order_ids: list[int]) -> dict[int, int]:
    """How much wasn't believed of these orders, for whoever may say what to make of it."""
    if not order_ids or not roles.may_open(g.who.role, "contact"):
        return {}
    return accepting.count_of_orders(g.who.shop_id, order_ids)


@bp.route("/orders/<order_no>/ship", methods=["GET", "POST"])
def ship_order(order_no: str) -> ResponseReturnValue:
    """发货: the numbers of its parcels. Who comes after the buyer's 撤销 is told so and sends nothing."""
    order = guards.found(order_lists.find_of_shop(order_no, g.who.shop_id))
    order_id, shop_id = order.id, order.shop_id
    form = ParcelForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.read_parcels(order.order_no, shop_id):
            by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

            def sent() -> str:
                unsent.ship_order(order_id, shop_id, form.parcels, by=by, now=g.now)
                return "/seller/orders?said=shipped"

            try:
                return once(sent)
            except StepRefused as refused:
                form.refuse(refused.sentence)
                status = 409
        order = guards.found(order_lists.find_of_shop(order_no, g.who.shop_id))
        waits = _waits(order)
    elif not (waits := _waits(order)) and order.status == "unshipped":
        for why in to_send.find_given_back(shop_id, [order_id]).values():
            form.refuse(to_send.ALL_GIVEN_BACK[why])
    elif order.status != "unshipped":
        form.refuse(
            "买家已取消这笔订单，请不要发货；退款在「待退款」里登记"
            if order.cancelled_at is not None
            else "这笔订单不是待发货状态"
        )
    return page(
        "seller/ship_order.html",
        status,
        order=order,
        form=form,
        lines=goods.list_lines(order_id, g.who.shop_id),
        back=to_send.count_given_back(shop_id, [order_id]) if order.case_count else {},
        open=waits,
        receiver=_receiver(order, waits),
    )


def _waits(order: Order) -> bool:
    return bool(to_send.list_waiting(order.shop_id, [order.id]))


def _receiver(order: Order, waits: bool) -> addresses.Address:
    """Where the order goes, in full while something of it is to be sent."""
    open_now = {"ship_order"} if waits else ()
    return addresses.show_receiver(addresses.Reader(Actor.SELLER, g.who.role), open_now, order)
