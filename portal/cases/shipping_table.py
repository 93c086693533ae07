"""待发货 as a table: handed out with receivers and goods, read again once waybills were filled in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from portal import inputs, workbook
from portal.cases import shipping
from portal.cases.shipping import ToSend
from portal.parcels import carriers, choosing, naming, numbers
from portal.sheets import HEADINGS_WITHIN, Row, SheetRefused, find_lost, open_tables
from portal.waybills import split_numbers
from portal.workbook import Column

MOST = 500  # cases of one table, those with the least time left
MOST_ROWS = 2_000
MOST_BYTES = 2 * 1024 * 1024
COLUMNS = (
    Column("售后单号", "不要改；一张售后单发几个包裹时，复制成几行，或把运单号写在一格里", 20),
    Column("物流公司", "可以不填：按运单号识别；识别不出时会请您填写"),
    Column("运单号", "面单上的号码；几个包裹用逗号或换行分开；空着的行不会发货", 22),
    Column("收件人", "只供打单，改了也不会改售后单"),
    Column("电话", "收件人的电话"),
    Column("地址", "收件地址", 48),
    Column("货号", "要发出的商品的货号；有几种商品时逐行写"),
    Column("要发出的商品", "商品、规格和还没有发出的数量", 48),
    Column("买家留言", "订单上买家写的话", 24),
)
_NAMES = {"售后单号": "case", "物流公司": "carrier", "快递公司": "carrier", "快递": "carrier"}
_NAMES |= {"运单号": "number", "快递单号": "number", "物流单号": "number"}


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
    numbers_of_goods = [line.cargo_no or "–" for line in row.lines]
    to = row.receiver
    said = ("\n".join(numbers_of_goods), "\n".join(goods), row.case.buyer_note or "")
    return (row.case.case_no, "", "", to.name, to.phone, to.place, *said)


def read_table(path: str | os.PathLike[str]) -> Filled:
    """The filled rows of a file. Raises SheetRefused when there is none, or no table of parcels in it."""
    tables = open_tables(path, _judge)
    try:
        for table in tables.tables:
            for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
                if {"case", "number"} <= set(_places(row.cells).values()):
                    table.check()
                    return _read_rows(table.rows(), row)
        raise SheetRefused("没有找到表头。文件里要有「售后单号」「物流公司」「运单号」三列，每行一个包裹")
    finally:
        tables.close()


def _places(cells: Mapping[int, str]) -> dict[int, str]:
    return {place: _NAMES[text.strip()] for place, text in cells.items() if text.strip() in _NAMES}


def _judge(cells: Mapping[int, str]) -> int:
    return len(set(_places(cells).values()))


def _read_rows(rows: object, heading: Row) -> Filled:
    places, found = _places(heading.cells), Filled([], [], [])
    for row in rows:  # type: ignore[attr-defined]
        cells = {places[place]: text for place, text in row.cells.items() if place in places and text.strip()}
        if row.number <= heading.number or not cells.get("number"):
            continue
        if len(found.lines) + len(found.problems) == MOST_ROWS:
            raise SheetRefused(f"一次最多 {MOST_ROWS} 行，请分成几个文件上传")
        try:
            if row.trouble:
                raise inputs.InputRefused(row.trouble)
            case_no, lines = _read_one(cells)
            found.case_nos.append(case_no)
            found.lines.extend(lines)
        except inputs.InputRefused as refused:
            found.problems.append(f"第 {row.number} 行：{refused.sentence}")
    if not found.lines and not found.problems:
        raise SheetRefused("「运单号」一列都是空的：填好运单号的行才会发货")
    return found


def _read_one(cells: Mapping[str, str]) -> tuple[str, list[str]]:
    """One row: its case, and a line for each parcel that its cell names."""
    cell = cells["number"].removeprefix("'")
    if lost := find_lost(cells["number"], "运单号"):
        raise inputs.InputRefused(lost)
    case_no = inputs.line(cells.get("case", "").removeprefix("'"), limit=40).upper()
    if not case_no:
        raise inputs.InputRefused("没有填写售后单号")
    said = inputs.line(cells.get("carrier", ""), limit=40)
    picked = naming.from_text(said) if said else None
    if said and picked is None:
        raise inputs.InputRefused(f"不认识物流公司「{said[:20]}」")
    code = picked.code if picked else ""
    several = split_numbers(cell)
    if len(several) < 2 or (code and not carriers.traced(code)):
        return case_no, [_say_line(case_no, cell, code)]
    return case_no, [_say_line(case_no, number, "", last=code) for number in several]


def _say_line(case_no: str, number: str, picked: str, *, last: str = "") -> str:
    """One parcel as 批量发货 takes it; ``last``: the carrier of the row, where each number says its own."""
    read = numbers.check_number(number, carrier=picked)
    choice = choosing.choose_carrier(read, picked, last)
    if choice.carrier is None:
        raise inputs.InputRefused(f"{read} {choice.warning}")
    return f"{case_no}\t{choice.carrier.name}\t{read}"
