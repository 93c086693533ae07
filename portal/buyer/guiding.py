"""这件能换吗: one question about one's own goods, answered by the rules, ending in the right button."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.applications import goods
from portal.buyer import bp
from portal.orders import order_lists
from portal.rights import eligibility, examples, guide, reasons
from portal.rights.goods import say_reason
from portal.web import guards
from portal.web.pages import page


@bp.get("/orders/<order_no>/guide")
def guide_order(order_no: str) -> ResponseReturnValue:
    """Which of the goods, what happened, and then what the rules say."""
    order = guards.found(order_lists.load_for_buyer(order_no, g.who.user_id))
    lines = goods.list_lines(order.id, order.shop_id)
    may, policy = goods.is_exchangeable(lines, order), goods.get_kept_policy_for(order)
    asked = request.args.get("line", "")
    line = next((each for each in lines if str(each.id) == asked), lines[0] if len(lines) == 1 else None)
    facts = goods.describe_goods(order, line, exchangeable=may[line.id]) if line is not None else None
    chosen = reasons.reason(request.args.get("reason", ""))
    offered = eligibility.offered(facts, policy) if facts is not None else ()
    if chosen not in offered:
        chosen = None

    def named(reason: reasons.Reason) -> str:
        return say_reason(reason, facts, policy) if facts is not None else reason.zh

    return page(
        "buyer/guide_order.html",
        order=order,
        lines=lines,
        line=line,
        grounds=[
            (named(offered_here[0]) if ground is reasons.Ground.PROMISE else words, offered_here)
            for ground, words in reasons.GROUND.items()
            if (offered_here := [each for each in offered if each.ground is ground])
        ],
        examples=examples.EXAMPLES,
        named=named,
        chosen=chosen,
        answer=guide.answer(facts, chosen, g.now, policy) if facts is not None and chosen is not None else None,
    )
