"""What a batch leaves behind besides orders: what wasn't believed, for the desk to look at, and who is told of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import delete, insert

from portal.extensions import db
from portal.models import OrderDoubt
from portal.models.orders import find_path
from portal.notices import beside_steps
from portal.orders.importing.changes import Change
from portal.orders.importing.doubts import CASE_OPEN, Doubt
from portal.orders.importing.lines import GONE, IN_A_CASE, KEPT, PRICE_STAYS, RELABELLED
from portal.words import ORDER_STATUS

MOST = 700  # characters of a value that are kept


def keep_doubts(
    said: Sequence[tuple[Mapping[str, object], Sequence[Doubt]]], *, import_id: int, source: str, now: datetime
) -> None:
    """Keep what wasn't believed of orders (rows of the table); of an order, the newest file with doubts counts."""
    kept = [(order, [each for each in doubts if each.why != RELABELLED]) for order, doubts in said]
    rows = [
        {
            "shop_id": order["shop_id"],
            "order_id": order["id"],
            "import_id": import_id,
            "source": source[:200],
            "row": doubt.row,
            "name": doubt.name,
            "heading": doubt.column,
            "kept": doubt.kept[:MOST],
            "said": doubt.said[:MOST],
            "why": doubt.why,
            "value": {name: pack(value) for name, value in doubt.values.items()},
            "at": now,
        }
        for order, doubts in kept
        for doubt in doubts
    ]
    if not rows:
        return
    orders = {(row["shop_id"], row["order_id"]) for row in rows}
    db.session.execute(
        delete(OrderDoubt)
        .where(
            OrderDoubt.shop_id.in_({shop_id for shop_id, _ in orders}),
            OrderDoubt.order_id.in_({order_id for _, order_id in orders}),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.execute(insert(OrderDoubt), rows)


def list_held(doubts: Sequence[Doubt], *, has_open_case: bool) -> list[list[str]]:
    """What a file wants to change of what an open case stands on: [column, kept, said]."""
    because = (CASE_OPEN, IN_A_CASE, PRICE_STAYS, KEPT, GONE) if has_open_case else (CASE_OPEN, IN_A_CASE)
    return [[each.column, each.kept, each.said] for each in doubts if each.why in because]


def pack(value: object) -> Any:
    """A column's value as JSON keeps it."""
    return {"moment": value.isoformat()} if isinstance(value, datetime) else value


def unpack(value: object) -> Any:
    """The value that ``pack`` was given."""
    return datetime.fromisoformat(value["moment"]) if isinstance(value, dict) and "moment" in value else value


def tell_refunded(changes: Sequence[Change], now: datetime) -> None:
    """Tell buyers whose trade was done that a file says it was refunded whole: the order is closed by it."""
    for there, values in ((change.there, change.values) for change in changes):
        before, after = there["status"], values.get("status")
        if (before, after) != ("completed", "cancelled") or not there["shown"]:
            continue
        said = values.get("status_text") or there["status_text"]
        change = f"由「{there['status_text']}」变为「{said}」"
        body = f"{change}，不能再新申请售后。没有收到退款，或与实际不符的，请联系商家，或向平台投诉。"
        _tell_closed(there, "订单已全额退款", body, now)


def tell_lines_ended(changes: Sequence[Change], now: datetime) -> None:
    """Tell buyers who had their goods that a file says one line was refunded, or is being: it is closed by it."""
    ends = (ORDER_STATUS["cancelled"], ORDER_STATUS["refunding"])
    for there, ended in ((change.there, change.merged.lines.ended) for change in changes):
        if there["status"] not in ("delivered", "completed") or not there["shown"]:
            continue
        for heading, before, after in ended:
            if after not in ends:
                continue
            until = "退款期间不能申请售后" if after == ORDER_STATUS["refunding"] else "不能再新申请售后"
            body = (
                f"{heading}由「{before}」变为「{after}」，这种商品{until}，其余商品不受影响。"
                "与实际不符的，请联系商家，或向平台投诉。"
            )
            _tell_closed(there, "订单里的一种商品在退款或已关闭", body, now, of=heading)


def _tell_closed(there: dict[str, Any], title: str, body: str, now: datetime, of: str = "") -> None:
    beside_steps.tell_of_order(
        there["buyer_id"],
        shop_id=there["shop_id"],
        kind="order_refunded",
        title=title,
        body=f"商家导入的平台订单资料显示：订单 {there['order_no']} {body}",
        href=find_path(SimpleNamespace(**there)),
        at=now,
        dedupe_key=f"refunded:{there['id']}:{there['version']}{':' if of else ''}{of}",
    )


def tell_contradicted(order: Mapping[str, Any], why: str, said: str, now: datetime) -> None:
    """Tell the shop of a status in a file that contradicts what was done here."""
    beside_steps.tell_shop_of_order(
        order["shop_id"],
        kind="order_contradicted",
        title="导入的订单状态与这里不一致",
        body=f"订单 {order['order_no']} {why}，平台导出显示「{said}」。请核对货物和款项。",
        href=f"/seller/orders?q={order['order_no']}",
        at=now,
        dedupe_key=f"contradicted:{order['id']}:{said}",
    )
