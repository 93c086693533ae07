"""Whole numbers that a buyer pasted: of a case, an order or a parcel of a case, each looked up in its own index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BindParameter, and_, bindparam, select, union_all

from portal.extensions import db
from portal.models import Case, CaseHead, OrderHead, Parcel
from portal.searching import LEAST_TAIL, list_spellings, read_typed, split_typed

MOST = 1_000  # cases that numbers find: ten numbers, each of an order with a hundred
_case, _case_head, _order_head, _parcel = (table.__table__.c for table in (Case, CaseHead, OrderHead, Parcel))


class Known(NamedTuple):
    """A case of this buyer, and its order."""

    case_id: int
    order_id: int


_FOUND = (_case.id, _case.order_id)
_MINE = _case.buyer_id == bindparam("buyer_id")
_NUMBERS: BindParameter[str] = bindparam("numbers", expanding=True)
_FIND = union_all(
    select(*_FOUND)
    .join(CaseHead.__table__, and_(_case_head.case_id == _case.id, _case_head.shop_id == _case.shop_id))
    .where(_case_head.case_no.in_(_NUMBERS), _MINE),
    select(*_FOUND)
    .join(OrderHead.__table__, and_(_order_head.order_id == _case.order_id, _order_head.shop_id == _case.shop_id))
    .where(_order_head.order_no.in_(_NUMBERS), _MINE),
    select(*_FOUND)
    .join(Parcel.__table__, and_(_parcel.case_id == _case.id, _parcel.shop_id == _case.shop_id))
    .where(_parcel.tracking_no.in_(_NUMBERS), _MINE),
)


def list_numbers(words: str) -> list[str]:
    """What was typed as it may be kept, where it has numbers long enough to be one."""
    found: list[str] = []
    for part in split_typed(words):
        number = read_typed(part).number
        if len(number) >= LEAST_TAIL:
            found += [number, *list_spellings(part)]
    return list(dict.fromkeys(found))


def find_cases(buyer_id: int, words: str) -> Sequence[Known]:
    """The cases of this buyer that the numbers mean, the newest first; none: no number is one of theirs."""
    numbers = list_numbers(words)
    if not numbers:
        return ()
    rows = db.session.execute(_FIND, {"buyer_id": buyer_id, "numbers": numbers}).all()
    return sorted({Known(row.id, row.order_id) for row in rows}, reverse=True)[:MOST]
