"""Applying, for every type of case: reason, details, check, hand in.

Every page saves the draft; nothing is handed in but by its button.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal import inputs, told, words
from portal.applications import applications, drafts, entered, shown, sums
from portal.applications import goods as applications_goods
from portal.applications.applications import NotEligible
from portal.buyer import bp
from portal.buyer.applying_forms import CheckForm, DetailsForm, ReasonForm, read_quantities
from portal.calendar import lengths
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Draft, Order, Shop
from portal.orders import ledger, order_lists
from portal.rights import addresses, asking, eligibility, policies, reasons
from portal.rights import goods as goods_facts
from portal.rights.goods import Route
from portal.web import guards, rates
from portal.web.forms import find_kept_form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import sent_ids


def _order(order_no: str) -> Order:
    return guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))


def _draft(order: Order) -> Draft | None:
    return drafts.find_draft(order.id, g.who.user_id)


@bp.route("/orders/<order_no>/apply", methods=["GET", "POST"])
def apply(order_no: str) -> ResponseReturnValue:
    """Why: one reason for one line to begin with; or why it can't be, and what instead."""
    order = _order(order_no)
    order_id = order.id
    lines = {line.id: line for line in applications_goods.list_lines(order_id)}
    may = applications_goods.is_exchangeable(list(lines.values()))
    policy = applications_goods.get_policy_for(order)
    draft = _draft(order)
    kept = dict(draft.fields) if draft else {}
    form = ReasonForm()
    asked = request.values.get("line") or ""
    line = lines.get(int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
    if asked and line is None:
        abort(404)
    if line is None and len(lines) == 1:
        line = next(iter(lines.values()))
    title = words.APPLY.get(order.status, "申请换货") if applications_goods.is_unshipped(order) else "申请换货"
    if line is None:
        begun = kept.get("line_id")
        return page("buyer/apply_line.html", order=order, lines=list(lines.values()), title=title, begun=begun)
    goods = applications_goods.describe_goods(order, line, exchangeable=may[line.id])
    offer = eligibility.offer(goods, g.now, policy)
    offered = eligibility.offered(goods, policy)
    form.line.data = str(line.id)
    form.reason.choices = [(reason.id, reason.zh) for reason in reasons.REASONS]  # one not shown is answered as well
    form.reason.choices += [(str(ground), label) for ground, label in reasons.GROUND.items()]
    line_id = line.id
    verdict = None
    if form.validate_on_submit():
        chosen = form.reason.data
        if chosen in set(reasons.Ground):
            form.refuse(f"请选择「{reasons.GROUND[reasons.Ground(chosen)]}」的具体情况", "reason")
        else:
            kind, verdict = _chosen(goods, reasons.reason(chosen), form, policy, kept)
            if verdict.allowed:
                fields = {
                    "line_id": line_id,
                    "reason": chosen,
                    "type": str(kind),
                    "negotiated": verdict.negotiated,
                }
                with writing():
                    begun = drafts.start_draft(order.shop_id, order_id, g.who.user_id, source="order", now=g.now)
                    drafts.save_draft(begun, fields, g.now)
                    entered.save_entered(begun, entered.read_entered(request.form, order_id), "", g.now)
                return redirect(f"/orders/{order_no}/apply/details", 303)
            form.refuse(verdict.why, "reason")
    elif request.method == "GET":
        touched = entered.find_entered(draft, "line")
        form.reason.data = (touched.get("reason") if touched else None) or kept.get("reason")
    return page(
        "buyer/apply.html",
        422 if request.method == "POST" else 200,
        order=order,
        line=line,
        form=form,
        offer=offer,
        verdict=verdict,
        grounds=_grounds(goods, offered, policy),
        draft=draft,
        title=title,
        open=offer.allowed or any(way.route is Route.NEGOTIATE for way in offer.instead),
    )


def _chosen(
    goods: goods_facts.Goods, reason: reasons.Reason | None, form: ReasonForm, policy: Any, kept: dict[str, Any]
) -> tuple[str, goods_facts.Verdict]:
    """What a reason leads to: a right of its own; what a button asked for; or why not."""
    found = dict(eligibility.ways(goods, reason, g.now, policy)) if reason else {}
    rights = {kind: verdict for kind, verdict in found.items() if not verdict.negotiated}
    reason_id = reason.id if reason else ""
    wish = form.ask.data or form.type.data
    if wish:
        return wish, eligibility.consider(goods, wish, reason_id, g.now, policy, negotiated=bool(form.ask.data))
    if kept.get("reason") == reason_id and kept.get("type") in rights:
        return kept["type"], rights[kept["type"]]
    if rights:
        return next(iter(rights.items()))
    usual = next(iter(asking.types_of(goods, reason, policy)), reason.leads_to) if reason else None
    kind = usual or CaseType.EXCHANGE
    return kind, eligibility.consider(goods, kind, reason_id, g.now, policy)


def _grounds(goods: Any, offered: Any, policy: Any) -> list[dict[str, Any]]:
    """The grounds with their sub-reasons and who pays for each, where goods go back."""
    found: list[dict[str, Any]] = []
    for ground, label in reasons.GROUND.items():
        subs = [
            (r, words.PAYER[str(asking.freight_payer(goods, r, policy))] if r.leads_to in _BACK else "")
            for r in offered
            if r.ground == ground
        ]
        if subs:
            payers = {payer for _, payer in subs}
            found.append(
                {"id": str(ground), "label": label, "reasons": subs, "payer": payers.pop() if len(payers) == 1 else ""}
            )
    return found


_BACK = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
_GOODS = ("name", "phone", "address")  # the fields of what is sent somewhere


@bp.route("/orders/<order_no>/apply/details", methods=["GET", "POST"])
def apply_details(order_no: str) -> ResponseReturnValue:
    """What is wanted, how much, the photos, the words; which specification instead and where to, or what amount."""
    order = _order(order_no)
    draft = _draft(order)
    if draft is None or not draft.fields.get("reason"):
        return redirect(f"/orders/{order_no}/apply", 303)
    fields, draft_id, order_id = dict(draft.fields), draft.id, order.id
    lines = _ordered(order, fields)
    kept = None
    if request.method != "POST":
        entered_before = entered.find_entered(draft, "description")
        kept = find_kept_form() or (MultiDict(entered_before) if entered_before else None)
    usual = {
        "description": fields.get("description", ""),
        "name": fields.get("name") or order.receiver_name,
        "phone": fields.get("phone") or order.receiver_phone,
        "address": fields.get("address") or order.receiver_address,
    }
    if kept is not None:
        for name, value in usual.items():
            kept.setdefault(name, value)  # the page had other fields when it was filled in
    form = DetailsForm(
        **({"formdata": kept} if kept else {}),
        data={**usual, "amount": fields.get("refund_fen")},
        known=partial(order_lists.known_numbers, order.id),
    )
    photos = drafts.list_photos(draft)
    form.photos.already, form.photos.draft_id = len(photos), draft_id
    form.photos.upload_url = f"/orders/{order_no}/apply/photos"
    reason = reasons.reason(fields["reason"])
    kind = drafts.read_type(draft)
    options = _options(order, lines[0], reason)
    if options and kind not in options:
        kind = next(iter(options))
    kinds = tuple(options) or (kind,)
    if len(kinds) == 1:
        del form.type
    else:
        form.type.choices = [(str(each), _called(each, options[each])) for each in kinds]
        if form.type.data in set(kinds):
            kind = CaseType(form.type.data)
        elif request.method != "POST":
            form.type.data = str(kind)
    for name in () if set(kinds) & set(goods_facts.MONEY) else ("amount",):
        del form[name]
    for name in _GOODS if set(kinds) <= set(goods_facts.MONEY) else ():
        del form[name]
    negotiated = options[kind].negotiated if kind in options else bool(fields.get("negotiated"))
    form.photos.least = reason.least_photos if reason else 0
    typed = _quantities(lines, fields) | _entered_of(lines, kept, "quantity")
    problems: dict[int, str] = {}
    status = 200
    if request.method == "POST":
        typed, problems, quantities, skus = read_quantities(
            [(line.id, max(line.quantity_milli - line.claimed_milli, 0), line.unit) for line in lines]
        )
        form.validate_on_submit()
        for name in _GOODS if kind in goods_facts.MONEY else ("amount",):
            if name in form:
                form[name].errors = []  # what isn't asked for can't be wrong
        money = {"refund_fen": form.amount.data if kind in goods_facts.MONEY else None} if "amount" in form else {}
        with writing():
            again = db.session.get_one(Draft, draft_id)
            drafts.keep_photos(again, form.photos.data or [], sent_ids("drop_photo"))
            drafts.save_draft(
                again,
                {
                    "quantities": quantities,
                    "skus": skus if kind is CaseType.EXCHANGE else {},
                    "typed": typed,
                    "type": str(kind),
                    "negotiated": negotiated,
                    **money,
                    **{
                        name: fields.get(name, "") if form[name].errors else form[name].data or ""
                        for name in ("description", *_GOODS)
                        if name in form
                    },
                },
                g.now,
            )
            entered.save_entered(again, entered.read_entered(request.form, order_id), "", g.now)
            form.photos.data = []
            verdicts = applications.judge_draft(again, now=g.now) if not problems and quantities else []
            comes_to = sums.work_out_all(again) if verdicts else None
        for line_id, verdict in verdicts:
            if not verdict.allowed and verdict.field == "quantity":
                problems[line_id] = verdict.why
            elif not verdict.allowed:
                if verdict.field == "photos" and form.photos.errors:
                    continue
                form.refuse(verdict.why, verdict.field if verdict.field != "reason" else "")
        if comes_to is not None and not form.errors and (problem := sums.find_amount_problem(comes_to, kind)):
            form.refuse(problem, "amount")
        if not quantities and not problems:
            problems[lines[0].id] = f"请填写{asking.QUANTITY[kind]}"
        form.refuse_lines(problems)
        for line_id in problems:
            typed.setdefault(str(line_id), "")
        if not form.errors and not problems:
            with writing():
                entered.end_entered(db.session.get_one(Draft, draft_id), form.form_key.data or "", g.now)
            return redirect(form.and_say(f"/orders/{order_no}/apply/check"), 303)
        status = 422
        order = _order(order_no)
        lines = _ordered(order, fields)
    draft = guards.found(_draft(order))
    exchange = CaseType.EXCHANGE in kinds
    return page(
        "buyer/apply_details.html",
        status,
        order=order,
        form=form,
        lines=lines,
        typed=typed,
        problems=problems,
        reason=reason,
        photos=drafts.load_photos(draft),
        skus=(draft.fields.get("skus") or {}) | _entered_of(lines, kept, "sku"),
        choices={line.id: sums.list_priced(order.id, line) if exchange else () for line in lines},
        kinds=[(str(each), goods_facts.NAMES[each], asking.QUANTITY[each], asking.DESCRIPTION[each]) for each in kinds],
        title=_called(kind, options.get(kind)) if len(kinds) == 1 else "申请",
        hints={str(each): verdict.why.partition(";")[2] for each, verdict in options.items()},
        lead=options[kind].why if len(kinds) == 1 and options else "",
        sums=_most(order, lines, typed) if "amount" in form else None,
    )


def _options(order: Order, line: Any, reason: reasons.Reason | None) -> dict[CaseType, goods_facts.Verdict]:
    """What the draft's reason opens for its first line, the usual first."""
    if reason is None:
        return {}
    policy = applications_goods.get_policy_for(order)
    goods = applications_goods.describe_goods(
        order, line, exchangeable=applications_goods.is_exchangeable([line])[line.id]
    )
    return dict(eligibility.ways(goods, reason, g.now, policy))


def _called(kind: CaseType, verdict: goods_facts.Verdict | None) -> str:
    return f"{'协商' if verdict and verdict.negotiated else ''}{goods_facts.NAMES[kind]}"


def _most(order: Order, lines: list[Any], typed: dict[str, str]) -> sums.Sums:
    """What can be asked back at most for the quantities as they stand on the page."""
    units = {}
    for line in lines:
        left = line.quantity_milli - line.claimed_milli
        try:
            units[line.id] = inputs.quantity(typed.get(str(line.id), ""), most=left, unit=line.unit)
        except inputs.InputRefused:
            continue
    return sums.work_out_sums(order, CaseType.REFUND_ONLY, units, {})


def _ordered(order: Order, fields: dict[str, Any]) -> list[Any]:
    lines = list(applications_goods.list_lines(order.id))
    return sorted(lines, key=lambda line: (line.id != fields.get("line_id"), line.position))


def _entered_of(lines: list[Any], kept: Any, name: str) -> dict[str, Any]:
    """What was typed for each line in the fields of this name, where it was kept; a SKU as its number."""
    found = {str(line.id): kept.get(f"{name}_{line.id}") for line in lines} if kept else {}
    if name == "sku":
        return {line: int(sku) for line, sku in found.items() if sku and sku.isascii() and sku.isdigit()}
    return {line: text for line, text in found.items() if text is not None}


def _quantities(lines: list[Any], fields: dict[str, Any]) -> dict[str, str]:
    if fields.get("typed"):
        return dict(fields["typed"])
    first = lines[0]
    left = first.quantity_milli - first.claimed_milli
    reason = reasons.reason(fields.get("reason", ""))
    usual = left if reason and reason.leads_to is CaseType.REFUND_ONLY else min(left, 1_000)
    return {str(first.id): inputs.quantity_text(usual if left > 0 else 1_000)}


@bp.route("/orders/<order_no>/apply/check", methods=["GET", "POST"])
def apply_check(order_no: str) -> ResponseReturnValue:
    """Everything once more, then 提交申请."""
    order = _order(order_no)
    draft = _draft(order)
    form = CheckForm()
    problem: goods_facts.Verdict | None = None
    changes: list[tuple[str, str, str]] = []
    status = 200
    if request.method == "POST":
        order_id, shop_id = order.id, order.shop_id
        rates.limit("apply", g.who.user_id)
        seen = form.shown.data or ""
        by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

        def hand_in() -> str:
            found = drafts.find_draft(order_id, g.who.user_id)
            if found is None:
                raise StepRefused("这份申请已提交或已删除,请在「我的售后」查看", "apply")
            shown.check_shown(found, seen, now=g.now)
            return f"/cases/{applications.submit_draft(found, by=by, now=g.now).case_no}?v=1"

        try:
            return once(hand_in)
        except NotEligible as refused:
            problem = refused.verdict
            form.refuse(refused.sentence)
        except shown.Differs as differs:
            changes = differs.changes
            form.refuse(differs.sentence)
        except ledger.NotEnough:
            form.refuse("剩余可申请的数量不够了,可能刚刚提交过另一张申请,请修改数量")
        status = 422
        order = _order(order_no)
        draft = _draft(order)
        if draft is None:
            policies.get_current(shop_id)
            return redirect(f"/orders/{order_no}", 303)
    if draft is None or not draft.fields.get("quantities"):
        return redirect(f"/orders/{order_no}/apply", 303)
    if not applications.has_receiver(draft):
        return redirect(f"/orders/{order_no}/apply/details", 303)
    summary = applications.summarise(draft, now=g.now)
    form.shown.data = shown.write_facts(shown.list_facts(draft, summary))
    return page(
        "buyer/apply_check.html",
        status,
        order=order,
        form=form,
        draft=draft,
        problem=problem,
        changes=changes,
        summary=summary,
        told=addresses.tell_who_sees(db.session.get_one(Shop, order.shop_id).name),
        name=_called(summary["type"], summary["verdict"]),
        otherwise=told.tell_otherwise(
            summary["type"],
            "seller_response",
            Actor.BUYER,
            least_left=lengths.describe_deadline("least_left"),
            negotiated=summary["negotiated"],
        ),
    )
