"""Lists of what comes and goes at the desk: customers, products, parcels, parcels without a case, 去向, ratings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from portal import words
from portal.cases import unclaimed
from portal.exporting.kind import Cell, Kind, read_pages, say_moment
from portal.models import Intake
from portal.orders import customers, products
from portal.parcels import disposal_lists, disposals, intake
from portal.rights import conditions
from portal.service import ratings
from portal.tracking import monitor
from portal.workbook import Column

_SORTED = {kind: Column(said, "", 10, figure=True) for kind, said in disposals.SAID.items()}
_CUSTOMERS: dict[str, Column] = {
    "member_name": Column("会员名", "", 24),
    "company_name": Column("公司", "", 30),
    "orders": Column("订单", "", 8, figure=True),
    "cases": Column("售后", "", 8, figure=True),
    "last_at": Column("最近下单", "", 20),
    "order_no": Column("最近的订单号", "", 24),
}
_PRODUCTS: dict[str, Column] = {
    "cargo_no": Column("货号", "", 16),
    "title": Column("商品", "", 48),
    "picture": Column("图片", "", 8),
    "exchangeable": Column("换货", "", 16),
}
_PARCELS: dict[str, Column] = {
    "carrier_name": Column("物流公司", "", 14),
    "tracking_no": Column("运单号", "", 24),
    "status": Column("状态", "", 10),
    "since_at": Column("寄出或登记", "", 16),
    "last_at": Column("最近一次物流", "", 16),
    "leg": Column("方向", "", 10),
    "case_no": Column("售后单号", "", 20),
    "order_no": Column("订单号", "", 24),
}
_UNIDENTIFIED: dict[str, Column] = {
    "number": Column("号码", "", 24),
    "at": Column("到货", "", 16),
    "days": Column("已放（天）", "", 10, figure=True),
    "goods": Column("里面是什么", "", 36),
    "sender": Column("寄件人留的话", "", 36),
    "phone_tail": Column("手机尾号", "", 10),
    "photo": Column("照片", "", 8),
    "candidates": Column("可能是", "", 48),
}
_DISPOSALS: dict[str, Column] = {
    "cargo_no": Column("货号", "", 16),
    "title": Column("商品", "", 36),
    "spec": Column("规格", "", 20),
    "unit": Column("单位", "", 6),
    **_SORTED,
    "own": Column("合计", "", 10, figure=True),
}
_SUPPLIERS: dict[str, Column] = {"name": Column("供应商", "", 30), "unit": Column("单位", "", 6), **_SORTED}
_LINES: dict[str, Column] = {
    "case_no": Column("售后单号", "", 20),
    "counted_at": Column("验收", "", 16),
    "by_clock": Column("超时视为通过", "", 14),
    "condition": Column("状况", "", 14),
    **_DISPOSALS,
}
_RATINGS: dict[str, Column] = {
    "rated_at": Column("评价时间", "", 16),
    "stars": Column("评分", "", 6, figure=True),
    "words": Column("评价", "", 48),
    "case_no": Column("售后单号", "", 20),
    "type": Column("类型", "", 10),
    "goods": Column("商品", "", 36),
    "buyer": Column("买家", "", 18),
    "follow_state": Column("跟进", "", 10),
    "answer": Column("回复", "", 48),
}


def _read_customers(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(
        lambda after, size: customers.list_page(shop_id, words=asked["words"], after=after or 0, size=size)
    )


def _say_customer(name: str, row: Mapping[str, Any]) -> Cell:
    if name != "last_at":
        return str(row[name])
    said = say_moment(row["last_at"]) or "下单时间未知"
    return f"不早于 {said}" if row["unplaced"] and row["last_at"] else said


def _read_products(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: products.list_page(shop_id, words=asked["words"], after=after, size=size))


def _say_product(name: str, row: Any) -> Cell:
    if name == "picture":
        return "有" if row.picture else "没有"
    if name == "exchangeable":
        return "可以换货" if row.exchangeable else "不支持无责换货"
    return str(getattr(row, name))


def _read_parcels(shop_id: int, asked: Mapping[str, Any], now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: monitor.list_page(shop_id, asked["tab"], now, after, size))


def _say_parcel(name: str, found: tuple[Any, Any]) -> Cell:
    row, around = found
    if name == "status":
        return words.SCAN.get(row.status, "暂无记录")
    if name == "leg":
        return words.LEG.get(around.leg, "订单")
    if name in ("case_no", "order_no"):
        return str(getattr(around, name) or "")
    value = getattr(row, name)
    return say_moment(value) if name.endswith("_at") else str(value)


class _Unidentified(NamedTuple):
    """A parcel without a case, how many whole days it has lain there, and the cases that it may belong to."""

    parcel: Any
    days: int
    candidates: str


def _read_unidentified(shop_id: int, _asked: Mapping[str, object], now: datetime) -> Iterator[Sequence[_Unidentified]]:
    known, _ = unclaimed.load_awaiting(shop_id)
    for rows in read_pages(lambda after, size: _page_of_unidentified(shop_id, after, size)):
        yield [_Unidentified(row, (now - row.at).days, _name_candidates(row, known)) for row in rows]


def _page_of_unidentified(shop_id: int, after: Any, size: int) -> tuple[Sequence[Intake], tuple[datetime, int] | None]:
    rows = intake.list_unidentified(shop_id, after, size)
    return rows[:size], (rows[size - 1].at, rows[size - 1].id) if len(rows) > size else None


def _name_candidates(parcel: Intake, known: Sequence[unclaimed.Known]) -> str:
    found = unclaimed.list_candidates(parcel, known)
    return "；".join(each.case.case_no for each in found)


def _say_unidentified(name: str, row: _Unidentified) -> Cell:
    if name in ("days", "candidates"):
        return str(getattr(row, name))
    value = getattr(row.parcel, name)
    if name == "photo":
        return "有" if value else "没有"
    return say_moment(value) if name == "at" else str(value)


def _read_chosen(asked: Mapping[str, Any]) -> disposal_lists.Chosen:
    since, until = datetime.fromisoformat(asked["since"]), datetime.fromisoformat(asked["until"])
    return disposal_lists.Chosen(since, until, asked["goods"], asked["supplier_id"])


def _read_disposals(shop_id: int, asked: Mapping[str, object], _now: datetime) -> Iterator[Sequence[object]]:
    chosen = _read_chosen(asked)
    return read_pages(lambda after, size: disposal_lists.list_skus(shop_id, chosen, after, size))


def _read_suppliers(shop_id: int, asked: Mapping[str, object], _now: datetime) -> Iterator[Sequence[object]]:
    yield disposal_lists.list_suppliers(shop_id, _read_chosen(asked))


def _read_lines(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    chosen, of = _read_chosen(asked), asked["of"]
    sku = disposal_lists.find_sku(shop_id, of) if of is not None else None
    if of is not None and sku is None:  # the only line of it isn't there any more
        return iter(())
    return read_pages(
        lambda after, size: disposal_lists.list_lines(
            shop_id, chosen, sku=sku, kind=asked["sort"], after=after, size=size
        )
    )


def _say_sum(name: str, row: Any) -> Cell:
    if name == "name" and row.supplier_id is None:
        return "没有登记供应商，或不止一家"
    value = getattr(row, name)
    return f"{value / 1000:g}" if name == "own" or name in disposals.SAID else str(value)


def _say_line(name: str, row: Any) -> Cell:
    if name == "own":
        return f"{sum(disposals.read_kinds(row).values()) / 1000:g}"
    if name in disposals.SAID:
        return f"{getattr(row, f'{name}_milli') / 1000:g}"
    if name == "by_clock":
        return "是" if row.by_clock else ""
    if name == "condition":
        found = conditions.condition(row.condition)
        return "没有清点" if row.by_clock else found.zh if found else "没有写"
    return say_moment(row.counted_at) if name == "counted_at" else str(getattr(row, name))


def _read_ratings(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: ratings.list_page(shop_id, asked["tab"], after, size))


def _say_rating(name: str, row: Any) -> Cell:
    if name == "type":
        return words.TYPE[row.type]
    if name == "buyer":
        return "消费者" if row.by_link else str(row.buyer)
    if name == "follow_state":
        return "待跟进" if row.follow_state == "open" else ""
    value = getattr(row, name)
    return say_moment(value) if name.endswith("_at") else str(value or "")


KINDS: dict[str, Kind] = {
    "customers": Kind("客户", _CUSTOMERS, _read_customers, _say_customer),
    "products": Kind("商品", _PRODUCTS, _read_products, _say_product),
    "parcels": Kind("物流监控", _PARCELS, _read_parcels, _say_parcel),
    "unidentified": Kind("无主件", _UNIDENTIFIED, _read_unidentified, _say_unidentified),
    "disposals": Kind("退回商品去向", _DISPOSALS, _read_disposals, _say_sum),
    "disposal_suppliers": Kind("退回商品去向（按供应商）", _SUPPLIERS, _read_suppliers, _say_sum),
    "disposal_lines": Kind("退回商品明细", _LINES, _read_lines, _say_line),
    "ratings": Kind("评价", _RATINGS, _read_ratings, _say_rating),
}
