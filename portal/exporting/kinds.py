"""Which lists can be exported; here those of cases, orders and money, the others beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from portal import told, words
from portal.cases import case_numbers, shop_queue
from portal.cases.figures import group_names, tables
from portal.cases.queue_filters import Filters
from portal.exporting import desk_kinds, kind, shop_kinds
from portal.exporting.kind import Cell, Kind, read_pages, say_moment
from portal.flow import Actor, State
from portal.money import payment_lists
from portal.orders import order_lists
from portal.orders.export_format import parcels_of
from portal.rights import addresses, guarantees
from portal.workbook import Column

MOST_GROUPS = 100_000

_CASES: dict[str, Column] = {
    "case_no": Column("售后单号", "", 20),
    "order_no": Column("订单号", "", 24),
    "type": Column("类型", "", 10),
    "state": Column("状态", "", 12),
    "due_at": Column("期限", "", 14),
    "goods": Column("商品", "", 36),
    "spec": Column("规格", "", 20),
    "cargo_no": Column("货号", "", 20),
    "sku_cargo_no": Column("单品货号", "", 20),
    "wanted_spec": Column("换成", "", 20),
    "quantity_milli": Column("数量", "", 8, figure=True),
    "unit": Column("单位", "", 6),
    "reason": Column("原因", "", 16),
    "buyer": Column("买家", "", 18),
    "opened_at": Column("申请时间", "", 14),
    "refund_fen": Column("退款金额（元）", "", 14, yuan=True),
    "owner": Column("负责", "", 14),
    "tags": Column("标签", "", 14),
    "photo_count": Column("照片", "", 8, figure=True),
}
_ORDERS: dict[str, Column] = {
    "order_no": Column("订单号", "", 24),
    "status": Column("状态", "", 12),
    "buyer": Column("买家", "", 18),
    "goods": Column("商品", "", 48),
    "cargo_no": Column("货号", "", 20),
    "sku_cargo_no": Column("单品货号", "", 20),
    "ordered_at": Column("下单时间", "", 14),
    "paid_fen": Column("实付款（元）", "", 12, yuan=True),
    "shipped_at": Column("发货时间", "", 14),
    "parcels": Column("物流", "", 36),
    "cancelled_at": Column("撤销时间", "", 14),
    "case_count": Column("售后次数", "", 8, figure=True),
}
_PAYOUTS: dict[str, Column] = {
    "kind": Column("款项", "", 12),
    "state": Column("状态", "", 12),
    "amount_fen": Column("金额（元）", "", 12, yuan=True),
    "case_no": Column("售后单号", "", 20),
    "order_no": Column("订单号", "", 24),
    "goods": Column("商品", "", 36),
    "buyer": Column("买家", "", 18),
    "route": Column("付款方式", "", 12),
    "made_at": Column("提出时间", "", 14),
    "settled_at": Column("付清时间", "", 14),
    "reference": Column("流水号", "", 30),
    "problem": Column("失败原因", "", 30),
}
_FIGURES: dict[str, Column] = {
    "name": Column("统计项", "", 30),
    "number": Column("售后单", "", 10, figure=True),
    "rate": Column("每百单", "", 10, figure=True),
    "orders": Column("订单数", "", 10, figure=True),
    "refund": Column("退款（元）", "", 12, yuan=True),
    "freight": Column("运费（元）", "", 12, yuan=True),
    "compensation": Column("补偿（元）", "", 12, yuan=True),
    "goods": Column("发出货值（元）", "", 14, yuan=True),
    "whole": Column("全程用时（小时）", "", 14, figure=True),
    "whole_number": Column("用时统计张数", "", 12, figure=True),
    "in_time": Column("按期（%）", "", 10, figure=True),
    "in_time_number": Column("按期统计次数", "", 12, figure=True),
}


def _read_cases(shop_id: int, asked: Mapping[str, Any], now: datetime) -> Iterator[Sequence[object]]:
    states = None if asked["states"] is None else frozenset(State(state) for state in asked["states"])
    filters = Filters(**asked["filters"])
    for rows in read_pages(
        lambda after, size: shop_queue.list_page(
            shop_id,
            asked["tab"],
            now,
            filters=filters,
            states=states,
            after=after,
            sort=asked.get("sort", ""),
            size=size,
        )
    ):
        numbers: Mapping[int, case_numbers.Numbers] = {}
        if {"cargo_no", "sku_cargo_no"} & set(asked["columns"]):
            numbers = case_numbers.load_numbers(shop_id, [row.id for row in rows])
        yield [(row, numbers.get(row.id, case_numbers.NONE)) for row in rows]


def _say_case(name: str, found: tuple[Any, case_numbers.Numbers]) -> Cell:
    row, numbers = found
    if name in ("cargo_no", "sku_cargo_no"):
        return str(getattr(numbers, name))
    value = getattr(row, name)
    if name == "type":
        return words.TYPE[value]
    if name == "state":
        return told.tell_chip(row, Actor.SELLER) + told.tell_more(row)
    if name == "refund_fen":
        return int(value) if value else ""
    if name == "tags":
        return "、".join(value.split())
    if name == "reason":
        return guarantees.say_reason(value, row.basis)
    if name == "quantity_milli":
        return f"{value / 1000:g}"
    return say_moment(value) if name.endswith("_at") else str(value or "")


def _read_orders(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(
        lambda after, size: order_lists.list_page_of_shop(
            shop_id, asked["tab"], number=asked.get("number", ""), after=after, size=size
        )
    )


def _say_order(name: str, row: Mapping[str, Any]) -> Cell:
    order = row["order"]
    if name == "status":
        return words.ORDER_GIVEN_BACK[order.given_back] if order.given_back else words.ORDER_STATUS[order.status]
    if name == "goods":
        said = (f"{line.title} {line.spec} ×{line.quantity_milli / 1000:g} {line.unit}" for line in row["lines"])
        return "；".join(said)
    if name in ("cargo_no", "sku_cargo_no"):
        return case_numbers.say_numbers([getattr(line, name) for line in row["lines"]])
    if name == "parcels":
        named = parcels_of(order.carrier_text, order.tracking_text)
        return "；".join(f"{carrier} {number}".strip() for _, carrier, number in named)
    value = getattr(order, name)
    if name == "paid_fen":
        return int(value)
    return say_moment(value) if name.endswith("_at") else str(value)


def _read_payouts(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: payment_lists.list_page(shop_id, asked["tab"], after, size=size))


def _say_payout(name: str, row: Any) -> Cell:
    value = getattr(row, name)
    if name == "kind":
        return words.MONEY[value]
    if name == "state":
        return payment_lists.TABS[value]
    if name == "amount_fen":
        return int(value)
    if name == "buyer":
        return addresses.mask_name(value)
    if name == "route":
        return words.ROUTE.get(row.channel or value, "")
    return say_moment(value) if name.endswith("_at") else str(value or "")


def _read_figures(shop_id: int, asked: Mapping[str, Any], now: datetime) -> Iterator[Sequence[object]]:
    found = tables.work_out(shop_id, Filters(**asked["filters"]), asked["by"], now, MOST_GROUPS)
    for begin in range(0, len(found.rows), kind.AT_ONCE):
        rows = found.rows[begin : begin + kind.AT_ONCE]
        names = group_names.name_groups(shop_id, asked["by"], rows)
        yield [(names.get(row.key) or "没有名称", row) for row in rows]


def _say_figure(name: str, named: tuple[str, tables.Row]) -> Cell:
    """A figure as its page says it: nothing where too few were counted."""
    row = named[1]
    per_hundred = row.rate.per_hundred if row.rate else None
    said: dict[str, object] = {
        "name": named[0],
        "number": row.number,
        "rate": "" if per_hundred is None else f"{per_hundred:g}",
        "orders": row.rate.orders if row.rate else "",
        "whole": "" if row.whole.median is None else f"{row.whole.median.total_seconds() / 3600:.1f}",
        "whole_number": row.whole.number,
        "in_time": "" if row.in_time.percent is None else str(row.in_time.percent),
        "in_time_number": row.in_time.number,
    }
    if name in said:
        return str(said[name])
    return int(getattr(row.cost, f"{name}_fen"))


KINDS: dict[str, Kind] = {
    "queue": Kind("售后单", _CASES, _read_cases, _say_case, frozenset({"refund_fen"})),
    "orders": Kind("订单", _ORDERS, _read_orders, _say_order, frozenset({"paid_fen"})),
    "payouts": Kind("款项", _PAYOUTS, _read_payouts, _say_payout),
    "figures": Kind(
        "数据", _FIGURES, _read_figures, _say_figure, frozenset({"refund", "freight", "compensation", "goods"})
    ),
    **desk_kinds.KINDS,
    **shop_kinds.KINDS,
}
