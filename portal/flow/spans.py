"""How long each deadline is by default."""

from __future__ import annotations

from datetime import timedelta

# Natural time, counted from entering the state unless deadlines.due says otherwise. Each can be set: PORTAL_DEADLINES.
DEADLINES: dict[str, timedelta] = {
    "seller_response": timedelta(hours=48),
    "buyer_modify": timedelta(days=7),
    "refusal_answer": timedelta(days=7),  # to go to the platform or apply again after a refusal
    "buyer_return": timedelta(days=7),
    "buyer_return_extension": timedelta(days=3),
    "buyer_return_rest": timedelta(days=7),  # once a part is sent; never less than buyer_return
    "return_place": timedelta(days=5),  # for a shop to say where goods go whose supplier hasn't said so yet
    "seller_receive": timedelta(days=10),  # from the buyer's shipping
    "seller_receive_slow": timedelta(days=30),  # 专线 and 平邮
    "seller_receive_signed": timedelta(days=3),  # from the carrier's 签收, if earlier
    "inspection_dispute": timedelta(hours=72),
    "proposal_answer": timedelta(hours=72),
    "counter_answer": timedelta(hours=72),
    "difference_payment": timedelta(hours=72),
    "difference_answer": timedelta(hours=72),  # for the shop to say whether it came, where the case has become a refund
    "difference_objection": timedelta(days=7),  # for the buyer to go to the platform, where the shop says it hasn't
    "seller_reship": timedelta(hours=72),
    "seller_reship_late": timedelta(hours=72),  # after the first one ran out
    "buyer_confirm": timedelta(days=10),  # from shipping the replacement
    "buyer_confirm_slow": timedelta(days=30),
    "buyer_confirm_signed": timedelta(days=7),
    "buyer_confirm_extension": timedelta(days=7),
    "problem_answer": timedelta(hours=72),
    "refund_target": timedelta(hours=24),  # shown; the law's limit is what the clock acts on
    "refund_legal": timedelta(days=7),  # from the day the goods came back, or from the agreement to refund
    "refund_hard": timedelta(days=15),
    "arrival_objection": timedelta(days=7),  # to say that a payment that was recorded hasn't arrived
    "arrival_answer": timedelta(hours=72),  # for the shop to show proof of a payment, or to say that it failed
    "mediation_evidence": timedelta(hours=48),
    "mediation_decision": timedelta(days=5),
    "mediation_second": timedelta(days=5),  # after that: then another mediator has it
    "mediation_rule": timedelta(days=5),  # for the other one: then the rule decides
    "send_back": timedelta(hours=72),  # what didn't pass inspection, from when the result stands
    "least_left": timedelta(hours=24),  # when a clock that stood still goes on, at least this much is left
    "nudge_pause": timedelta(hours=24),
    "complaint_answer": timedelta(days=15),  # for who runs the portal to answer a complaint
    "rating_again": timedelta(days=3),  # the second and last time that somebody is asked how content they are
    "receipt_objection": timedelta(hours=48),  # to object to a 签收 that the other side reports
}


def in_words(span: timedelta) -> str:
    """A length of time as people of the trade say it: 72 小时, 7 天, 36 小时; two units where one isn't enough."""
    minutes = max(int(span.total_seconds() // 60), 0)
    hours, rest = divmod(minutes, 60)
    if rest:
        return f"{hours} 小时 {rest} 分钟" if hours else f"{rest} 分钟"
    if hours <= 72:
        return f"{hours} 小时"
    days, hours = divmod(hours, 24)
    return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
