"""What a buyer may type to find one of their orders."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select, true

from portal.models import Case, Order, OrderLine, Parcel
from portal.searching import LEAST_TAIL, Typed, escape_like

MOST_WORDS = 5
_order, _line, _case, _parcel = (table.__table__.c for table in (Order, OrderLine, Case, Parcel))


def fits_any(several: list[Typed]) -> Any:
    """What one of the things looked for finds."""
    return or_(*map(fits, several))


def fits(typed: Typed) -> Any:
    """Part of the number of the order, of a case of it or of a parcel; or words that its lines have, all of them."""
    of_order = select(_line.id).where(_line.order_id == _order.id).limit(1)
    said = []
    for word in typed.words.split()[:MOST_WORDS]:
        like = escape_like(word)
        named = [column.like(like, escape="\\") for column in (_line.title, _line.spec, _line.cargo_no)]
        # Not EXISTS: it might be hashed, and all lines read.
        said.append(of_order.where(or_(*named)).scalar_subquery().is_not(None))
    fits = [and_(*said)] if said else []
    if len(typed.number) >= LEAST_TAIL:
        part = f"%{typed.number}%"
        fits += [func.upper(_order.order_no).like(part), func.upper(_order.tracking_text).like(part), *_fits_case(part)]
    return or_(*fits) if fits else true()


def _fits_case(part: str) -> list[Any]:
    """The order has a case of such a number, or one with such a parcel."""
    of_order = and_(_case.order_id == _order.id, _case.shop_id == _order.shop_id)
    cases = select(_case.id).where(of_order, _case.case_no.like(part))
    parcels = (
        select(_parcel.id)
        .join_from(
            Case.__table__, Parcel.__table__, and_(_parcel.case_id == _case.id, _parcel.shop_id == _case.shop_id)
        )
        .where(of_order, func.upper(_parcel.tracking_no).like(part))
    )
    return [query.correlate(Order.__table__).limit(1).scalar_subquery().is_not(None) for query in (cases, parcels)]
