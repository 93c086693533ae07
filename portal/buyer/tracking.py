"""A buyer's parcels on their way: all that was said of one, asking again, typing in, being told."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.cases.effects.step_context import ActedBy
from portal.columns import Followed
from portal.extensions import writing
from portal.flow import Actor
from portal.models.orders import find_path
from portal.orders import order_lists
from portal.parcels import following, parcel_view, telling
from portal.tracking import claims
from portal.web import guards, rates
from portal.web.pages import page
from portal.web.traces import ObjectionForm, TraceForm, take_objection, take_traces


def _own(shipment_id: int) -> Followed:
    found: Followed = guards.found(parcel_view.find_of_buyer(min(shipment_id, 2**62), g.who.user_id))
    return found


def _home(shipment: Followed) -> str:
    return f"/cases/{shipment.case_no}" if shipment.case_no else find_path(shipment)


@bp.route("/parcels/<int:shipment_id>", methods=["GET", "POST"])
def parcel(shipment_id: int) -> ResponseReturnValue:
    """Everything that was said of a parcel; POST adds what the buyer read elsewhere."""
    shipment = _own(shipment_id)
    form = TraceForm(known=lambda among: order_lists.known_numbers(shipment.order_id, among))
    status = 200
    if request.method == "POST":
        rates.limit("trace", g.who.user_id)
        answer = take_traces(shipment, form, f"/parcels/{shipment_id}", "buyer")
        if not isinstance(answer, int):
            return answer
        status = answer
        shipment = _own(shipment_id)
    return _page(shipment, form, ObjectionForm(), status)


def _page(shipment: Followed, form: TraceForm, objection: ObjectionForm, status: int) -> ResponseReturnValue:
    return page(
        "buyer/parcel.html",
        status,
        parcel=shipment,
        scans=parcel_view.list_scans(shipment),
        form=form,
        back=_home(shipment),
        sender=parcel_view.was_sent_by(shipment, "buyer"),
        claim=claims.find_latest(shipment),
        objection=objection,
    )


@bp.post("/parcels/<int:shipment_id>/object")
def object_to_receipt(shipment_id: int) -> ResponseReturnValue:
    """没有收到: the 签收 that the shop reported isn't true."""
    shipment = _own(shipment_id)
    form = ObjectionForm(known=lambda among: order_lists.known_numbers(shipment.order_id, among))
    by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)
    answer = take_objection(shipment, form, f"/parcels/{shipment_id}", "buyer", by)
    return _page(_own(shipment_id), TraceForm(), form, answer) if isinstance(answer, int) else answer


@bp.post("/parcels/<int:shipment_id>/refresh")
def refresh_parcel(shipment_id: int) -> ResponseReturnValue:
    """刷新物流: asked about next."""
    shipment = _own(shipment_id)
    rates.limit("track", g.who.user_id)
    with writing():
        said = following.ask_for_news(shipment.track_id, g.now)
    return redirect(f"{_home(shipment)}?said={said}", 303)


@bp.post("/orders/<order_no>/watch")
def watch_order(order_no: str) -> ResponseReturnValue:
    """物流提醒: told of what matters on the order's way, or not any more."""
    order = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    on = request.form.get("on", "") == "1"
    with writing():
        telling.set_watch(order.shop_id, order.id, g.who.user_id, on, g.now)
    return redirect(f"/orders/{order_no}?said={'watch-on' if on else 'watch-off'}", 303)
