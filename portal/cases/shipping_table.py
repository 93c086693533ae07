"""待发货 as a table: handed out with receivers and goods, read again once waybills were filled in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from portal import inputs, workbook
from portal.cases import shipping
from portal.cases.shipping import ToSend
from portal.orders import sku_numbers
from portal.parcels import carriers, filled
from portal.workbook import Column

MOST = 500  # cases of one table, those with the least time left
MOST_ROWS, MOST_BYTES = filled.MOST_ROWS, filled.MOST_BYTES
COLUMNS = (
    Column("售后单号", "不要改；一张售后单发几个包裹时，复制成几行，或把运单号写在一格里", 20),
    Column("物流公司", "可以不填：按运单号识别；识别不出时会请您填写"),
    Column("运单号", "面单上的号码；几个包裹用逗号或换行分开；空着的行不会发货", 22),
    Column("收件人", "只供打单，改了也不会改售后单"),
    Column("电话", "收件人的电话"),
    Column("地址", "收件地址", 48),
    Column("货号", "要发出的商品的货号，有单品货号的写在「/」后面；有几种商品时逐行写"),
    Column("要发出的商品", "商品、规格和还没有发出的数量", 48),
    Column("买家留言", "订单上买家写的话", 24),
)


class Filled(NamedTuple):
    """What was read: a line for each parcel, as 批量发货 takes them, and what is wrong, row by row."""

    lines: list[str]
    case_nos: list[str]
    problems: list[str]


def write_table(shop_id: int, role: str, now: datetime) -> tuple[bytes, int]:
    """The table of what can be sent now, and for how many cases."""
    found: list[ToSend] = []
    key = None
    while len(found) < MOST:
        page, key = shipping.list_page(shop_id, role, now, after=key, size=100)
        found += [row for row in page if not row.refusal]
        if key is None:
            break
    found = found[:MOST]
    return workbook.build("待发货", COLUMNS, [_cells(row) for row in found], made_at=now), len(found)


def _cells(row: ToSend) -> Sequence[str]:
    goods = []
    for line in row.lines:
        left = (line.accepted_milli - line.shipped_milli) / 1000
        goods.append(f"{line.title} {line.wanted_spec or line.spec} ×{left:g} {line.unit}")
    numbers_of_goods = [sku_numbers.join(line) or "–" for line in row.lines]
    to = row.receiver
    said = ("\n".join(numbers_of_goods), "\n".join(goods), row.case.buyer_note or "")
    return (row.case.case_no, "", "", to.name, to.phone, to.place, *said)


def read_table(path: str | os.PathLike[str]) -> Filled:
    """The filled rows of a file. Raises SheetRefused when there is none, or no table of parcels in it."""
    found = filled.read_filled(path, filled.Keys(("售后单号",), _read_case_no))
    return Filled(
        [f"{row.key}\t{carriers.BY_CODE[row.carrier].name}\t{row.number}" for row in found.parcels],
        [row.key for row in found.parcels],
        found.problems,
    )


def _read_case_no(cell: str) -> str:
    return inputs.line(cell.removeprefix("'"), limit=40).upper()
