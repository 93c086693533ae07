"""Two orders under one number: spreadsheets keep 15 digits of a number, so that long ones end in the same zeros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from portal import inputs
from portal.orders.export_format import Lost, OrderRows, Problem
from portal.orders.export_format.rows import is_cut

MOST_HELD = 5_000  # orders with such numbers, until the rest of the file is known
CUT = "这个编号的最后几位可能被表格软件改成了 0，同一个编号下有不同的订单；请重新导出，把该列设为文本"
_OWN = {
    "buyer_member": "买家会员名",
    "seller_member": "卖家会员名",
    "ordered_at": "订单创建时间",
    "paid_at": "订单付款时间",
    "goods_total_fen": "货品总价(元)",
    "paid_fen": "实付款(元)",
    "receiver_name": "收货人姓名",
    "receiver_mobile": "联系手机",
    "receiver_address": "收货地址",
}

_MEMBERS = ("buyer_member", "seller_member")
_BEGAN_WITH = ("buyer_member", "seller_member", "ordered_at")


class Refused(Exception):
    """This order can't be taken; ``column`` and ``sentence`` say why."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column, self.sentence = column, sentence


class Said(NamedTuple):
    """What rows of a file said of an order, to compare those further down with."""

    row: int
    own: tuple[Any, ...]
    lines: int  # what tells its lines apart from others

    @classmethod
    def by(cls, order: OrderRows) -> Said:
        """What these rows say."""
        return cls(
            order.row,
            tuple(
                inputs.member_key(getattr(order, name)) if name in _MEMBERS else getattr(order, name) for name in _OWN
            ),
            hash(tuple((line.key, line.quantity_milli, line.unit_price_fen) for line in order.lines)),
        )

    def contradicts(self, other: Said, *, cut: bool) -> list[str]:
        """The headings of the columns by which these are two orders; none: it is the same order.

        An order may change between two rows of a file that was put together of several exports, but for what it began
        with. Of a number that may have been cut nothing may differ.
        """
        different = [
            name
            for name, one, another in zip(_OWN, self.own, other.own, strict=True)
            if one not in ("", None) and another not in ("", None) and one != another
        ]
        other_goods = self.lines != other.lines
        if not cut and not other_goods:
            different = [name for name in different if name in _BEGAN_WITH]
        elif not cut:
            different = [name for name in different if name in (*_BEGAN_WITH, "receiver_name")]
        return [_OWN[name] for name in different]


def refuse_rows(order: OrderRows, other_row: int, columns: list[str]) -> Iterator[Problem]:
    """The problems of an order whose number another order of the file has."""
    sentence = f"与第 {other_row} 行的订单编号相同，{''.join(f'「{each}」' for each in columns)}却不同，请核对订单编号"
    if is_cut(order.order_no):
        sentence = CUT
    for number, line in enumerate(order.lines):
        if number == 0:
            yield Problem(line.row, "订单编号", sentence, Lost.ORDER, order.order_no)
        else:
            yield Problem(line.row, "", f"所属订单（第 {order.row} 行）未能导入", Lost.LINE, order.order_no)


def refuse_another(order: OrderRows, there: Mapping[str, object] | None) -> None:
    """Raises Refused when a number that may have been cut is known as another order's: placed at another moment."""
    if there is None or not is_cut(order.order_no):
        return
    placed_then = order.ordered_at is None or order.ordered_at == there["ordered_at"]
    if not placed_then or (order.ordered_at is None and order.receiver_name not in ("", there["receiver_name"])):
        raise Refused("订单编号", CUT)
