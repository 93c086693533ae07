"""待退款: what the shop owes in money, recorded one by one, by lists for the bank, and by the bank's results."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal import inputs, words
from portal.cases import staff_notes
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor, StepRefused
from portal.money import entries as money_entries
from portal.money import payment_lists, standing
from portal.money.accounts import keeping as accounts
from portal.payments import batches as payment_batches
from portal.payments import recording
from portal.seller import bp, payout_forms
from portal.web import guards, paging
from portal.web.fields import Line, Pick
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class SettleForm(Form):
    """登记已付款: the way it really took, and the payment's own number."""

    way = Pick("实际付款方式", choices=[(way, words.ROUTE[way]) for way in money_entries.WAYS], optional=True)
    same = Pick("流水号重复", choices=[("", "请选择"), ("yes", payout_forms.SAME)], optional=True)
    why = Line("为什么手工登记", limit=200, optional=True)
    reference = Line("流水号", limit=80, exact=True, missing="请填写付款的流水号，方便买家核对")


class FailForm(Form):
    """登记付款失败: why."""

    note = Line("失败原因", limit=200, missing="请写明付款失败的原因，买家会看到")


class PlainForm(Form):
    """A yes."""


class RetryForm(Form):
    """重新付款: by the same way, or by another one."""

    way = Pick(
        "付款方式", choices=[(way, words.ROUTE[way]) for way in money_entries.WAYS if way != "bank"], optional=True
    )


FORMS: dict[str, type[Form]] = {"settle": SettleForm, "fail": FailForm, "retry": RetryForm, "approve": PlainForm}


@bp.get("/payouts")
def payout_list() -> ResponseReturnValue:
    """By tab, what has waited longest first; tab and place in the address."""
    return _list(200)


def _list(status: int, left: Sequence[tuple[str, str]] = (), done: int = 0) -> ResponseReturnValue:
    """The page; ``left``: cases whose payment could not be confirmed, and why, beside ``done`` that were."""
    shop_id = g.who.shop_id
    totals = payment_lists.add_up_tabs(shop_id)
    tab = request.args.get("tab", "") or next((name for name in payment_lists.TABS if totals[name][0]), "due")
    if tab not in payment_lists.TABS:
        abort(404)
    rows, key = payment_lists.list_page(shop_id, tab, paging.moment_key(request.args.get("after", "")))
    more = f"/seller/payouts?tab={tab}&after={paging.said(key)}" if key else ""
    return page(
        "seller/payouts.html",
        status,
        rows=[(row, recording.work_out_left(row, g.now)) for row in rows],
        proved=standing.list_proved(shop_id, [row for row in rows if row.state == "contested"]),
        batches=payment_batches.name_batches(shop_id, [row.exported_at for row in rows]),
        digits=accounts.list_last_digits(shop_id, [row.id for row in rows if row.route == "bank"]),
        left_out=left,
        confirmed=done,
        tab=tab,
        tabs=payment_lists.TABS,
        totals=totals,
        recent=payment_lists.RECENT,
        more=more,
        payable=money_entries.PAYABLE,
        form_key=secrets.token_hex(12),
        me=g.who.user_id,
    )


@bp.route("/payouts/confirm", methods=["GET", "POST"])
def confirm_many() -> ResponseReturnValue:
    """一次核对: the ticked payments of buyers have arrived; each is recorded alone, what can't be says why."""
    if request.method != "POST":
        return redirect("/seller/payouts?tab=declared", 303)
    shown: dict[int, int] = {}
    for each in request.form.getlist("payment"):
        entry_id, version = map(inputs.read_id, each.partition(":")[::2])
        if entry_id is not None and version is not None:
            shown[entry_id] = version
    if not shown:
        return redirect("/seller/payouts?tab=declared&said=payouts-none", 303)
    by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
    done, left = recording.confirm_many(g.who.shop_id, shown, by=by, now=g.now)
    if left:
        return _list(409, left, done)
    return redirect("/seller/payouts?tab=declared&said=payouts-confirmed", 303)


def _entry(entry_id: int) -> Any:
    return guards.found(payment_lists.find_entry(g.who.shop_id, entry_id))


@bp.get("/payouts/<int:entry_id>")
def payout(entry_id: int) -> ResponseReturnValue:
    """One payment: how it came about, how far it is, what can be recorded."""
    return _payout(entry_id, 200, {})


def _payout(entry_id: int, status: int, sent: dict[str, Form]) -> ResponseReturnValue:
    row = _entry(entry_id)
    verbs = recording.list_verbs(row, g.now)
    shown = {verb: sent.get(verb) or _form(verb, row, blank=True) for verb, why in verbs.items() if why is None}
    lost = next((form for verb, form in sent.items() if verb not in shown), None)
    entries = [money_entries.get_entry(row.id, row.shop_id)]
    return page(
        "seller/payout.html",
        status,
        row=row,
        left=recording.work_out_left(row, g.now),
        verbs=verbs,
        forms=shown,
        lost=lost,
        names=payment_lists.load_names(entries),
        entry=entries[0],
        batch=payment_batches.find_batch_of(g.who.shop_id, row.id),
        called=recording.VERBS,
        sums=payment_lists.show_working(entries[0].order_id, entries, unshipped=row.goods_state == "unshipped").get(
            row.id, []
        ),
        typed=[(field.label.text, field.raw) for field in lost if getattr(field, "raw", "")] if lost else [],
    )


def _form(verb: str, row: Any, *, blank: bool = False) -> Form:
    form = FORMS[verb](formdata=None) if blank else FORMS[verb]()
    if isinstance(form, SettleForm) and not row.amount_fen:
        form.reference.optional = True  # there is nothing to pay, only to note
    if isinstance(form, RetryForm) and row.route == "bank":  # an account was given: it goes there
        form.way.choices = [("bank", words.ROUTE["bank"]), *(form.way.choices or ())]
    if isinstance(form, (SettleForm, RetryForm)) and not form.way.data:
        form.way.data = row.channel or row.route
    return form


@bp.route("/payouts/<int:entry_id>/<any(settle,fail,retry,approve):verb>", methods=["GET", "POST"])
def record_payout(entry_id: int, verb: str) -> ResponseReturnValue:
    """Record it: paid, failed, to be tried again, or checked by a second person."""
    row = _entry(entry_id)
    if request.method != "POST":
        return redirect(f"/seller/payouts/{entry_id}", 303)
    form = _form(verb, row)
    status = 422
    good = form.validate_on_submit()
    if good and isinstance(form, SettleForm) and row.amount_fen:
        good = payout_forms.is_sound(form, g.who.shop_id, entry_id)
    if good:
        by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
        told = {
            "reference": form.reference.data or "" if isinstance(form, SettleForm) else "",
            "problem": form.note.data or "" if isinstance(form, FailForm) else "",
            "way": form.way.data or "" if isinstance(form, (SettleForm, RetryForm)) else "",
        }

        def recorded() -> str:
            case = recording.record_payment(g.who.shop_id, entry_id, verb, by=by, now=g.now, **told)
            if isinstance(form, SettleForm) and form.why.data:
                staff_notes.write_note(case, f"手工登记已付款：{form.why.data}", by=by, now=g.now)
            return f"/seller/payouts?tab={row.state}&said=payout-{verb}"

        try:
            return once(recorded)
        except StepRefused as refused:
            form.refuse(refused.sentence)
            status = 409
    return _payout(entry_id, status, {verb: form})
