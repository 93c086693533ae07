"""What a case comes to in money as it stands: worked out in one place for who reads it and for what carries it out."""

from __future__ import annotations

from collections.abc import Sequence

from portal.cases.changes import may_differ
from portal.flow import CaseType, State
from portal.inputs import money_text, quantity_text
from portal.models import Case, CaseLine
from portal.money import differences, worth


def work_out_refund(case: Case, agreed_fen: int | None, *, exact: bool = False) -> tuple[int, list[worth.Worth]]:
    """The refund of a case, 分: what was agreed, at most what its units are worth, and what each line is worth.

    ``exact``: the sum was named just now; an older one that asked for all is worked out again, so that the last units
    take the rest. After an inspection only the units that passed count.
    """
    inspected = case.type == CaseType.RETURN_REFUND and case.state in (State.INSPECTING, State.DISPUTED)
    found = worth.work_out_case_worth(case, worth.list_units(case, accepted=inspected))
    most = worth.add_up(found)
    if agreed_fen is None or (not exact and worth.is_all_of(found, agreed_fen)):
        return most, found
    return min(agreed_fen, most), found


def expect_refund(case: Case) -> int:
    """What accepting the inspection's result gives back for the units that passed, 分."""
    return work_out_refund(case, case.refund_fen or None)[0]


def expect_difference(case: Case) -> int:
    """The price difference for the units that passed, 分: positive, the buyer pays; negative, it is given back."""
    if case.type != CaseType.EXCHANGE or not may_differ(case):
        return 0
    fen = worth.work_out_case_difference(case, accepted=True)
    return min(fen, 0) if case.difference_waived else fen


def expect_payment(case: Case) -> int:
    """What of it the buyer has still to pay, 分: what they paid for another specification before counts."""
    return max(expect_difference(case) - differences.find_kept_difference(case), 0)


def describe_result(case: Case, lines: Sequence[CaseLine], *, money: bool) -> str:
    """What was counted and what it comes to, for who counts again; ``money``: whether they may see any."""
    rows = [
        f"{line.title} {line.spec} 收到 {quantity_text(line.received_milli or 0)} {line.unit}，"
        f"通过 {quantity_text(line.accepted_milli)} {line.unit}"
        for line in lines
    ]
    said = f"现在的验货结果：{'；'.join(rows)}。"
    if not money:
        return said
    if case.type == CaseType.RETURN_REFUND:
        return f"{said}按这个结果退款 {money_text(expect_refund(case))} 元。"
    fen = expect_difference(case)
    if fen < 0:
        return f"{said}按这个结果退差价 {money_text(-fen)} 元。"
    to_pay = expect_payment(case) if fen else 0
    return f"{said}按这个结果买家{f'补差价 {money_text(to_pay)} 元' if to_pay else '不用补差价'}。"
