"""What a state, a step and its notice are called from their reader's side; the platform reads the table's own words."""

from __future__ import annotations

from datetime import datetime

from portal import arrival_words, words
from portal.columns import CaseArrived, CaseDeadline, CaseFreight, CaseStanding
from portal.flow import Actor, Stage, State
from portal.news import NEWS, TITLES

# The headline of a case: what its reader does, or what they wait for.
_HEAD: dict[str, tuple[str, str]] = {  # for the buyer, for the seller
    State.APPLIED: ("等待商家审核", "请审核申请"),
    State.PROPOSED: ("请确认方案", "等待买家确认方案"),
    State.REVISING: ("请补充资料", "等待买家补充资料"),
    State.RETURNING: ("请寄回商品", "等待买家寄回"),
    State.INSPECTING: ("等待商家验货", "请收货并验货"),
    State.DISPUTED: ("请答复验货结果", "等待买家答复验货结果"),
    State.PAYING: ("请补差价", "等待买家补差价"),
    State.RESHIPPING: ("等待商家发货", "请发出商品"),
    State.CONFIRMING: ("请确认收货", "等待买家确认收货"),
    State.REFUNDING: ("等待商家退款", "请退款"),
    State.REFUND_FAILED: ("退款没有成功，等待商家处理", "退款没有成功，请处理"),
    State.COMPLETED: ("", ""),  # by type: 换货完成
    State.CLOSED: ("已关闭", "已关闭"),
    State.WITHDRAWN: ("您已撤销", "买家已撤销"),
    State.CONVERTED: ("已转为新的售后单", "已转为新的售后单"),
}
# The same in a word or two: for chips in lists and under the present one of the six steps.
_PART: dict[str, tuple[str, str]] = {
    State.APPLIED: ("待商家审核", "待审核"),
    State.PROPOSED: ("待您确认方案", "待买家确认方案"),
    State.REVISING: ("待您补充", "待买家补充"),
    State.RETURNING: ("待您寄回", "待买家寄回"),
    State.INSPECTING: ("待商家验货", "待验货"),
    State.DISPUTED: ("待您答复验货", "验货有异议"),
    State.PAYING: ("待您补差价", "待买家补差价"),
    State.RESHIPPING: ("待商家发货", "待发货"),
    State.CONFIRMING: ("待您收货", "待买家收货"),
    State.REFUNDING: ("待商家退款", "待退款"),
    State.REFUND_FAILED: ("退款失败", "退款失败"),
    State.COMPLETED: ("", ""),
    State.CLOSED: ("已关闭", "已关闭"),
    State.WITHDRAWN: ("已撤销", "买家已撤销"),
    State.CONVERTED: ("已转新售后单", "已转新售后单"),
}
_SIDES = (Actor.BUYER, Actor.SELLER)


def tell_state(case_type: str, state: str, side: str) -> str:
    """A state as the headline of a case says it to this side."""
    return _tell(_HEAD, case_type, state, side)


def tell_part(case_type: str, state: str, side: str) -> str:
    """A state in a word or two, for this side."""
    return _tell(_PART, case_type, state, side)


def _tell(table: dict[str, tuple[str, str]], case_type: str, state: str, side: str) -> str:
    if side not in _SIDES:
        return words.state(case_type, state)
    return table[state][side == Actor.SELLER] or words.state(case_type, state)


# For the buyer's lists: by type and state.
BUYER: dict[str, dict[str, str]] = {
    kind: {str(state): tell_part(kind, state, Actor.BUYER) for state in State} for kind in words.TYPE
}


REFUSED: tuple[str, str] = ("商家没有同意", "已拒绝")  # a refusal asks nothing of the buyer: it is told as one
_REFUSED_HEAD = ("商家没有同意您的申请", "已拒绝申请，等待买家决定")
_NO_ADDRESS = ("等商家给出地址", "待给退货地址")  # goods that go back, and the shop hasn't said where to


def tell_chip(case: CaseStanding, side: str) -> str:
    """Where a case stands, in a list of this side; of a row with type, state, stage and due_rule."""
    if case.stage:
        return words.STAGE[case.stage]
    if case.state == State.RETURNING and case.due_rule == "return_place":
        return _NO_ADDRESS[side == Actor.SELLER]
    if is_refused(case) and side in _SIDES:
        return REFUSED[side == Actor.SELLER]
    if arrival_words.is_open(case) and side in _SIDES:
        return arrival_words.PART[case.due_rule][side == Actor.SELLER]
    return words.STATES_OF[case.type][case.state] if side == Actor.SELLER else BUYER[case.type][case.state]


def is_refused(case: CaseStanding) -> bool:
    """Whether the seller has refused and the buyer's time to object runs; of a row with due_rule."""
    return bool(case.due_rule == "refusal_answer")


def tell_more(case: CaseArrived) -> str:
    """What a list of the shop adds to a chip."""
    if case.stage:
        return ""
    if is_late(case):
        return "·已超时"
    return "·已签收" if case.arrived_at and case.state == State.INSPECTING else ""


def find_chip_kind(case: CaseStanding) -> str:
    """The kind of a case's chip in the buyer's lists; of a row with state, stage and due_rule."""
    if case.stage:
        return words.STAGE_CHIP[case.stage]
    if is_refused(case):
        return "bad"
    return "wait" if case.due_rule == "return_place" else words.CHIP[case.state]


def tell_standing(case: CaseFreight, side: str) -> str:
    """Where a case stands, as its headline: how far the platform is, the state, or a refusal as one."""
    if case.stage:
        return words.STAGE[case.stage]
    if is_refused(case) and side in _SIDES:
        return _REFUSED_HEAD[side == Actor.SELLER]
    if arrival_words.is_open(case) and side in _SIDES:
        return arrival_words.HEAD[case.due_rule][side == Actor.SELLER]
    if _waits_for_freight(case) and side in _SIDES:
        return ("等待商家答复您报的退回运费", "请答复买家报的退回运费")[side == Actor.SELLER]
    return tell_state(case.type, case.state, side)


def _waits_for_freight(case: CaseFreight) -> bool:
    """Whether nothing was ever to be paid, and only what the buyer advanced for the way back keeps the case open."""
    return bool(case.state == State.REFUNDING and case.freight_claim == "open" and not case.entry_count)


def tell_standing_part(case: CaseFreight, side: str) -> str:
    """The same in a word or two, under the present one of the six steps."""
    if is_refused(case) or case.stage or arrival_words.is_open(case):
        return tell_chip(case, side)
    if _waits_for_freight(case) and side in _SIDES:
        return "待商家答复运费" if side == Actor.BUYER else "待答复运费"
    return tell_part(case.type, case.state, side)


def is_late(case: CaseDeadline) -> bool:
    """Whether the shop missed the first term to send and the second one runs; of a row with late, state and stage."""
    return bool(case.late and case.state == State.RESHIPPING and not case.stage)


def tell_left(case: CaseDeadline, now: datetime) -> str:
    """What is left of a deadline; where an earlier one was missed, what comes next, and never 还剩 beside 已超时."""
    if case.due_at is None or (case.stage == Stage.OVERDUE and case.due_at > now):
        return ""  # its date is said
    if is_late(case) and case.due_at > now:
        return f"{words.span(case.due_at - now)}后平台介入"
    return words.left(case.due_at, now)


def tell_news(news: str, side: str) -> str:
    """What happened, for this side; ``news``: the table's own sentence."""
    if side not in _SIDES or news not in NEWS:
        return news
    return NEWS[news][side == Actor.SELLER]


def tell_title(title: str, side: str) -> str:
    """The title of a step's notice, for this side; still with {type}."""
    if side not in _SIDES:
        return title
    found = TITLES.get(title) or NEWS.get(title)
    return found[side == Actor.SELLER] if found else title


_NAMES = {Actor.BUYER: "买家", Actor.SELLER: "商家"}


def to_reader(sentence: str, side: str) -> str:
    """A sentence of ours about both sides, as one of them reads it: 您 is who reads. Never of what people typed."""
    return sentence.replace(_NAMES[Actor(side)], "您") if side in _SIDES else sentence


def to_buyer(sentence: str, side: str) -> str:
    """The same where a shop reads of itself as 商家, as in its rules and exports."""
    return to_reader(sentence, side) if side == Actor.BUYER else sentence


def tell_payer(payer: str, side: str) -> str:
    """Who bears the freight."""
    return to_buyer(words.PAYER.get(payer, payer), side)


def tell_actor(actor: str, side: str) -> str:
    """您 for the reader's own steps, else who it was."""
    return "您" if actor == side and side in _SIDES else words.ACTOR[actor]


# What happens when the present deadline runs out: for the buyer, for the seller. {least_left}: how much time is left
# at least in the step that a case comes back to.
OTHERWISE: dict[str, tuple[str, str]] = {
    "seller_response": (
        "商家到期未处理，系统自动同意{kind}；店铺没有退货地址时由平台介入",
        "到期未处理，系统自动同意{kind}，并使用默认退货地址；没有默认退货地址时由平台介入",
    ),
    "buyer_modify": ("到期未补充，申请会关闭；申请期限没过的，可以重新申请", "买家到期未补充，申请会关闭"),
    "refusal_answer": (
        "到期没有申请平台介入，也没有重新提交的，这张申请按商家的拒绝关闭",
        "买家到期没有申请平台介入，也没有重新提交的，申请关闭",
    ),
    "buyer_return": ("到期未寄回，申请会关闭；申请期限没过的，可以重新申请", "买家到期未寄回，申请会关闭"),
    "buyer_return_rest": (
        "到期未寄出的商品不再换货或退款，商家按已寄出的商品验货",
        "买家到期未寄出的商品不再换货或退款，按已寄出的商品验货",
    ),
    "return_place": (
        "商家到期未给退货地址，这部分商品寄到商家的默认退货地址；寄回期限从地址给齐时开始算，现在可以先寄已有地址的商品",
        "供应商同意后，地址自动给买家；到期还没有给，这部分商品由买家寄到您的默认退货地址。寄回期限从地址给齐时开始算",
    ),
    "seller_receive": (
        "商家到期未验货，包裹有物流记录的视为验货通过，没有物流记录的由平台介入",
        "到期未验货，包裹有物流记录的视为验货通过，没有物流记录的由平台介入",
    ),
    "inspection_dispute": ("到期未答复，按商家的验货结果继续", "买家到期未答复，按您的验货结果继续"),
    "proposal_answer": (
        "到期未确认，方案作废，由商家继续处理提出方案之前的那一步，至少还有 {least_left}，期限以售后单为准",
        "买家到期未确认，方案作废，由您继续处理提出方案之前的那一步，至少还有 {least_left}",
    ),
    "counter_answer": (
        "商家到期未答复，您的方案作废，由商家继续处理提出方案之前的那一步，至少还有 {least_left}，期限以售后单为准",
        "到期未答复，买家的方案作废，由您继续处理提出方案之前的那一步，至少还有 {least_left}",
    ),
    "difference_payment": ("到期未补差价，系统转为退款", "买家到期未补差价，系统转为退款"),
    "seller_reship": ("商家到期未发货，您可以催办或转退款", "到期未发货，买家可以催办或转退款"),
    "seller_reship_late": ("商家仍未发货，由平台介入", "仍未发货，由平台介入"),
    "buyer_confirm": (
        "到期未确认，包裹有物流记录的自动确认收货，没有物流记录的由平台介入",
        "买家到期未确认，包裹有物流记录的自动确认收货，没有物流记录的由平台介入",
    ),
    "problem_answer": (
        "商家到期未处理您反馈的问题，由平台介入；不会自动确认收货",
        "到期未处理买家反馈的问题，由平台介入；不会自动确认收货",
    ),
    "refund_legal": ("商家超过法定期限未退款，由平台介入", "超过法定期限未退款，由平台介入"),
    **arrival_words.LATE,
    "mediation_evidence": ("举证期结束后由平台裁决，没有举证的一方按已有材料处理",) * 2,
    "mediation_decision": ("平台到期未裁决会加急处理，再到期转由另一位裁决员，最后按事先告知的规则处理",) * 2,
    "mediation_second": ("仍没有裁决的，转由另一位裁决员处理",) * 2,
    "mediation_rule": ("仍没有裁决的，按事先告知的规则处理",) * 2,
}
_OF_TYPE: dict[str, tuple[str, str]] = {  # seller_response, where silence doesn't agree to everything
    "reissue": (
        "商家到期未处理，有「少货必赔」或「破损包赔」承诺的商品系统自动同意补发，其他商品由平台介入",
        "到期未处理，有「少货必赔」或「破损包赔」承诺的商品系统自动同意补发，其他商品由平台介入",
    ),
    "refund_only": (
        "商家到期未处理，未发货或有「极速退款」承诺的系统自动同意退款，其他由平台介入",
        "到期未处理，未发货或有「极速退款」承诺的系统自动同意退款，其他由平台介入",
    ),
}
_NEGOTIATED = (
    "协商须由商家同意；商家到期未答复，申请会关闭；申请期限没过的，可以重新申请",
    "协商须由您同意；到期未答复，申请会关闭",
)


def tell_otherwise(
    case_type: str, rule: str, side: str, *, least_left: str, negotiated: bool = False, ruled: bool = False
) -> str:
    """What happens when this deadline of this type of case runs out, for this side; "" when no clock runs.

    ``ruled``: the rule has decided what is owed here already, so that the clock calls nobody in any more.
    """
    if ruled:
        return tell_otherwise(case_type, rule, side, least_left=least_left, negotiated=negotiated).replace(
            "由平台介入", "转入平台的未履行清单"
        )
    if side not in _SIDES:
        return words.otherwise(case_type, rule, least_left=least_left, negotiated=negotiated)
    found = OTHERWISE.get(rule, ("", ""))
    if rule == "seller_response":
        found = _NEGOTIATED if negotiated else _OF_TYPE.get(case_type, found)
    return found[side == Actor.SELLER].format(least_left=least_left, kind=words.TYPE[case_type])


# Where accepted terms lead, for both sides to read beforehand: for the buyer, for the seller.
TERMS: dict[str, tuple[str, str]] = {
    "return": ("接受后请按退货地址寄回，商家验货后继续", "接受后由买家寄回，您验货后继续"),
    "reship": ("接受后由商家发出商品，您收到后确认", "接受后请发出商品，买家收到后确认"),
    "pay": ("接受后请补差价，商家收到后发货", "接受后由买家补差价，您收到后发货"),
    "refund": ("接受后由商家退款，您查收", "接受后请退款并登记，买家查收"),
    "convert": ("接受后按方案开出一张新的售后单，商品数量一起转过去，这张结束",) * 2,
}


def tell_terms(outcome: str, side: str) -> str:
    """Where accepting a proposal leads, for this side."""
    return TERMS[outcome][side == Actor.SELLER]
