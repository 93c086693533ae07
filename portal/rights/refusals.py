"""Which reasons a seller may refuse by: a table of ground × refusal, and the facts that contradict one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.flow import CaseType
from portal.rights import reasons, refusal_words
from portal.rights.reasons import Fault, Ground
from portal.rights.refusal_words import Refusal


@dataclass(frozen=True)
class Application:
    """What the data says of an application.

    ``negotiated``: it was opened without a right, as a request; all others were inside their term when they were made.
    ``excluded``: the goods are of a kind that the law or the shop's own word leaves out. ``ended``: of a request, that
    its term had run out when it was made; it may as well have come on the first day.
    """

    reason: str
    case_type: str
    negotiated: bool = False
    excluded: bool = False
    ended: bool = False


_FACTS = ("man_made", "incomplete")  # the state of goods that the buyer has
# What can be true at all of each ground. 7天无理由 needs no ground: nothing but a listed exclusion ends it, and whether
# the goods are whole is seen when they are back. 包换 needs no fault.
OF_GROUND: Final[Mapping[Ground, tuple[str, ...]]] = {
    Ground.QUALITY: ("not_in_scope", "evidence_insufficient", *_FACTS, "no_stock", "amount", "already_agreed", "other"),
    Ground.SHIPPING: ("not_in_scope", "evidence_insufficient", "no_stock", "amount", "already_agreed", "other"),
    Ground.ORDERING: (
        "not_in_scope",
        "evidence_insufficient",
        *_FACTS,
        "no_stock",
        "amount",
        "already_agreed",
        "customised",
        "other",
    ),
    Ground.SPECIAL: (
        "not_in_scope",
        "evidence_insufficient",
        *_FACTS,
        "no_stock",
        "amount",
        "already_agreed",
        "customised",
        "other",
    ),
    Ground.PROMISE: (*_FACTS, "amount", "already_agreed"),
    Ground.NO_REASON: ("customised",),
    Ground.UNSHIPPED: ("already_agreed",),
    Ground.ABSENT: ("already_agreed", "other"),
    Ground.NONE: tuple(known.id for known in refusal_words.REFUSALS if known.id != "over_window"),
}
_OF_REQUEST = ("already_agreed", "other")  # of a 7天无理由 that nobody owes: the goods don't carry it, or it is late
_NEEDS_GOODS = ("no_stock",)  # said of goods that are to be sent


def why_not(refusal_id: str, application: Application) -> str:
    """Why an application can't be refused by this reason, for the seller to read; "" when it can."""
    known = reasons.reason(application.reason)
    ground = known.ground if known else Ground.SPECIAL
    if refusal_id == "over_window":
        return "" if application.negotiated and application.ended else "申请提交时没有超过期限，不能以超期拒绝"
    if ground is Ground.NO_REASON and application.negotiated and refusal_id in _OF_REQUEST:
        return ""
    if ground is Ground.NO_REASON and application.negotiated and refusal_id != "customised":
        return f"申请的原因是「{reasons.said(application.reason)}」，不能用这个理由拒绝"
    if ground is Ground.NO_REASON and not (refusal_id == "customised" and application.excluded):
        return "7天无理由退货不需要理由；商品不属于法律列明的例外，不能拒绝。商品是否完好，收到退货后再验"
    if application.negotiated and refusal_id != "customised":
        return _misplaced(refusal_id, application)
    if refusal_id not in OF_GROUND[ground]:
        return f"申请的原因是「{reasons.said(application.reason)}」，不能用这个理由拒绝"
    if refusal_id == "customised" and (not application.excluded or (known and known.fault is Fault.SELLER)):
        return "商品没有在下单时说明不支持退换，或责任在商家，不能用这个理由拒绝"
    return _misplaced(refusal_id, application)


def _misplaced(refusal_id: str, application: Application) -> str:
    sends = application.case_type in (CaseType.EXCHANGE, CaseType.REISSUE)
    return "" if sends or refusal_id not in _NEEDS_GOODS else "退款不需要库存，不能以缺货拒绝"


_SEEN = frozenset({"evidence_insufficient", "not_in_scope", *_FACTS})  # refusals that evidence may settle


def needs_proof(application: Application) -> bool:
    """Whether an application stands on what evidence can show.

    7天无理由 has no ground to be shown, and nobody can show what wasn't sent or didn't come: to be asked for evidence
    of it, and to lose the application by silence, would be a refusal that the data contradicts.
    """
    return any(known.id in _SEEN for known in possible(application))


def why_closed(refusal_id: str, application: Application, *, asked: bool, askable: bool) -> str:
    """Why a reason can't be given now: contradicted by the data, or evidence that was never asked for; "" when it can.

    ``asked``: the buyer was asked for evidence once; ``askable``: they can be asked now, so that it may be advised.
    """
    if contradicted := why_not(refusal_id, application):
        return contradicted
    if refusal_id != "evidence_insufficient" or asked:
        return ""
    if askable:
        return "以举证不足拒绝之前，请先用「请补充凭证」请买家补充一次"
    return "没有请买家补充过凭证，现在也不能再请，不能以举证不足拒绝"


def possible(application: Application) -> tuple[Refusal, ...]:
    """The reasons that nothing in the data contradicts."""
    return tuple(known for known in refusal_words.REFUSALS if not why_not(known.id, application))
