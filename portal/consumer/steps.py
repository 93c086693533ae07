"""What a consumer can do with their case: every step of a buyer's that asks for words, photos or a number."""

from __future__ import annotations

from functools import partial

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal.applications import leaving
from portal.cases import answers, case_view, child_cases, stakes, taking
from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import HandIn
from portal.consumer import bp
from portal.consumer.cases import find_case
from portal.consumer.forms import ANSWERS, FORMS, StepForm
from portal.consumer.opening import open_pass
from portal.flow import NOT_NOW, Actor, StepRefused
from portal.models import Case
from portal.orders import order_lists
from portal.resale import consumers, disclosure
from portal.resale import links as consumer_links
from portal.web import rates
from portal.web.once import once
from portal.web.pages import page
from portal.web.terms import answering, owed


@bp.route("/<link_name>/<case_no>/do/<step_name>", methods=["GET", "POST"])
def step(link_name: str, case_no: str, step_name: str) -> ResponseReturnValue:
    """The form of a step, and taking it; the same table as for every buyer says which there are."""
    if step_name not in FORMS:
        abort(404)
    opened = open_pass(link_name)
    case = find_case(opened, case_no)
    case_id = case.id
    form = FORMS[step_name](known=partial(order_lists.known_numbers, case.order_id))
    form.prepare(case, case_view.build_view(case, Actor.BUYER, g.now, by_link=True))
    handed: HandIn | None = None
    status = 200
    if request.method == "POST":
        rates.limit("consumer-link", opened.link_id)
        status = 422
        if form.validate_on_submit():
            handed = form.hand_in()

            def taken() -> str:
                by = consumers.act_as_consumer(opened.buyer_id, g.request_id)
                done = taking.take(case_id, step_name, by=by, now=g.now, handed=handed, **form.as_shown)
                consumer_links.mark_used(opened.link_id, g.now)
                if child := child_cases.find_child_no(done):  # what it has become is what goes on
                    return f"../../{child}?v=1&did=step"
                return f"../../{case_no}?v={done.version}&did=step"  # relative: leads on by whichever link asks again

            try:
                return once(taken)
            except StepRefused as refused:
                case_clock.settle_now(case_id, g.now)
                form.refuse(refused.sentence)
                status = 409
        case = find_case(opened, case_no)
    return _show(link_name, case, step_name, form, status, handed)


def _show(
    link_name: str, case: Case, step_name: str, form: StepForm, status: int, handed: HandIn | None
) -> ResponseReturnValue:
    view = case_view.build_view(case, Actor.BUYER, g.now, by_link=True)
    form.show_sums(case.version, stakes.foresee(case, step_name, handed))
    known = (*view.actions, *view.unsaid)
    row, refusal = next(((row, why) for row, why in known if row.name == step_name), (None, None))
    if refusal and not form.errors:
        form.refuse(refusal)
    if row is None and not form.errors:  # an address kept from before; the link itself opens as ever
        form.refuse(NOT_NOW)
        status = 409
    proposal, then = answering(view) if step_name in ANSWERS else (None, "")
    return page(
        "consumer/step.html",
        status,
        link_name=link_name,
        case=case,
        view=view,
        step=row,
        form=form,
        proposal=proposal,
        answer=disclosure.bring_forward(answers.work_out_answer(view), case, g.now),
        leaving=leaving.foresee_leaving(case, view, g.now) if step_name == "withdraw" and row is not None else None,
        then=then or (answers.tell_step(view, row) if row is not None else ""),
        owed=owed(case) if step_name == "pay" and row is not None else None,
        at=f"/c/{link_name}/{case.case_no}/f",
    )
