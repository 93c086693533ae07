"""What a case is called that only one question keeps open, whether a payment has come: it isn't paid again."""

from __future__ import annotations

from portal.columns import CaseStanding

# By the deadline that runs only while nothing else is owed; for the buyer, for the seller.
HEAD: dict[str, tuple[str, str]] = {
    "arrival_answer": ("等待商家核对您没有收到的款项", "请核对买家没有收到的款项"),
    "arrival_objection": ("请核对款项是否到账", "等待买家核对款项是否到账"),
    "difference_answer": ("等待商家核对您补的差价", "请核对买家补的差价"),
    "difference_objection": ("商家没有收到您补的差价，请核对", "等待买家核对补的差价"),
}
PART: dict[str, tuple[str, str]] = {
    "arrival_answer": ("待商家核对到账", "买家未收到"),
    "arrival_objection": ("待您核对到账", "待买家核对到账"),
    "difference_answer": ("待商家核对差价", "待核对差价"),
    "difference_objection": ("待您核对差价", "待买家核对差价"),
}
# What its deadline brings, beforehand.
LATE: dict[str, tuple[str, str]] = {
    "arrival_answer": (
        "商家到期没有提交付款凭证，也没有登记没有付成，由平台介入",
        "到期没有提交付款凭证，也没有登记没有付成，由平台介入",
    ),
    "arrival_objection": (
        "到期没有再提出异议，售后按商家的登记完成；没有收到的请在期限内点「还是没到账」或申请平台介入",
        "买家到期没有再提出异议，售后按您的登记完成",
    ),
    "difference_answer": (
        "商家到期没有答复是否收到您补的差价，由平台介入",
        "到期没有答复是否收到买家补的差价，由平台介入",
    ),
    "difference_objection": (
        "到期没有申请平台介入，按商家没有收到差价结束，差价不再退还",
        "买家到期没有申请平台介入，按您没有收到差价结束，不用退还",
    ),
}


def is_open(case: CaseStanding) -> bool:
    """Whether nothing but this question keeps a case open; of a row with due_rule and stage."""
    return case.due_rule in HEAD and not case.stage
