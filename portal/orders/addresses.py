"""An order's address in 我的订单: its number; where two shops claim the number, with the shop behind it (39…1~7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam

from portal.extensions import db
from portal.models import Order
from portal.orders.claims import list_spellings
from portal.prepared import Prepared

_WITH_SHOP = re.compile(r"(.+)~([0-9]{1,18})")

# The buyer's order that an address means: one of theirs, of a shop they know. Of two with one number the older shop's.
_BY_NUMBER = (Order.order_no == bindparam("number"), Order.buyer_id == bindparam("buyer_id"), Order.shown)
_BY_SHOP = (*_BY_NUMBER, Order.shop_id == bindparam("shop_id"))


def split_address(address: str) -> tuple[str, int]:
    """The number that an address has, and its shop; 0 where the number alone leads there."""
    found = _WITH_SHOP.fullmatch(address)
    return (found[1], int(found[2])) if found else (address, 0)


class Addressed:
    """A statement about the order at an address, in the two ways that addresses are written."""

    def __init__(self, query: Any) -> None:
        self._by_number = query.where(*_BY_NUMBER).order_by(Order.shop_id).limit(1)
        self._by_shop = query.where(*_BY_SHOP)
        self._prepared = Prepared(self._by_number), Prepared(self._by_shop)

    def find(self, address: str, buyer_id: int) -> Any | None:
        """The row for this buyer, as columns; None for an order that isn't theirs or is hidden from them."""
        number, shop_id = split_address(address)
        found = self._find_row(number, shop_id, buyer_id)
        for other in () if found is not None else _list_others(number, buyer_id):
            found = found or self._find_row(other, shop_id, buyer_id)
        return found

    def _find_row(self, number: str, shop_id: int, buyer_id: int) -> Any | None:
        by_number, by_shop = self._prepared
        if shop_id:
            return by_shop.find_row(number=number, buyer_id=buyer_id, shop_id=shop_id)
        return by_number.find_row(number=number, buyer_id=buyer_id)

    def load(self, address: str, buyer_id: int) -> Any | None:
        """The same as an entity."""
        number, shop_id = split_address(address)
        found = self._load(number, shop_id, buyer_id)
        for other in () if found is not None else _list_others(number, buyer_id):
            found = found or self._load(other, shop_id, buyer_id)
        return found

    def _load(self, number: str, shop_id: int, buyer_id: int) -> Any | None:
        query, shop = (self._by_shop, {"shop_id": shop_id}) if shop_id else (self._by_number, {})
        return db.session.scalars(query, {"number": number, "buyer_id": buyer_id, **shop}).one_or_none()


def _list_others(number: str, buyer_id: int) -> list[str]:
    """A number typed in another case than the buyer's orders have it, as they have it."""
    return [other for other in list_spellings(number, buyer_id) if other != number]


def map_addresses(addresses: Iterable[str], buyer_id: int, query: Any) -> dict[str, Any]:
    """The rows of ``query`` about this buyer's orders at these addresses; it selects order_no and shop_id at least."""
    wanted = {address: split_address(address) for address in addresses}
    if not wanted:
        return {}
    numbers = sorted({number for number, _shop in wanted.values()})
    mine = query.where(Order.order_no.in_(numbers), Order.buyer_id == buyer_id, Order.shown).order_by(Order.shop_id)
    rows = db.session.execute(mine).all()
    found: dict[str, object] = {}
    for address, (number, shop_id) in wanted.items():
        for row in rows:
            if row.order_no == number and shop_id in (0, row.shop_id):
                found[address] = row
                break
    return found
