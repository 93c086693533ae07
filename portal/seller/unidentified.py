"""无主件 at the desk: parcels that no case has named yet, the cases they may belong to, and 就是这单."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.cases import case_view, held, unclaimed
from portal.extensions import writing
from portal.flow import State
from portal.models import Intake
from portal.parcels import intake
from portal.searching import read_typed
from portal.seller import bp
from portal.seller.scan import find_next
from portal.web import paging
from portal.web.fields import Line, Pick
from portal.web.forms import Form
from portal.web.pages import page

HERE = "/seller/unidentified"
JOINED_SINCE, LEFT_SINCE = timedelta(days=7), timedelta(days=30)


class JoinForm(Form):
    """就是这单: the number of its case."""

    case_no = Line("售后单号", limit=40, exact=True, missing="请填写本店的售后单号")


class LeaveForm(Form):
    """不再等: where it went, and the waybill or the reason."""

    how = Pick("去向", choices=[("", "请选择"), *intake.WAYS.items()], missing="请选择去向")
    note = Line("退回的运单号或原因", limit=200, exact=True, missing="请填写退回的运单号或原因")


@bp.get("/unidentified")
def unidentified() -> ResponseReturnValue:
    """Parcels without a case, the oldest first, each with the cases that fit it and why."""
    return _show(_list_rows())


def _list_rows() -> list[Intake]:
    """The page of the list that is asked for, and one row more where it goes on."""
    return list(intake.list_unidentified(g.who.shop_id, paging.moment_key(request.args.get("after", ""))))


def _show(rows: list[Intake], refused: Form | None = None, of: int = 0) -> ResponseReturnValue:
    """The list; ``refused``: a form of the parcel ``of``, which stands in its row with what was typed."""
    more = ""
    if len(rows) > intake.PAGE:
        rows = rows[: intake.PAGE]
        more = f"{HERE}?after={paging.said((rows[-1].at, rows[-1].id))}"
    cases, cut = unclaimed.load_awaiting(g.who.shop_id) if rows else ([], False)
    fitting = [(row, unclaimed.list_candidates(row, cases)) for row in rows]
    joined = intake.list_joined(g.who.shop_id, g.now - JOINED_SINCE)
    named = [row.case_id for row in joined] + [each.case.id for _, found in fitting for each in found]
    after = request.args.get("after", "")
    return page(
        "seller/unidentified.html",
        422 if refused else 200,
        rows=fitting,
        joined=joined,
        has=_gather(joined),
        waiting=held.tell_waiting(g.who.shop_id, named, g.who.user_id, g.now),
        left=intake.list_left(g.who.shop_id, g.now - LEFT_SINCE),
        ways=intake.WAYS,
        cut=unclaimed.MOST_CASES if cut else 0,
        more=more,
        now=g.now,
        form=refused or Form(formdata=None),
        joining=refused if isinstance(refused, JoinForm) else None,
        leaving=refused if isinstance(refused, LeaveForm) else None,
        refused_of=of,
        asked=f"?after={quote(after)}" if after else "",
    )


def _gather(joined: Sequence[Any]) -> dict[int, list[str]]:
    """The numbers of the parcels that somebody said are a case's, by the case; the newest first."""
    found: dict[int, list[str]] = {}
    for row in joined:
        found.setdefault(row.case_id, []).append(row.number)
    return found


def _refuse(form: Form, intake_id: int) -> ResponseReturnValue | None:
    """The list with the form that was refused in the row of its parcel; None where that isn't there any more."""
    rows = _list_rows()
    if all(row.id != intake_id for row in rows[: intake.PAGE]):
        return None
    for field in form:
        field.id = f"{field.name}-{intake_id}"
    return _show(rows, form, intake_id)


def _go_back(said: str) -> ResponseReturnValue:
    """To the same page of the list."""
    after = request.args.get("after", "")
    return redirect(f"{HERE}?{f'after={quote(after)}&' if after else ''}said={said}", 303)


@bp.post("/unidentified/<int:intake_id>/join")
def join_parcel(intake_id: int) -> ResponseReturnValue:
    """就是这单: the parcel is this case's; where its goods can be counted now, on to that."""
    form = JoinForm()
    typed = read_typed(form.case_no.data).number if form.validate_on_submit() else ""
    found = case_view.find_of_shop(typed, g.who.shop_id) if typed else None
    if found is None:
        form.case_no.errors = [form.case_no.missing]
        return _refuse(form, intake_id) or _go_back("join-none")
    case_id, case_no = found.id, found.case_no
    with writing():
        problem = unclaimed.join_case(g.who.shop_id, min(intake_id, 2**62), case_id, g.now)
        number = "" if problem else intake.find_number(g.who.shop_id, intake_id)
    if problem:
        form.case_no.errors = [words.SAID[f"join-{problem}"]]
        return _refuse(form, intake_id) or _go_back(f"join-{problem}")
    case = case_view.find_of_shop(case_no, g.who.shop_id)
    if case is not None and case.state == State.INSPECTING:
        return redirect(find_next(case, number), 303)
    return _go_back("join-kept")


@bp.post("/unidentified/<int:intake_id>/part")
def part_parcel(intake_id: int) -> ResponseReturnValue:
    """撤回: it isn't that case's after all."""
    with writing():
        done = intake.part_case(g.who.shop_id, min(intake_id, 2**62))
    return _go_back("join-parted" if done else "join-gone")


@bp.post("/unidentified/<int:intake_id>/leave")
def leave_parcel(intake_id: int) -> ResponseReturnValue:
    """不再等: it went back to its sender, was thrown away, or never was a return; with the waybill or the reason."""
    form = LeaveForm()
    if not form.validate_on_submit():
        return _refuse(form, intake_id) or _go_back("left-gone")
    how, note = str(form.how.data), str(form.note.data)
    with writing():
        done = intake.leave(g.who.shop_id, min(intake_id, 2**62), how, note, user_id=g.who.user_id, now=g.now)
    return _go_back("left" if done else "left-gone")


@bp.post("/unidentified/<int:intake_id>/back")
def take_back_parcel(intake_id: int) -> ResponseReturnValue:
    """撤回: it is here after all."""
    with writing():
        done = intake.take_back(g.who.shop_id, min(intake_id, 2**62))
    return _go_back("left-back" if done else "left-gone")
