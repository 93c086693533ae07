"""Goods that came in an exchange and are free again, since the case about them ended: what a new application goes by.

The case that was withdrawn, closed or agreed on for fewer units keeps what is known of them; nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from portal.extensions import db
from portal.flow import RELEASING, State
from portal.models import Case, CaseLine, Order
from portal.money import sums
from portal.money.paid import Exchanged, read_exchanged
from portal.orders import versions


class _Free(NamedTuple):
    """Units of a case's that nobody claims: how many of it went before them, and how many they are, thousandths."""

    of: Exchanged
    before_milli: int
    milli: int

    def share(self, fen: int, milli: int) -> int:
        return sums.price_units(fen, self.of.milli, self.before_milli, milli)


def find_facts(order: Order, units: Mapping[int, int]) -> dict[str, Any] | None:
    """What a new case for ``units`` (thousandths by order line) is opened on, where some came in an exchange.

    Of the units of a line that are free those come first that came in one: nobody can tell them apart.
    """
    if not order.case_count:
        return None
    free = _list_free(order)
    bought = {line_id: price for line_id, price, *_ in versions.freeze_facts(order)["lines"]} if free else {}
    found = [
        row
        for line_id, milli in units.items()
        if milli > 0 and (row := _take_units(line_id, milli, free.get(line_id, []), bought.get(line_id, 0)))
    ]
    return {**versions.freeze_facts(order), "exchanged": found} if found else None


def _take_units(line_id: int, wanted_milli: int, free: list[_Free], bought_fen: int) -> list[Any] | None:
    """A row of what a case keeps; one price of all its units, where they have several."""
    taken, cost, paid, given, owed = 0, 0, 0, 0, 0
    for each in free:
        milli = min(each.milli, wanted_milli - taken)
        taken += milli
        cost += milli * (bought_fen if each.of.price_fen is None else each.of.price_fen)
        paid += each.share(each.of.paid_fen, milli)
        given += each.share(each.of.given_fen, milli)
        owed += each.share(each.of.owed_fen, milli)
    price = (cost + (wanted_milli - taken) * bought_fen) // wanted_milli
    return (
        [line_id, taken, price, paid, given, owed] if taken and (price != bought_fen or paid or given or owed) else None
    )


def _list_free(order: Order) -> dict[int, list[_Free]]:
    """By order line: what cases let go, less what others have taken up from the order since."""
    cases = db.session.execute(
        select(Case.id, Case.parent_id, Case.state, Case.origin, Case.opened_on)
        .where(Case.order_id == order.id, Case.shop_id == order.shop_id)
        .order_by(Case.id)
    ).all()
    if not any(read_exchanged(case.opened_on) for case in cases):
        return {}
    lines = select(CaseLine.case_id, CaseLine.order_line_id, CaseLine.quantity_milli).where(
        CaseLine.case_id.in_([case.id for case in cases]), CaseLine.shop_id == order.shop_id
    )
    has = {(case_id, line_id): milli for case_id, line_id, milli in db.session.execute(lines)}
    free: dict[int, list[_Free]] = {}
    taken: dict[int, int] = {}
    for case in cases:
        children = [child for child in cases if child.parent_id == case.id]
        gone = case.state == State.CONVERTED or "converted" in (case.origin or {})
        for line_id, each in read_exchanged(case.opened_on).items():
            held = 0 if case.state in RELEASING else has.get((case.id, line_id), 0)
            if gone:  # its units went on, as many as the case after it was opened for
                known = (read_exchanged(child.opened_on).get(line_id) for child in children)
                held = sum(
                    has.get((child.id, line_id), 0) if of is None else of.milli
                    for child, of in zip(children, known, strict=True)
                )
            held = min(held, each.milli)
            if case.parent_id is None:
                taken[line_id] = taken.get(line_id, 0) + held
            elif held < each.milli:
                free.setdefault(line_id, []).append(_Free(each, held, each.milli - held))
    return {line_id: _drop_first(pieces, taken.get(line_id, 0)) for line_id, pieces in free.items()}


def _drop_first(pieces: list[_Free], milli: int) -> list[_Free]:
    left = []
    for piece in pieces:
        gone = min(piece.milli, milli)
        milli -= gone
        if piece.milli > gone:
            left.append(_Free(piece.of, piece.before_milli + gone, piece.milli - gone))
    return left
