"""What a link shows: the order's cases, or one case: progress, what can be done, photos, the parcel on its way back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal import flow
from portal.applications import goods, leaving
from portal.cases import answers, case_view, places, taking
from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import HandIn, ParcelCorrection, SentParcels
from portal.cases.effects.step_context import ActedBy
from portal.consumer import bp
from portal.consumer.forms import FORMS
from portal.consumer.opening import open_pass
from portal.extensions import db
from portal.flow import Actor, State, StepRefused
from portal.models import Case, Order, Parcel, ReceiptClaim
from portal.orders import order_lists
from portal.parcels import intake, parcel_view
from portal.resale import across, consumers, disclosure
from portal.resale import links as consumer_links
from portal.resale.links import Pass
from portal.service import ratings
from portal.talk import promises
from portal.tracking import claims
from portal.web import label_photo, photos, rates
from portal.web.fields import Pick, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.parcel_fields import ParcelFields
from portal.web.photo_field import Photos
from portal.web.traces import ObjectionForm


class PhotosForm(Form):
    """补充照片."""

    photos = Photos("补充照片", least=1, missing="请至少选择一张照片")
    note = Text("说明", limit=500, optional=True)


class ParcelForm(ParcelFields):
    """寄回的包裹, or another number for one of them."""

    which = Pick("改哪个包裹", optional=True, choices=[])


def find_case(opened: Pass, case_no: str) -> Case:
    query = select(Case).where(Case.case_no == case_no, Case.order_id == opened.order_id)
    case = db.session.scalars(query).one_or_none()
    if case is None or not consumer_links.may_see(opened, case):
        abort(404)
    return case


@bp.get("/<link_name>")
def link(link_name: str) -> ResponseReturnValue:
    """The order's goods and cases; a link to one case goes there."""
    opened = open_pass(link_name)
    if opened.case_id is not None:
        case_no = db.session.scalar(select(Case.case_no).where(Case.id == opened.case_id))
        return redirect(f"/c/{link_name}/{case_no}", 303)
    order = db.session.get_one(Order, opened.order_id)
    lines = goods.list_lines(order.id, order.shop_id)
    return page(
        "consumer/order.html",
        link_name=link_name,
        order=order,
        lines=lines,
        may_apply=any(line.quantity_milli > line.claimed_milli for line in lines),
        cases=order_lists.list_cases(order.id),
        dues=disclosure.list_supplier_dues(order, g.now),
        expires_at=opened.expires_at,
    )


@bp.route("/<link_name>/<case_no>", methods=["GET", "POST"])
def case(link_name: str, case_no: str) -> ResponseReturnValue:
    """Progress; photos and the parcel are handed in here."""
    opened = open_pass(link_name)
    found = find_case(opened, case_no)
    case_id, order_no = found.id, db.session.scalar(select(Order.order_no).where(Order.id == found.order_id)) or ""
    known = partial(order_lists.known_numbers, found.order_id)
    does = request.form.get("does", "") if request.method == "POST" else ""
    photos, parcel = PhotosForm(known=known), ParcelForm(known=known)
    parcel.own_order_nos = (order_no,)
    status = 200
    problem = ""
    if does in ("parcel", "edit") and label_photo.was_asked():
        names = [number.name for _, number in parcel.pairs]
        parcel.label = label_photo.fill_in(parcel, names, [order_no], f"link{opened.link_id}")
        found = find_case(opened, case_no)
    elif request.method == "POST":
        rates.limit("consumer-link", opened.link_id)
        status = 422
        form = parcel if does in ("parcel", "edit") else photos
        if isinstance(form, PhotosForm):
            form.photos.already = consumers.count_taken(found, form.photos.most)
        elif does == "parcel":
            form.choose_place(case_view.build_view(found, Actor.BUYER, g.now, by_link=True))
        else:
            form.which.choices = _name_parcels(_list_on_way(case_id))
        if form.validate_on_submit():

            def handed_in() -> str:
                by = consumers.act_as_consumer(opened.buyer_id, g.request_id)
                if form is parcel:
                    done = _send_back(case_id, does, parcel, by)
                else:
                    done = consumers.add_photos(
                        case_id, photos.photos.data or [], note=photos.note.data or "", by=by, now=g.now
                    )
                consumer_links.mark_used(opened.link_id, g.now)
                # relative: leads on by whichever link asks again
                return f"{case_no}?v={done.version}&did={does if form is parcel else 'photos'}"

            try:
                return once(handed_in)
            except StepRefused as refused:
                case_clock.settle_now(case_id, g.now)
                problem, status = refused.sentence, 409
        found = find_case(opened, case_no)
    view = case_view.build_view(found, Actor.BUYER, g.now, by_link=True)
    parcel.version.data = photos.version.data = str(found.version)
    asked = request.args.get("did", "")
    said = {
        "parcel": "已提交运单号，商家会在收到后验货",
        "edit": "运单号已修改，商家会看到新的运单号",
        "photos": "照片已提交，商家会看到",
        "step": view.said(view.events[0]) if view.events else "",
    }.get(asked, "")
    parcel.choose_place(view)
    going = parcel.going if view.returns.open else None
    ships = _may_send(found, view) and not (does == "edit" or (request.args.get("edit") and _may_correct(view)))
    form = parcel if does in ("parcel", "edit") else photos
    on_way = _list_on_way(case_id) if _may_correct(view) and not ships else ()
    parcel.which.choices = _name_parcels(on_way)
    if problem:
        form.refuse(problem)
    return page(
        "consumer/case.html",
        status,
        link_name=link_name,
        case=found,
        view=view,
        rating=ratings.read_of_case(found) if view.order.asked_to_rate else None,
        promised=promises.list_of_case(found) if view.order.promised else (),
        left_here=intake.tell_left_of(found.shop_id, found.id) if view.order.parcel_left else (),
        stars=ratings.WORDS,
        told=disclosure.tell_receiver(view),
        photos=photos,
        parcel=parcel,
        form=form if form.errors else None,
        does=does,
        news=said if request.args.get("v") == str(found.version) else "",
        ships=ships,
        mistyped=on_way,
        corrects=_may_correct(view) and ships,
        adds=found.state not in flow.FINAL and not consumers.is_heard(found),
        hands_in=found.state == State.REVISING and not found.escalated,  # photos alone are an application changed
        alone=opened.case_id is not None,
        expires_at=opened.expires_at,
        answer=disclosure.bring_forward(answers.work_out_answer(view), found, g.now),
        after_silence=leaving.foresee_closing(found, view),
        here=f"/c/{link_name}/{case_no}",
        asks_account=answers.asks_for_account(view),
        urls=_list_addresses(link_name, case_no, view, ships=ships),
        valid=consumer_links.tell_validity(),
        at=f"/c/{link_name}/{case_no}/f",
        claimed=_list_claims(view),
        objection=ObjectionForm(),
        going=going,
        slip_no=across.find_parcel_no(found, _find_where(found, going)),
    )


def _find_where(case: Case, going: places.ShownPlace | None) -> tuple[str, str, str] | None:
    """The address that the next parcel goes to, where there are several."""
    if going is None:
        return None
    return next((place.where for place in places.list_places(case) if place.id == going.id), None)


def _may_send(case: Case, view: case_view.View) -> bool:
    """Whether a parcel can be registered now."""
    known = not view.returns.places or bool(view.returns.open)
    return case.state == State.RETURNING and not case.escalated and known


def _may_correct(view: case_view.View) -> bool:
    """Whether a number that was registered can be corrected now."""
    return any(row.name == "edit_parcel" and refusal is None for row, refusal in view.actions)


def _list_addresses(link_name: str, case_no: str, view: case_view.View, *, ships: bool) -> dict[str, str]:
    """Where a consumer takes each step; one without is the shop's own to take, or has its form on the page."""
    here = f"/c/{link_name}/{case_no}"
    found = {row.name: f"{here}/do/{row.name}" for row, _ in view.actions if row.name in FORMS}
    return found | {row.name: f"{here}#parcel" for row, _ in view.actions if row.name == "ship_return" and not ships}


def _list_claims(view: case_view.View) -> list[tuple[ReceiptClaim, int]]:
    """Reported 签收 of the case's parcels that waits for an objection, with the parcel's id among the followed."""
    followed = [
        parcel_view.find_of_shop(parcel.shipment_id, view.case.shop_id)
        for parcels in view.parcels.values()
        for parcel in parcels
        if parcel.voided_at is None and parcel.signed_at is None and parcel.shipment_id is not None
    ]
    found = [(claims.find_latest(shipment), shipment.id) for shipment in followed if shipment is not None]
    return [(claim, shipment_id) for claim, shipment_id in found if claim is not None]


def _list_on_way(case_id: int) -> Sequence[Parcel]:
    """The parcels on their way back, whose numbers can still be corrected; the newest first."""
    query = select(Parcel).where(Parcel.case_id == case_id, Parcel.leg == "back", Parcel.voided_at.is_(None))
    return db.session.scalars(query.where(Parcel.signed_at.is_(None)).order_by(Parcel.id.desc())).all()


def _name_parcels(parcels: Sequence[Parcel]) -> list[tuple[str, str]]:
    return [(str(parcel.id), f"{parcel.carrier_name} {parcel.tracking_no}".strip()) for parcel in parcels]


def _send_back(case_id: int, does: str, form: ParcelForm, by: ActedBy) -> Case:
    """Register the parcels, or another number for one of them."""
    step = "ship_return"
    handed: HandIn = SentParcels(parcels=form.parcels, contents=form.contents, place_id=form.read_place())
    if does != "parcel":
        on_way = {str(parcel.id): parcel.id for parcel in _list_on_way(case_id)}
        newest = next(iter(on_way.values()), None)
        carrier, number = form.parcels[0]
        step, handed = (
            "edit_parcel",
            ParcelCorrection(parcel_id=on_way.get(form.which.data or "", newest), carrier=carrier, number=number),
        )
    return taking.take(case_id, step, by=by, now=g.now, version=form.shown_version, handed=handed)


@bp.get("/<link_name>/<case_no>/f/<public_id>")
def photo(link_name: str, case_no: str, public_id: str) -> ResponseReturnValue:
    """A photo of the link's case."""
    return _send(link_name, case_no, public_id, thumb=False)


@bp.get("/<link_name>/<case_no>/f/<public_id>/thumb")
def photo_thumb(link_name: str, case_no: str, public_id: str) -> ResponseReturnValue:
    """Its small picture."""
    return _send(link_name, case_no, public_id, thumb=True)


def _send(link_name: str, case_no: str, public_id: str, *, thumb: bool) -> ResponseReturnValue:
    opened = open_pass(link_name)
    row = consumer_links.may_see_photo(opened, find_case(opened, case_no).id, public_id)
    if row is None:
        abort(404)
    return photos.send(row, thumb=thumb)
