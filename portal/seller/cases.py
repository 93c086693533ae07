"""A case at the desk, and every step a seller can take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import flow, inputs, words
from portal.cases import case_view, shop_queue, taking
from portal.cases import clock as case_clock
from portal.cases.effects.step_context import ActedBy, InspectedLine
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case
from portal.money.accounts import looking as account_looks
from portal.orders import order_lists
from portal.people import roles
from portal.resale import across, chain_view
from portal.rights import policies, reasons, solutions
from portal.seller import bp, forms, not_yours
from portal.seller.inbox import tabs_of_role
from portal.talk import conversations
from portal.tracking import scans as case_scans
from portal.web import guards, packs
from portal.web.once import once
from portal.web.pages import page

FORMS: dict[str, type[forms.StepForm]] = {
    "agree": forms.AgreeForm,
    "reject": forms.RejectForm,
    "ask_evidence": forms.AskForm,
    "grant_extension": forms.GrantForm,
    "accept_goods": forms.InspectForm,
    "accept_goods_diff": forms.InspectForm,
    "revise_inspection": forms.InspectForm,
    "ship_replacement": forms.ShipForm,
    "propose": forms.ProposeForm,
    "propose_other_sku": forms.ProposeForm,
    "waive": forms.DifferenceForm,
    "confirm_payment": forms.DifferenceForm,
    "deny_payment": forms.DifferenceForm,
    **dict.fromkeys(forms.ANSWERS, forms.AnswerForm),
    "escalate": forms.EscalateForm,
    "submit_evidence": forms.EvidenceForm,
    "withdraw_mediation": forms.LeaveForm,
    "agree_refund_without_return": forms.AdvanceForm,
    "goods_shipped": forms.GoodsShippedForm,
    "approve_refund": forms.ApproveForm,
    "settle_entry": forms.SettleForm,
    "refund_ok": forms.SettleForm,
    "refund_fail": forms.FailForm,
    "retry": forms.RetryForm,
}


@bp.get("/cases/<case_no>")
def show_case(case_no: str) -> ResponseReturnValue:
    """Evidence beside the snapshot, facts about the buyer, what can be done, everything that happened."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    return _page(case, 200) if _shown(case) else not_yours(_NOT_SHOWN)


_NOT_SHOWN = "这张售后单现在不需要您处理;您的工作在待办队列里。"


def _shown(case: Case) -> bool:
    """Whether this person's role sees the case as it stands."""
    return roles.may_see_case(g.who.role, case.state, money=case.entry_count > 0)


def _view(case: Case) -> case_view.View:
    """The page of a case, with the steps that this person's role takes."""
    view = case_view.build_view(case, Actor.SELLER, g.now)
    view.actions = [pair for pair in view.actions if roles.may_take(g.who.role, pair[0].name)]
    view.unsaid = [pair for pair in view.unsaid if roles.may_take(g.who.role, pair[0].name)]
    return view


KEYS = {"agree": "a", "reject": "r", "ask_evidence": "e"}  # open a form, never execute
LAST_MESSAGES = 5


def _page(case: Case, status: int, form: Any = None, typed: Any = (), kept: Any = ()) -> ResponseReturnValue:
    view = _view(case)
    asked = request.args.get("v", "")
    news = view.said(view.events[0]) if view.events and asked == str(case.version) else ""
    news = news or words.SAID.get(request.args.get("said", ""), "")
    tabs = tabs_of_role()
    tab = request.args.get("tab", "")
    tab = tab if tab in tabs else next(iter(tabs))
    rows, more = shop_queue.list_page(case.shop_id, tab, g.now)
    own = g.who.role == "owner"
    found = chain_view.describe_above(case.id) if own and view.order.linked else None
    talks = roles.may_open(g.who.role, "contact")
    said = conversations.load_last(case.order_id, LAST_MESSAGES) if talks else []
    return page(
        "seller/case.html",
        status,
        case=case,
        view=view,
        news=news,
        form=form,
        side="seller",
        typed_words=typed,
        kept_photos=kept,
        history=shop_queue.count_history(case.shop_id, case.buyer_id, g.now),
        rows=rows,
        more_rows=more,
        tab=tab,
        tabs=tabs,
        talks=talks,
        soon=g.now + shop_queue.SOON,
        said_reason=reasons.said,
        keys=KEYS,
        messages=said,
        photos=conversations.list_photos([message.id for message in said if message.has_photos]),
        buyer=view.buyer,
        suggestion=_suggestion(case, view) if case.state == "applied" else None,
        chain=chain_view.build_chain(found) if found else None,
        chain_offer=found is None and case.state not in flow.FINAL and own and view.order.resold,
        may_look=account_looks.may_look(g.who.role),
    )


@bp.get("/cases/<case_no>/pack.zip")
def pack(case_no: str) -> ResponseReturnValue:
    """证据包: everything about the case, to keep or to hand to a platform or a court."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not _shown(case):
        return not_yours(_NOT_SHOWN)
    return packs.send(case.id, case.case_no, Actor.SELLER)


@bp.route("/cases/<case_no>/send-back", methods=["GET", "POST"])
def send_back(case_no: str) -> ResponseReturnValue:
    """退还未通过验货的商品: the parcel in which it goes back to the buyer."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not _shown(case):
        return not_yours(_NOT_SHOWN)
    case_id = case.id
    form = forms.ShipForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

            def sent() -> str:
                case_scans.send_back(case_id, [form.parcel], by=by, now=g.now)
                return f"/seller/cases/{case_no}?said=sent-back"

            try:
                return once(sent)
            except StepRefused as refused:
                form.refuse(refused.sentence)
                status = 409
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    view = _view(case)
    if not any(line.received_milli and line.received_milli > line.accepted_milli for line in view.lines):
        gone = forms.StepForm()
        gone.refuse("没有未通过验货的商品需要退还")
        return _page(case, 409 if request.method == "POST" else 200, gone)
    return page("seller/send_back.html", status, case=case, view=view, form=form)


def _suggestion(case: Case, view: case_view.View) -> solutions.Suggestion:
    """What the rules suggest for this application."""
    promised = [reasons.codes(line.guarantees) for line in view.lines]
    return solutions.suggest(
        solutions.Application(
            type=case.type,
            reason=case.reason,
            photos=len(view.proofs),
            goods_state=case.goods_state,
            guarantees=frozenset(set.intersection(*map(set, promised)) if promised else ()),
            negotiated=case.negotiated,
        )
    )


@bp.get("/cases/<case_no>/agreement")
def agreement(case_no: str) -> ResponseReturnValue:
    """What both sides agreed to, to print or keep."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    accepted, event = guards.found(case_view.build_agreement(case.id))
    view = case_view.build_view(case, Actor.SELLER, g.now)
    return page("shared/agreement.html", case=case, view=view, proposal=accepted, event=event, side="seller")


@bp.route("/cases/<case_no>/<step_name>", methods=["GET", "POST"])
def take_step(case_no: str, step_name: str) -> ResponseReturnValue:
    """Every step a seller can take; which ones, and when, is flow.STEPS' business."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not roles.may_take(g.who.role, step_name):
        return not_yours()
    case_id, shop_id, version = case.id, case.shop_id, case.version
    kind = FORMS.get(step_name, forms.StepForm)
    if kind is forms.AgreeForm and case.type in (CaseType.REISSUE, CaseType.REFUND_ONLY):
        # nothing comes back, so there is no address to choose
        kind = forms.AgreeRefundForm if case.type == CaseType.REFUND_ONLY else forms.StepForm
    form = kind(known=partial(order_lists.known_numbers, case.order_id))
    if isinstance(form, forms.AgreeForm):
        known = policies.list_addresses(shop_id)
        form.address_id.choices = [(str(a.id), f"{a.name} {a.phone} {a.address}") for a in known]
        if request.method != "POST" and known:
            form.address_id.data = str(known[0].id)
        if (direct := across.find_direct_address(case)) is not None:
            form.go_direct(direct, first=request.method != "POST")
    form.prepare(case, _view(case))
    status = 200
    typed: dict[str, str] = {}
    if request.method != "POST":  # a HEAD is answered like its GET
        flow.find(case.type, case.state, Actor.SELLER, step_name)
        form.version.data = str(version)
        typed = _from_above(form, case)
    else:
        status = 422
        good = form.validate_on_submit()
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
        name, values, typed, problems = _values(step_name, form, _view(case))
        for sentence in problems:
            form.refuse(sentence)
        if good and not problems:
            by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

            def taken() -> str:
                done = taking.take(case_id, name, by=by, now=g.now, version=form.shown_version, **values)
                if not _shown(done):
                    return "/seller?said=step-taken"
                return form.and_say(f"/seller/cases/{case_no}?v={done.version}")

            try:
                return once(taken)
            except StepRefused as refused:
                case_clock.settle_now(case_id, g.now)
                form.refuse(refused.sentence)
                status = 409
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
        form.version.data = str(case.version)
    view = _view(case)
    steps = (*view.actions, *view.unsaid)
    step, refusal = next(((s, why) for s, why in steps if s.name == step_name), (None, None))
    if step is None or (refusal and request.method != "POST"):
        if refusal and not form.errors:
            form.refuse(refusal)
        shown = [(field.label.text, field.raw) for field in form if getattr(field, "raw", "")]
        kept = form["photos"].kept if "photos" in form and request.method == "POST" else ()
        if step is None and status == 422:  # the step is gone: what was wrong in its fields doesn't matter any more
            form, status = forms.StepForm(), 409
            form.refuse(flow.NOT_NOW)
        return _page(case, status, form, shown, kept)
    return page(
        form.template,
        status,
        case=case,
        view=view,
        step=step,
        form=form,
        typed=typed,
        conditions=reasons.CONDITIONS,
    )


def _from_above(form: forms.StepForm, case: Case) -> dict[str, str]:
    """铺货: what the supplier has done is offered, filled in; the distributor looks at it and sends it."""
    if (
        isinstance(form, forms.ShipForm)
        and (found := chain_view.describe_above(case.id))
        and (sent := chain_view.build_chain(found).out)
    ):
        form.carrier.data, form.number.data = sent.carrier, sent.tracking_no
    if not isinstance(form, forms.InspectForm):
        return {}
    typed = {}
    for line_id, (received, accepted, note) in across.find_counted_above(case).items():
        typed[f"received_{line_id}"] = inputs.quantity_text(received) if received else "0"
        typed[f"accepted_{line_id}"] = inputs.quantity_text(accepted) if accepted else "0"
        typed[f"linenote_{line_id}"] = note
    return typed


def _values(
    step_name: str, form: forms.StepForm, view: case_view.View
) -> tuple[str, dict[str, Any], dict[str, str], list[str]]:
    """The step really meant, what it is told, what was typed in the lines, and what is wrong with that."""
    sent = {
        name: form.without_cards(value) for name, value in request.form.items() if name.split("_")[0] in _LINE_FIELDS
    }
    typed = {name: value[:60] for name, value in sent.items()}
    if isinstance(form, forms.InspectForm):
        counted, problems = _counted(view, sent)
        values: dict[str, Any] = {"note": form.note.data or "", "photos": form.photos.data}
        whole = all(
            item.received == item.accepted == line.quantity_milli
            for item, line in zip(counted, view.lines, strict=False)
        )
        if step_name in ACCEPTING and whole and counted:
            return step_name, values | {"counted": counted}, typed, problems
        name = "dispute_goods" if step_name in ACCEPTING else step_name
        return name, values | {"counted": counted}, typed, problems
    if isinstance(form, forms.ShipForm):
        shipped, problems = {}, []
        for line in view.lines:
            raw = request.form.get(f"shipped_{line.id}", "")
            left = line.accepted_milli - line.shipped_milli
            if not raw.strip() or raw.strip() == "0":
                continue
            try:
                shipped[line.id] = inputs.quantity(raw, most=left, unit=line.unit)
            except inputs.InputRefused as refused:
                problems.append(f"{line.title}:{refused.sentence}")
        if not shipped and not problems:
            problems.append("请填写本次发出的数量")
        whole = all(line.accepted_milli - line.shipped_milli == shipped.get(line.id, 0) for line in view.lines)
        name = "ship_replacement" if whole else "ship_part"
        return name, {"parcels": [form.parcel], "shipped": shipped}, typed, problems
    good = not form.errors
    return step_name, form.values() if good else {}, typed, []


ACCEPTING = ("accept_goods", "accept_goods_diff")
_LINE_FIELDS = frozenset({"received", "accepted", "condition", "linenote", "shipped"})


def _counted(view: case_view.View, sent: Mapping[str, str]) -> tuple[list[InspectedLine], list[str]]:
    counted, problems = [], []
    for line in view.lines:
        numbers = {}
        for name, label in (("received", "收到"), ("accepted", "通过")):
            raw = sent.get(f"{name}_{line.id}", "").strip()
            try:
                numbers[name] = 0 if raw == "0" else inputs.quantity(raw, most=line.quantity_milli, unit=line.unit)
            except inputs.InputRefused as refused:
                problems.append(f"{line.title}的{label}数量:{refused.sentence}")
        try:
            note = inputs.line(sent.get(f"linenote_{line.id}", ""), limit=200)
        except inputs.InputRefused as refused:
            note = ""
            problems.append(refused.sentence)
        condition = sent.get(f"condition_{line.id}", "intact")
        if len(numbers) == 2:
            counted.append(InspectedLine(line.id, numbers["received"], numbers["accepted"], condition, note))
    return counted, problems
