"""What a case is called in which a recorded payment hasn't arrived, says the buyer: it is looked at, not paid again."""

from __future__ import annotations

from portal.columns import CaseStanding

# By the deadline that runs only while nothing else is owed; for the buyer, for the seller.
HEAD: dict[str, tuple[str, str]] = {
    "arrival_answer": ("等待商家核对您没有收到的款项", "请核对买家没有收到的款项"),
    "arrival_objection": ("请核对款项是否到账", "等待买家核对款项是否到账"),
}
PART: dict[str, tuple[str, str]] = {
    "arrival_answer": ("待商家核对到账", "买家未收到"),
    "arrival_objection": ("待您核对到账", "待买家核对到账"),
}


def is_open(case: CaseStanding) -> bool:
    """Whether nothing but this question keeps a case open; of a row with due_rule and stage."""
    return case.due_rule in HEAD and not case.stage
