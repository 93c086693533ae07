"""Whether a payment that was recorded has arrived: what the buyer says, what the shop shows, what the platform decides.

A payment that the buyer contests is open again and yet is not to be paid: only when the shop or the platform says that
it failed does it become payable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal import flow
from portal.flow import StepRefused
from portal.models import Case, MoneyEntry
from portal.money import entries as money_entries
from portal.money import standing


def list_objectable(entries: Sequence[MoneyEntry], now: datetime) -> list[MoneyEntry]:
    """The payments that the buyer can still say haven't arrived."""
    return [entry for entry in entries if standing.may_object(entry, now)]


def list_confirmable(entries: Sequence[MoneyEntry], now: datetime) -> list[MoneyEntry]:
    """The payments that the buyer can say have arrived."""
    return [entry for entry in entries if entry.state == "contested" or standing.may_object(entry, now)]


def list_doubtable(entries: Sequence[MoneyEntry], now: datetime) -> list[MoneyEntry]:
    """The payments of which proof was shown that the buyer can still doubt."""
    return [entry for entry in entries if standing.may_doubt(entry, now)]


def _choose(found: Sequence[MoneyEntry], entry_id: int | None) -> MoneyEntry:
    """The chosen one of the payments that come into question; without an id the only one."""
    chosen = [entry for entry in found if entry_id in (None, entry.id)]
    if not chosen:
        raise StepRefused("这笔款项已经处理过了，页面显示的是最新状态")
    if len(chosen) > 1:
        raise StepRefused("请选择是哪一笔款项")
    return chosen[0]


def deny_arrival(case: Case, entry_id: int | None, *, at: datetime) -> MoneyEntry:
    """The buyer hasn't got it: it is open again, and nobody pays it until it is clear what became of it."""
    entry = _choose(list_objectable(money_entries.list_of_case(case), at), entry_id)
    return money_entries.move_entry(
        case, entry.id, ("settled",), state="contested", arrival="missing", arrival_at=at, exported_at=None
    )


def confirm_arrival(case: Case, entry_id: int | None, *, at: datetime) -> MoneyEntry:
    """The buyer has got it."""
    entry = _choose(list_confirmable(money_entries.list_of_case(case), at), entry_id)
    return _close(case, entry, "arrived", at)


def confirm_rest(case: Case, *, at: datetime, word: str = "arrived") -> list[MoneyEntry]:
    """All that is contested or still can be is closed: as arrived, as decided by the platform, or without a word."""
    found = list_confirmable(money_entries.list_of_case(case), at)
    if word != "arrived":
        found = [entry for entry in found if entry.state == "contested"]
    return [_close(case, entry, word, at) for entry in found]


def _close(case: Case, entry: MoneyEntry, word: str, at: datetime) -> MoneyEntry:
    return money_entries.move_entry(
        case, entry.id, ("contested", "settled"), state="settled", arrival=word, arrival_at=at
    )


def show_payment(case: Case, entry_id: int | None, *, at: datetime) -> MoneyEntry:
    """The shop has shown proof that it paid; the buyer looks again."""
    missing = [entry for entry in money_entries.list_of_case(case) if entry.arrival == "missing"]
    said = standing.list_doubts(case.id, case.shop_id)
    left = [
        entry
        for entry in missing
        if entry.state == "contested"
        and flow.is_proof_left(standing.count_doubts(entry, said), escalated=case.escalated)
    ]
    if any(entry_id in (None, entry.id) for entry in missing) and not any(
        entry_id in (None, entry.id) for entry in left
    ):
        raise StepRefused("买家已看过这笔款的凭证仍说没有到账；请登记没有付成后重新付款，或申请平台介入")
    entry = _choose(left, entry_id)
    return money_entries.move_entry(case, entry.id, ("contested",), arrival="shown", arrival_at=at)


def doubt_payment(case: Case, entry_id: int | None, *, at: datetime) -> MoneyEntry:
    """The buyer has looked at the proof, and the money still isn't there: as if none had been shown."""
    return _doubt(case, _choose(list_doubtable(money_entries.list_of_case(case), at), entry_id), at)


def doubt_all(case: Case, *, at: datetime) -> list[MoneyEntry]:
    """The buyer doesn't believe any proof that was shown."""
    return [_doubt(case, entry, at) for entry in money_entries.list_of_case(case) if standing.is_shown(entry)]


def _doubt(case: Case, entry: MoneyEntry, at: datetime) -> MoneyEntry:
    return money_entries.move_entry(case, entry.id, ("contested",), arrival="missing", arrival_at=at)


def close_standing(case: Case, *, at: datetime) -> list[MoneyEntry]:
    """Where the rule decides: proof that nobody doubted in time stands, whatever became of other payments."""
    found = [entry for entry in money_entries.list_of_case(case) if standing.stands(entry, at)]
    return [_close(case, entry, "decided", at) for entry in found]


def reopen_unpaid(case: Case, entry_id: int | None, state: str, *, problem: str) -> list[MoneyEntry]:
    """What was contested wasn't paid: the chosen one, or all, are ``state`` (due, failed) and payable again."""
    found = [entry for entry in money_entries.list_of_case(case) if entry.state == "contested"]
    return [
        money_entries.move_entry(
            case,
            entry.id,
            ("contested",),
            state=state,
            problem=problem,
            tries=MoneyEntry.tries + 1,
            **money_entries.NO_ARRIVAL,
        )
        for entry in found
        if entry_id in (None, entry.id)
    ]


def work_out_claim(case: Case) -> tuple[str, datetime | None]:
    """What is open about a case's payments: missing before shown, and since when; ("", None) for nothing."""
    open_now = [entry for entry in money_entries.list_of_case(case) if entry.state == "contested"]
    for word in ("missing", "shown"):
        if moments := [entry.arrival_at for entry in open_now if entry.arrival == word and entry.arrival_at]:
            return word, max(moments)
    return "", None
