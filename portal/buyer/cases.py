"""A buyer's cases: the list, the progress page, and every step a buyer can take."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import segno
from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal import flow, inputs
from portal.applications import applications
from portal.buyer import bp, forms
from portal.cases import case_view, opening, taking
from portal.cases import clock as case_clock
from portal.cases.effects.step_context import ActedBy, RequestedLine
from portal.extensions import db
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseLine, Order, OrderLine
from portal.orders import ledger, order_lists
from portal.resale import chain_view
from portal.rights import eligibility
from portal.web import guards, packs, paging
from portal.web.once import once
from portal.web.pages import page

FORMS: dict[str, type[forms.StepForm]] = {
    "modify": forms.ModifyForm,
    "ship_return": forms.ParcelForm,
    "edit_parcel": forms.EditParcelForm,
    "object": forms.ObjectForm,
    "report_problem": forms.ProblemForm,
    "counter": forms.CounterForm,
    "pay": forms.PayForm,
    "replacement_defective": forms.AgainForm,
    **dict.fromkeys(forms.ANSWERS, forms.AnswerForm),
    "escalate": forms.EscalateForm,
    "submit_evidence": forms.EvidenceForm,
    "withdraw_mediation": forms.LeaveForm,
    "give_account": forms.AccountForm,
}


@bp.get("/cases")
def my_cases() -> ResponseReturnValue:
    """Newest change first, by key."""
    rows, key = case_view.list_of_buyer(g.who.user_id, paging.moment_key(request.args.get("after", "")))
    more = f"/cases?after={paging.said(key)}" if key else ""
    return page("buyer/cases.html", cases=rows, more=more)


@bp.get("/cases/<case_no>")
def show_case(case_no: str) -> ResponseReturnValue:
    """Where it stands, who must act, until when; then what can be done; then everything that happened."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    view = case_view.build_view(case, Actor.BUYER, g.now)
    return _page(case, view, 200, news=_news(view))


def _page(case: Case, view: case_view.View, status: int, **more: Any) -> ResponseReturnValue:
    """The progress page; a distributor sees the consumer's case beside it."""
    resells = g.who.role == "owner" and g.who.shop_id != case.shop_id
    found = chain_view.describe_below(case.id, g.who.shop_id) if resells else None
    return page(
        "buyer/case.html",
        status,
        case=case,
        view=view,
        chain=chain_view.build_chain(found) if found else None,
        chain_offer=resells and case.state not in flow.FINAL,
        **more,
    )


def _news(view: case_view.View) -> str:
    """What the step just taken did: ?v=<version>, only while it is the newest."""
    asked = request.args.get("v", "")
    if view.events and asked == str(view.case.version):
        return view.said(view.events[0])
    return ""


@bp.get("/cases/<case_no>/slip")
def slip(case_no: str) -> ResponseReturnValue:
    """A return slip for the box: the case's number, also as a QR code; no telephone number in clear."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    return page("buyer/slip.html", case=case, view=case_view.build_view(case, Actor.BUYER, g.now))


@bp.get("/cases/<case_no>/qr.svg")
def qr(case_no: str) -> ResponseReturnValue:
    """The QR code of the slip."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    out = io.BytesIO()
    segno.make(case.case_no, error="m").save(out, kind="svg", scale=4, border=2, xmldecl=False, svgns=True)
    return out.getvalue(), 200, {"Content-Type": "image/svg+xml"}


@bp.get("/cases/<case_no>/pack.zip")
def pack(case_no: str) -> ResponseReturnValue:
    """证据包: everything about the case, to keep or to hand to a platform or a court."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    return packs.send(case.id, case.case_no, Actor.BUYER)


@bp.route("/cases/<case_no>/again", methods=["GET", "POST"])
def again(case_no: str) -> ResponseReturnValue:
    """换来的商品有问题: a new case about what came with a completed one."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    case_id = case.id
    view = case_view.build_view(case, Actor.BUYER, g.now)
    form = forms.AgainForm(known=partial(order_lists.known_numbers, case.order_id))
    form.prepare(case, view)
    left = [(line.id, line.shipped_milli - line.moved_milli, line.unit) for line in view.lines]
    left = [row for row in left if row[1] > 0]
    typed = {str(line_id): inputs.quantity_text(milli) for line_id, milli, _ in left}
    problems: dict[int, str] = {}
    status = 200
    if view.again_until is None or g.now >= view.again_until:
        gone = forms.StepForm()
        gone.refuse("换来的商品自完成之日起 7 天内可以再次申请售后;请点「立即联系」与商家沟通")
        return _page(case, view, 409 if request.method == "POST" else 200, news="", form=gone)
    if request.method == "POST":
        status = 422
        typed, problems, quantities, _ = forms.read_quantities(left)
        good = form.validate_on_submit() and not problems
        for sentence in problems.values():
            form.refuse(sentence)
        if good:
            by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

            def opened() -> str:
                made = opening.open_again(
                    case_id,
                    by=by,
                    kind=form.kind.data,
                    case_type=CaseType(form.type.data),
                    units={int(line_id): milli for line_id, milli in quantities.items()},
                    note=form.note.data or "",
                    photos=form.photos.data or [],
                    now=g.now,
                )
                return form.and_say(f"/cases/{made.case_no}?v=1")

            try:
                return once(opened)
            except StepRefused as refused:
                form.refuse(refused.sentence)
                status = 409
        case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
        view = case_view.build_view(case, Actor.BUYER, g.now)
    return page(
        "buyer/again_after.html",
        status,
        case=case,
        view=view,
        form=form,
        left={row[0]: row for row in left},
        typed=typed,
        problems=problems,
    )


@bp.get("/cases/<case_no>/agreement")
def agreement(case_no: str) -> ResponseReturnValue:
    """What both sides agreed to, to print or keep."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    accepted, event = guards.found(case_view.build_agreement(case.id))
    view = case_view.build_view(case, Actor.BUYER, g.now)
    return page("shared/agreement.html", case=case, view=view, proposal=accepted, event=event, side="buyer")


@bp.route("/cases/<case_no>/<step_name>", methods=["GET", "POST"])
def take_step(case_no: str, step_name: str) -> ResponseReturnValue:
    """Every step a buyer can take; which ones, and when, is flow.STEPS' business."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    case_id, version = case.id, case.version
    form = FORMS.get(step_name, forms.StepForm)(known=partial(order_lists.known_numbers, case.order_id))
    view = case_view.build_view(case, Actor.BUYER, g.now)
    if isinstance(form, forms.ParcelForm):
        form.own_order_nos = (view.order.order_no,)
    form.prepare(case, view)
    status = 200
    typed: dict[str, str] = {str(line.order_line_id): inputs.quantity_text(line.quantity_milli) for line in view.lines}
    problems: dict[int, str] = {}
    if request.method != "POST":  # a HEAD is answered like its GET
        flow.find(case.type, case.state, Actor.BUYER, step_name)
        form.version.data = str(version)
        _prefill(form, case, view)
    else:
        status = 422
        good = form.validate_on_submit()
        values = form.values() if good else {}
        if isinstance(form, forms.ModifyForm):
            typed, problems, more = _modified(form, case_view.find_of_buyer(case_no, g.who.user_id), view)
            values |= more
            good = good and not form.errors
        if good:
            by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

            def taken() -> str:
                done = taking.take(case_id, step_name, by=by, now=g.now, version=form.shown_version, **values)
                if child := opening.find_child_no(done):  # what it has become is what the buyer goes on with
                    return form.and_say(f"/cases/{child}?v=1")
                return form.and_say(f"/cases/{case_no}?v={done.version}")

            try:
                return once(taken)
            except ledger.NotEnough:
                form.refuse("剩余可申请的数量不够了,请减少数量")
            except StepRefused as refused:
                case_clock.settle_now(case_id, g.now)
                form.refuse(refused.sentence)
                status = 409
        case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
        form.version.data = str(case.version)
        view = case_view.build_view(case, Actor.BUYER, g.now)
    steps = (*view.actions, *view.unsaid)
    step, refusal = next(((s, why) for s, why in steps if s.name == step_name), (None, None))
    if step is None or (refusal and request.method != "POST"):
        if refusal and not form.errors:
            form.refuse(refusal)
        shown = [(field.label.text, field.raw) for field in form if getattr(field, "raw", "")]
        kept = form["photos"].kept if "photos" in form and request.method == "POST" else ()
        if step is None and status == 422:  # the step is gone: what was wrong in its fields doesn't matter any more
            form, status = forms.StepForm(), 409
            form.refuse(flow.NOT_NOW)
        return _page(case, view, status, news="", form=form, typed=shown, kept_photos=kept)
    order_lines = {line.id: line for line in applications.list_lines(case.order_id)} if step_name == "modify" else {}
    return page(
        form.template,
        status,
        case=case,
        view=view,
        step=step,
        form=form,
        typed=typed,
        problems=problems,
        choices={line_id: applications.list_priced(case.order_id, line) for line_id, line in order_lines.items()}
        if case.type == CaseType.EXCHANGE
        else {},
        wanted=_skus(case.id) if order_lines else {},
        sums=_sums(case, view) if order_lines else None,
        called=(eligibility.QUANTITY[case.type], eligibility.DESCRIPTION[case.type]),
    )


def _sums(case: Case, view: case_view.View) -> applications.Sums:
    """What the case comes to as it stands."""
    order = db.session.get_one(Order, case.order_id)
    quantities = {line.order_line_id: line.quantity_milli for line in view.lines}
    skus = {line_id: sku for line_id, sku in _skus(case.id).items() if sku}
    return applications.work_out_sums(order, CaseType(case.type), quantities, skus, case.refund_fen)


def _skus(case_id: int) -> dict[int, int | None]:
    """The specifications chosen so far, by order line."""
    rows = db.session.execute(select(CaseLine.order_line_id, CaseLine.sku_id).where(CaseLine.case_id == case_id)).all()
    return dict(rows)


def _modified(
    form: forms.ModifyForm, case: Case | None, view: case_view.View
) -> tuple[dict[str, str], dict[int, str], dict[str, Any]]:
    """What was typed of the quantities, what is wrong with it, and what cases.take is told besides the form."""
    limits = [
        (line.order_line_id, line.bought_milli - line.claimed_milli + line.quantity_milli, line.unit)
        for line in view.lines
    ]
    own = _skus(view.case.id)
    if not any(name.startswith("quantity_") for name in request.form):  # an older page without these fields
        typed = {str(line.order_line_id): inputs.quantity_text(line.quantity_milli) for line in view.lines}
        problems: dict[int, str] = {}
        quantities = {str(line.order_line_id): line.quantity_milli for line in view.lines}
        chosen = {line_id: sku for line_id, sku in own.items() if sku}
    else:
        typed, problems, quantities, skus = forms.read_quantities(limits)
        chosen = {int(line_id): sku for line_id, sku in skus.items()}
        for line_id, _, _ in limits:
            if str(line_id) not in quantities:
                problems.setdefault(line_id, "请填写数量;不要这一件的话,请撤销后重新申请")
    allowed = {line.id: {sku.id for sku in applications.list_replacements(line)} for line in _order_lines(view)}
    for line_id, sku in chosen.items():
        if sku not in allowed.get(line_id, set()) and sku != own.get(line_id):
            problems.setdefault(line_id, "所选的换货规格已不可选,请重新选择")
    for sentence in problems.values():
        form.refuse(sentence)
    if problems or form.errors or case is None:
        return typed, problems, {}
    exchange = case.type == CaseType.EXCHANGE
    wanted = [
        RequestedLine(line_id, quantities[str(line_id)], chosen.get(line_id) if exchange else None)
        for line_id, _, _ in limits
    ]
    more: dict[str, Any] = {}
    if "amount" in form:
        asked = {item.line_id: item.milli for item in wanted}
        order = db.session.get_one(Order, case.order_id)
        most = applications.work_out_sums(order, CaseType(case.type), asked, {}, form.amount.data)
        if problem := applications.find_amount_problem(most, CaseType(case.type)):
            form.refuse(problem, "amount")
            return typed, problems, {}
        more["refund_fen"] = most.refund_fen
    photos = len(view.proofs) + len(form.photos.data or [])
    try:
        found = applications.judge_again(
            case,
            reason=form.reason.data,
            quantities={item.line_id: item.milli for item in wanted},
            photos=photos,
            description=form.description.data or "",
        )
    except applications.NotEligible as refused:
        field = refused.verdict.field
        form.refuse(refused.sentence, field if field in form else "")
        return typed, problems, {}
    return typed, problems, {"wanted": wanted, **found, **more}


def _order_lines(view: case_view.View) -> list[OrderLine]:
    own = {line.order_line_id for line in view.lines}
    return [line for line in applications.list_lines(view.order.id) if line.id in own]


def _carry_back(form: forms.ParcelForm, case: Case) -> None:
    """The consumer's own parcels, where they go straight to the supplier."""
    found = chain_view.describe_below(case.id, g.who.shop_id) if g.who.role == "owner" else None
    for (carrier, number), parcel in zip(form.pairs, chain_view.build_chain(found).back if found else (), strict=False):
        carrier.data, number.data = parcel.carrier, parcel.tracking_no


def _prefill(form: forms.StepForm, case: Case, view: case_view.View) -> None:
    if isinstance(form, forms.ModifyForm):
        form.reason.data = case.reason
        form.description.data = case.description
        if "amount" in form:
            form.amount.data = case.refund_fen
        else:
            form.receiver_name.data = case.receiver_name
            form.receiver_phone.data = case.receiver_phone
            form.receiver_address.data = case.receiver_address
    elif isinstance(form, forms.ParcelForm) and not isinstance(form, forms.EditParcelForm):
        _carry_back(form, case)
    if isinstance(form, forms.EditParcelForm):
        live = [parcel for parcel in view.parcels.get("back", []) if parcel.voided_at is None]
        asked = request.args.get("parcel", "")
        parcel = next((parcel for parcel in live if str(parcel.id) == asked), live[0] if live else None)
        if parcel is not None:
            form.parcel_id.data, form.carrier.data = str(parcel.id), parcel.carrier
            form.number.data = parcel.tracking_no
