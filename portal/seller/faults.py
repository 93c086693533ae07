"""问题类型: what is wrong with the goods of a case, line by line, set by somebody who has looked at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from portal.cases import case_view, faults, staff_notes
from portal.cases.deadlines import lock_case
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor, StepRefused
from portal.models import Case
from portal.people import roles
from portal.rights import faults as names
from portal.seller import bp, not_yours
from portal.web import guards
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class FaultForm(Form):
    """The lines are read by the route."""


@bp.route("/cases/<case_no>/fault", methods=["GET", "POST"])
def case_fault(case_no: str) -> ResponseReturnValue:
    """A select for each line; the change is written down among the shop's own notes."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not roles.may_see_case(g.who.role, case.state, money=case.entry_count > 0):
        return not_yours()
    lines, form = faults.list_faults_of(case), FaultForm()
    chosen = {line.id: request.form.get(f"fault_{line.id}", line.fault)[:16] for line in lines}
    if form.validate_on_submit():
        case_id = case.id

        def change() -> str:
            _change(case_id, lines, chosen)
            return f"/seller/cases/{case_no}?said=fault-kept"

        try:
            return once(change)
        except StepRefused as refused:
            form.refuse(refused.sentence)
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    rows = [(line, chosen[line.id], names.list_faults(line.kind)) for line in lines]
    return page("seller/fault.html", 422 if request.method == "POST" else 200, case=case, rows=rows, form=form)


def _change(case_id: int, lines: Sequence[Row[Any]], chosen: dict[int, str]) -> None:
    case: Case = lock_case(case_id)
    by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
    wanted = {line_id: fault for line_id, fault in chosen.items() if fault}
    titles = {line.id: f"{line.title} {line.spec}".strip() for line in lines}
    for line_id, before, after in faults.set_faults(case, wanted, by=by.user_id, now=g.now):
        said = f"问题类型：{names.name_fault(before)} → {names.name_fault(after)}（{titles[line_id]}）"
        staff_notes.write_note(case, said.replace("@", " ").replace("＠", " "), by=by, now=g.now)
