"""取消订单, a distributor's 撤销申请: calling off orders that haven't been sent, one or many, from the list."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.applications import cancel_outcomes, chosen, unsent
from portal.buyer import bp
from portal.cases import case_view
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor
from portal.money import entries
from portal.orders import order_lists
from portal.web import guards
from portal.web.fields import Choice
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class CancelForm(Form):
    """Why; the orders themselves are hidden fields."""

    reason = Choice("取消原因", choices=list(unsent.REASONS.items()), missing="请选择原因")


@bp.route("/orders/cancel", methods=["GET", "POST"])
def cancel_orders() -> ResponseReturnValue:
    """The chosen orders and what it means; with a reason they are called off, each for itself."""
    if request.method != "POST":
        return redirect("/orders?tab=unshipped", 303)
    numbers = list(dict.fromkeys(value[:40] for value in request.form.getlist("order") if value))
    return _confirm(numbers, "/orders/cancel")


@bp.route("/orders/<order_no>/cancel", methods=["GET", "POST"])
def cancel_order(order_no: str) -> ResponseReturnValue:
    """The same for one order, from its own page."""
    guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    return _confirm([order_no], f"/orders/{order_no}/cancel")


def _confirm(numbers: list[str], action: str) -> ResponseReturnValue:
    found = chosen.list_chosen(numbers, g.who.user_id)
    open_ones = [row for row in found if row.status in unsent.OPEN]
    paid = any(row.status == "unshipped" for row in found) or not found
    call_off = cancel_outcomes.name_call_off(resells=g.who.resells, paid=paid)
    form = CancelForm()
    form.reason.label.text = f"{call_off.verb}原因"
    status = 200
    single = action != "/orders/cancel"
    if len(numbers) > unsent.MOST_AT_ONCE:
        form.refuse(f"一次最多{call_off.verb} {unsent.MOST_AT_ONCE} 笔，请分几次提交")
        status = 422
    elif not found:
        form.refuse(f"请先勾选要{call_off.verb}的订单")
        status = 422
    elif request.method == "POST" and (single or "reason" in request.form):
        status = 422
        if form.validate_on_submit():
            if single and not open_ones:  # sent or closed meanwhile: said here, with what to do instead
                form.refuse(cancel_outcomes.tell_outcome(unsent.find_obstacle(found[0].status), call_off))
                status = 409
            else:
                by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

                def done() -> str:
                    made = unsent.cancel_many(numbers, by=by, reason=form.reason.data, now=g.now)
                    return f"/orders/cancelled/{made.public_id}"

                return once(done)
    elif not open_ones:
        for why in dict.fromkeys(unsent.find_obstacle(row.status) for row in found):
            form.refuse(cancel_outcomes.tell_outcome(why, call_off))
        status = 409 if request.method == "POST" else 200
    return page(
        "buyer/cancel.html",
        status,
        form=form,
        rows=found,
        open_ones=open_ones,
        action=action,
        call_off=call_off,
        total=sum(row.left_fen for row in open_ones),
        due=sum(row.due_fen for row in open_ones),
        status_words=words.ORDER_STATUS,
        back=f"/orders/{numbers[0]}" if single else "/orders?tab=unshipped",
    )


@bp.get("/orders/cancelled/<cancellation_id>")
def cancelled_orders(cancellation_id: str) -> ResponseReturnValue:
    """What became of each of the orders that were called off together."""
    made = guards.found(chosen.find_cancellation(cancellation_id, g.who.user_id))
    rows = [(number, cancel_outcomes.Outcome(outcome), case_no) for number, outcome, case_no in made.rows]
    paid = chosen.was_paid([number for number, _, _ in rows], g.who.user_id) or any(case_no for _, _, case_no in rows)
    call_off = cancel_outcomes.name_call_off(resells=g.who.resells, paid=paid)
    done = [(number, case_no) for number, outcome, case_no in rows if outcome is cancel_outcomes.Outcome.CANCELLED]
    unpaid = [number for number, case_no in done if not case_no]
    return page(
        "buyer/cancelled.html",
        back=f"/orders?tab={'unshipped' if paid else 'unpaid'}",
        made=made,
        rows=rows,
        call_off=call_off,
        said={outcome: cancel_outcomes.tell_outcome(outcome, call_off) for _, outcome, _ in rows},
        owed=_find_owed(rows[0][2]) if len(rows) == 1 and rows[0][2] else None,
        done=len(done),
        due=chosen.add_up_due(unpaid, g.who.user_id) if unpaid else 0,
    )


class Owed(NamedTuple):
    """What a buyer still gets back, until when, and whether the way they paid."""

    fen: int
    until: datetime | None
    original: bool


def _find_owed(case_no: str) -> Owed | None:
    """What the refund of an order that was called off still owes its buyer; None: nothing any more."""
    case = guards.found(case_view.read_of_buyer(case_no, g.who.user_id))
    open_ones = [each for each in entries.list_of_case(case) if each.state in entries.TO_PAY]
    if not open_ones:
        return None
    original = all(each.route == "original" for each in open_ones)
    return Owed(sum(each.amount_fen for each in open_ones), None if case.stage else case.due_at, original)
