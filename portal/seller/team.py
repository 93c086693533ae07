"""Working together on a case: handing it over, words among colleagues, tags, who has it open."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue

from portal.cases import case_tags, case_view, looks, owners, staff_notes
from portal.cases.deadlines import lock_case
from portal.cases.effects.step_context import ActedBy
from portal.extensions import writing
from portal.flow import Actor, StepRefused
from portal.models import Case
from portal.seller import bp, listing, not_yours
from portal.seller.cases import build_view, is_shown, show_page
from portal.seller.team_card import HandOverForm, NoteForm, TagForm, build_card
from portal.web import guards
from portal.web.forms import Form
from portal.web.once import once


def _find(case_no: str) -> Case:
    return guards.found(case_view.find_of_shop(case_no, g.who.shop_id))


def _answer(case_no: str, form: Form, work: Callable[[Case, ActedBy], None], said: str) -> ResponseReturnValue:
    """Do ``work`` on the case and go back to it, in the list it was opened from; or say beside the form why not."""
    case = _find(case_no)
    if not is_shown(case):
        return not_yours()
    back = listing.carry().of_case(case_no) if listing.is_carried() else f"/seller/cases/{case_no}?"
    if request.method != "POST":
        return redirect(back.rstrip("?"), 303)
    if isinstance(form, HandOverForm):
        form.offer(case, owners.list_colleagues(case.shop_id))
    case_id = case.id
    if form.validate_on_submit():
        by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

        def done() -> str:
            locked = lock_case(case_id)
            work(locked, by)
            looks.note_look(locked.shop_id, locked.id, g.who.user_id, g.now)
            here = back if back.endswith("?") else f"{back}&"
            return f"{here}said={'note-card-hidden' if form.hid_cards else said}#team"

        try:
            return once(done)
        except StepRefused as refused:
            form.refuse(refused.sentence, next(name for name in ("words", "to", "tags") if name in form))
    case = _find(case_no)
    return show_page(case, build_view(case), 422, team=build_card(case, form))


@bp.route("/cases/<case_no>/notes", methods=["GET", "POST"])
def write_note(case_no: str) -> ResponseReturnValue:
    """A note that only the shop's people see; whoever it names with @ is told."""
    form = NoteForm()

    def write(case: Case, by: ActedBy) -> None:
        staff_notes.write_note(case, form.words.data or "", by=by, now=g.now)

    stranger = staff_notes.names_stranger(form.words.data or "", owners.list_colleagues(g.who.shop_id))
    return _answer(case_no, form, write, "staff-note-stranger" if stranger else "staff-note-saved")


@bp.route("/cases/<case_no>/hand-over", methods=["GET", "POST"])
def hand_over(case_no: str) -> ResponseReturnValue:
    """转交."""
    form = HandOverForm()

    def give(case: Case, by: ActedBy) -> None:
        owners.hand_over(case, int(form.to.data), by=by, words=form.line.data or "", now=g.now)

    return _answer(case_no, form, give, "handed-over")


@bp.route("/cases/<case_no>/tags", methods=["GET", "POST"])
def put_tags(case_no: str) -> ResponseReturnValue:
    """标签."""
    form = TagForm()

    def put(case: Case, _by: ActedBy) -> None:
        case_tags.put_tags(case, case_tags.split(form.tags.data or ""), g.now)

    return _answer(case_no, form, put, "tags-saved")


@bp.route("/cases/<case_no>/look", methods=["GET", "POST"])
def look(case_no: str) -> ResponseReturnValue:
    """Somebody has the case open: their colleagues see it for some minutes."""
    case = _find(case_no)
    if request.method != "POST":
        return redirect(f"/seller/cases/{case_no}", 303)
    shop_id, case_id = case.shop_id, case.id
    with writing():
        looks.note_look(shop_id, case_id, g.who.user_id, g.now)
    if request.headers.get("HX-Request"):
        return Response(status=204)
    return redirect(f"/seller/cases/{case_no}", 303)
