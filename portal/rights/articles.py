"""依据 as it is kept with a case: the rule, the article it rests on, and the last day of the right."""

from __future__ import annotations

from portal import words
from portal.rights import reasons
from portal.rights.goods import Verdict
from portal.rights.reasons import Fault, Ground

# Of goods bought for living, and of goods bought in trade; both as in force in 2026.
NO_REASON = "《消费者权益保护法》第二十五条"
QUALITY = {True: "《消费者权益保护法》第二十四条", False: "《民法典》第五百八十二条、第六百一十七条"}


def find_article(reason_id: str, *, consumer: bool) -> str:
    """The article of law that an application for this reason rests on; "" where it is a promise or an agreement.

    ``consumer``: bought for living, not to be sold on.
    """
    reason = reasons.reason(reason_id)
    if reason is None:
        return ""
    if reason.ground is Ground.NO_REASON:
        return NO_REASON if consumer else ""
    if reason.fault is Fault.SELLER and reason.ground in (Ground.QUALITY, Ground.SHIPPING):
        return QUALITY[consumer]
    return ""


def state_basis(verdict: Verdict, reason_id: str, *, consumer: bool) -> str:
    """What a case keeps of the verdict that allowed it, at most 300 characters."""
    article = "" if verdict.negotiated else find_article(reason_id, consumer=consumer)
    parts = [verdict.basis, article, f"最后一天 {words.end(verdict.until)}" if verdict.until else ""]
    return "；".join(part for part in parts if part)[:300]
