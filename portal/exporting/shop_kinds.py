"""Lists of what is said and goes wrong: 售前咨询, conversations, 上下游, 质量, incoming batches, the bank's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from portal import told
from portal.cases import live_links
from portal.exporting.kind import AT_ONCE, Cell, Kind, read_pages, say_moment
from portal.flow import Actor
from portal.payments import batches as payment_batches
from portal.people import staffing
from portal.rights import faults
from portal.service import batches, quality
from portal.talk import conversations, enquiries
from portal.workbook import Column

_ENQUIRIES: dict[str, Column] = {
    "buyer": Column("买家", "", 18),
    "title": Column("商品", "", 36),
    "cargo_no": Column("货号", "", 16),
    "last_words": Column("最后一句", "", 48),
    "last_at": Column("时间", "", 16),
    "waiting_since": Column("等待回复，从", "", 16),
    "handler": Column("负责人", "", 14),
}
_CONVERSATIONS: dict[str, Column] = {
    "buyer": Column("买家", "", 18),
    "order_no": Column("订单号", "", 24),
    "last_words": Column("最后一句", "", 48),
    "last_at": Column("时间", "", 16),
    "seller_unread": Column("未读", "", 8, figure=True),
}
_CHAINS: dict[str, Column] = {
    "down_no": Column("下游售后单", "", 20),
    "goods": Column("商品", "", 36),
    "down_state": Column("下游状态", "", 14),
    "down_due": Column("下游期限", "", 16),
    "up_no": Column("上游售后单", "", 20),
    "up_state": Column("上游状态", "", 14),
    "up_due": Column("上游期限", "", 16),
    "alarmed_at": Column("提醒", "", 20),
}
_QUALITY: dict[str, Column] = {
    "title": Column("商品", "", 36),
    "spec": Column("规格", "", 20),
    "fault": Column("问题", "", 16),
    "part": Column("有问题（行）", "", 12, figure=True),
    "number": Column("售出（行）", "", 12, figure=True),
    "share": Column("每 100 行", "", 20),
    "lately": Column(f"近 {quality.LATELY} 周每 100 行", "", 20),
    "risen": Column("变多", "", 8),
    "paid_fen": Column("已付款项（元）", "", 14, yuan=True),
}
_BATCHES: dict[str, Column] = {
    "title": Column("商品", "", 36),
    "spec": Column("规格", "", 20),
    "supplier": Column("供应商", "", 20),
    "from_at": Column("起始", "", 16),
    "size": Column("批量（件）", "", 10, figure=True),
    "verdict": Column("抽检", "", 10),
    "part": Column("有问题（行）", "", 12, figure=True),
    "number": Column("售出（行）", "", 12, figure=True),
    "share": Column("每 100 行", "", 20),
}
_PAYOUT_FILES: dict[str, Column] = {
    "name": Column("文件", "", 30),
    "kind": Column("种类", "", 12),
    "state": Column("状态", "", 10),
    "row_count": Column("行数", "", 8, figure=True),
    "amount_fen": Column("金额（元）", "", 14, yuan=True),
    "made_at": Column("时间", "", 16),
    "member_name": Column("经办", "", 18),
}


def _read_enquiries(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    names = dict(staffing.list_colleagues(shop_id))
    for rows in read_pages(
        lambda after, size: enquiries.list_of_shop(shop_id, asked["tab"], asked["user"], after, size)
    ):
        yield [(row, names) for row in rows]


def _say_enquiry(name: str, found: tuple[Any, Mapping[int, str]]) -> Cell:
    row, names = found
    if name == "handler":
        return names.get(row.handler_id, "已离职员工") if row.handler_id else ""
    value = getattr(row, name)
    return str(value) if isinstance(value, str) else say_moment(value)


def _read_conversations(shop_id: int, _asked: Mapping[str, object], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: _page_of_conversations(shop_id, after, size))


def _page_of_conversations(shop_id: int, after: int | None, size: int) -> tuple[Sequence[Any], int | None]:
    rows = conversations.list_of_person(shop_id=shop_id, size=size, skip=after)
    return rows[:size], rows[size - 1].last_message_id if len(rows) > size else None


def _say_conversation(name: str, row: object) -> Cell:
    value = getattr(row, name)
    return say_moment(value) if name == "last_at" else str(value or "")


def _read_chains(shop_id: int, _asked: Mapping[str, object], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: live_links.list_page(shop_id, after, size))


def _say_chain(name: str, row: live_links.Live) -> Cell:
    """Of the consumer's case this shop is the seller, of its own at the supplier the buyer."""
    if name in ("goods", "alarmed_at"):
        return row.goods if name == "goods" else "上游期限早于下游" if row.alarmed_at else ""
    which, _, column = name.partition("_")
    end, side = (row.down, Actor.SELLER) if which == "down" else (row.up, Actor.BUYER)
    if column == "state":
        return told.tell_chip(end, side)
    return end.case_no if column == "no" else say_moment(end.due_at)


def _read_quality(shop_id: int, _asked: Mapping[str, object], now: datetime) -> Iterator[Sequence[object]]:
    rows = quality.build_board(shop_id, now, money=True).rows
    for begin in range(0, len(rows), AT_ONCE):
        yield rows[begin : begin + AT_ONCE]


def _say_quality(name: str, row: quality.Row) -> Cell:
    said: dict[str, object] = {
        "title": row.title,
        "spec": row.cell.spec or "",
        "fault": faults.name_fault(row.cell.fault),
        "part": row.share.part,
        "number": row.share.number,
        "share": row.share.said,
        "lately": row.lately.said,
        "risen": "是" if row.risen else "",
    }
    return int(row.paid_fen) if name == "paid_fen" else str(said[name])


def _read_batches(shop_id: int, asked: Mapping[str, Any], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: batches.list_page(shop_id, after, asked["product_id"], size))


def _say_batch(name: str, row: batches.Shown) -> Cell:
    said: dict[str, object] = {
        "title": row.title,
        "spec": row.batch.spec or "全部规格",
        "verdict": batches.judge(row.batch),
        "part": row.share.part,
        "number": row.share.number,
        "share": row.share.said,
        "from_at": say_moment(row.batch.from_at),
    }
    return str(said[name] if name in said else getattr(row.batch, name))


def _read_payout_files(shop_id: int, _asked: Mapping[str, object], _now: datetime) -> Iterator[Sequence[object]]:
    return read_pages(lambda after, size: _page_of_payout_files(shop_id, after, size))


def _page_of_payout_files(shop_id: int, after: int | None, size: int) -> tuple[Sequence[Any], int | None]:
    rows = payment_batches.list_files(shop_id, after, size)
    return rows[:size], rows[size - 1].id if len(rows) > size else None


def _say_payout_file(name: str, row: Any) -> Cell:
    """As its list says it: results that nobody has said yes to are worth nothing yet."""
    if name == "kind":
        return "付款批次" if row.kind == "batch" else "付款结果"
    if name == "state":
        return "" if row.kind == "batch" else "已对账" if row.state == "done" else "待确认"
    if name == "amount_fen":
        return int(row.amount_fen) if row.kind == "batch" or row.state == "done" else ""
    return say_moment(row.made_at) if name == "made_at" else str(getattr(row, name))


KINDS: dict[str, Kind] = {
    "enquiries": Kind("售前咨询", _ENQUIRIES, _read_enquiries, _say_enquiry),
    "conversations": Kind("会话", _CONVERSATIONS, _read_conversations, _say_conversation),
    "chains": Kind("上下游售后", _CHAINS, _read_chains, _say_chain),
    "quality": Kind("质量", _QUALITY, _read_quality, _say_quality, frozenset({"paid_fen"})),
    "batches": Kind("进货批次", _BATCHES, _read_batches, _say_batch),
    "payout_files": Kind("付款批次与对账", _PAYOUT_FILES, _read_payout_files, _say_payout_file),
}
