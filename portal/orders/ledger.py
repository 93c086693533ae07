"""The ledger: how much of an order line after-sales cases have claimed. One guarded UPDATE, never check-then-insert.

Quantities are whole thousandths. All case types share the one counter; CHECK (claimed BETWEEN 0 AND quantity) stands
behind it. Called inside ``writing()``, the claim as the transaction's first statement.
"""

from __future__ import annotations

from sqlalchemy import bindparam, update

from portal.extensions import db
from portal.models import OrderLine

_CLAIM = (
    update(OrderLine)
    .where(
        OrderLine.id == bindparam("line_id"),
        OrderLine.shop_id == bindparam("of_shop"),
        OrderLine.claimed_milli + bindparam("milli") <= OrderLine.quantity_milli,
    )
    .values(claimed_milli=OrderLine.claimed_milli + bindparam("milli"))
    .execution_options(synchronize_session=False)
)
_RELEASE = (
    update(OrderLine)
    .where(
        OrderLine.id == bindparam("line_id"),
        OrderLine.shop_id == bindparam("of_shop"),
        OrderLine.claimed_milli >= bindparam("milli"),
    )
    .values(claimed_milli=OrderLine.claimed_milli - bindparam("milli"))
    .execution_options(synchronize_session=False)
)


class NotEnough(Exception):
    """The order line has fewer free units than were asked for; nothing was claimed."""

    def __init__(self, line_id: int) -> None:
        super().__init__(f"order line {line_id} has too few free units")
        self.line_id = line_id


def claim_units(shop_id: int, line_id: int, milli: int) -> None:
    """Claim ``milli`` thousandths of an order line. Raises NotEnough when fewer are free."""
    if milli <= 0:
        raise ValueError("a claim is more than nothing")
    done = db.session.execute(_CLAIM, {"of_shop": shop_id, "line_id": line_id, "milli": milli})
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NotEnough(line_id)


def release_units(shop_id: int, line_id: int, milli: int) -> None:
    """Give ``milli`` thousandths back. Raises NotEnough when fewer are claimed (an invariant would be broken)."""
    if milli <= 0:
        raise ValueError("a release is more than nothing")
    done = db.session.execute(_RELEASE, {"of_shop": shop_id, "line_id": line_id, "milli": milli})
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NotEnough(line_id)
