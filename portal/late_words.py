"""What happens when a deadline of a case runs out, in one sentence; where the case knows which way it goes, that alone.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from portal import told, words
from portal.columns import CaseSilence
from portal.flow import UNPAID, Actor, CaseType, Facts, Stage, is_proof_left

_SIDES = (Actor.BUYER, Actor.SELLER)

# By type of case, where the shop hasn't answered an application in time: what the clock then does.
_AGREES: dict[str, tuple[str, str]] = {
    CaseType.EXCHANGE: ("系统自动同意换货", "系统自动同意换货，并使用默认退货地址"),
    CaseType.RETURN_REFUND: ("系统自动同意退货退款", "系统自动同意退货退款，并使用默认退货地址"),
    CaseType.REISSUE: ("系统按服务承诺自动同意补发",) * 2,
    CaseType.REFUND_ONLY: ("系统自动同意退款",) * 2,
}
_NO_ADDRESS = ("店铺没有退货地址，商家到期未处理的，由平台介入", "店铺没有默认退货地址，到期未处理的，由平台介入")
_CALLED_IN = ("商家到期未处理，由平台介入", "到期未处理，由平台介入")
# Where the buyer has looked at as much proof of a payment as they have to.
_PROVED = ("商家到期没有登记没有付成，由平台介入", "到期没有登记没有付成，由平台介入")
# Of a parcel with scans: it keeps them, so that only this can come.
_TRACED: dict[str, tuple[str, str]] = {
    "seller_receive": ("商家到期未验货，视为验货通过", "到期未验货，视为验货通过"),
    "buyer_confirm": ("到期未确认，系统自动确认收货", "买家到期未确认，系统自动确认收货"),
}

# Whether what the clock step of a deadline needs is there.
_IS_GOOD: dict[tuple[str, CaseType | None], Callable[[Facts], bool]] = {
    ("seller_response", None): lambda facts: facts.has_default_address,
    ("seller_response", CaseType.REISSUE): lambda facts: facts.guaranteed,
    ("seller_response", CaseType.REFUND_ONLY): lambda facts: facts.auto_refund,
    ("seller_receive", None): lambda facts: facts.back_traced or facts.back_signed_at is not None,
    ("arrival_answer", None): lambda facts: is_proof_left(facts.doubts, escalated=facts.escalated),
    ("buyer_confirm", None): lambda facts: facts.out_traced or facts.out_signed_at is not None,
}
# Where the buyer asked for the freight of the way back: what decides between the two ways that a deadline can go.
_WAYS: dict[str, Callable[[Facts], bool]] = {
    "refund_legal": lambda facts: facts.open_entries > 0,
    "inspection_dispute": lambda facts: facts.accepted_milli > 0,
}


def find_question(case: CaseSilence) -> Callable[[Facts], bool] | None:
    """What decides which way the present deadline goes, asked of the case's facts; None where there is one way."""
    if case.freight_claim in UNPAID and case.due_rule in _WAYS:
        return _WAYS[case.due_rule]
    return _IS_GOOD.get((case.due_rule, CaseType(case.type))) or _IS_GOOD.get((case.due_rule, None))


def tell_known(case_type: str, rule: str, side: str, *, good: bool) -> str:
    """What this deadline brings; ``good``: what its clock step needs is there. "" where it may still come or go."""
    if rule == "seller_response" and good:
        at_seller = side == Actor.SELLER
        return f"{'' if at_seller else '商家'}到期未处理，{_AGREES[case_type][at_seller]}"
    if rule == "seller_response":
        said = _NO_ADDRESS if case_type in (CaseType.EXCHANGE, CaseType.RETURN_REFUND) else _CALLED_IN
        return said[side == Actor.SELLER]
    if rule == "arrival_answer" and not good:
        return _PROVED[side == Actor.SELLER]
    if good and rule in _TRACED:
        own = Actor.SELLER if rule == "seller_receive" else Actor.BUYER  # who is late reads it without their name
        return _TRACED[rule][side == Actor.SELLER if side in _SIDES else own is Actor.BUYER]
    return ""


def tell_late(case: CaseSilence, side: str, least: str, good: bool | None = None) -> str:
    """What happens when the deadline of this case runs out, for this side; ``least``: the least that is left,
    ``good``: which way it goes, as what the clock step needs is there or not; None where nobody asked."""
    if case.stage == Stage.UNFULFILLED:
        return words.UNFULFILLED
    if not case.ruled and side in _SIDES:
        found = words.FREIGHT_LATE.get((case.freight_claim, case.due_rule))
        if good is not None:
            ways = f"{case.due_rule}:{'yes' if good else 'no'}"
            found = words.FREIGHT_LATE.get((case.freight_claim, ways), found)
        if case.objected and case.due_rule == "inspection_dispute":
            found = words.OBJECTED_LATE
        if found:
            return found[side == Actor.SELLER]
    if good is not None and not case.ruled and not (case.negotiated and case.due_rule == "seller_response"):
        if said := tell_known(case.type, case.due_rule, side, good=good):
            return said
    more = {"negotiated": case.negotiated, "ruled": case.ruled}
    return told.tell_otherwise(case.type, case.due_rule, side, least_left=least, **more)
