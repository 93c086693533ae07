"""The forms of the desk's steps, and the panel of a case's page in which one of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from flask import request

from portal import searching
from portal.cases import case_view, stakes
from portal.flow import CaseType, Step
from portal.models import Case
from portal.orders import order_lists
from portal.resale import across, destinations, risks
from portal.rights import policies
from portal.seller import arrival_forms, forms, freight_form, payout_forms

FORMS: dict[str, type[forms.StepForm]] = {
    "agree": forms.AgreeForm,
    "reject": forms.RejectForm,
    "give_place": forms.GivePlaceForm,
    "ask_evidence": forms.AskForm,
    "grant_extension": forms.GrantForm,
    "accept_goods": forms.InspectForm,
    "accept_goods_diff": forms.InspectForm,
    "revise_inspection": forms.InspectForm,
    "ship_replacement": forms.ShipForm,
    "propose": forms.ProposeForm,
    "propose_other_sku": forms.ProposeForm,
    "decline_freight": freight_form.DeclineFreightForm,
    "waive": forms.DifferenceForm,
    "confirm_payment": forms.DifferenceForm,
    "deny_payment": forms.DifferenceForm,
    **dict.fromkeys(forms.ANSWERS, forms.AnswerForm),
    "escalate": forms.EscalateForm,
    "submit_evidence": forms.EvidenceForm,
    "withdraw_mediation": forms.LeaveForm,
    "agree_refund_without_return": payout_forms.AdvanceForm,
    "goods_shipped": forms.GoodsShippedForm,
    "approve_refund": payout_forms.ApproveForm,
    "settle_entry": payout_forms.SettleForm,
    "refund_ok": payout_forms.SettleForm,
    "refund_fail": payout_forms.FailForm,
    "retry": payout_forms.RetryForm,
    "show_payment": arrival_forms.ShowForm,
    "admit_unpaid": arrival_forms.AdmitForm,
}


@dataclass(frozen=True)
class Panel:
    """A step's form on the page of its case; ``typed``: the texts of its lines."""

    step: Step
    form: forms.StepForm
    typed: Mapping[str, str] = field(default_factory=dict)
    risk: str = ""


def stands_in_case(form: forms.StepForm) -> bool:
    """Whether a form is part of the page of its case; payments and terms have a page of their own."""
    return form.template.startswith("seller/_")


def offer_agreeing(case: Case, view: case_view.View) -> Panel | None:
    """同意 ready to be pressed, where this person may take it now."""
    step = next((step for step, refusal in view.actions if step.name == "agree" and refusal is None), None)
    if step is None:
        return None
    form = make_form(case, step.name, linked=view.order.linked)
    if not stands_in_case(form):
        return None
    form.prepare(case, view)
    form.show_sums(case.version, stakes.foresee(case, step.name, None))
    chained = view.order.linked or view.order.resold  # else there is no supplier to wait for
    return Panel(step, form, risk=risks.describe_deciding(case, step.name) if chained else "")


def make_form(case: Case, step_name: str, *, linked: bool = True) -> forms.StepForm:
    """The form of this step, for the person of this request; ``linked``: whether a supplier's case may hang on it."""
    kind = FORMS.get(step_name, forms.StepForm)
    if kind is forms.AgreeForm and case.type in (CaseType.REISSUE, CaseType.REFUND_ONLY):
        # nothing comes back, so there is no address to choose
        kind = forms.AgreeRefundForm if case.type == CaseType.REFUND_ONLY else forms.StepForm
    form = kind(known=partial(order_lists.known_numbers, case.order_id))
    if isinstance(form, forms.AgreeForm):
        known = policies.list_addresses(case.shop_id)
        form.address_id.choices = [(str(a.id), f"{a.name} {a.phone} {a.address}") for a in known]
        if request.method != "POST" and known:
            form.address_id.data = str(known[0].id)
        placed = destinations.plan_places(case) if linked and destinations.has_address(case) else []
        if destinations.is_divided(case, placed):
            form.go_apart(placed, destinations.describe_places(case, placed), first=request.method != "POST")
        elif linked and (direct := across.find_direct_address(case)) is not None:
            form.go_direct(direct, first=request.method != "POST")
    return form


def scanned_number() -> str:
    """The number of the parcel in the hand, when the step was opened from the scan desk."""
    return searching.read_typed(request.args.get("scanned", "")).number[:40]
