"""What 平台介入 goes by: who must prove what, what silence means, and what a decision makes happen, in plain words.

Pure: facts in, sentences out. Both sides read the same sentences before they hand in evidence, the mediator reads them
while deciding, and the confirm page says what the system will carry out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal import flow
from portal.calendar import lengths
from portal.cases.effects.hand_ins import Decision, EvidenceRequest, HandIn, RefundDecision
from portal.flow import EVIDENCE_ROUNDS, Actor, CaseType, State, Step
from portal.inputs import money_text
from portal.rights.reasons import Ground, reason
from portal.words import ACTOR, TYPE

BUYER, SELLER = Actor.BUYER, Actor.SELLER


@dataclass(frozen=True)
class Burden:
    """Who proves first, and the other's turn after that; ``silence``: how it is judged when they don't."""

    first: Actor
    what: str
    silence: str
    then: str = ""  # what the other side shows once the first has

    @property
    def sentences(self) -> tuple[str, ...]:
        """The whole rule, for a page."""
        return tuple(said for said in (self.what, self.then, self.silence) if said)


_FREIGHT: Final = {
    BUYER: Burden(
        BUYER,
        "买家主张运费不由买家承担，由买家先举证：运费凭证，以及双方约定或商品问题的证据。",
        "买家不举证的，运费按售后单上写明的一方承担。",
        "商家再证明已约定由买家承担。",
    ),
    SELLER: Burden(
        SELLER,
        "商家主张运费不由商家承担，由商家先举证：双方的约定，或商品没有问题的证据。",
        "商家不举证的，运费按售后单上写明的一方承担。",
        "买家再证明已约定由商家承担。",
    ),
}
_DISPUTED: Final = Burden(
    SELLER,
    "验货有异议，由商家举证商品收到时的状况和数量：拆包过程的照片或视频、称重、签收时的外包装。",
    "商家不举证的，按验货通过处理。",
    "买家可以用寄出前的照片和寄件称重反驳。",
)
_SENT_BACK: Final = Burden(
    BUYER,
    "由买家先证明商品已寄回：运单、寄件凭证和物流记录。",
    "买家不能证明已寄出的，不支持申请；商家不说明收货情况的，按已收到且完好处理。",
    "有签收记录后，由商家证明收到时的状况。",
)
_TO_SEND: Final = Burden(
    SELLER,
    "由商家证明已按约定发货：运单号和揽收记录。",
    "商家不举证的，按没有发货处理。",
)
_SENT: Final = Burden(
    SELLER,
    "商品是否送达由商家证明：物流签收记录。",
    "商家不能证明送达的，按没有收到处理；买家不举证问题的，按收到且完好处理。",
    "确认送达后，收到的商品有问题由买家举证：问题照片、外包装和面单。",
)
_BUYER_PAID: Final = Burden(
    BUYER,
    "差价是否付出由买家证明：付款记录和流水号。",
    "买家不举证的，按没有补差价处理。",
    "买家已证明付出的，由商家证明没有收到：收款账户当天的记录。",
)
_PAID: Final = Burden(
    SELLER,
    "退款是否付出由商家证明：付款流水号和到账凭证。",
    "商家一直不提交付款凭证的，按没有付款处理；提交过的，由平台核对。",
)
_MISSING: Final = Burden(
    SELLER,
    "少货、漏发由商家证明已足量发出：出库称重、装箱清单、揽收重量。",
    "商家不举证的，按少发处理。",
    "买家提供拆箱照片和面单，说明收到的数量。",
)
_WRONG: Final = Burden(
    BUYER,
    "由买家先证明收到的是什么：商品、外包装和面单在一起的照片。",
    "买家不举证的，不支持申请；买家已举证而商家不举证的，按发错处理。",
    "商家再证明发出的是什么：出库记录、装箱照片。",
)
_QUALITY: Final = Burden(
    BUYER,
    "质量问题由买家先举证：能看出问题的照片或检测结果。",
    "买家不举证的，不支持申请；买家已举证而商家不举证的，按质量问题处理。",
    "商家再证明商品出库时完好，或问题由使用造成。",
)
_ORDERED: Final = Burden(
    BUYER,
    "由买家证明商品未使用、包装和吊牌完好，不影响二次销售。",
    "买家不举证的，不支持申请。",
    "商家主张已影响二次销售的，由商家举证。",
)
_SPECIAL: Final = Burden(
    BUYER,
    "由买家证明发生了什么、对商品有什么影响：物流异常截图、受损照片或公告。",
    "买家不举证的，不支持申请。",
    "商家主张另有约定的，由商家举证。",
)
_PROMISE: Final = Burden(
    SELLER,
    "商品有包换承诺，由商家证明不在承诺之内：人为损坏，或已超过期限。",
    "商家不举证的，按承诺换货。",
)
_OF_STATE: Final[Mapping[State, Burden]] = {
    State.INSPECTING: _SENT_BACK,
    State.DISPUTED: _DISPUTED,
    State.PAYING: _BUYER_PAID,
    State.RESHIPPING: _TO_SEND,
    State.CONFIRMING: _SENT,
    State.REFUNDING: _PAID,
    State.REFUND_FAILED: _PAID,
}
_OF_GROUND: Final[Mapping[Ground, Burden]] = {
    Ground.QUALITY: _QUALITY,
    Ground.SHIPPING: _WRONG,
    Ground.ORDERING: _ORDERED,
    Ground.SPECIAL: _SPECIAL,
    Ground.PROMISE: _PROMISE,
    Ground.NO_REASON: _ORDERED,
    Ground.UNSHIPPED: _TO_SEND,
    Ground.ABSENT: _SENT,
    Ground.NONE: _SPECIAL,
}


def burden_of_proof(
    reason_id: str,
    case_type: str,
    state: str,
    *,
    because: str = "",
    asked_by: str = "",
    goods_state: str = "received",
    unanswered: bool = False,
) -> Burden:
    """Who must prove what in a mediation.

    ``reason_id``: the case's own reason; ``because``: why the mediation was asked for (reasons.INTERVENTIONS), by
    ``asked_by``. A dispute about the freight is proved by who disputes it, whatever the case is about. Before anything
    was sent back the case's reason decides, after that where the goods or the money are. ``goods_state``: an order that
    was never shipped is the shop's to prove shipped. ``unanswered``: it is about a difference that the buyer says they
    paid, and nothing else.
    """
    if because == "freight" and asked_by in _FREIGHT:
        return _FREIGHT[Actor(asked_by)]
    if unanswered and state == State.REFUNDING:
        return _BUYER_PAID
    if found := _OF_STATE.get(State(state)):
        return found
    if goods_state == "unshipped":
        return _TO_SEND
    if goods_state == "in_transit":
        return _SENT
    if because == "short" or reason_id == "missing_item":
        return _MISSING
    known = reason(reason_id)
    if known is None:
        return _SPECIAL
    if case_type == CaseType.REISSUE and known.ground is Ground.SHIPPING:
        return _MISSING
    return _OF_GROUND[known.ground]


# ---------------------------------------------------------------- decisions

HOLDS_GOODS: Final = (State.INSPECTING, State.DISPUTED, State.PAYING, State.RESHIPPING)


def asks_goods_back(case_type: str, state: str, target: str, *, goods_returned: bool) -> bool:
    """Whether a refund decided here may ask for the goods: they are with the buyer and another case can fetch them."""
    if not flow.converts(state, target) or case_type == CaseType.REISSUE:
        return False
    return not (goods_returned and state in HOLDS_GOODS)


def carried_out(
    step: Step, case_type: str, handed: HandIn, *, goods_returned: bool = False, freight_fen: int = 0
) -> list[str]:
    """What the system does by itself once this is decided, sentence by sentence.

    ``handed``: what will be handed in with the decision; ``freight_fen``: what the buyer says they advanced for the way
    back, where the shop hasn't agreed to it.
    """
    found = _carry_out(step, case_type, handed, goods_returned)
    return [said for said in (*found, _say_freight(step, handed, freight_fen)) if said]


_LEFT_TO_ANSWER = (
    "买家登记的补差价留在本单核对：商家须在 {answer}内答复是否收到，收到的另行退还给买家；逾期不答复的，再由平台介入。"
)


def _say_freight(step: Step, handed: HandIn, fen: int) -> str:
    if not fen:
        return ""
    pays = handed.pays_freight if isinstance(handed, Decision) else None
    if step.name in ("decide_close", "decide_complete"):
        pays = False
    if pays is None:
        return ""
    what = f"买家垫付的退回运费 {money_text(fen)} 元"
    return f"{what}由商家付给买家，登记为待付的款项。" if pays else f"不支持{what}，不再处理。"


def _carry_out(step: Step, case_type: str, handed: HandIn, goods_returned: bool) -> list[str]:
    back, ship = lengths.describe_deadline("buyer_return"), lengths.describe_deadline("seller_reship")
    legal, least = lengths.describe_deadline("refund_legal"), lengths.describe_deadline("least_left")
    payer = ACTOR.get(handed.freight_payer, "") if isinstance(handed, Decision) else ""
    freight = f"退回运费由{payer}承担。" if payer else ""
    if step.name == "more_evidence":
        asked = handed.asked if isinstance(handed, EvidenceRequest) else "both"
        who = ACTOR[asked] if asked in ACTOR else "双方"
        again = lengths.describe_deadline("mediation_evidence")
        return [f"通知双方，请{who}在 {again}内补充证据；这是第 {EVIDENCE_ROUNDS} 轮，也是最后一轮。"]
    if step.name == "decide_continue":
        return ["平台介入结束，售后单留在现在的状态。", f"原来的时限继续计算，至少还有 {least}。"]
    if step.name == "decide_close":
        said = ["售后单关闭，可重新申请，没有付清的款项取消。"]
        if step.source in (State.INSPECTING, State.DISPUTED):
            said.append("商家收到的商品由商家退还给买家。")
        return said
    if step.name == "decide_unpaid":
        return ["这笔款项恢复为没有付成，商家须重新付款并登记。", f"原来的时限继续计算，至少还有 {least}。"]
    if step.name == "decide_paid":
        return ["买家补的差价登记为商家已收到，商家须退还并登记。", f"原来的时限继续计算，至少还有 {least}。"]
    if step.name == "decide_complete" and "payment_disputed" in step.needs:
        return ["买家登记的差价按没有补过处理，商家不用退还，售后以转成的售后单为准。"]
    if step.name == "decide_complete" and step.target == State.CONVERTED:
        return ["这笔款项视为已付清，售后以转成的售后单为准。"]
    if step.name == "decide_complete":
        return [f"售后单结束为「{TYPE[case_type]}完成」。"]
    if step.name == "decide_return":
        return [f"买家须在 {back}内寄回到店铺的默认退货地址，逾期申请会关闭。", freight, "商家收到后按原流程验货。"]
    if step.name == "decide_reship":
        again = "重新" if step.source == State.CONFIRMING else ""
        return [f"商家须在 {ship}内{again}发出商品，不再收取差价；买家不用再寄回。"]
    if step.name == "decide_refund":
        decided = handed if isinstance(handed, RefundDecision) else RefundDecision()
        amount = "全部可退金额" if decided.amount_fen is None else f"{money_text(decided.amount_fen)} 元"
        if not flow.converts(str(step.source), step.target):
            return [f"登记退款 {amount}，商家须在 {legal}内付清；超过法定期限会再次由平台介入。"]
        said = [f"本单结束，转为新的退款售后单，退款 {amount}。"]
        if flow.leaves_payment(str(step.source), step.target):
            answer = lengths.describe_deadline("difference_answer")
            said = [f"转为新的退款售后单，退款 {amount}。", _LEFT_TO_ANSWER.format(answer=answer)]
        may_ask = asks_goods_back(case_type, str(step.source), str(step.target), goods_returned=goods_returned)
        if may_ask and decided.goods_back:
            return [*said, f"买家须在 {back}内寄回商品，商家验货后退款。", freight]
        return [*said, f"买家不用寄回商品，商家须在 {legal}内付清。"]
    return []
