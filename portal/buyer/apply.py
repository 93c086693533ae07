"""申请换货: reason, details, check, hand in. Every page saves the draft; nothing is handed in but by its button."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal import applications, eligibility, inputs, ledger, orders, policies, reasons, words
from portal.applications import NotEligible
from portal.buyer import bp
from portal.buyer.forms import DetailsForm, ReasonForm, read_quantities
from portal.effects import By
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Draft, Order, OrderLine
from portal.web import guards, rates
from portal.web.forms import Form, sent_ids
from portal.web.once import once
from portal.web.pages import page


def _order(order_no: str) -> Order:
    return guards.found(orders.of_buyer(order_no, g.who.user_id))


def _draft(order: Order) -> Draft | None:
    return applications.draft_of(order.id, g.who.user_id)


@bp.route("/orders/<order_no>/apply", methods=["GET", "POST"])
def apply(order_no: str) -> ResponseReturnValue:
    """Why: one reason for one line to begin with; or why it can't be, and what instead."""
    order = _order(order_no)
    order_id = order.id
    lines = {line.id: line for line in applications.lines_of(order_id)}
    may = applications.exchangeable(list(lines.values()))
    policy = applications.facts_of_policy(policies.current(order.shop_id))
    draft = _draft(order)
    kept = dict(draft.fields) if draft else {}
    form = ReasonForm()
    asked = request.values.get("line") or str(kept.get("line_id") or "")
    line = lines.get(int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
    if asked and line is None and request.values.get("line"):
        abort(404)
    if line is None and len(lines) == 1:
        line = next(iter(lines.values()))
    if line is None:
        return page("buyer/apply_line.html", order=order, lines=list(lines.values()))
    goods = applications.goods_of(order, line, exchangeable=may[line.id])
    offer = eligibility.offer(goods, g.now, policy)
    shown = eligibility.offered(goods, policy)
    form.line.data = str(line.id)
    form.ground.choices = [(str(ground), label) for ground, label in reasons.GROUND.items()]
    form.reason.choices = [(reason.id, reason.zh) for reason in shown]
    line_id = line.id
    verdict = None
    if form.validate_on_submit():
        if not form.reason.data:
            form.refuse("请选择具体情况" if form.ground.data else "请选择换货原因", "ground")
        else:
            chosen = form.reason.data
            types = eligibility.types_of(goods, found, policy) if (found := reasons.reason(chosen)) else ()
            kind = next(iter(types), CaseType.EXCHANGE)
            verdict = eligibility.consider(goods, kind, chosen, g.now, policy)
            if verdict.allowed:
                with writing():
                    begun = applications.start_draft(order_id, g.who.user_id, source="order", now=g.now)
                    applications.save(begun, {"line_id": line_id, "reason": chosen, "type": str(kind)}, g.now)
                return redirect(f"/orders/{order_no}/apply/details", 303)
            form.refuse(verdict.why, "ground")
    elif request.method == "GET" and kept.get("reason"):
        form.reason.data = kept["reason"]
    return page(
        "buyer/apply.html", 422 if request.method == "POST" else 200, order=order, line=line, form=form, offer=offer,
        verdict=verdict, grounds=_grounds(goods, shown, policy), draft=draft,
    )  # fmt: skip


def _grounds(goods: Any, shown: Any, policy: Any) -> list[dict[str, Any]]:
    """The grounds with their sub-reasons and who pays for each."""
    found: list[dict[str, Any]] = []
    for ground, label in reasons.GROUND.items():
        subs = [(r, words.PAYER[str(eligibility.freight_payer(goods, r, policy))]) for r in shown if r.ground == ground]
        if subs:
            payers = {payer for _, payer in subs}
            found.append(
                {"id": str(ground), "label": label, "reasons": subs, "payer": payers.pop() if len(payers) == 1 else ""}
            )
    return found


@bp.route("/orders/<order_no>/apply/details", methods=["GET", "POST"])
def apply_details(order_no: str) -> ResponseReturnValue:
    """How much, the photos, the words, which specification instead, where to."""
    order = _order(order_no)
    draft = _draft(order)
    if draft is None or not draft.fields.get("reason"):
        return redirect(f"/orders/{order_no}/apply", 303)
    fields, draft_id = dict(draft.fields), draft.id
    lines = _ordered(order, fields)
    form = DetailsForm(
        data={
            "description": fields.get("description", ""),
            "name": fields.get("name") or order.receiver_name,
            "phone": fields.get("phone") or order.receiver_phone,
            "address": fields.get("address") or order.receiver_address,
        },
        known=partial(orders.known_numbers, order.id),
    )
    photos = applications.photos_of(draft)
    form.photos.already = len(photos)
    reason = reasons.reason(fields["reason"])
    types = _types(order, lines[0], reason)
    kind = applications.type_of(draft)
    kind = kind if kind in types else types[0]
    if len(types) == 1:
        del form.type
    else:
        form.type.choices = [(str(each), words.TYPE[each]) for each in types]
        if request.method != "POST":
            form.type.data = str(kind)
        elif form.type.data in {str(each) for each in types}:
            kind = CaseType(form.type.data)
    form.photos.least = reason.least_photos if reason else 0
    typed = _quantities(lines, fields)
    status = 200
    if request.method == "POST":
        typed, problems, quantities, skus = read_quantities(
            [(line.id, max(line.quantity_milli - line.claimed_milli, 0), line.unit) for line in lines]
        )
        good = form.validate_on_submit()
        with writing():
            again = db.session.get_one(Draft, draft_id)
            applications.keep_photos(again, form.photos.data or [], sent_ids("drop_photo"))
            applications.save(
                again,
                {
                    "quantities": quantities, "skus": skus if kind is CaseType.EXCHANGE else {}, "typed": typed,
                    "type": str(kind),
                    **{
                        name: fields.get(name, "") if form[name].errors else form[name].data or ""
                        for name in ("description", "name", "phone", "address")
                    },
                },
                g.now,
            )  # fmt: skip
            form.photos.data = []
            verdicts = applications.judge(again, now=g.now) if not problems and quantities else []
        for line_id, verdict in verdicts:
            if not verdict.allowed and verdict.field == "quantity":
                problems[line_id] = verdict.why
            elif not verdict.allowed:
                if verdict.field == "photos" and form.photos.errors:
                    continue
                form.refuse(verdict.why, verdict.field if verdict.field != "reason" else "")
        if not quantities and not problems:
            problems[lines[0].id] = f"请填写{words.TYPE[kind]}数量"
        for line_id, sentence in problems.items():
            form.refuse(sentence)
            typed.setdefault(str(line_id), "")
        if good and not form.errors and not problems:
            return redirect(form.and_say(f"/orders/{order_no}/apply/check"), 303)
        status = 422
        order = _order(order_no)
        lines = _ordered(order, fields)
    else:
        problems = {}
    shown = guards.found(_draft(order))
    return page(
        "buyer/apply_details.html", status, order=order, form=form, lines=lines, typed=typed, problems=problems,
        reason=reason, photos=applications.photo_rows(shown), skus=fields.get("skus") or {},
        choices={line.id: applications.replacements(line) if kind is CaseType.EXCHANGE else () for line in lines},
        kind=words.TYPE[kind], lead=words.LEADS_TO[kind] if types == (CaseType.REISSUE,) else "",
    )  # fmt: skip


def _types(order: Order, line: OrderLine, reason: reasons.Reason | None) -> tuple[CaseType, ...]:
    """What the draft's reason opens for its first line; what it began as when nothing more."""
    if reason is None:
        return (CaseType.EXCHANGE,)
    policy = applications.facts_of_policy(policies.current(order.shop_id))
    return eligibility.types_of(applications.goods_of(order, line), reason, policy) or (CaseType.EXCHANGE,)


def _ordered(order: Order, fields: dict[str, Any]) -> list[Any]:
    lines = list(applications.lines_of(order.id))
    return sorted(lines, key=lambda line: (line.id != fields.get("line_id"), line.position))


def _quantities(lines: list[Any], fields: dict[str, Any]) -> dict[str, str]:
    if fields.get("typed"):
        return dict(fields["typed"])
    first = lines[0]
    left = first.quantity_milli - first.claimed_milli
    return {str(first.id): inputs.quantity_text(min(left, 1_000) if left > 0 else 1_000)}


@bp.route("/orders/<order_no>/apply/check", methods=["GET", "POST"])
def apply_check(order_no: str) -> ResponseReturnValue:
    """Everything once more, then 提交申请."""
    order = _order(order_no)
    draft = _draft(order)
    form = Form()
    problem: eligibility.Verdict | None = None
    status = 200
    if request.method == "POST":
        order_id, shop_id = order.id, order.shop_id
        rates.limit("apply", g.who.user_id)
        by = By(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

        def hand_in() -> str:
            found = applications.draft_of(order_id, g.who.user_id)
            if found is None:
                raise StepRefused("这份申请已提交或已删除,请在「我的售后」查看", "apply")
            return f"/cases/{applications.submit(found, by=by, now=g.now).case_no}?v=1"

        try:
            return once(hand_in)
        except NotEligible as refused:
            problem = refused.verdict
            form.refuse(refused.sentence)
        except ledger.NotEnough:
            form.refuse("剩余可申请的数量不够了,可能刚刚提交过另一张申请,请修改数量")
        status = 422
        order = _order(order_no)
        draft = _draft(order)
        if draft is None:
            policies.current(shop_id)
            return redirect(f"/orders/{order_no}", 303)
    if draft is None or not draft.fields.get("quantities"):
        return redirect(f"/orders/{order_no}/apply", 303)
    if not applications.has_receiver(draft):
        return redirect(f"/orders/{order_no}/apply/details", 303)
    return page(
        "buyer/apply_check.html", status, order=order, form=form, draft=draft, problem=problem,
        summary=applications.summary(draft, now=g.now),
    )  # fmt: skip


@bp.post("/orders/<order_no>/apply/discard")
def apply_discard(order_no: str) -> ResponseReturnValue:
    """Remove the draft."""
    order_id = _order(order_no).id
    with writing():
        found = applications.draft_of(order_id, g.who.user_id)
        if found is not None:
            applications.discard(found)
    return redirect(f"/orders/{order_no}?said=draft-removed", 303)
