"""Scans: what a carrier says of a parcel at a moment, and how it is read from what people paste.

Pure. The eight statuses are ours; each tracking service's codes are mapped in portal/couriers/. Words without a code
are read in portal/parcels/wording.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from portal import inputs
from portal.parcels import pasting, wording
from portal.words import BEIJING

STATUSES: Final = ("picked", "transit", "delivering", "station", "signed", "exception", "returned", "lost")
MOST_WORDS: Final = 300  # characters of one scan
MOST_LINES: Final = 100  # of one paste
FUTURE: Final = timedelta(minutes=10)  # clocks differ by so much
BEFORE: Final = timedelta(days=3)  # a parcel is often handed over before its number is registered
STUCK: Final = timedelta(hours=72)


class Scan(NamedTuple):
    """One scan: when (UTC), which of STATUSES, the carrier's words. ``unclear``: whether it is 签收 can't be told."""

    at: datetime
    status: str
    words: str
    unclear: bool = False


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


def status_of(words: str) -> str:
    """Which status a carrier's words speak of, when no code says so; "transit" where they are doubtful."""
    return wording.read(words).status


def read_words(at: datetime, words: str) -> Scan:
    """The scan that these words tell of."""
    reading = wording.read(words)
    return Scan(at, reading.status, words, not reading.clear)


# What words alone may say beside a code that says little.
_MILD = frozenset({"picked", "transit", "delivering", "station"})
_RECEIVER = re.compile("本人|收件人|收货人|家人|客户|凭取[件货]码")


def read_code(at: datetime, code: str | None, words: str) -> Scan:
    """The scan of a service that has codes of its own. ``code``: its status; "" says little, None isn't known.

    A code and words that contradict each other about 签收 are doubtful: such a scan is kept and counts for nothing.
    """
    reading = wording.read(words)
    receipt = reading.status == "signed"
    if code is None:
        return Scan(at, reading.status, words, not reading.clear)
    if code == "":
        return Scan(at, reading.status if reading.status in _MILD else "transit", words, receipt or not reading.clear)
    if code == "signed":
        agreed = receipt or not reading.spoken or re.fullmatch("(?:已|完成)*取件(?:成功|完成)?", words) is not None
        return Scan(at, "signed" if agreed and reading.clear else reading.status, words, not (agreed and reading.clear))
    if code == "returned":
        return Scan(at, code, words, receipt and _RECEIVER.search(words) is not None)
    return Scan(at, code, words, receipt)


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

    The time may also stand on a line of its own, before its words or after them, as on the carriers' pages.

    Raises LinesRefused, naming the lines, when one can't be read: nothing is taken then.
    """
    lines = pasting.unfold_table(text)
    if not lines:
        raise LinesRefused([f"请粘贴物流记录，每行一条，例如：{EXAMPLE}"])
    if len(lines) > MOST_LINES:
        raise LinesRefused([f"一次最多 {MOST_LINES} 行，现在是 {len(lines)} 行，请分几次录入"])
    scans: list[Scan] = []
    wrong: list[str] = []
    for number, line in lines:
        found = _TIME.match(inputs.fold(line))
        at = _moment(found, now) if found else None
        said = clean(line[found.end() :].strip(" \t,，:：|")) if found else ""
        if found is None:
            wrong.append(f"第 {number} 行开头没有时间，请写成：{EXAMPLE}")
        elif at is None:
            wrong.append(f"第 {number} 行的时间不存在，请核对")
        elif not said:
            wrong.append(f"第 {number} 行只有时间没有内容，请补上物流公司的记录")
        else:
            scan = read_words(at, said)
            scans.append(scan._replace(unclear=True) if _tells_another_time(scan) else scan)
    if wrong:
        raise LinesRefused(wrong[:10] + ([f"还有 {len(wrong) - 10} 行读不出来"] if len(wrong) > 10 else []))
    return list(dict.fromkeys(scans))


def _tells_another_time(scan: Scan) -> bool:
    """Whether a scan that ends the way has a second time in its words: two scans that were copied into one line."""
    others = [_moment(found, None) for found in _TIME.finditer(inputs.fold(scan.words)) if found["y"]]
    return scan.status in ("signed", "returned", "lost") and any(other not in (None, scan.at) for other in others)


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
    """Why a scan is kept but believed in nothing: ``future``, ``early``, ``unclear``, ``onesided``; "" when it counts.

    ``by_sender``: typed in by the side that sent the parcel (True) or waits for it (False); None: the carrier's word.
    What ends the way counts from ``shipped_at`` on, other scans from three days before it, and never from before
    ``not_before``.
    """
    if scan.at > now + FUTURE:
        return "future"
    ends = scan.status in ("signed", "returned", "lost")
    if scan.at < (shipped_at if ends else shipped_at - BEFORE) or (not_before is not None and scan.at < not_before):
        return "early"
    if scan.unclear:
        return "unclear"
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
