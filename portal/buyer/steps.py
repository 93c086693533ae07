"""Every step a buyer can take: its form, the quantities of a modified application, where it leads."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal import inputs
from portal.applications import applications, goods, leaving
from portal.applications import sums as applications_sums
from portal.buyer import applying_forms, arrival_forms, bp, forms, parcel_forms
from portal.buyer.cases import show_page
from portal.cases import answers, case_view, child_cases, places
from portal.cases.effects.hand_ins import RequestedLine
from portal.extensions import db
from portal.flow import Actor, CaseType, Step
from portal.models import Case, CaseLine, Order, OrderLine
from portal.orders import order_lists
from portal.resale import across, chain_view, risks
from portal.rights import asking
from portal.web.pages import page
from portal.web.taking import Gone, StepRoute, Typed

FORMS: dict[str, type[forms.StepForm]] = {
    "modify": forms.ModifyForm,
    "ship_return": parcel_forms.ParcelForm,
    "edit_parcel": parcel_forms.EditParcelForm,
    "object": parcel_forms.ObjectForm,
    "report_problem": parcel_forms.ProblemForm,
    "counter": forms.CounterForm,
    "pay": forms.PayForm,
    "claim_freight": forms.FreightForm,
    "replacement_defective": parcel_forms.AgainForm,
    **dict.fromkeys(forms.ANSWERS, forms.AnswerForm),
    "escalate": forms.EscalateForm,
    "submit_evidence": forms.EvidenceForm,
    "withdraw_mediation": forms.LeaveForm,
    "confirm_arrival": arrival_forms.ArrivalForm,
    "deny_arrival": arrival_forms.MissingForm,
    "doubt_payment": arrival_forms.DoubtForm,
    "give_account": forms.AccountForm,
}


class BuyerSteps(StepRoute[forms.StepForm]):
    """The buyer's way of taking steps."""

    actor = Actor.BUYER

    def find(self, case_no: str) -> Case | None:
        return case_view.find_of_buyer(case_no, g.who.user_id)

    def view(self, case: Case) -> case_view.View:
        return case_view.build_view(case, Actor.BUYER, g.now)

    def make_form(self, case: Case, step_name: str) -> forms.StepForm:
        form = FORMS.get(step_name, forms.StepForm)(known=partial(order_lists.known_numbers, case.order_id))
        if isinstance(form, parcel_forms.ParcelForm):
            form.own_order_nos = (db.session.get_one(Order, (case.order_id, case.shop_id)).order_no,)
        return form

    def fill_in(self, form: forms.StepForm, case: Case, view: case_view.View) -> dict[str, str]:
        _prefill(form, case, view)
        return _as_applied(view)

    def read(self, step_name: str, form: forms.StepForm, case: Case, view: case_view.View) -> Typed:
        if isinstance(form, forms.ModifyForm):
            return _read_modified(form, case, view)
        return Typed(_as_applied(view), handed=None if form.errors else form.hand_in())

    def show_form(
        self, form: forms.StepForm, case: Case, view: case_view.View, step: Step, typed: Typed, status: int
    ) -> ResponseReturnValue:
        lines = (
            {line.id: line for line in goods.list_lines(case.order_id, case.shop_id)} if step.name == "modify" else {}
        )
        offered = {
            line_id: applications_sums.list_priced(case.order_id, line, case.opened_on)
            for line_id, line in lines.items()
        }
        return page(
            form.template,
            status,
            case=case,
            view=view,
            step=step,
            form=form,
            typed=typed.texts,
            problems=typed.problems,
            choices=offered if case.type == CaseType.EXCHANGE else {},
            wanted=_skus(case) if lines else {},
            sums=_sums(case, view) if lines else None,
            answer=answers.work_out_answer(view),
            then=answers.tell_step(view, step),
            leaving=leaving.foresee_leaving(case, view, g.now) if step.name == "withdraw" else None,
            called=(asking.QUANTITY[case.type], asking.DESCRIPTION[case.type]),
            risk=risks.describe_closing(case, step.name) if g.who.shop_id is not None else "",
            slip_no=across.find_parcel_no(case, _find_going(form, case)),
        )

    def show_case(self, case: Case, view: case_view.View, gone: Gone, status: int) -> ResponseReturnValue:
        return show_page(case, view, status, news="", form=gone.form, typed=gone.texts, kept_photos=gone.photos)

    def go_on(self, done: Case, form: forms.StepForm) -> str:
        if child := child_cases.find_child_no(done):  # what it has become is what the buyer goes on with
            return form.and_say(f"/cases/{child}?v=1")
        return form.and_say(f"/cases/{done.case_no}?v={done.version}")


STEPS = BuyerSteps()


@bp.route("/cases/<case_no>/<step_name>", methods=["GET", "POST"])
def take_step(case_no: str, step_name: str) -> ResponseReturnValue:
    """Every step a buyer can take; which ones, and when, is flow.STEPS' business."""
    return STEPS.answer(case_no, step_name)


def _as_applied(view: case_view.View) -> dict[str, str]:
    """The quantities as they stand, by order line."""
    return {str(line.order_line_id): inputs.quantity_text(line.quantity_milli) for line in view.lines}


def _sums(case: Case, view: case_view.View) -> applications_sums.Sums:
    """What the case comes to as it stands."""
    order = db.session.get_one(Order, (case.order_id, case.shop_id))
    quantities = {line.order_line_id: line.quantity_milli for line in view.lines}
    skus = {line_id: sku for line_id, sku in _skus(case).items() if sku}
    return applications_sums.work_out_sums(
        order, CaseType(case.type), quantities, skus, case.refund_fen, case.opened_on
    )


def _skus(case: Case) -> dict[int, int | None]:
    """The specifications chosen so far, by order line."""
    rows = db.session.execute(
        select(CaseLine.order_line_id, CaseLine.sku_id).where(
            CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
        )
    ).all()
    return dict(rows)


def _read_modified(form: forms.ModifyForm, case: Case, view: case_view.View) -> Typed:
    """What was typed of the quantities, what is wrong with it, and the application that is handed in again."""
    typed = Typed(_as_applied(view))
    quantities, chosen = _read_quantities(form, view, typed)
    form.refuse_lines(typed.problems, {line.order_line_id: line for line in view.lines})
    if typed.problems or form.errors:
        return typed
    exchange = case.type == CaseType.EXCHANGE
    wanted = [
        RequestedLine(
            line.order_line_id, quantities[line.order_line_id], chosen.get(line.order_line_id) if exchange else None
        )
        for line in view.lines
    ]
    refund_fen = None
    if "amount" in form:
        order = db.session.get_one(Order, (case.order_id, case.shop_id))
        kind = CaseType(case.type)
        units = {item.line_id: item.milli for item in wanted}
        sums = applications_sums.work_out_sums(order, kind, units, {}, form.amount.data, case.opened_on)
        if problem := applications_sums.find_amount_problem(sums, kind):
            form.refuse(problem, "amount")
            return typed
        refund_fen = sums.refund_fen
    try:
        found = applications.judge_again(
            case,
            reason=form.reason.data,
            quantities={item.line_id: item.milli for item in wanted},
            photos=len(view.proofs) + len(form.photos.data or []),
            description=form.description.data or "",
        )
    except applications.NotEligible as refused:
        field = refused.verdict.field
        form.refuse(refused.sentence, field if field in form else "")
        return typed
    typed.handed = replace(form.hand_in(), wanted=wanted, refund_fen=refund_fen, **found)
    return typed


def _read_quantities(
    form: forms.ModifyForm, view: case_view.View, typed: Typed
) -> tuple[dict[int, int], dict[int, int]]:
    """Quantities in thousandths and chosen SKUs, by order line; puts texts and problems into ``typed``."""
    own = _skus(view.case)
    if not any(name.startswith("quantity_") for name in request.form):  # an older page without these fields
        quantities = {line.order_line_id: line.quantity_milli for line in view.lines}
        chosen = {line_id: sku for line_id, sku in own.items() if sku}
    else:
        limits = [
            (line.order_line_id, line.bought_milli - line.claimed_milli + line.quantity_milli, line.unit)
            for line in view.lines
        ]
        typed.texts, typed.problems, by_text, skus = applying_forms.read_quantities(limits)
        quantities = {int(line_id): milli for line_id, milli in by_text.items()}
        chosen = {int(line_id): sku for line_id, sku in skus.items()}
        for line_id, _, _ in limits:
            if line_id not in quantities:
                typed.problems.setdefault(line_id, "请填写数量；不要这一件的话，请撤销后重新申请")
    allowed = {line.id: {sku.id for sku in goods.list_replacements(line)} for line in _order_lines(view)}
    for line_id, sku in chosen.items():
        if sku not in allowed.get(line_id, set()) and sku != own.get(line_id):
            typed.problems.setdefault(line_id, "所选的换货规格已不可选，请重新选择")
    return quantities, chosen


def _order_lines(view: case_view.View) -> list[OrderLine]:
    own = {line.order_line_id for line in view.lines}
    return [line for line in goods.list_lines(view.order.id, view.order.shop_id) if line.id in own]


def _find_going(form: forms.StepForm, case: Case) -> tuple[str, str, str] | None:
    """The address that a parcel goes to, where there are several."""
    if not isinstance(form, parcel_forms.ParcelForm) or form.going is None:
        return None
    return next((place.where for place in places.list_places(case) if place.id == form.going.id), None)


def _carry_back(form: parcel_forms.ParcelForm, case: Case) -> None:
    """The consumer's own parcels, where they go straight to the supplier."""
    if form.going is not None:
        return  # which of them goes where passes by itself
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
    elif isinstance(form, parcel_forms.ParcelForm) and not isinstance(form, parcel_forms.EditParcelForm):
        _carry_back(form, case)
    if isinstance(form, parcel_forms.EditParcelForm):
        live = [parcel for parcel in view.parcels.get("back", []) if parcel.voided_at is None]
        asked = request.args.get("parcel", "")
        parcel = next((parcel for parcel in live if str(parcel.id) == asked), live[0] if live else None)
        if parcel is not None:
            form.parcel_id.data, form.carrier.data = str(parcel.id), parcel.carrier
            form.number.data = parcel.tracking_no
