"""The zone of a column of times, as its heading says it: 「订单创建时间(UTC)」."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone

from portal.orders.export_format.moments import SHANGHAI

_IN_MARKS = re.compile(r"(?P<bare>.+?)[(\[【]{1,2}(?P<zone>[^()\[\]【】]{1,30})[)\]】]{1,2}")
_BEHIND = re.compile(
    r"(?P<bare>.+?)[-_/:]?(?P<zone>(?:utc|gmt)(?:[+-]\d{1,2}(?::?\d{2})?)?|北京时间|中国时间|东八区|世界标准时间|格林尼治时间"
    r"|asia/shanghai|当地时间|本地时间|美国时间|太平洋时间|美西时间|美东时间)",
    re.ASCII,
)
_BEIJING = frozenset("北京时间 北京 中国 中国时间 中国标准时间 东八区 东8区 cst bjt asia/shanghai prc".split())
_WORLD = frozenset("utc gmt z utc时间 gmt时间 世界时 世界标准时间 协调世界时 格林尼治时间 格林威治时间 零时区".split())
_OFFSET = re.compile(r"(?:utc|gmt)?([+-])(\d{1,2})(?::?(\d{2}))?(?:时区)?", re.ASCII)


def split_zone(heading: str) -> tuple[str, timezone | None]:
    """A heading as headings are compared, without the zone behind it, and that zone; None for one nobody knows."""
    found = _IN_MARKS.fullmatch(heading) or _BEHIND.fullmatch(heading)
    if found is None:
        return heading, None
    return found["bare"], read_zone(found["zone"])


def read_zone(said: str) -> timezone | None:
    """The zone of these small letters; None where it isn't known, or moves with the summer."""
    if said in _BEIJING:
        return SHANGHAI
    if said in _WORLD:
        return UTC
    offset = _OFFSET.fullmatch(said)
    if offset is None or int(offset[2]) > 14 or int(offset[3] or 0) > 59:
        return None
    away = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
    return timezone(-away if offset[1] == "-" else away)


def say_zone(zone: timezone) -> str:
    """「UTC」, 「UTC+9」."""
    minutes = int((zone.utcoffset(None) or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return "UTC" + (f"{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "") if minutes else "")
