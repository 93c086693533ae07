"""Moments in a file that haven't come yet: what a clock can't have said is kept as text and not believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from portal.orders.export_format import OrderRows
from portal.orders.export_format.rows import NOT_TAKEN
from portal.words import BEIJING

SKEW = timedelta(days=1)  # clocks that are wrong, and dates of another zone
COLUMNS = {"ordered_at": "订单创建时间", "paid_at": "订单付款时间"}
IN_FUTURE = "{moment} 还没有到，不可能是{what}"
NO_TIME = "没有可用的下单时间，页面上写「下单时间未知」，不按导入时间算"


def drop_future(order: OrderRows, now: datetime) -> Iterator[tuple[str, str]]:
    """(column, sentence) of each moment of an order that is later than now; it is taken out and kept as text."""
    for name, heading in COLUMNS.items():
        at: datetime | None = getattr(order, name)
        if at is None or at <= now + SKEW:
            continue
        text = f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
        setattr(order, name, None)
        order.more[name] = text
        what = "下单时间" if name == "ordered_at" else "付款时间"
        yield heading, NOT_TAKEN.format(sentence=IN_FUTURE.format(moment=text, what=what))


def say_unplaced(order: OrderRows) -> Iterator[tuple[str, str]]:
    """(column, sentence) of a new order of which nobody knows when it was placed."""
    if order.ordered_at is None and order.paid_at is None:
        yield COLUMNS["ordered_at"], NO_TIME


def forget_stand_in(row: dict[str, object]) -> dict[str, object]:
    """A known order, without the moment of its import where that only stands for the unknown one of its placing."""
    return {**row, "ordered_at": None} if row["ordered_at"] == row["imported_at"] else row
