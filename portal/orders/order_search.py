"""What a buyer may type to find one of their orders."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from portal.models import Order, OrderLine
from portal.searching import LEAST_TAIL, Typed, escape_like

_order, _line = Order.__table__.c, OrderLine.__table__.c


def fits_any(several: list[Typed]) -> ColumnElement[bool]:
    """What one of the things looked for finds."""
    return or_(*map(fits, several))


def fits(typed: Typed) -> ColumnElement[bool]:
    """Part of the order's number, the end of a tracking number, or words that its lines have, all of them."""
    of_order = select(_line.id).where(_line.order_id == _order.id).limit(1)
    said = []
    for word in typed.each_word:
        like = escape_like(word)
        named = [
            column.like(like, escape="\\") for column in (_line.title, _line.spec, _line.cargo_no, _line.sku_cargo_no)
        ]
        # Not EXISTS: it might be hashed, and all lines read.
        said.append(of_order.where(or_(*named)).scalar_subquery().is_not(None))
    fits = [and_(*said)] if said else []
    if len(typed.number) >= LEAST_TAIL:
        part = f"%{typed.number}%"
        fits += [_order.order_no.like(part), func.upper(_order.tracking_text).like(part)]
    return or_(*fits) if fits else true()
