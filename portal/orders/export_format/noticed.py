"""What is to be said of a file's columns before its rows: how those with other names are read, and what isn't taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from portal.orders.export_format.columns import WITNESSES, Column
from portal.orders.export_format.headings import Headings
from portal.orders.export_format.moments import SHANGHAI
from portal.orders.export_format.rows import Lost, Problem
from portal.orders.export_format.suborders import DERIVED, PRICE, whence_price
from portal.orders.export_format.zones import say_zone
from portal.sheets import Row

PAID = "实付款(元)"
_DUE = re.compile("应[付收](?!.*[邮运快物]费?)")
_REDUCED = re.compile("(?:折后|优惠后|券后|让利后|改价后|实付|到手)[^额款]*价")
NOT_REDUCED = (
    "「{theirs}」没有采用，成交价按「单价」一列读取；若「{theirs}」才是成交价，请只保留这一列，改名为「单价」再上传"
)
NOT_PAID = (
    "「{due}」是该付的钱，不是付了的钱，没有采用；表格没有「实付款」一列："
    "新订单按货品总价、运费、涨价或折扣相加作为实付款，没有付款的订单为 0，请核对"
)
READ_AS = "「{theirs}」一列按「{ours}」读取"
IN_ZONE = "「{theirs}」一列按「{ours}」读取，其中的时间按 {zone} 换算成北京时间"
WITNESS = "「{theirs}」一列只用来核对单价和数量，不导入"
STRANGE_ZONE = (
    "「{theirs}」一列没有采用：看不出它的时间是哪个时区；请换算成北京时间，把列名改为「{ours}」再上传，"
    "或者写明与 UTC 的差，例如「{ours}(UTC+9)」"
)


def notice_columns(
    row: Row, places: Mapping[int, Column], surplus: Sequence[str], synonyms: Mapping[str, str], headings: Headings
) -> Iterator[Problem]:
    """What is to be said of the columns under these headings."""
    here = {column.heading for column in places.values()}
    if PRICE not in here:
        yield _notice(row, PRICE, DERIVED.format(what=whence_price(here)))
    due = next((text for text in surplus if _DUE.search(text)), "") if PAID not in here else ""
    if due:
        yield _notice(row, due, NOT_PAID.format(due=due))
    for text in filter(_REDUCED.search, surplus if PRICE in here else ()):
        yield _notice(row, text, NOT_REDUCED.format(theirs=text))
    by_text = {row.cells[place].strip(): column for place, column in places.items()}
    for theirs, ours in synonyms.items():
        column = by_text.get(theirs)
        if column in WITNESSES:
            yield _notice(row, theirs, WITNESS.format(theirs=theirs))
        elif column is not None and column.zone not in (None, SHANGHAI):
            yield _notice(row, theirs, IN_ZONE.format(theirs=theirs, ours=ours, zone=say_zone(column.zone)))
        else:
            yield _notice(row, theirs, READ_AS.format(theirs=theirs, ours=ours))
    for text in surplus:
        if ours := headings.name_times(text):
            yield _notice(row, text, STRANGE_ZONE.format(theirs=text, ours=ours))


def _notice(row: Row, column: str, sentence: str) -> Problem:
    return Problem(row.number, column, sentence, Lost.NOTHING)
