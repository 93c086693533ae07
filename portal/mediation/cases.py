"""One case before a mediator: everything both sides said, and the decision, looked at twice before it is made."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import flow
from portal.cases import (
    actions as case_actions,
)
from portal.cases import (
    arbitration,
    case_facts,
    case_view,
    mediation_queue,
    stakes,
    taking,
)
from portal.cases import (
    clock as case_clock,
)
from portal.cases.effects import conversion as conversion_effects
from portal.cases.effects.hand_ins import HandIn
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor, StepRefused
from portal.mediation import bp
from portal.mediation.forms import FORMS, DecideForm
from portal.models import Case
from portal.rights import guarantees
from portal.talk import complaints, conversations, promises
from portal.web import guards, paging
from portal.web.once import once
from portal.web.pages import page

UPHELD_FOR = timedelta(days=365)
STALE = "这张售后单已有更新，请看最新状态"


@bp.get("/<case_no>")
def show_case(case_no: str) -> ResponseReturnValue:
    """Both sides beside each other, what the case was opened under, and, while the platform decides, what was said."""
    return _page(guards.found(mediation_queue.find_for_mediator(case_no, g.who)), 200)


def _page(case: Case, status: int, form: Any = None, typed: Any = ()) -> ResponseReturnValue:
    view = case_view.build_view(case, Actor.MEDIATOR, g.now)
    asked = request.args.get("v", "")
    news = view.said(view.events[0]) if view.events and asked == str(case.version) else ""
    talk = conversations.find_of_order(case.order_id, case.shop_id) if case.escalated else None
    key = paging.read_key("before")
    messages = conversations.list_latest(talk.id, case.shop_id, key) if talk is not None else []
    earlier = f"/mediation/{case.case_no}?before={messages[1].id}" if len(messages) > conversations.PAGE else ""
    messages = messages[-conversations.PAGE :]
    grounds = mediation_queue.find_grounds(case, g.now)
    return page(
        "mediation/case.html",
        status,
        case=case,
        view=view,
        news=news,
        form=form,
        typed=typed,
        side="mediator",
        not_yet=next((why for _, why in view.unsaid if why), ""),
        grounds=grounds,
        promises=_list_promises(view),
        history=(grounds.applied, grounds.withdrawn),
        promised=promises.list_of_case(case) if view.order.promised else (),
        upheld=complaints.list_upheld(case.shop_id, g.now - UPHELD_FOR),
        complaint_kinds=complaints.KINDS,
        messages=messages,
        earlier=earlier,
        photos=conversations.list_photos(case.shop_id, [message.id for message in messages]),
    )


def _list_promises(view: case_view.View) -> list[str]:
    """The guarantees that the goods were sold with, by name."""
    codes = frozenset().union(*(guarantees.codes(line.guarantees) for line in view.lines))
    return [known.name for known in guarantees.GUARANTEES if known.code in codes]


@bp.route("/<case_no>/<step_name>", methods=["GET", "POST"])
def take_step(case_no: str, step_name: str) -> ResponseReturnValue:
    """Every decision a mediator can make; which ones, and when, is flow.STEPS' business.

    A good form first shows what the system will carry out (核对后裁决); sent from there, it is done.
    """
    case = guards.found(mediation_queue.find_for_mediator(case_no, g.who))
    case_id = case.id
    sent = request.method == "POST"  # a HEAD is answered like its GET
    try:
        step = flow.find(case.type, case.state, Actor.MEDIATOR, step_name)
    except StepRefused as refused:
        if sent and "confirmed" in request.form:  # sent twice: the same answer again
            try:
                return once(partial(_raise, refused))
            except StepRefused:
                case = guards.found(mediation_queue.find_for_mediator(case_no, g.who))
        return _gone(case, refused.sentence, FORMS.get(step_name, DecideForm)())
    form = FORMS.get(step_name, DecideForm)()
    form.prepare(case, step, first=not sent)
    refusal = flow.unmet(step, case_facts.collect_facts(case, g.now))
    if refusal and not (sent and "confirmed" in request.form):
        return _gone(case, refusal, form)
    if not sent:
        form.show_sums(case.version, stakes.foresee(case, step_name))
        return _form(case, step, form, 200)
    if not form.validate_on_submit():
        form.show_sums(case.version, stakes.foresee(case, step_name))
        return _form(case, step, form, 422)
    handed = form.hand_in()
    shown = form.as_shown
    if "again" in request.form:
        return _form(case, step, form, 200)
    if "confirmed" not in request.form:
        if form.shown_version not in (None, case.version):
            form.refuse(STALE)
            form.show_sums(case.version, stakes.foresee(case, step_name))
            return _form(case, step, form, 409)
        return _check(case, step, form, handed)
    by = ActedBy(Actor.MEDIATOR, g.who.user_id, g.who.member_name, g.request_id)

    def taken() -> str:
        done = taking.take(case_id, step_name, by=by, now=g.now, handed=handed, **shown)
        return f"/mediation/{case_no}?v={done.version}"

    try:
        return once(taken)
    except StepRefused as refused:
        case_clock.settle_now(case_id, g.now)
        said = refused.sentence
    case = guards.found(mediation_queue.find_for_mediator(case_no, g.who))
    form.show_sums(case.version, stakes.foresee(case, step_name, handed))
    still = next(
        (row for row, why in case_actions.list_actions(case, Actor.MEDIATOR, g.now) if row == step and not why), None
    )
    if still is None:
        return _gone(case, said, form)
    form.refuse(said)
    return _form(case, step, form, 409)


def _raise(refused: StepRefused) -> str:
    raise refused


def _gone(case: Case, sentence: str, form: DecideForm) -> ResponseReturnValue:
    """This can't be decided now: the case as it stands, with what was typed."""
    typed = [(field.label.text, field.raw) for field in form if getattr(field, "raw", "")]
    said = DecideForm()
    said.refuse(sentence)
    return _page(case, 409 if request.method == "POST" or sentence == flow.NOT_NOW else 200, said, typed)


def _form(case: Case, step: flow.Step, form: DecideForm, status: int) -> ResponseReturnValue:
    view = case_view.build_view(case, Actor.MEDIATOR, g.now)
    return page("mediation/step.html", status, case=case, view=view, step=step, form=form)


def _check(case: Case, step: flow.Step, form: DecideForm, handed: HandIn) -> ResponseReturnValue:
    view = case_view.build_view(case, Actor.MEDIATOR, g.now)
    returned = conversion_effects.are_goods_returned(case)
    form.show_sums(case.version, stakes.foresee(case, step.name, handed))
    claimed = case.freight_fen if case.freight_claim in flow.UNPAID else 0
    outcome = arbitration.carried_out(step, case.type, handed, goods_returned=returned, freight_fen=claimed)
    kept = [(field.name, field.data if not getattr(field, "raw", "") else field.raw) for field in form]
    kept = [(name, value) for name, value in kept if name not in ("form_key", "version") and value]
    return page("mediation/check.html", case=case, view=view, step=step, form=form, outcome=outcome, kept=kept)
