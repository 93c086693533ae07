"""A buyer's cases: the list, the progress page, and every step a buyer can take."""

from __future__ import annotations

import io

import segno
from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal import cases, caseview, flow
from portal.buyer import bp, forms
from portal.effects import By
from portal.extensions import db
from portal.flow import Actor, StepRefused
from portal.models import Case, Order, Parcel
from portal.web import guards
from portal.web.once import once
from portal.web.pages import page

SIZE = 20
FORMS: dict[str, type[forms.StepForm]] = {
    "modify": forms.ModifyForm,
    "ship_return": forms.ParcelForm,
    "edit_parcel": forms.EditParcelForm,
    "object": forms.ObjectForm,
    "report_problem": forms.ProblemForm,
}


@bp.get("/cases")
def my_cases() -> ResponseReturnValue:
    """Newest change first, by key."""
    before = request.args.get("before", "")
    query = (
        select(
            Case.id, Case.case_no, Case.state, Case.goods, Case.quantity_milli, Case.unit, Case.due_at, Case.opened_at
        )
        .where(Case.buyer_id == g.who.user_id)
        .order_by(Case.id.desc())
        .limit(SIZE + 1)
    )
    if before.isascii() and before.isdigit() and len(before) < 18:
        query = query.where(Case.id < int(before))
    rows = db.session.execute(query).all()
    more = f"/cases?before={rows[SIZE - 1].id}" if len(rows) > SIZE else ""
    return page("buyer/cases.html", cases=rows[:SIZE], more=more)


@bp.get("/cases/<case_no>")
def show_case(case_no: str) -> ResponseReturnValue:
    """Where it stands, who must act, until when; then what can be done; then everything that happened."""
    case = guards.found(caseview.of_buyer(case_no, g.who.user_id))
    view = caseview.view(case, Actor.BUYER, g.now)
    return page("buyer/case.html", case=case, view=view, news=_news(view))


def _news(view: caseview.View) -> str:
    """What the step just taken did: ?v=<version>, only while it is the newest."""
    asked = request.args.get("v", "")
    if view.events and asked == str(view.case.version):
        return view.said(view.events[0])
    return ""


@bp.get("/cases/<case_no>/slip")
def slip(case_no: str) -> ResponseReturnValue:
    """A return slip for the box: the case's number, also as a QR code; no telephone number in clear."""
    case = guards.found(caseview.of_buyer(case_no, g.who.user_id))
    return page("buyer/slip.html", case=case, view=caseview.view(case, Actor.BUYER, g.now))


@bp.get("/cases/<case_no>/qr.svg")
def qr(case_no: str) -> ResponseReturnValue:
    """The QR code of the slip."""
    case = guards.found(caseview.of_buyer(case_no, g.who.user_id))
    out = io.BytesIO()
    segno.make(case.case_no, error="m").save(out, kind="svg", scale=4, border=2, xmldecl=False, svgns=True)
    return out.getvalue(), 200, {"Content-Type": "image/svg+xml"}


@bp.route("/cases/<case_no>/<step_name>", methods=["GET", "POST"])
def take_step(case_no: str, step_name: str) -> ResponseReturnValue:
    """Every step a buyer can take; which ones, and when, is flow.STEPS' business."""
    case = guards.found(caseview.of_buyer(case_no, g.who.user_id))
    case_id, version = case.id, case.version
    form = FORMS.get(step_name, forms.StepForm)()
    status = 200
    if request.method != "POST":  # a HEAD is answered like its GET
        flow.find(case.type, case.state, Actor.BUYER, step_name)
        form.version.data = str(version)
        _prefill(form, case)
    if isinstance(form, forms.ParcelForm):
        form.own_order_nos = (db.session.get_one(Order, case.order_id).order_no,)
    if request.method == "POST":
        if form.validate_on_submit():
            by = By(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

            def taken() -> str:
                done = cases.take(case_id, step_name, by=by, now=g.now, version=form.shown_version, **form.values())
                return f"/cases/{case_no}?v={done.version}"

            try:
                return once(taken)
            except StepRefused as refused:
                cases.settle_now(case_id, g.now)
                form.refuse(refused.sentence)
                status = 409
        else:
            status = 422
        case = guards.found(caseview.of_buyer(case_no, g.who.user_id))
        form.version.data = str(case.version)
    view = caseview.view(case, Actor.BUYER, g.now)
    step = next((s for s, _ in view.actions if s.name == step_name), None)
    if step is None:
        typed = [(field.label.text, field.raw) for field in form if getattr(field, "raw", "")]
        if status == 422:  # the step is gone, so what was wrong in its fields doesn't matter any more
            form, status = forms.StepForm(), 409
            form.refuse(flow.NOT_NOW)
        return page("buyer/case.html", status, case=case, view=view, news="", form=form, typed=typed)
    return page("buyer/step.html", status, case=case, view=view, step=step, form=form)


def _prefill(form: forms.StepForm, case: Case) -> None:
    if isinstance(form, forms.ModifyForm):
        form.description.data = case.description
        form.receiver_name.data = case.receiver_name
        form.receiver_phone.data = case.receiver_phone
        form.receiver_address.data = case.receiver_address
    if isinstance(form, forms.EditParcelForm):
        parcel = db.session.scalars(
            select(Parcel).where(Parcel.case_id == case.id, Parcel.leg == "back", Parcel.voided_at.is_(None))
        ).first()
        if parcel is not None:
            form.parcel_id.data, form.carrier.data = str(parcel.id), parcel.carrier
            form.number.data = parcel.tracking_no
