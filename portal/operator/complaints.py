"""举报: what members report about orders and shops, looked into and answered; numbers that two shops claim."""

from __future__ import annotations

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal.operator import bp
from portal.orders import claims
from portal.talk import complaints
from portal.web import events, guards
from portal.web.fields import Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class AnswerForm(Form):
    """What the member is told."""

    answer = Text("答复", limit=500, missing="请写明核实的结果和处理")


@bp.get("/complaints")
def list_complaints() -> ResponseReturnValue:
    """The reports in one state, those that wait the longest first."""
    state = request.args.get("state", "open")
    if state not in complaints.STATES:
        abort(404)
    after = request.args.get("after", "0")
    rows = complaints.list_of_state(state, int(after) if after.isascii() and after.isdigit() and len(after) < 18 else 0)
    more = (
        f"/operator/complaints?state={state}&after={rows[complaints.PAGE - 1].id}"
        if len(rows) > complaints.PAGE
        else ""
    )
    return page(
        "operator/complaints.html",
        rows=rows[: complaints.PAGE],
        chosen=state,
        counts=complaints.count_states(),
        states=complaints.STATES,
        kinds=complaints.KINDS,
        more=more,
    )


@bp.route("/complaints/<number>", methods=["GET", "POST"])
def show_complaint(number: str) -> ResponseReturnValue:
    """One report; POST answers it."""
    row = guards.found(complaints.find(number))
    form, status = AnswerForm(), 200
    if request.method == "POST":
        status = 422
        if row.state == "answered":
            form.refuse("这条举报已经答复，页面显示的是最新状态")
            status = 409
        elif form.validate_on_submit():

            def answered() -> str:
                complaints.answer(number, form.answer.data or "", by=g.who.user_id, now=g.now)
                events.audit("complaint", row.user_id, number=number, change="answered", by=g.who.user_id)
                return f"/operator/complaints/{number}?said=complaint-answered"

            return once(answered)
    return page("operator/complaint.html", status, row=row, form=form, kinds=complaints.KINDS, states=complaints.STATES)


@bp.post("/complaints/<number>/take")
def take_complaint(number: str) -> ResponseReturnValue:
    """处理中: the member sees that somebody looks into it."""
    guards.found(complaints.find(number))

    def taken() -> str:
        complaints.take_up(number)
        return f"/operator/complaints/{number}?said=complaint-taken"

    return once(taken)


@bp.get("/claims")
def list_claims() -> ResponseReturnValue:
    """Order numbers that more than one shop has."""
    found, key = claims.list_claimed(request.args.get("after", "")[:40])
    return page("operator/claims.html", found=found, more=f"/operator/claims?after={key}" if key else "")
