"""What a case comes to in money as it stands: worked out in one place for who reads it and for what carries it out."""

from __future__ import annotations

from portal.cases.changes import may_differ
from portal.flow import CaseType, State
from portal.models import Case
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
