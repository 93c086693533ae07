"""A buyer's cases: the list, the progress page, the return slip, what came with an exchange and is wrong."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import flow, inputs, searching
from portal.applications import goods, leaving
from portal.buyer import applying_forms, bp, forms, parcel_forms
from portal.cases import agreements, answers, buyer_inbox, case_lists, case_view, child_cases, failed, replaced
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor, CaseType, State, StepRefused
from portal.models import Case
from portal.models.orders import find_path
from portal.orders import order_lists
from portal.parcels import intake
from portal.resale import chain_view, disclosure
from portal.service import ratings
from portal.talk import promises
from portal.web import guards, packs, paging, replicas
from portal.web.once import once
from portal.web.pages import page


@bp.get("/cases")
@replicas.may_answer
def my_cases() -> ResponseReturnValue:
    """One tab of 我的售后, by key, the newest change first; ``tab=waiting``: 待我处理, what ends soonest first."""
    tab = request.args.get("tab", "all")
    tab = tab if tab in ("waiting", *case_lists.TABS) else "all"
    count = buyer_inbox.count_waiting(g.who.user_id)
    shown: dict[str, Any] = {"tab_now": tab, "tabs": case_lists.TABS, "waiting_count": count}
    if tab == "waiting":
        return page("buyer/waiting.html", find_action=buyer_inbox.find_action, **shown, **_list_waiting())
    try:
        words = inputs.line(request.args.get("q", ""), limit=searching.MOST_TYPED)
    except inputs.InputRefused:
        words = ""
    after = paging.moment_key(request.args.get("after", ""))
    rows, key = case_lists.list_of_buyer(g.who.user_id, after, tab=tab, words=words)
    asked = urlencode({name: value for name, value in (("tab", tab), ("q", words)) if value and value != "all"})
    more = f"/cases?{asked}{'&' if asked else ''}after={paging.said(key)}" if key else ""
    return page("buyer/cases.html", cases=rows, more=more, q=words, **shown)


def _list_waiting() -> dict[str, Any]:
    """Three lists: what waits, what was refused, what comes home; ``list`` and ``after``: one of them goes on."""
    only, after = request.args.get("list", ""), request.args.get("after", "")
    lists: dict[str, object] = {"waiting": (), "refused": (), "coming": ()}
    only = only if only in lists and after else ""
    next_pages = dict.fromkeys(lists, "")
    for which in [only] if only else lists:
        if which == "coming":
            lists[which], key = failed.list_coming(g.who.user_id, paging.moment_key(after if only else ""))
        else:
            at = paging.deadline_key(after) if only else None
            lists[which], key = buyer_inbox.list_page(g.who.user_id, which, at)
        next_pages[which] = f"/cases?tab=waiting&list={which}&after={paging.said(key)}" if key else ""
    return {**lists, "next_pages": next_pages, "goes_on": bool(only)}


@bp.get("/cases/<case_no>")
def show_case(case_no: str) -> ResponseReturnValue:
    """Where it stands, who must act, until when; then what can be done; then everything that happened."""
    case = guards.found(case_view.read_of_buyer(case_no, g.who.user_id))
    view = case_view.build_view(case, Actor.BUYER, g.now)
    return show_page(case, view, 200, news=_news(view))


def show_page(case: Case, view: case_view.View, status: int, **more: object) -> ResponseReturnValue:
    """The progress page; a distributor sees the consumer's case beside it."""
    resells = g.who.role == "owner" and g.who.shop_id != case.shop_id
    found = chain_view.describe_below(case.id, g.who.shop_id) if resells else None
    return page(
        "buyer/case.html",
        status,
        case=case,
        view=view,
        rating=ratings.read_of_case(case) if view.order.asked_to_rate else None,
        promised=promises.list_of_case(case) if view.order.promised else (),
        left_here=intake.tell_left_of(case.shop_id, case.id) if view.order.parcel_left else (),
        stars=ratings.WORDS,
        answer=answers.work_out_answer(view),
        here=f"/cases/{case.case_no}",
        urls={step.name: f"/cases/{case.case_no}/{step.name}" for step, _ in view.actions},
        told=disclosure.tell_receiver(view),
        anew=_find_anew(case, view),
        after_silence=leaving.foresee_closing(case, view),
        chain=chain_view.build_chain(found) if found else None,
        chain_offer=resells and case.state not in flow.FINAL,
        **more,
    )


def _find_anew(case: Case, view: case_view.View) -> str:
    """Once a case has ended: what of its goods can still be applied for, in a sentence; "" where nothing can."""
    if case.state not in (State.COMPLETED, State.CLOSED, State.WITHDRAWN):
        return ""
    order = order_lists.load_for_buyer(find_path(view.order).removeprefix("/orders/"), g.who.user_id)
    if order is None:
        return ""
    own = {line.order_line_id for line in view.lines}
    offers = goods.list_offers(order, goods.list_lines(order.id, order.shop_id), g.now)
    return next((offer.why for line_id, offer in offers.items() if line_id in own and offer.allowed), "")


def _news(view: case_view.View) -> str:
    """What the step just taken did: ?v=<version>, only while it is the newest."""
    asked = request.args.get("v", "")
    if view.events and asked == str(view.case.version):
        return view.said(view.events[0])
    return ""


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
    form = parcel_forms.AgainForm(known=partial(order_lists.known_numbers, case.order_id))
    form.prepare(case, view)
    left = [(line.id, line.shipped_milli - line.moved_milli, line.unit) for line in view.lines]
    left = [row for row in left if row[1] > 0]
    typed = {str(line_id): inputs.quantity_text(milli) for line_id, milli, _ in left}
    problems: dict[int, str] = {}
    status = 200
    if view.replaced is None:
        return _show_gone(case, view)
    if request.method == "POST":
        status = 422
        typed, problems, quantities, _ = applying_forms.read_quantities(left)
        good = form.validate_on_submit() and not problems
        form.refuse_lines(problems, {line.id: line for line in view.lines})
        if good:
            by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

            def opened() -> str:
                made = child_cases.open_again(
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
        if view.replaced is None:
            return _show_gone(case, view)
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


def _show_gone(case: Case, view: case_view.View) -> ResponseReturnValue:
    """The case's page, which says why what came can't be complained of any more."""
    gone = forms.StepForm()
    gone.refuse(replaced.explain_refusal(case, view.lines))
    return show_page(case, view, 409 if request.method == "POST" else 200, news="", form=gone)


@bp.get("/cases/<case_no>/agreement")
def agreement(case_no: str) -> ResponseReturnValue:
    """What both sides agreed to, to print or keep."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    accepted, event = guards.found(agreements.build_agreement(case))
    view = case_view.build_view(case, Actor.BUYER, g.now)
    return page("shared/agreement.html", case=case, view=view, proposal=accepted, event=event, side="buyer")
