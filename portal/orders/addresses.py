"""An order's address in 我的订单: its number; where two shops claim the number, with the shop behind it (39…1~7)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam

from portal.extensions import db, read
from portal.models import Order

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

    def run(self, address: str, buyer_id: int) -> Any:
        """The result of the statement for this buyer; empty for an order that isn't theirs or is hidden from them."""
        number, shop_id = split_address(address)
        values: dict[str, Any] = {"number": number, "buyer_id": buyer_id}
        if shop_id:
            return read(self._by_shop, values | {"shop_id": shop_id})
        return read(self._by_number, values)


def map_addresses(addresses: Iterable[str], buyer_id: int, query: Any) -> dict[str, Any]:
    """The rows of ``query`` about this buyer's orders at these addresses; it selects order_no and shop_id at least."""
    wanted = {address: split_address(address) for address in addresses}
    if not wanted:
        return {}
    numbers = sorted({number for number, _shop in wanted.values()})
    mine = query.where(Order.order_no.in_(numbers), Order.buyer_id == buyer_id, Order.shown).order_by(Order.shop_id)
    rows = db.session.execute(mine).all()
    found: dict[str, Any] = {}
    for address, (number, shop_id) in wanted.items():
        for row in rows:
            if row.order_no == number and shop_id in (0, row.shop_id):
                found[address] = row
                break
    return found
