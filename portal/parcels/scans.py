"""Scans: what a carrier says of a parcel at a moment, and how it is read from what people paste.

Pure. The eight statuses are ours; each tracking service's codes are mapped in portal/couriers/. Words without a code
are read here, carefully: 「请准备签收」 is no 签收, and 「退件」 in a warehouse's name returns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from portal import inputs
from portal.words import BEIJING

STATUSES: Final = ("picked", "transit", "delivering", "station", "signed", "exception", "returned", "lost")
MOST_WORDS: Final = 300  # characters of one scan
MOST_LINES: Final = 100  # of one paste
FUTURE: Final = timedelta(minutes=10)  # clocks differ by so much
BEFORE: Final = timedelta(days=3)  # a parcel is often handed over before its number is registered
STUCK: Final = timedelta(hours=72)


class Scan(NamedTuple):
    """One scan: when (UTC), which of STATUSES, the carrier's words."""

    at: datetime
    status: str
    words: str


class Standing(NamedTuple):
    """What the believed scans of a parcel come to."""

    status: str = ""  # of the newest
    at: datetime | None = None  # of the newest
    signed_at: datetime | None = None
    lost_at: datetime | None = None  # lost or on its way back
    faulty: bool = False  # ever lost, returned, in trouble, or without a scan for STUCK


class LinesRefused(ValueError):
    """Pasted lines that can't be read: ``sentences`` say which and why."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("；".join(sentences))
        self.sentences = tuple(sentences)


# ---------------------------------------------------------------- what words mean

_BY = "已|被|后|人|成功|代|家人|同事|前台|门卫|驿站|柜|客户"
_AT_A_STATION = "驿站|快递柜|丰巢|代收点|自提|取货码|取件码|柜"
_SIGNS: tuple[tuple[str, str], ...] = (  # the first that is found decides
    (r"(撤销|取消)签收|误签|签收异常|虚假签收|签收失败", "exception"),
    (r"退回签收|退件签收|退货签收|已退签|退签", "returned"),
    (r"丢失|遗失|丢件|灭失", "lost"),
    (r"退回(?!仓|组|点|部|地址)|退件(?!仓|组|部)|退往|转退|返回(寄件人|发件人|寄件地)|拒收退", "returned"),
    (rf"({_BY})[^,，。;；]{{0,12}}签收|签收人|签收成功|妥投", "signed"),
    (rf"({_AT_A_STATION})[^。;；]{{0,30}}(已取出|已取走|已取件|取件成功|已提取|取出)", "signed"),
    (r"^([【\[][^】\]]*[】\]])?\s*签收[。!！]?$", "signed"),
    (
        r"问题件|异常|破损|滞留|无法联系|联系不上|地址不详|错分|超区|疑难|拒收|拒签|无人|未能(派送|妥投)|派送失败",
        "exception",
    ),
    (r"驿站|快递柜|丰巢|代收点|代收|自提|待取|请.{0,6}取件|取件码|取货码|已投柜|暂存", "station"),
    (r"(派送|派件|配送|投递)(?!网点|城市|站|点|部|中心)|正在送|送货中|外出投送|(派送|派件)中(?!心)", "delivering"),
    (r"揽收|揽件|收寄|已收件|收件成功|已收取|已取件|上门取件", "picked"),
)
_NOT_YET = re.compile(r"未签收|待签收|准备签收|等待签收|尽快签收|注意签收|当面签收|请[^。]{0,8}签收|签收前|无法签收")


def status_of(words: str) -> str:
    """Which status a carrier's words speak of, when no code says so."""
    plain = _NOT_YET.sub("", words)
    return next((status for sign, status in _SIGNS if re.search(sign, plain)), "transit")


def clean(raw: object) -> str:
    """A carrier's words as they are kept: one line, nothing invisible, at most MOST_WORDS; "" for what is no text."""
    if not isinstance(raw, str):
        return ""
    plain = re.sub("[\x00\ud800-\udfff]", "", raw[: 4 * MOST_WORDS])
    try:
        return inputs.line(plain[:MOST_WORDS], limit=MOST_WORDS)
    except inputs.InputRefused:
        return ""


# ---------------------------------------------------------------- when

_TIME = re.compile(
    r"(?:(?P<y>20[0-9]{2})[-/.年])?(?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})日?"
    r"[T,\s]*(?P<H>[0-9]{1,2})[:时](?P<M>[0-9]{1,2})分?(?:[:]?(?P<S>[0-9]{1,2})秒?)?"
)


def moment(raw: str) -> datetime | None:
    """The moment (UTC) that a service or a person writes in Beijing's time, with its year; None: it can't be read."""
    found = _TIME.fullmatch(inputs.fold(raw).strip()[:40])
    return _moment(found, None) if found else None


def _moment(found: re.Match[str], now: datetime | None) -> datetime | None:
    """Without a year it is the last time that day came round."""
    if not found["y"] and now is None:
        return None
    clock = (int(found["H"]), int(found["M"]), int(found["S"] or 0))
    year = int(found["y"]) if found["y"] else now.astimezone(BEIJING).year if now else 0
    for each in (year,) if found["y"] else (year, year - 1):
        try:
            made = datetime(each, int(found["m"]), int(found["d"]), *clock, tzinfo=BEIJING).astimezone(UTC)
        except ValueError:
            continue
        if found["y"] or now is None or made <= now + timedelta(days=1):
            return made
    return None


EXAMPLE: Final = "2026-11-20 12:30:11 【义乌市】已揽收"


def read(text: str, now: datetime) -> list[Scan]:
    """The scans in pasted lines, 「2026-11-20 12:30:11 【义乌市】已揽收」 each; empty lines are left out.

    Raises LinesRefused, naming the lines, when one can't be read: nothing is taken then.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise LinesRefused([f"请粘贴物流记录,每行一条,例如:{EXAMPLE}"])
    if len(lines) > MOST_LINES:
        raise LinesRefused([f"一次最多 {MOST_LINES} 行,现在是 {len(lines)} 行,请分几次录入"])
    scans: list[Scan] = []
    wrong: list[str] = []
    for number, line in lines:
        found = _TIME.match(inputs.fold(line))
        at = _moment(found, now) if found else None
        said = clean(line[found.end() :].strip(" \t,，:：|")) if found else ""
        if found is None:
            wrong.append(f"第 {number} 行开头没有时间,请写成:{EXAMPLE}")
        elif at is None:
            wrong.append(f"第 {number} 行的时间不存在,请核对")
        elif not said:
            wrong.append(f"第 {number} 行只有时间没有内容,请补上物流公司的记录")
        else:
            scans.append(Scan(at, status_of(said), said))
    if wrong:
        raise LinesRefused(wrong[:10] + ([f"还有 {len(wrong) - 10} 行读不出来"] if len(wrong) > 10 else []))
    return list(dict.fromkeys(scans))


# ---------------------------------------------------------------- what to believe

# What a side says against its own interest. Who sent the parcel gains by 签收, who waits for it by its loss.
_ADMITS = {
    True: frozenset({"lost", "returned"}),
    False: frozenset({"picked", "transit", "delivering", "station", "signed"}),
}


def doubt(
    scan: Scan,
    now: datetime,
    *,
    shipped_at: datetime,
    not_before: datetime | None = None,
    by_sender: bool | None = None,
) -> str:
    """Why a scan is kept but believed in nothing: ``future``, ``early``, ``onesided``; "" when it counts.

    ``by_sender``: typed in by the side that sent the parcel (True) or waits for it (False); None: the carrier's word.
    What ends the way counts from ``shipped_at`` on, other scans from three days before it, and never from before
    ``not_before``.
    """
    if scan.at > now + FUTURE:
        return "future"
    ends = scan.status in ("signed", "returned", "lost")
    if scan.at < (shipped_at if ends else shipped_at - BEFORE) or (not_before is not None and scan.at < not_before):
        return "early"
    if by_sender is not None and scan.status not in _ADMITS[by_sender]:
        return "onesided"
    return ""


def standing(scans: Iterable[tuple[datetime, str]]) -> Standing:
    """What believed scans come to, whatever order they came in: (moment, status) of each.

    A 签收 that is taken back by a later scan is none; after 退回 a 签收 is the sender's.
    """
    signed = lost = last = None
    back = faulty = False
    newest = ""
    for at, status in sorted(scans):
        if last is not None and signed is None and at - last > STUCK:
            faulty = True
        if status == "signed":
            if not back:
                signed, lost = signed or at, None
        elif status == "returned":
            back, lost, signed = True, at, None
        elif status == "lost":
            lost, signed = at, None
        elif status in ("exception", "delivering"):
            signed = None
        faulty = faulty or status in ("exception", "returned", "lost")
        newest, last = status, at
    if signed is not None:
        newest = "signed"
    elif lost is not None and newest == "signed":
        newest = "returned"
    return Standing(newest, last, signed, lost, faulty)
