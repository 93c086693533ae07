"""Goods that came in an exchange: what a unit of them is sold for, and what was paid for them more, or given back.

A case about them keeps it from its parent, as it was when it was opened; a chain adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import Case, CaseLine
from portal.money import differences, entries, sums, worth
from portal.money.paid import Exchanged, read_exchanged

_CAME_BACK = ("settled", "contested")  # of a difference that is given back: paid, as far as the shop says
_STAYING = (*_CAME_BACK, *entries.OPEN)  # with a completed case, which pays what is open itself


class Moved(NamedTuple):
    """Units of a line of the parent that another case is about: how many, how many of it went there before."""

    line: CaseLine
    milli: int
    before_milli: int


class _Own(NamedTuple):
    """The differences of one line in an exchange, 分: paid, given back, and still to be given back."""

    paid_fen: int = 0
    given_fen: int = 0
    owed_fen: int = 0


def describe_exchanged(parent: Case, moved: Sequence[Moved], *, came: bool) -> dict[str, Any]:
    """What a case keeps of its units; ``came``: they are the goods that the parent sent out."""
    known = read_exchanged(parent.opened_on)
    sent = came and parent.type == CaseType.EXCHANGE
    own = _settle_lines(parent, [line for line, _, _ in moved]) if sent else _add_up_given(parent)
    found = []
    for line, milli, before in moved:
        had = known.get(line.order_line_id) or Exchanged(milli, None, 0, 0, 0)
        now = own.get(line.order_line_id, _Own())
        of_all = line.shipped_milli if came else line.accepted_milli or line.quantity_milli
        price = had.price_fen
        if sent and (line.wanted_price_fen is not None or line.sku_id is None):
            price = line.wanted_price_fen
        paid, given, owed = (sums.price_units(fen, max(of_all, 1), before, milli) for fen in now)
        paid += had.share(had.paid_fen, milli, before)
        given += had.share(had.given_fen, milli, before)
        owed += 0 if sent else had.share(had.owed_fen, milli, before)
        if price is not None or paid or given or owed:
            found.append([line.order_line_id, milli, price, paid, given, owed])
    return {"exchanged": found} if found else {}


def _settle_lines(parent: Case, moved: Sequence[CaseLine]) -> dict[int, _Own]:
    """What each line of an exchange that was sent out came to, by order line: its own difference, as it was paid."""
    wanted = worth.list_wanted(parent, accepted=True)
    unpriced = {line.order_line_id for line in moved if line.sku_id is not None and line.wanted_price_fen is None}
    worked_out = worth.list_differences(parent.order_id, wanted, parent.opened_on)
    each = [0 if line_id in unpriced else fen for (line_id, _, _), fen in zip(wanted, worked_out, strict=True)]
    due, paid = sum(each), differences.find_paid_difference(parent)
    paid -= sum(entry.amount_fen for entry in _list_given(parent))
    over = sums.split_amount(abs(paid - due), [max(fen if due > 0 else -fen, 0) for fen in each])
    sign = 1 if paid > due else -1
    owes = due < 0 < sign and any(entries.is_back(entry) for entry in entries.list_of_case(parent))
    return {
        line_id: _Own(max(fen + sign * part, 0), max(-fen - sign * part, 0), part if owes else 0)
        for (line_id, _, _), fen, part in zip(wanted, each, over, strict=True)
    }


def _list_given(case: Case) -> list[Any]:
    """What was given back for cheaper specifications."""
    states = _STAYING if case.state == State.COMPLETED else _CAME_BACK
    made = entries.list_of_case(case) if case.entry_count else ()
    return [entry for entry in made if entries.is_back(entry) and entry.state in states]


def _add_up_given(case: Case) -> dict[int, _Own]:
    """The same by order line, for goods that were never sent."""
    found: dict[int, _Own] = {}
    for entry in _list_given(case):
        for line_id, fen, _ in entry.lines:
            found[line_id] = _Own(given_fen=found.get(line_id, _Own()).given_fen + fen)
    return found


def foresee_facts(case: Case, units: Sequence[tuple[int, int]], *, came: bool) -> dict[str, Any]:
    """What the case that this one would become for ``units`` (order line, thousandths) is opened on."""
    own = {
        line.order_line_id: line
        for line in db.session.scalars(
            select(CaseLine).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        )
    }
    kept = {name: value for name, value in case.opened_on.items() if name != "exchanged"}
    moved = [Moved(own[line_id], milli, 0) for line_id, milli in units]
    return kept | describe_exchanged(case, moved, came=came)


def explain_ended(
    case: Case, units: Sequence[tuple[int, int]], *, came: bool = False
) -> tuple[list[worth.Worth], list[str]]:
    """What ``units`` are worth if the case ends, or becomes a refund, now; and how that comes about."""
    facts = case.opened_on
    if case.type == CaseType.EXCHANGE and (case.entry_count or read_exchanged(facts)):
        facts = foresee_facts(case, units, came=came)
    return worth.explain_worth(
        case.order_id, units, unshipped=case.goods_state == "unshipped", facts=facts, freed=worth.list_freed(case)
    )


def work_out_ended(case: Case, units: Sequence[tuple[int, int]]) -> list[worth.Worth]:
    """The first of them."""
    return explain_ended(case, units)[0]
