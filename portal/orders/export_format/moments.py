"""Times as exports, spreadsheets and people write them, read as moments of Beijing time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from portal.orders.export_format.refusals import CellRefused

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991, and no orders before
US_ORDER = "按「月/日/年」读取，请核对"
FROM_EPOCH = "按时间戳读取，请核对"
SHORT_YEAR = "年份只有两位，按「年-月-日」读取，请核对"

_FIRST_DAY, _FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  (a spreadsheet's days have no zone)
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")  # the number of a day, as spreadsheets keep dates
_EPOCH = re.compile(r"1[0-9]{9}(?:[0-9]{3})?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2})(\d{2})(\d{2})?)?(?:\.0+)?", re.ASCII)
_WEEKDAY = re.compile(
    r"[(\[]?(?:星期|周|礼拜)[一二三四五六日天][)\]]?,?|\b(?:MON|TUE|WED|THU|FRI|SAT|SUN)(?:[A-Z]{0,6})\b,?"
)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH = r"(?P<name>JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]{0,6}\.?"
_DATES = (
    re.compile(r"(?P<year>\d{4}) ?(?P<s>[-/.]) ?(?P<month>\d{1,2}) ?(?P=s) ?(?P<day>\d{1,2})(?!\d)", re.ASCII),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?=[ T]\d{1,2}:)", re.ASCII),
    re.compile(r"(?P<year>\d{4}) ?年 ?(?P<month>\d{1,2}) ?月 ?(?P<day>\d{1,2}) ?[日号]?", re.ASCII),
    re.compile(r"(?P<first>\d{1,2})(?P<s>[-/.])(?P<second>\d{1,2})(?P=s)(?P<year>\d{4})(?!\d)", re.ASCII),
    # Years begin with the trade's own: before 13 the first of three short numbers is a month.
    re.compile(r"(?P<short>1[3-9]|[2-9]\d)(?P<s>[-.])(?P<month>\d{1,2})(?P=s)(?P<day>\d{1,2})(?!\d)", re.ASCII),
    re.compile(r"(?P<short>\d{2}) ?年 ?(?P<month>\d{1,2}) ?月 ?(?P<day>\d{1,2}) ?[日号]?", re.ASCII),
    re.compile(rf"{_MONTH} (?P<day>\d{{1,2}})(?:ST|ND|RD|TH)?,? (?P<year>\d{{4}})(?!\d)", re.ASCII),
    re.compile(rf"(?P<day>\d{{1,2}})[- ]{_MONTH}[- ,]+(?P<year>\d{{4}})(?!\d)", re.ASCII),
    re.compile(rf"{_MONTH} (?P<day>\d{{1,2}})(?= )", re.ASCII),  # Thu Nov 05 13:31:00 CST 2026: the year stands last
)
_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMERALS = re.compile(f"(?<=[点时])[{''.join(_DIGITS)}十]+(?!刻)|[{''.join(_DIGITS)}十]+(?= ?[年月日号点时分秒])")
_BEFORE = "深夜|半夜|午夜|凌晨|清晨|早上|早晨|上午|中午|正午|下午|午后|傍晚|晚上|晚|夜里|AM|PM|A\\.M\\.|P\\.M\\."
_ZONE = (
    r"(?P<zone>Z|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?|CST|GMT|UTC|[(]?(?:北京时间|中国标准时间)[)]?|\[?ASIA/SHANGHAI\]?)"
)
_TIME = re.compile(
    rf"(?P<before>{_BEFORE})? ?"
    r"(?P<hour>\d{1,2}) ?(?:[:.] ?|[点时] ?)"
    r"(?:(?P<minute>\d{1,2})(?!\d) ?分?(?: ?[:.]? ?(?P<second>\d{1,2})(?!\d) ?秒?(?:[.,]\d{1,9})?)?)?"
    rf" ?(?P<after>{_BEFORE})? ?{_ZONE}?(?: ?\[ASIA/SHANGHAI\]|(?<=0800) CST|(?<=08:00) CST)?"
    r"(?: (?P<last_year>\d{4}))?",
    re.ASCII,
)
_MORNING = {"凌晨", "清晨", "早上", "早晨", "上午", "AM"}


def read_moment(text: str, *, dates_from_1904: bool = False, zone: timezone = SHANGHAI) -> tuple[datetime, str]:
    """(the moment as aware UTC, a note or ""). ``text`` is folded and has no invisible characters.

    A time that says no zone is of ``zone``. Raises CellRefused when it can't be understood.
    """
    plain = re.sub(r"\s+", " ", text).strip().upper()
    plain = re.sub("^(?:北京时间|中国标准时间)[: ]*", "", re.sub(r"(?<=\d)[–—−‐‑](?=\d)", "-", plain))
    plain = re.sub(r"^/DATE\((\d{13})(?:\+0800)?\)/$", r"\1", plain)
    try:
        local, said, note = _parse(plain, dates_from_1904)
        if not 1990 <= local.year <= 2100:
            raise ValueError(text)
        return local.replace(tzinfo=said or zone).astimezone(UTC), note
    except (ValueError, OverflowError):
        raise CellRefused(f"「{text[:30]}」不是日期时间，应如 2026-11-05 13:31:00") from None


def _parse(plain: str, dates_from_1904: bool) -> tuple[datetime, timezone | None, str]:
    """(the time on the clock there, the zone that it says, a note). Raises ValueError."""
    if _SERIAL.fullmatch(plain):
        first_day = _FIRST_DAY_1904 if dates_from_1904 else _FIRST_DAY
        return first_day + timedelta(seconds=round(float(plain) * 86_400)), None, ""
    if _EPOCH.fullmatch(plain):
        seconds = int(plain) // (1000 if len(plain) == 13 else 1)
        return datetime.fromtimestamp(seconds, SHANGHAI).replace(tzinfo=None), SHANGHAI, FROM_EPOCH
    if found := _COMPACT.fullmatch(plain):
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        return _clock(year, month, day, hour, minute, second), None, ""
    plain = _write_digits(re.sub(r"\s+", " ", _WEEKDAY.sub(" ", plain)).strip())
    for pattern in _DATES:
        if found := pattern.match(plain):
            rest = re.sub(r"^[ T,_;]+", "", plain[found.end() :])
            return _with_time(found.groupdict(), rest)
    first, _, last = plain.partition(" ")
    if ":" in first and last:  # the time before its date
        for pattern in _DATES:
            if found := pattern.fullmatch(last):
                return _with_time(found.groupdict(), first)
    raise ValueError(plain)


def _with_time(date: dict[str, str | None], rest: str) -> tuple[datetime, timezone | None, str]:
    rest = re.sub(r"^(\d{2})(\d{2})(\d{2})$", r"\1:\2:\3", rest, flags=re.ASCII)
    rest = re.sub(r"^(\d{1,2})-(\d{2})-(\d{2})$", r"\1:\2:\3", rest, flags=re.ASCII)
    rest = re.sub(r"\(((?:GMT|UTC)[+-][\d:]+)\)?$", r"\1", rest, flags=re.ASCII)
    rest = re.sub(r"(?<=\+0800) ?\((?:中国标准时间|北京时间|CHINA STANDARD TIME|CST)\)$", "", rest, flags=re.ASCII)
    rest = re.sub("([点时]) ?半", r"\g<1>30分", re.sub("(?<=[点时分]) ?[整正]$", "", rest))
    rest = re.sub("([点时]) ?([13一三]) ?刻", lambda found: f"{found[1]}{15 if found[2] in '1一' else 45}分", rest)
    time = _TIME.fullmatch(rest) if rest else None
    if rest and time is None:
        raise ValueError(rest)
    parts = time.groupdict() if time else {}
    said = date.get("year") or (f"20{date['short']}" if date.get("short") else None)
    year = said or parts.get("last_year")
    if year is None or (said and parts.get("last_year")):
        raise ValueError(rest)
    month, day, note = _month_and_day(date)
    hour = _hour(int(parts.get("hour") or 0), parts.get("before"), parts.get("after"))
    minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
    return _clock(int(year), month, day, hour, minute, second), _zone(parts.get("zone")), note


def _write_digits(plain: str) -> str:
    """A text whose Chinese numerals of dates and times are digits: 「下午一点三十分」 is 「下午1点30分」."""
    return _NUMERALS.sub(lambda found: _count(found[0]), plain)


def _count(numerals: str) -> str:
    tens, ten, ones = numerals.partition("十")
    if not ten:
        return "".join(str(_DIGITS[each]) for each in numerals)
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return numerals
    return str(10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0))


def _month_and_day(date: dict[str, str | None]) -> tuple[int, int, str]:
    if date.get("name"):
        return _MONTHS.index(str(date["name"])) + 1, int(str(date["day"])), ""
    if date.get("month"):
        return int(str(date["month"])), int(str(date["day"])), SHORT_YEAR if date.get("short") else ""
    first, second = int(str(date["first"])), int(str(date["second"]))
    if first > 12:  # only 日/月/年 can be meant
        return second, first, ""
    return first, second, US_ORDER if second <= 12 and first != second else ""


def _hour(hour: int, before: str | None, after: str | None) -> int:
    """The hour of the day, 0 to 24. Raises ValueError when the words and the number contradict each other."""
    word = (after or before or "").replace(".", "")
    if after and before:
        raise ValueError(word)
    if not word:
        return hour
    if word in ("AM", "PM") and not 0 <= hour <= 12 and not (word == "PM" and hour < 24):
        raise ValueError(word)
    if word in _MORNING:
        if hour > 12:
            raise ValueError(word)
        return 0 if hour == 12 and word in ("AM", "凌晨", "上午") else hour
    if word in ("中午", "正午"):
        return hour + 12 if hour in (1, 2, 3) else hour
    if word in ("深夜", "半夜", "午夜") and 1 <= hour < 5:
        return hour
    if word in ("晚上", "晚", "夜里", "深夜", "半夜", "午夜"):
        return 24 if hour == 12 else hour + 12 if 5 <= hour < 12 else hour
    return hour if hour >= 12 else hour + 12  # 下午, 午后, 傍晚, PM; 「下午 13:31」 is said as well


def _clock(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime:
    if hour == 24 and minute == second == 0:
        return datetime(year, month, day) + timedelta(days=1)  # noqa: DTZ001
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001


def _zone(said: str | None) -> timezone | None:
    if said is None:
        return None
    if "ASIA" in said or "时间" in said or said == "CST":  # in this trade CST is China's
        return SHANGHAI
    if said in ("Z", "GMT", "UTC"):
        return UTC
    found = re.fullmatch(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d{2}))?", said)
    if found is None:
        raise ValueError(said)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-offset if found[1] == "-" else offset)
