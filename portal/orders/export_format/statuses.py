"""What exports say of an order's status, and which of ours it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from portal.orders.export_format import aftersales
from portal.orders.export_format.status_words import BESIDE, MONEY_BACK, REFUND_CLOSED, STATUSES, WHOSE
from portal.traditional import simplify

_BETWEEN = re.compile(r"[()（）\[\]【】,，、;；。/|｜:：+&·~\-—\s]+")
# What stands beside a status and counts or dates it. 「已发货(1/2)」 and 「已签收0件」 say something else.
_DATED = re.compile(
    r"(?:(?:19|20)\d\d[-/.年])?(?<!\d)\d{1,2}(?:月\d{1,2}[日号]|-\d{2}(?![\d-]))|(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}(?!\d)"
    r"|(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
)
_COUNTED = re.compile(r"[\s:/x×*(\[【]*(?:共|计)?[1-9]\d{0,2}\s*([件个单箱包票])?[\s)\]】]*$", re.IGNORECASE)
_OF_PARTS = re.compile(r"(?<=部分发货|部分出库)[\s(\[]*\d{1,3}\s*/\s*\d{1,3}\s*[件个单箱包票]?[)\]]*$")
_KINDS_OF_REFUND = frozenset({"退货退款", "仅退款", "退款退货", "退货"})
_ENDED = ("cancelled", "refunding")  # what may be true of one line of an order and not of the others
_STATUS_COLUMNS = frozenset({"订单状态", "售后状态"})
NO_AFTERSALE = "无售后"
MIXED = "各行状态不同"
STRANGE_AFTERSALE = "售后状态「{text}」没有采用：与订单状态「{status}」合起来看不懂，请核对"
MOST_WORDS = 60  # characters of both together
_PAYER = re.compile(f"^{aftersales.WHO}已?(?=.*(?:退款|退货))")
_CALLED_OFF = re.compile(f"{aftersales.WHO}?(?:超时|自动)?已?(?:取消|关闭|作废)了?(?:订单|交易)")
PARTLY = "部分"  # some of it is on its way, some not
UNKNOWN_STATUS = (
    "「{text}」不是认识的订单状态：新订单按「状态待确认」导入，买家暂时不能申请；已知的订单保留原来的状态。请核对"
)
EXAMINED = "「{text}」按待发货导入：付款以后、发货以前店铺自己的审核；如果说的是退款，请改成「退款审核中」后重新导入"
PARTLY_SHIPPED = "「{text}」按已发货导入，没有发出的部分请与买家说明"
_CLOSED = (
    "「{text}」是退款已关闭，表格没有说订单到了哪一步：新订单按「状态待确认」导入，"
    "已知的订单回到退款前的状态，或保留原来的状态"
)
_CLOSED_SENT = "「{text}」是退款已关闭，订单有运单号，按已发货导入"


def is_money_back(text: str) -> bool:
    """Whether an export's words say that all was refunded, not that the order was called off."""
    return any(_gave_back(plain) for plain in (_plain(text), *_parts(text)))


def is_refund_closed(text: str) -> bool:
    """Whether an export's words say that a refund was withdrawn or won't be made, whatever else they say."""
    return any(plain in REFUND_CLOSED for plain in (_plain(text), *_parts(text)))


def says_only_refund_closed(text: str) -> bool:
    """Whether they say nothing else, so that where the order stands isn't known from them."""
    return is_refund_closed(text) and _read(text) == "unknown"


def _plain(text: str) -> str:
    plain = "".join(each for each in simplify(unicodedata.normalize("NFKC", text)).casefold() if each.isalnum())
    return re.sub("^己|已经", "已", plain).replace("出货", "发货")


def _parts(text: str) -> list[str]:
    """The words of a cell; 「已发货未签收」 is two."""
    words = [word for part in _BETWEEN.split(text) if (plain := _plain(part)) for word in _split(plain)]
    if any(_gave_back(word) or word in REFUND_CLOSED or _find(word) == "refunding" for word in words):
        return [word for word in words if word not in _KINDS_OF_REFUND]  # 退货退款，退款成功: what for, and how it went
    return words


def _split(plain: str) -> list[str]:
    if not _is_word(plain):
        for at in range(2, len(plain) - 1):
            if _is_word(plain[:at]) and _is_word(plain[at:]):
                return [plain[:at], plain[at:]]
    return [plain]


def _is_word(plain: str) -> bool:
    return plain in BESIDE or plain in REFUND_CLOSED or _find(plain) != "unknown"


def _gave_back(plain: str) -> bool:
    """Whether a word says that all was refunded; who did it may be said before it."""
    return _PAYER.sub("", plain) in MONEY_BACK


def _find(plain: str) -> str:
    """The status of one word; whose it is may be said before it."""
    if plain in STATUSES:
        return STATUSES[plain]
    if plain.isascii() and (found := STATUSES.get(re.sub("^(?:order|trade)", "", plain))):
        return found
    for names, allowed in WHOSE:
        for name in names:
            if plain.startswith(name) and (found := STATUSES.get(plain.removeprefix(name))) in allowed:
                return found or "unknown"
    if aftersales.is_under_way(plain):
        return "refunding"
    if _CALLED_OFF.fullmatch(plain):
        return "cancelled"
    return "unshipped" if aftersales.is_examined(plain) else "unknown"


def _without_numbers(words: str) -> str:
    """The words without a date, a time and a number of pieces: 「已发货(2)」, 「已签收 11-28 10:02」.

    Of what ended, or has arrived, a number of pieces may be a part of it: that is left for a person to read.
    """
    bare = _OF_PARTS.sub("", _DATED.sub(" ", unicodedata.normalize("NFKC", words)).strip())
    counted = _COUNTED.search(bare)
    if counted is None:
        return bare
    status = _find(_plain(bare[: counted.start()]))
    partly = status in _ENDED or (status in ("delivered", "completed") and counted[1])
    return bare if partly else bare[: counted.start()]


def _read(text: str) -> str:
    if "?" in text or "？" in text:
        return "unknown"
    if any(each.isdecimal() for each in text):
        text = "，".join(map(_without_numbers, re.split("[,，]", text)))
    whole = _find(_plain(text))
    if whole != "unknown":
        return whole
    parts = _parts(text)  # 交易成功（已评价）: several words that mean one thing
    known = {_find(part) for part in parts if part not in BESIDE and part not in REFUND_CLOSED}
    if not known:
        known = {_find(part) for part in parts if part not in REFUND_CLOSED}
    if known == {"delivered", "completed"}:
        return "completed"
    if len(known) == 1:
        return known.pop()
    before, last = known - {"refunding", "cancelled"}, known & {"refunding", "cancelled"}
    if len(before) != 1 or len(last) != 1 or before <= {"unknown"}:
        return "unknown"
    ended = before <= {"unpaid", "unshipped"} or any(map(_gave_back, parts))
    if last == {"cancelled"}:  # 「未发货，退款成功」, 「待发货，已取消」; not 「已签收，交易关闭」
        return "cancelled" if ended else "unknown"
    return "unknown" if before == {"unpaid"} else "refunding"


def read_status(text: str, *, sent: bool = False) -> tuple[str, str]:
    """(our status of an export's words, what is to be said about it or ""). ``sent``: the row names a parcel."""
    status = _read(text)
    if status == "unknown" and is_refund_closed(text):
        said = _CLOSED_SENT if sent else _CLOSED
        return ("in_transit" if sent else status), said.format(text=text[:30])
    if status == "unknown":
        return status, UNKNOWN_STATUS.format(text=text[:30])
    if status == "unshipped" and all(part in BESIDE or aftersales.is_examined(part) for part in _parts(text)):
        return status, EXAMINED.format(text=text[:30])
    return status, PARTLY_SHIPPED.format(text=text[:30]) if PARTLY in _plain(text) else ""


def ends_differ(status: str, columns: Iterable[str]) -> bool:
    """Whether an order's end may be that of one of its lines: the rows differ in these columns."""
    return status in _ENDED and not _STATUS_COLUMNS.isdisjoint(columns)


def read_aftersale(text: str) -> str:
    """The words of 售后状态, always the same where they say that there is none."""
    parts = _parts(text)
    return text if any(each not in BESIDE or aftersales.is_examined(each) for each in parts) else NO_AFTERSALE


def _deny(text: str, other: str) -> bool:
    """Whether one says that a refund won't be made, and the other that it was made or is under way."""
    return is_refund_closed(text) and (is_money_back(other) or _read(other) == "refunding")


def read_statuses(values: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """(our status of a row's values, its words, what is to be said); 售后状态 is taken together with 订单状态.

    Whose money was given back must not come in as an order for which it can be asked again.
    """
    text, aftersale = values["status_text"], values.get("aftersale_text", "")
    named, notes = aftersales.say_of_aftersale(aftersale, text), []
    both = f"{text}，{named}"
    if aftersale not in ("", NO_AFTERSALE):
        strange = _read(both) == "unknown" and not says_only_refund_closed(both)
        strange |= _read(text) != "unknown" and (_deny(text, named) or _deny(named, text))
        strange |= is_refund_closed(named) and any(_find(part) == "refunding" for part in _parts(named))
        if (strange and _read(text) != "unknown") or len(both) > MOST_WORDS:
            notes.append(STRANGE_AFTERSALE.format(text=aftersale[:30], status=text[:30]))
        elif not strange:
            text = both
    status, doubt = read_status(text, sent=bool(values.get("tracking_text")))
    return status, text, [*([doubt] if doubt else []), *notes]
