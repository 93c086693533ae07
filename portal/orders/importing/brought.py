"""Numbers that new orders of several sellers have in one file, however far apart they stand in it."""

from __future__ import annotations

from portal.inputs import member_key
from portal.orders.claims import fold_case
from portal.orders.export_format import OrderRows

MOST = 500_000  # orders that are remembered: more than the largest upload holds
_ROW_BITS = 32


class Brought:
    """The new orders of a file that were met, by the hash of their numbers: the first of each seller to name one.

    Two whole numbers are kept of each, so that this stays small beside what else is known of a file.
    """

    def __init__(self) -> None:
        self._whose: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._sheets: list[str] = []

    def take(self, order: OrderRows, *, said: bool) -> tuple[bool, tuple[str, int] | None]:
        """(Whether another seller brought this number before, where that order stands: its sheet and row, or None).

        The second is told once, and not of an order of which it was ``said`` when it was taken.
        """
        number, seller = hash(fold_case(order.order_no)), hash(member_key(order.seller_member))
        if number not in self._whose:
            if len(self._whose) < MOST:
                self._whose[number] = seller
                if not said:
                    self._places[number] = self._place(order)
            return False, None
        if self._whose[number] == seller:
            return False, None
        place = self._places.pop(number, None)
        if place is None:
            return True, None
        return True, (self._sheets[place >> _ROW_BITS], place % (1 << _ROW_BITS))

    def _place(self, order: OrderRows) -> int:
        if order.sheet not in self._sheets:
            self._sheets.append(order.sheet)
        return self._sheets.index(order.sheet) << _ROW_BITS | order.row
