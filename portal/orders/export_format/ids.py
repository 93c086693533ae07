"""Numbers and names of orders, goods and parcels in cells: kept whole, or refused where an end is lost."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from portal import inputs, phones
from portal.orders.export_format.refusals import CellRefused
from portal.sheets import Date, Number
from portal.waybills import is_doubtful, is_unseen, join_numbers, split_numbers

AS_TEXT = "数字过长，后几位可能已经丢失，请把该列设为文本后重新导出"
CLEANED = "含有看不见的字符，已去掉"
UNGROUPED = "按「{number}」读取：去掉了中间的分隔"
CUT = "以 {zeros} 结尾，请核对后几位是否已被表格软件改成了 0"
SIGNIFICANT = 15  # digits of a spreadsheet's number; those after them become 0
LOOKS_LIKE_DATE = "「{text}」像是被表格软件改成的日期，请核对原来的{heading}"
DOUBTFUL = "「{number}」不像一个运单号，请核对"
SEVERAL_PHONES = "有 {count} 个号码，联系和发货用第一个；整格原文已保留，核对收货人时任何一个都可以"
ONE_PHONE = "只取其中的电话号码，整格原文已保留"
NO_PHONE, ODD_PHONE = "不是电话号码", "不像电话号码，请核对"
MOST_PHONE = 40  # characters of what no number is found in
_SIMPLE = re.compile(r"[1-9][0-9]*(?:\.[0-9]*[1-9])?")
_LOST = re.compile(r"\d(?:[.,]\d+)? ?E ?\+ ?\d+|\d\.\d+ ?E[12]\d", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s;；,，、/|]+")  # several numbers of a cell
_ORDER_LABEL = re.compile(r"(?:[订訂]?[单單][编編]?[号號][\s:]|no[.:]|#)\s*", re.IGNORECASE)
_FORMULA = re.compile(
    r"=\s*(?:T(?:EXT)?\(\s*)?[\"“”＂]([^\"“”＂]+)[\"“”＂](?:\s*,\s*\"[^\"]*\")?\s*\)?|=\s*\+?\s*([0-9]{6,})",
    re.IGNORECASE,
)
_POINT_ZERO = re.compile(r"([0-9]{10,})\.0+")  # what was a floating number once
_FRAMED = re.compile(r"[(\[{<【「『《](.+)[)\]}>】」』》]")
_GROUPED = re.compile(
    r"[0-9]{1,4}(?:,[0-9]{3}){3,}|[0-9]{1,4}(?:\s[0-9]{3}){3,}|[0-9]{4}(?:\s[0-9]{4}){2,}(?:\s[0-9]{1,4})?"
)
_ORDER_NO = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{3,39}")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_AS_DATE = re.compile(
    rf"\d{{1,2}}月\d{{1,2}}日|\d{{1,2}}月|{_MONTH}-\d{{2}}|\d{{1,2}}-{_MONTH}(?:-\d{{2}})?"
    r"|(?:19|20)\d{2}[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])(?: 0?0:00(?::00)?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/](?:0?[1-9]|[12]\d|3[01])[-/](?:19|20)\d{2}"
    r"|(?:19|20)\d{2}年\d{1,2}月(?:\d{1,2}日)?",
    re.ASCII | re.IGNORECASE,
)
_QUOTES = ('"', "“", "”", "＂")
_FOLDED = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF0D)
}
# What programs and people write where there is nothing.
_NOTHING = frozenset(
    "- -- — —— / // \\ 无 没有 暂无 空 无数据 null none nan nil n/a #n/a na 0000-00-00 (空) （空）".split()
) | {"0000-00-00 00:00:00"}


def is_nothing(cell: str) -> bool:
    """Whether a cell only says that there is nothing."""
    return cell.strip().casefold() in _NOTHING


def clean(text: str, longest: int) -> tuple[str, str]:
    """(the text as it is kept, a note when something of it was left out).

    ``longest`` is in code points, as columns count. Raises CellRefused for what can't be stored and for too much.
    """
    kept, note = text.strip(), ""
    if not (kept.isprintable() and unicodedata.is_normalized("NFC", kept)):
        kept = inputs.text(text, limit=longest)
        note = CLEANED if inputs.was_cleaned(text, kept) else ""
    if len(kept) > longest:
        raise CellRefused(f"最多 {longest} 个字，现在有 {len(kept)} 个")
    return kept, note


def shown(cell: str) -> str:
    """A cell as a person sees it in the spreadsheet, without formatting."""
    if isinstance(cell, Date):
        return cell.as_date
    return plain(cell) if isinstance(cell, Number) else cell.strip()


def plain(number: Number) -> str:
    """A number without exponent and without the noise of a binary fraction. Raises CellRefused when it isn't one."""
    if len(number) < 12 and _SIMPLE.fullmatch(number):
        return str(number)
    try:
        value = Decimal(f"{float(number):.15g}")
    except ValueError:
        raise CellRefused("不是数字") from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 20:
        raise CellRefused("数字过大")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_id(cell: str) -> tuple[str, str]:
    """(an ID with full-width digits and letters folded and without what can't be seen, a note or "").

    What keeps a spreadsheet from counting (="…", an apostrophe) goes without a word. Raises CellRefused for a number
    that has lost its end.
    """
    if isinstance(cell, Number):
        text = plain(cell)
        if len(text.partition(".")[0].lstrip("-")) > SIGNIFICANT:
            raise CellRefused(AS_TEXT)
        return text, ""
    text = seen = cell if cell.isascii() else cell.translate(_FOLDED)
    if not cell.isascii() or not cell.isprintable():
        seen = "".join(
            each for each in text if each.isspace() or not (is_unseen(each) or unicodedata.category(each) == "Cc")
        )
    note = CLEANED if seen != text else ""
    seen = seen.strip()
    if seen.startswith('="') and seen.endswith('"'):
        seen = seen[2:-1]
    elif found := _FORMULA.fullmatch(seen):
        seen = found[1] or found[2]
    seen = seen.lstrip("'’‘`＇").strip()
    if seen[:1] in _QUOTES and seen[-1:] in _QUOTES and len(seen) > 2:
        seen = seen[1:-1].strip()
    if found := _POINT_ZERO.fullmatch(seen):
        if len(found[1]) > SIGNIFICANT:
            raise CellRefused(AS_TEXT)
        seen = found[1]
    if _LOST.fullmatch(seen if seen.isascii() else inputs.fold(seen)):
        raise CellRefused(AS_TEXT)
    return seen, note


def note_lost_end(number: str) -> str:
    """What is to be said of digits that are all 0 after the fifteenth: a spreadsheet may have cut them."""
    if not (number.isascii() and number.isdecimal()) or number.startswith("0") or len(number) <= SIGNIFICANT:
        return ""
    end = number[SIGNIFICANT:]
    return CUT.format(zeros=end) if not end.strip("0") else ""


def read_order_no(cell: str) -> tuple[str, str]:
    text, note = read_id(cell)
    text = inputs.fold(text).rstrip(",;、。·. ")
    if found := _FRAMED.fullmatch(text):
        text = found[1].strip()
    if found := _ORDER_LABEL.match(text):
        text = text[found.end() :]
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[\s,]", "", text)
        note = _join_notes(note, UNGROUPED.format(number=text))
    if not _ORDER_NO.fullmatch(text):
        raise CellRefused("订单编号应为数字")
    return text, _join_notes(note, note_lost_end(text))


def read_long_id(cell: str) -> tuple[str, str]:
    text, note = read_id(cell)
    return text, _join_notes(note, note_lost_end(text))


def read_code(cell: str) -> tuple[str, str]:
    text = shown(cell)
    return text, _note_date(cell, text, "型号")


def read_code_id(cell: str) -> tuple[str, str]:
    if isinstance(cell, Date):
        return cell.as_date, _note_date(cell, cell.as_date, "货号")
    text, note = read_id(cell)
    return text, _join_notes(note, _note_date(cell, text, "货号"))


def _note_date(cell: str, text: str, heading: str) -> str:
    if isinstance(cell, Date) or _AS_DATE.fullmatch(text):
        return LOOKS_LIKE_DATE.format(text=text[:30], heading=heading)
    return ""


def read_tracking(cell: str) -> tuple[str, str]:
    """Every number of the cell, each checked by itself."""
    text, note = read_id(cell)
    numbers = split_numbers(text)
    if not any(each.isdigit() for each in text):
        raise CellRefused(DOUBTFUL.format(number=text[:40]))
    if any(_LOST.fullmatch(inputs.fold(each)) for each in _BETWEEN.split(text)):
        raise CellRefused(AS_TEXT)
    notes = [note, *(note_lost_end(number) for number in numbers)]
    notes += [DOUBTFUL.format(number=number[:40]) for number in numbers if is_doubtful(number)]
    joined = join_numbers(numbers)
    if not notes[0] and _bare(joined) != _bare(text):
        notes.insert(0, f"按「{joined[:80]}」读取")
    return joined, ";".join(each for each in dict.fromkeys(notes) if each)


def read_phones(cell: str) -> tuple[str, str]:
    """The whole cell; the note says when there are several numbers in it, or other words."""
    text, note = read_id(cell)
    numbers, digits = phones.split_phones(text), sum(each.isdigit() for each in text)
    if not numbers and (digits < phones.LEAST_DIGITS or len(text) > MOST_PHONE):
        raise CellRefused(NO_PHONE)
    if not numbers:
        return text, _join_notes(note, "" if "*" in inputs.fold(text) else ODD_PHONE)
    if len(numbers) > 1:
        return text, _join_notes(note, SEVERAL_PHONES.format(count=len(numbers)))
    return text, _join_notes(note, ONE_PHONE if phones.says_more(text) else "")


def _bare(text: str) -> str:
    """What of a cell of tracking numbers isn't blank or punctuation, for comparing."""
    return re.sub(r"[\W_]+", "", text).upper()


def _join_notes(first: str, second: str) -> str:
    return ";".join(each for each in (first, second) if each)


def say_order_no(cell: str) -> str:
    """The number in a row's cell as rows are compared by it, whatever is wrong with it; "" for none."""
    try:
        return read_id(cell)[0]
    except CellRefused:
        return cell.strip()
