"""无主件 at the desk: parcels that no case has named yet, the cases they may belong to, and 就是这单."""

from __future__ import annotations

from datetime import timedelta

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.cases import case_view, held, unclaimed
from portal.extensions import writing
from portal.flow import State
from portal.parcels import intake
from portal.searching import read_typed
from portal.seller import bp
from portal.seller.scan import find_next
from portal.web import paging
from portal.web.forms import Form
from portal.web.pages import page

HERE = "/seller/unidentified"
JOINED_SINCE, LEFT_SINCE = timedelta(days=7), timedelta(days=30)


@bp.get("/unidentified")
def unidentified() -> ResponseReturnValue:
    """Parcels without a case, the oldest first, each with the cases that fit it and why."""
    rows = list(intake.list_unidentified(g.who.shop_id, paging.moment_key(request.args.get("after", ""))))
    more = ""
    if len(rows) > intake.PAGE:
        rows = rows[: intake.PAGE]
        more = f"{HERE}?after={paging.said((rows[-1].at, rows[-1].id))}"
    cases, cut = unclaimed.load_awaiting(g.who.shop_id) if rows else ([], False)
    fitting = [(row, unclaimed.list_candidates(row, cases)) for row in rows]
    joined = intake.list_joined(g.who.shop_id, g.now - JOINED_SINCE)
    named = [row.case_id for row in joined] + [each.case.id for _, found in fitting for each in found]
    return page(
        "seller/unidentified.html",
        rows=fitting,
        joined=joined,
        waiting=held.tell_waiting(g.who.shop_id, named, g.who.user_id, g.now),
        left=intake.list_left(g.who.shop_id, g.now - LEFT_SINCE),
        ways=intake.WAYS,
        cut=unclaimed.MOST_CASES if cut else 0,
        more=more,
        now=g.now,
        form=Form(formdata=None),
    )


@bp.post("/unidentified/<int:intake_id>/join")
def join_parcel(intake_id: int) -> ResponseReturnValue:
    """就是这单: the parcel is this case's; where its goods can be counted now, on to that."""
    typed = read_typed(request.form.get("case_no", "")).number
    found = case_view.find_of_shop(typed, g.who.shop_id) if typed else None
    if found is None:
        return redirect(f"{HERE}?said=join-none", 303)
    case_id, case_no = found.id, found.case_no
    with writing():
        problem = unclaimed.join_case(g.who.shop_id, min(intake_id, 2**62), case_id, g.now)
        number = "" if problem else intake.find_number(g.who.shop_id, intake_id)
    if problem:
        return redirect(f"{HERE}?said=join-{problem}", 303)
    case = case_view.find_of_shop(case_no, g.who.shop_id)
    if case is not None and case.state == State.INSPECTING:
        return redirect(find_next(case, number), 303)
    return redirect(f"{HERE}?said=join-kept", 303)


@bp.post("/unidentified/<int:intake_id>/part")
def part_parcel(intake_id: int) -> ResponseReturnValue:
    """撤回: it isn't that case's after all."""
    with writing():
        done = intake.part_case(g.who.shop_id, min(intake_id, 2**62))
    return redirect(f"{HERE}?said={'join-parted' if done else 'join-gone'}", 303)


@bp.post("/unidentified/<int:intake_id>/leave")
def leave_parcel(intake_id: int) -> ResponseReturnValue:
    """不再等: it went back to its sender, was thrown away, or never was a return; with the waybill or the reason."""
    how = request.form.get("how", "")
    try:
        note = inputs.line(request.form.get("note", ""), limit=200)
    except inputs.InputRefused:
        note = ""
    if how not in intake.WAYS or not note:
        return redirect(f"{HERE}?said=left-needs", 303)
    with writing():
        done = intake.leave(g.who.shop_id, min(intake_id, 2**62), how, note, user_id=g.who.user_id, now=g.now)
    return redirect(f"{HERE}?said={'left' if done else 'left-gone'}", 303)


@bp.post("/unidentified/<int:intake_id>/back")
def take_back_parcel(intake_id: int) -> ResponseReturnValue:
    """撤回: it is here after all."""
    with writing():
        done = intake.take_back(g.who.shop_id, min(intake_id, 2**62))
    return redirect(f"{HERE}?said={'left-back' if done else 'left-gone'}", 303)
