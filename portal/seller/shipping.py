"""发货台: scan a case, scan its waybill, Enter; below it what waits to be sent, with its receiver to copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import inputs, searching
from portal.cases import case_view, finding, held, labels, shipping
from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import Shipment
from portal.cases.effects.step_context import ActedBy
from portal.cases.shipping import ToSend
from portal.extensions import writing
from portal.flow import Actor, State, StepRefused
from portal.models import LabelPrint
from portal.orders import order_lists
from portal.parcels import carriers
from portal.seller import bp, has_room
from portal.seller.shipping_forms import ParcelForm
from portal.seller.steps import STEPS
from portal.web import guards, paging
from portal.web.forms import Form
from portal.web.once import once, was_done
from portal.web.pages import page

HERE = "/seller/shipping"


@bp.get("/shipping")
def shipping_desk() -> ResponseReturnValue:
    """The box, what was sent in this shift, what is to be sent; a number that means one case opens it in place."""
    raw = request.args.get("number", "")[: searching.MOST_TYPED]
    hits = finding.find_scanned(g.who.shop_id, raw, State.RESHIPPING) if raw.strip() else ()
    ready = [row for row in hits if row.state == State.RESHIPPING]
    one = ready if ready else hits
    if len(one) == 1:
        found = shipping.load(g.who.shop_id, [one[0].id], g.who.role, g.now)
        return _show(found[0], ParcelForm.blank(request.args.get("last", "")))
    if not one and has_room(g.who, "ship_order"):
        order = order_lists.find_of_shop(searching.read_typed(raw).number, g.who.shop_id)
        if order is not None and order.status == "unshipped":
            return redirect(f"/seller/orders/{order.order_no}/ship", 303)
    return _show(None, None, raw=raw, hits=one)


@bp.route("/shipping/<case_no>", methods=["GET", "POST"])
def ship_case(case_no: str) -> ResponseReturnValue:
    """The case opened in place. POST: its parcel; everything that is left goes out."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    case_id = case.id
    form = ParcelForm() if request.method == "POST" else ParcelForm.blank(request.args.get("last", ""))
    status = 200
    if request.method == "POST":
        found = shipping.load(g.who.shop_id, [case_id], g.who.role, g.now)[0]
        status = 422
        if found.refusal and not was_done(form.form_key.data or ""):
            status = 409  # nothing of the form matters any more
        elif form.read_parcels(found.case.order_no, g.who.shop_id):
            left = {line.id: line.accepted_milli - line.shipped_milli for line in found.lines}

            def sent() -> str:
                said = _send(case_no, Shipment(parcels=form.parcels, shipped=left), form)
                return f"{HERE}?{urlencode({'last': form.parcels[-1][0], 'said': said})}"

            try:
                return once(sent)
            except StepRefused as refused:
                case_clock.settle_now(case_id, g.now)
                form.refuse(refused.sentence)
                status = 409
    return _show(shipping.load(g.who.shop_id, [case_id], g.who.role, g.now)[0], form, status)


def _send(case_no: str, handed: Shipment, form: ParcelForm) -> str:
    """Send it, held back for a moment where the clock allows; returns what is said of that."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
    if case.escalated:
        raise StepRefused(shipping.PLATFORM, shipping.STEP)
    if held.has_time(case, g.now):
        held.hold(case, shipping.STEP, by=by, now=g.now, version=form.shown_version, handed=handed)
        return "shipping-held"
    STEPS.take(case.id, shipping.STEP, by, form, handed)
    return "shipping-sent"


@bp.post("/shipping/held/<int:held_id>/undo")
def undo_shipping(held_id: int) -> ResponseReturnValue:
    """撤回: the parcel isn't sent after all."""
    with writing():
        case_no = held.undo(g.who.shop_id, min(held_id, 2**62), g.who.user_id, g.now)
    return redirect(f"{HERE}?said={'undo-late' if case_no is None else 'shipping-undone'}", 303)


def _show(
    found: ToSend | None, form: ParcelForm | None, status: int = 200, *, raw: str = "", hits: Sequence[Any] = ()
) -> ResponseReturnValue:
    """The desk, with a case open in it or without."""
    try:
        goods = inputs.line(request.args.get("goods", "").strip()[:60], limit=60)
    except inputs.InputRefused:
        goods = ""
    after = paging.moment_key(request.args.get("after", ""))
    rows, key = shipping.list_page(g.who.shop_id, g.who.role, g.now, goods=goods, after=after)
    kept = {"goods": goods} if goods else {}
    if found is not None and form is not None:
        form.version.data = str(found.case.version)
    return page(
        "seller/shipping.html",
        status,
        open=found,
        form=form,
        raw=raw,
        hits=hits[: finding.MOST_SCANNED],
        more_hits=len(hits) > finding.MOST_SCANNED,
        hits_waiting=held.tell_waiting(g.who.shop_id, [row.id for row in hits], g.who.user_id, g.now),
        last=form.last.data if form else request.args.get("last", ""),
        rows=rows,
        prints=labels.list_prints(LabelPrint, g.who.shop_id, [row.case.id for row in rows]),
        label_form=Form(formdata=None),
        more=f"{HERE}?{urlencode(kept)}{'&' if kept else ''}after={paging.said(key)}" if key else "",
        filters=kept,
        waiting=shipping.list_waiting(g.who.shop_id, g.who.user_id, g.now),
        sent=shipping.list_sent(g.who.shop_id, g.who.user_id, g.now),
        name_carrier=name_carrier,
    )


def name_carrier(code: str) -> str:
    """What a carrier is called."""
    known = carriers.by_code(code)
    return known.name if known else code
