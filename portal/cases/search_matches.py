"""Why the one search found a case or an order: which field has what was typed, shown as its reader may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, select

from portal.cases.finding import not_by_shop
from portal.columns import Shape
from portal.extensions import db
from portal.models import Case, Order, Shipment, User
from portal.models.keys import HEAD, TAIL
from portal.orders import naming
from portal.prepared import among
from portal.rights.addresses import Shown, mask_name, mask_phone
from portal.searching import Typed, read_typed, split_typed

_case, _order, _user, _shipment = (table.__table__.c for table in (Case, Order, User, Shipment))
_OF_ORDER = (
    _order.order_no,
    _order.downstream_order_no,
    _order.receiver_name,
    _order.receiver_phone,
    _user.member_name,
    _user.company_name,
)
_ORDERS = select(_order.id, _order.id.label("order_id"), *_OF_ORDER).join_from(
    Order.__table__, User.__table__, _user.id == _order.buyer_id
)
_CASES = (
    select(
        _case.id,
        _case.order_id,
        _case.case_no,
        _case.receiver_name.label("own_name"),
        _case.receiver_phone.label("own_phone"),
        *_OF_ORDER,
    )
    .join_from(Case.__table__, Order.__table__, (_order.id == _case.order_id) & (_order.shop_id == _case.shop_id))
    .join(User.__table__, _user.id == _case.buyer_id)
)


class Match(NamedTuple):
    """A field and what stands in it; ``value`` is empty where the reader doesn't see it, or where the row shows it."""

    field: str
    value: str = ""


def tell_cases(shop_id: int, raw: str, ids: Sequence[int], shown: Shown) -> dict[int, list[Match]]:
    """Of each of a shop's cases that ``raw`` found, why."""
    return _tell(shop_id, raw, _load(_CASES.where(not_by_shop(_case, shop_id)), _case.id, ids), shown, own=True)


def tell_orders(shop_id: int, raw: str, ids: Sequence[int], shown: Shown) -> dict[int, list[Match]]:
    """The same of orders."""
    return _tell(shop_id, raw, _load(_ORDERS.where(not_by_shop(_order, shop_id)), _order.id, ids), shown, own=False)


def _load(query: Select[*Shape], column: ColumnElement[int], ids: Sequence[int]) -> Sequence[Row[*Shape]]:
    return db.session.execute(query.where(among(column, "ids")), {"ids": list(ids)}).all() if ids else ()


def _tell(shop_id: int, raw: str, rows: Sequence[Any], shown: Shown, *, own: bool) -> dict[int, list[Match]]:
    each = [read_typed(part) for part in split_typed(raw)]
    numbers: dict[int, list[str]] = {}
    if any(typed.number for typed in each):
        sent = select(_shipment.order_id, _shipment.tracking_no).where(not_by_shop(_shipment, shop_id))
        for order_id, number in _load(sent, _shipment.order_id, [row.order_id for row in rows]):
            numbers.setdefault(order_id, []).append(number)
    return {row.id: _tell_row(row, each, numbers, shown, own=own) for row in rows}


def _tell_row(
    row: Any, each: Iterable[Typed], numbers: Mapping[int, Sequence[str]], shown: Shown, *, own: bool
) -> list[Match]:
    found = [match for typed in each for match in _list_matches(row, typed, numbers.get(row.order_id, ()), shown, own)]
    if found:
        return list(dict.fromkeys(found))
    return [Match("货号、包裹或上下游的单号" if any(typed.number for typed in each) else "商品或货号")]


def _list_matches(row: Any, typed: Typed, numbers: Sequence[str], shown: Shown, own: bool) -> Iterator[Match]:
    ends, named = _ends_so(typed), _is_called_so(typed)
    # what a case says of its receiver is newer than what its order says; its order leads to it by number alone
    name, phones = (
        (row.own_name, (row.own_phone, row.receiver_phone)) if own else (row.receiver_name, (row.receiver_phone,))
    )
    if own and ends(row.case_no):
        yield Match("售后单号")
    if ends(row.order_no):
        yield Match("订单号")
    for label, number in (("下游订单号", row.downstream_order_no), *(("运单号", number) for number in numbers)):
        if ends(number):
            yield Match(label, number)
    for phone in phones:
        if ends(phone):
            yield Match("收货人电话", _show(shown, phone, mask_phone))
    if named(name, "receiver_name"):
        yield Match("收货人", _show(shown, name, mask_name))
    if named(row.member_name, "member_name"):
        yield Match("会员名")
    if named(row.company_name, "company_name"):
        yield Match("公司", row.company_name)


def _show(shown: Shown, value: str, mask: Callable[[str], str]) -> str:
    return value if shown is Shown.FULL else mask(value) if shown is Shown.MASKED else ""


def _ends_so(typed: Typed) -> Callable[[str | None], bool]:
    return lambda number: len(typed.number) >= TAIL and (number or "").upper().endswith(typed.number)


def _is_called_so(typed: Typed) -> Callable[[str | None, str], bool]:
    """Whether a name has the words in it, all of them or, where several are looked for together, one."""
    words = [typed.words] if len(typed.words) >= HEAD else []
    words += typed.each_word if not typed.number and len(typed.each_word) > 1 else []

    def stands(name: str | None, source: str) -> bool:
        return any(
            (name or "")[place - 1 :].startswith(word)
            for word in words
            for place in (1, *naming.list_places(source, word))
        )

    return stands
