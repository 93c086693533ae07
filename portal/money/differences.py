"""What a buyer pays for a dearer specification: said by them, answered by the shop, kept, or given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import and_, func, select

from portal.extensions import db
from portal.flow import StepRefused
from portal.models import Case, MoneyEntry
from portal.money import entries, worth


def keep_cancelling(case: Case, wanted: worth.Wanted = ()) -> dict[str, dict[str, Any]]:
    """The columns of a case that keep that differences of its lines cancel out: a part of them doesn't.

    ``wanted``: of the lines that it goes on with, where they aren't all of its own.
    """
    wanted = wanted or worth.list_wanted(case, accepted=False)
    each = worth.list_differences(case.order_id, wanted, case.opened_on)
    cancels = any(each) and not sum(each)
    return {"opened_on": {**case.opened_on, "cancels": True}} if cancels else {}


def confirm_difference(case: Case, *, by: int | None, at: datetime) -> MoneyEntry:
    """The shop has the difference that the buyer said they paid."""
    return entries.move_entry(case, None, ("declared",), state="settled", settled_at=at, settled_by=by)


def deny_difference(case: Case) -> MoneyEntry:
    """The shop hasn't got it."""
    return entries.move_entry(case, None, ("declared",), state="cancelled")


def prove_difference(case: Case, *, at: datetime) -> MoneyEntry:
    """The platform finds that the buyer paid it: what waits for an answer has come, or what was denied last had.

    What was denied stays as it was answered; what was found instead is an entry of its own.
    """
    said = [entry for entry in entries.list_of_case(case) if entry.kind == "difference"]
    if not any(entry.state == "declared" for entry in said):
        denied = [entry for entry in said if entry.state == "cancelled"]
        if not denied:
            raise StepRefused("没有要核对的差价，页面显示的是最新状态")
        fen, reference = denied[-1].amount_fen, denied[-1].reference
        key = f"difference:{case.version}"
        entries.plan_entry(case, "difference", fen, key=key, at=at, by=None, reference=reference)
    return confirm_difference(case, by=None, at=at)


def find_paid_difference(case: Case) -> int:
    """What the buyer has really paid for another specification and hasn't got back, 分."""
    return _balance_difference(case, returned=("settled",))


def find_kept_difference(case: Case) -> int:
    """The same, less what is on its way back: what the shop keeps of it if the case goes on, 分."""
    return _balance_difference(case, returned=("settled", *entries.OPEN))


def find_unanswered_difference(case: Case) -> int:
    """What the buyer says they paid for another specification, and the shop hasn't answered, 分."""
    return entries.add_up(case, "difference", ("declared",)) if case.entry_count else 0


def _balance_difference(case: Case, *, returned: Sequence[str]) -> int:
    if not case.entry_count:
        return 0
    came = and_(MoneyEntry.kind == "difference", MoneyEntry.state == "settled")
    went = and_(MoneyEntry.kind == "difference_return", MoneyEntry.state.in_(returned))
    signed = sqlalchemy.case((came, MoneyEntry.amount_fen), else_=-MoneyEntry.amount_fen)
    own = ~MoneyEntry.key.contains(f":{entries.EARLIER}", autoescape=True)
    query = select(func.coalesce(func.sum(signed), 0)).where(*entries.of_case(case), came | went, own)
    return int(db.session.scalar(query) or 0)
