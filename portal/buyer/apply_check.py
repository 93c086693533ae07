"""The last page of an application: everything once more, then it is handed in."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.applications import apart, applications, drafts, foreseen, shown
from portal.applications.applications import NotEligible
from portal.buyer import bp
from portal.buyer.applying import find_begun, find_order, name_kind
from portal.buyer.applying_forms import CheckForm
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import Actor, StepRefused
from portal.models import Shop
from portal.orders import ledger
from portal.rights import addresses, policies
from portal.rights import goods as goods_facts
from portal.web import rates
from portal.web.once import once
from portal.web.pages import page


@bp.route("/orders/<order_no>/apply/check", methods=["GET", "POST"])
def apply_check(order_no: str) -> ResponseReturnValue:
    """Everything once more, then 提交申请."""
    order = find_order(order_no)
    draft = find_begun(order)
    form = CheckForm()
    problem: goods_facts.Verdict | None = None
    changes: list[tuple[str, str, str]] = []
    status = 200
    if request.method == "POST":
        order_id, shop_id = order.id, order.shop_id
        rates.limit("apply", g.who.user_id)
        seen, how = form.shown.data or "", form.how.data or ""
        by = ActedBy(Actor.BUYER, g.who.user_id, g.who.member_name, g.request_id)

        def hand_in() -> str:
            found = drafts.find_draft(order_id, g.who.user_id)
            if found is None:
                raise StepRefused("这份申请已提交或已删除，请在「我的售后」查看", "apply")
            shown.check_shown(found, seen, now=g.now)
            made = apart.hand_in(found, how, by=by, now=g.now)
            if len(made) > 1:
                return f"/orders/{order_no}?said=filed-apart"
            return f"/cases/{made[0].case_no}?v=1"

        try:
            return once(hand_in)
        except NotEligible as refused:
            problem = refused.verdict
            form.refuse(refused.sentence)
        except shown.Differs as differs:
            changes = differs.changes
            form.refuse(differs.sentence)
        except apart.Undecided as undecided:
            form.refuse(undecided.sentence)
        except ledger.NotEnough:
            form.refuse("剩余可申请的数量不够了，可能刚刚提交过另一张申请，请修改数量")
        status = 422
        order = find_order(order_no)
        draft = find_begun(order)
        if draft is None:
            policies.get_current(shop_id)
            return redirect(f"/orders/{order_no}", 303)
    if draft is None or not draft.fields.get("quantities"):
        return redirect(f"/orders/{order_no}/apply", 303)
    if not applications.has_receiver(draft):
        return redirect(f"/orders/{order_no}/apply/details", 303)
    summary = apart.summarise(draft, now=g.now)
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
        name=name_kind(summary["type"], None if summary["apart"] else summary["verdict"]),
        usual=foreseen.tell_usual_answer(order.shop_id, now=g.now),
        otherwise=foreseen.tell_silence(
            order,
            summary["type"],
            draft.fields.get("reason", ""),
            [item["line"] for item in summary["lines"]],
            negotiated=summary["negotiated"],
        ),
        apart=summary["apart"],
        cost=apart.tell_cost(draft, summary["apart"]) if summary["apart"] else "",
    )
