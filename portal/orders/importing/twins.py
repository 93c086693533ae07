"""One order under two numbers: the true one, and what a spreadsheet left of it, zeros after the fifteenth digit.

Taken as two orders its goods could be claimed twice. A file that has both numbers as texts proves that these are two:
a spreadsheet that cuts numbers cuts the whole column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Table, select

from portal.extensions import db
from portal.models import Order
from portal.orders.export_format import OrderRows
from portal.orders.export_format.ids import SIGNIFICANT
from portal.orders.export_format.rows import is_cut
from portal.orders.importing.collisions import Refused

_orders: Table = Order.__table__  # type: ignore[assignment]
_WHERE = (_orders.c.shop_id, _orders.c.order_no, _orders.c.ordered_at)
MOST_BY_CHANCE = 5_000  # numbers of one file that end in zeros
CUT_OF_KNOWN = "编号的最后几位像是被表格软件改成了 0：已有同一时间的订单 {other}；请重新导出，把该列设为文本"
KNOWN_IS_CUT = (
    "像是已有的订单 {other}，下单时间相同，那一张的编号最后几位被表格软件改成了 0；"
    "为免同一件商品申请两次，没有再导入，请核对"
)


def _cut(order_no: str) -> str:
    """What a spreadsheet leaves of a number; "" where it leaves it whole."""
    if not order_no.isdecimal() or len(order_no) <= SIGNIFICANT or is_cut(order_no):
        return ""
    return order_no[:SIGNIFICANT] + "0" * (len(order_no) - SIGNIFICANT)


def find_twins(
    orders: Sequence[OrderRows],
    shop_of: Mapping[int, int],
    present: Collection[tuple[int | None, str]],
    get_proven: Callable[[], AbstractSet[str]],
) -> dict[int, str]:
    """By id() of the orders that aren't known: the number under which the same order is known already.

    ``get_proven``: find_proven's of the file, asked for when there are twins.
    """
    new = [
        each for each in orders if each.ordered_at is not None and (shop_of.get(id(each)), each.order_no) not in present
    ]
    shops = sorted(set(shop_of.values()))
    if not shops or not new:
        return {}
    cut = [each for each in new if is_cut(each.order_no)]
    whole = [each for each in new if _cut(each.order_no)]
    found: dict[int, str] = {}
    if cut:
        at = select(*_WHERE).where(_orders.c.shop_id.in_(shops), _orders.c.ordered_at.in_({x.ordered_at for x in cut}))
        then = {(shop_id, _cut(number), moment): number for shop_id, number, moment in db.session.execute(at)}
        for order in cut:
            if number := then.get((shop_of.get(id(order), 0), order.order_no, order.ordered_at)):
                found[id(order)] = number
    if whole:
        numbers = sorted({_cut(each.order_no) for each in whole})
        named = select(*_WHERE).where(_orders.c.shop_id.in_(shops), _orders.c.order_no.in_(numbers))
        there = {tuple(row) for row in db.session.execute(named)}
        for order in whole:
            if (shop_of.get(id(order)), _cut(order.order_no), order.ordered_at) in there:
                found[id(order)] = _cut(order.order_no)
    if not found:
        return found
    own, proven = {id(each): each.order_no for each in new}, get_proven()
    return {of: other for of, other in found.items() if not {own[of], other} <= proven}


def find_proven(list_numbers: Callable[[], Iterable[str]]) -> frozenset[str]:
    """The numbers of a file that end in zeros, and those that a spreadsheet would cut to one of them.

    Empty where it has more of the first than happen by chance: its column was cut.
    """
    cut: set[str] = set()
    for number in list_numbers():
        if is_cut(number):
            cut.add(number)
            if len(cut) > MOST_BY_CHANCE:
                return frozenset()
    return frozenset(cut | {number for number in list_numbers() if _cut(number) in cut}) if cut else frozenset()


def refuse_twin(order: OrderRows, other: str | None) -> None:
    """Raises Refused when the order is known under another number."""
    if other is not None:
        said = CUT_OF_KNOWN if is_cut(order.order_no) else KNOWN_IS_CUT
        raise Refused("订单编号", said.format(other=other))
