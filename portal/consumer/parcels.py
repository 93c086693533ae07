"""A parcel of the link's case: what was said of it, reporting what a carrier's page says, objecting to a 签收."""

from __future__ import annotations

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.columns import Followed
from portal.consumer import bp
from portal.consumer.cases import find_case
from portal.consumer.opening import open_pass
from portal.extensions import writing
from portal.models import Case
from portal.orders import order_lists
from portal.parcels import following, parcel_view
from portal.resale import consumers
from portal.resale import links as consumer_links
from portal.tracking import claims
from portal.web import rates
from portal.web.pages import page
from portal.web.traces import ObjectionForm, TraceForm, take_objection, take_traces


def _find(case: Case, followed_id: int) -> Followed:
    found: Followed | None = parcel_view.find_of_shop(min(followed_id, 2**62), case.shop_id)
    if found is None or found.case_id != case.id:
        abort(404)
    return found


@bp.route("/<link_name>/<case_no>/parcels/<int:followed_id>", methods=["GET", "POST"])
def parcel(link_name: str, case_no: str, followed_id: int) -> ResponseReturnValue:
    """Everything that was said of a parcel; POST adds what the consumer read elsewhere."""
    opened = open_pass(link_name)
    case = find_case(opened, case_no)
    shipment = _find(case, followed_id)
    form = TraceForm(known=lambda among: order_lists.known_numbers(shipment.order_id, among))
    status = 200
    if request.method == "POST":
        rates.limit("consumer-link", opened.link_id)
        # where it leads is relative: the page was opened by any of the links
        answer = take_traces(
            shipment, form, str(followed_id), "buyer", lambda: consumer_links.mark_used(opened.link_id, g.now)
        )
        if not isinstance(answer, int):
            return answer
        status = answer
    return _show(link_name, find_case(opened, case_no), followed_id, form, ObjectionForm(), status)


@bp.post("/<link_name>/<case_no>/parcels/<int:followed_id>/object")
def object_to_receipt(link_name: str, case_no: str, followed_id: int) -> ResponseReturnValue:
    """没有收到: the 签收 that was reported isn't true."""
    opened = open_pass(link_name)
    shipment = _find(find_case(opened, case_no), followed_id)
    form = ObjectionForm(known=lambda among: order_lists.known_numbers(shipment.order_id, among))
    by = consumers.act_as_consumer(opened.buyer_id, g.request_id)
    answer = take_objection(shipment, form, f"../{followed_id}", "buyer", by)
    if not isinstance(answer, int):
        return answer
    return _show(link_name, find_case(opened, case_no), followed_id, TraceForm(), form, answer)


@bp.post("/<link_name>/<case_no>/parcels/<int:followed_id>/refresh")
def refresh_parcel(link_name: str, case_no: str, followed_id: int) -> ResponseReturnValue:
    """刷新物流: asked about next."""
    opened = open_pass(link_name)
    shipment = _find(find_case(opened, case_no), followed_id)
    rates.limit("consumer-link", opened.link_id)
    with writing():
        said = following.ask_for_news(shipment.track_id, g.now)
    return redirect(f"../{followed_id}?said={said}", 303)


def _show(
    link_name: str, case: Case, followed_id: int, form: TraceForm, objection: ObjectionForm, status: int
) -> ResponseReturnValue:
    shipment = _find(case, followed_id)
    return page(
        "consumer/parcel.html",
        status,
        link_name=link_name,
        case=case,
        parcel=shipment,
        scans=parcel_view.list_scans(shipment),
        form=form,
        claim=claims.find_latest(shipment),
        objection=objection,
        sender=parcel_view.was_sent_by(shipment, "buyer"),
        news=words.SAID.get(request.args.get("said", ""), ""),
    )
