"""What people copy from a carrier's page: the time and the words of a scan often stand on lines of their own. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from portal import inputs
from portal.orders.export_format.moments import SHANGHAI, read_moment
from portal.orders.export_format.refusals import CellRefused

_WEEKDAY = "(?:[/\\s]*(?:周|星期)[一二三四五六日天])?"
_DATE = f"(?:20[0-9]{{2}}[-/.年])?[0-9]{{1,2}}[-/.月][0-9]{{1,2}}日?{_WEEKDAY}"
_CLOCK = "[0-9]{1,2}[:时][0-9]{1,2}分?(?:[:]?[0-9]{1,2}秒?)?"
_STAMP = re.compile(f"(?P<date>{_DATE})[T,\\s]*(?P<clock>{_CLOCK})(?P<rest>.*)", re.DOTALL)
_DAY = re.compile(_DATE)
_TIME = re.compile(f"(?P<clock>{_CLOCK})(?P<rest>.*)", re.DOTALL)
# A clock as people or programs elsewhere write it: 下午3:00, 3:00 PM, 下午三点半, 01:00Z. 「09:00 下午再派」 is none.
_PART = "凌晨|清晨|早上|早晨|上午|中午|下午|午后|傍晚|晚上|夜里|深夜|[ap]m"
_SAID = "[零一二两三四五六七八九十]{1,3}"
_SPOKEN = re.compile(
    f"(?:(?P<date>{_DATE})[T,\\s]*)?(?P<clock>(?P<before>{_PART})?\\s*"
    f"(?:[0-9]{{1,2}}[:时点]|(?P<words>{_SAID}[点时]))(?P<half>半|整|一刻|三刻)?(?:(?:[0-9]{{1,2}}|{_SAID})(?:分|(?=[^0-9])|$))?"
    "(?:[:]?[0-9]{1,2}秒?(?:[.][0-9]+)?)?"
    r"\s*(?P<after>[ap]\.?m\b\.?)?\s*(?P<zone>Z\b|[+-][0-9]{2}:?[0-9]{2}\b)?)",
    re.IGNORECASE,
)
_HEADINGS: Final = frozenset(
    "已签收 签收 派送中 派件中 运输中 已揽收 揽收 待取件 待揽收 已发货 已下单 已出库 仓库处理中 清关中 在途 到达 已取件"
    " 已收件 物流详情 物流信息 物流跟踪 查看更多 收起 展开 时间 地点和跟踪进度 跟踪进度 物流动态".split()
)


class _Line(NamedTuple):
    number: int
    stamp: str  # "" for a line without a time
    words: str


def unfold_table(text: str) -> list[tuple[int, str]]:
    """The lines of a paste, numbered, each with its time first: a time that stands alone is put before its words.

    Where no time stands alone the lines are given back as they are. A heading of the page (「已签收」 above a group of
    scans) is left out where the scan has words of its own: it may belong to the next one.
    """
    plain = [(number, _write_clock(line.strip())) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    lines = _stamped(plain)
    if not any(line.stamp and not line.words for line in lines) or not any(not line.stamp for line in lines):
        return [(line.number, f"{line.stamp} {line.words}".strip()) for line in lines]
    while len(lines) > 1 and not lines[0].stamp and lines[0].words in _HEADINGS and lines[-1].words:
        lines.pop(0)
    first = not lines[0].stamp  # the words before their time
    if first and lines[-1].words:
        return plain
    return _joined(lines[::-1], reverse=True) if first else _joined(lines, reverse=False)


def _write_clock(line: str) -> str:
    """A line whose time is that of a clock of 24 hours in Beijing; any other line as it is."""
    found = _SPOKEN.match(inputs.fold(line))
    if found is None:
        return line
    if "点" not in found[0] and not any(found[name] for name in ("before", "words", "half", "after", "zone")):
        return line
    date = re.sub(_WEEKDAY + "$", "", found["date"] or "1-1")
    dated = date if date.startswith("20") else f"2024{date.lstrip('0123456789')[0].replace('月', '年')}{date}"
    try:
        at = read_moment(f"{dated} {found['clock']}")[0].astimezone(SHANGHAI)
    except CellRefused:
        return line
    day = f"{at:%Y-%m-%d} " if dated == date else f"{at:%m-%d} " if found["date"] else ""
    return f"{day}{at:%H:%M:%S} {line[found.end() :].strip()}".strip()


def _stamped(plain: list[tuple[int, str]]) -> list[_Line]:
    """Lines with what is a time in them told apart. A day alone holds for the clocks that follow it."""
    found: list[_Line] = []
    day = ""
    for number, line in plain:
        folded = inputs.fold(line)
        whole, clock = _STAMP.match(folded), _TIME.match(folded)
        if whole:
            day = ""
            date = re.sub(_WEEKDAY + "$", "", whole["date"])
            found.append(_Line(number, f"{date} {whole['clock']}", line[whole.start("rest") :].strip(" \t,，:：|")))
        elif _DAY.fullmatch(folded):
            day = re.sub(_WEEKDAY + "$", "", folded)
        elif clock and day:
            found.append(_Line(number, f"{day} {clock['clock']}", line[clock.start("rest") :].strip(" \t,，:：|")))
        else:
            found.append(_Line(number, "", line))
    return found


def _joined(lines: list[_Line], *, reverse: bool) -> list[tuple[int, str]]:
    """Each time with the words up to the next one."""
    groups: list[tuple[_Line, list[str]]] = []
    for line in lines:
        if line.stamp:
            groups.append((line, [line.words] if line.words else []))
        elif groups:
            groups[-1][1].append(line.words)
    made = []
    for line, said in groups:
        own = [words for words in said if words not in _HEADINGS] or said[:1]
        made.append((line.number, f"{line.stamp} {' '.join(reversed(own) if reverse else own)}".strip()))
    return made[::-1] if reverse else made
