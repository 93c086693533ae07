"""The first page of an application: which goods, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal import inputs, told, words
from portal.applications import drafts, entered, foreseen, talk_photos
from portal.applications import goods as applications_goods
from portal.buyer import bp
from portal.buyer.applying import find_begun, find_order
from portal.buyer.applying_forms import ReasonForm
from portal.extensions import writing
from portal.flow import Actor, CaseType
from portal.rights import arranging, asking, eligibility, reasons
from portal.rights import goods as goods_facts
from portal.rights.goods import Route
from portal.web.pages import page
from portal.web.photo_field import sent_ids


@bp.route("/orders/<order_no>/apply", methods=["GET", "POST"])
def apply(order_no: str) -> ResponseReturnValue:
    """Why: one reason for one line to begin with; or why it can't be, and what instead."""
    order = find_order(order_no)
    order_id = order.id
    lines = {line.id: line for line in applications_goods.list_lines(order_id, order.shop_id)}
    may = applications_goods.is_exchangeable(list(lines.values()), order)
    policy = applications_goods.get_policy_for(order)
    draft = find_begun(order)
    kept = dict(draft.fields) if draft else {}
    form = ReasonForm()
    asked = request.values.get("line") or ""
    line = lines.get(inputs.read_id(asked) or 0)
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
    usual = foreseen.count_usual(line, order.shop_id, g.now)
    form.line.data = str(line.id)
    form.reason.choices = [(reason.id, reason.zh) for reason in reasons.REASONS]  # one not shown is answered as well
    form.reason.choices += [(str(ground), label) for ground, label in reasons.GROUND.items()]
    line_id = line.id
    form.photos.upload_url = f"/orders/{order_no}/apply/photos?line={line_id}"
    form.photos.belong_to(
        draft.id if draft else None, len(drafts.list_photos(draft)) if draft else 0, reasons.most_photos(len(lines))
    )
    verdict = None
    if form.validate_on_submit():
        chosen = form.reason.data
        if chosen in set(reasons.Ground) and reasons.reason(chosen) is None:  # 包换 is a ground and its own reason
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
                    drafts.keep_photos(begun, form.photos.data or [], sent_ids("drop_photo"))
                    talk_photos.add_photos(begun, sent_ids("talk_photo"), g.now)
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
        grounds=_grounds(goods, offered, policy, usual),
        usual=usual,
        promised=promise.name if (promise := goods_facts.find_promise(goods, policy)) else "",
        photos=[photo for photo in drafts.load_photos(draft) if photo.order_line_id is None] if draft else (),
        talk=talk_photos.list_photos(order),
        title=title,
        open=offer.allowed or any(way.route is Route.NEGOTIATE for way in offer.instead),
    )


def _chosen(
    goods: goods_facts.Goods,
    reason: reasons.Reason | None,
    form: ReasonForm,
    policy: goods_facts.Policy,
    kept: dict[str, Any],
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


def _grounds(
    goods: goods_facts.Goods, offered: Sequence[reasons.Reason], policy: goods_facts.Policy, usual: Mapping[str, int]
) -> list[dict[str, object]]:
    """The grounds with their sub-reasons and who pays for each, where goods go back."""
    found: list[dict[str, Any]] = []
    for ground, arranged in arranging.arrange(offered, goods_facts.place(goods), usual):
        subs = [
            (r, told.tell_payer(asking.freight_payer(goods, r, policy), Actor.BUYER) if r.leads_to in _BACK else "")
            for r in arranged
        ]
        payers = {payer for _, payer in subs}
        payer = payers.pop() if len(payers) == 1 else ""
        found.append({"id": str(ground), "label": reasons.GROUND[ground], "reasons": subs, "payer": payer})
    return found


_BACK = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
