"""What happens when somebody doesn't act: each deadline of a case in its order, as it is set now."""

from __future__ import annotations

from typing import Final, NamedTuple

from portal import flow, words
from portal.calendar import lengths

# Who, what they have to do, which deadline it is, and how long it is: {name} stands for the deadline of this name.
_ROWS: Final = (
    ("商家", "审核申请", "seller_response", "{seller_response}"),
    ("买家", "确认商家的协商方案", "proposal_answer", "{proposal_answer}"),
    ("商家", "答复买家提出的方案", "counter_answer", "{counter_answer}"),
    ("买家", "补充凭证或修改申请", "buyer_modify", "{buyer_modify}"),
    ("买家", "商家拒绝后，申请平台介入或重新提交", "refusal_answer", "{refusal_answer}"),
    ("买家", "寄回商品", "buyer_return", "{buyer_return}，买家可以延长一次，多 {buyer_return_extension}"),
    ("商家", "分开寄到几个地址时，给出还没有给的退货地址", "return_place", "{return_place}"),
    ("买家", "分开寄到几个地址时，寄出其余商品", "buyer_return_rest", "退货地址给齐后 {buyer_return_rest}"),
    (
        "商家",
        "验货",
        "seller_receive",
        "买家寄出后 {seller_receive}（专线、平邮 {seller_receive_slow}），"
        "或签收后 {seller_receive_signed}，以先到的为准",
    ),
    ("买家", "回应验货异议", "inspection_dispute", "{inspection_dispute}"),
    ("买家", "补差价", "difference_payment", "{difference_payment}"),
    ("商家", "改为退款后，答复是否收到买家补的差价", "difference_answer", "{difference_answer}"),
    ("买家", "商家说没有收到差价的，申请平台介入", "difference_objection", "{difference_objection}"),
    ("商家", "发出换货商品", "seller_reship", "{seller_reship}"),
    ("商家", "发货逾期之后", "seller_reship_late", "再过 {seller_reship_late}"),
    (
        "买家",
        "确认收货",
        "buyer_confirm",
        "商家发出后 {buyer_confirm}（专线、平邮 {buyer_confirm_slow}），或签收后 {buyer_confirm_signed}，以先到的为准；"
        "买家可以延长一次，多 {buyer_confirm_extension}",
    ),
    ("商家", "处理收到的商品有问题", "problem_answer", "{problem_answer}"),
    ("商家", "退款", "refund_legal", "收到退回的商品或同意退款后 {refund_legal}"),
    ("双方", "平台介入后举证", "mediation_evidence", "{mediation_evidence}"),
    ("平台", "裁决", "mediation_decision", "举证结束后 {mediation_decision}"),
)


class Silence(NamedTuple):
    """Who has to do what and how long they have; ``then``: what happens when they don't."""

    who: str
    what: str
    within: str
    then: str


def list_silences() -> list[Silence]:
    """For an exchange; the other types differ in the first row only."""
    known = {name: lengths.describe_deadline(name) for name in flow.DEADLINES}
    least = lengths.describe_deadline("least_left")
    return [
        Silence(who, what, within.format_map(known), words.otherwise("exchange", rule, least_left=least))
        for who, what, rule, within in _ROWS
    ]
