"""The one input layer: what people type or import, made clean or refused with a sentence.

Every form, the conversation and the import read through these functions, so that a value means the same everywhere
and on both databases. Text is NFC, without invisible and control characters (the joiner
within an emoji stays); numbers are ASCII after folding
full-width digits, and never read by ``int()`` or ``Decimal()`` alone, which take ``１２``, ``٣``, ``1_0``, ``+5`` and
``NaN``. Quantities are whole thousandths, money whole 分. What can't be read raises InputRefused, whose sentence says
what to do.
"""

from __future__ import annotations

import re
import unicodedata

import regex

MOST_DIGITS = 6  # of a quantity before the point
MOST_QUANTITY_MILLI = 999_999_999
_BYTES_A_GRAPHEME = 16  # on average; a legitimate emoji with its modifiers has up to 28

_INVISIBLE = r"\u200b\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff[\p{Cc}--[\n]]"
_REMOVED = regex.compile(rf"[{_INVISIBLE}\u200d]", regex.V1)
_REMOVED_FROM_TEXT = regex.compile(rf"[{_INVISIBLE}]", regex.V1)
# U+200D joins two pictures to one (a family, a profession, a flag); anywhere else it is only invisible.
_STRAY_JOINER = regex.compile(
    r"(?<!\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d|\u200d(?!\p{Extended_Pictographic})"
)
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_BREAKS = re.compile(r"(?<![ \t])[ \t]*+[\n\u2028\u2029][\n\u2028\u2029 \t]*+")  # a run of blanks is read once
_UNSEEN = regex.compile(r"[\s\p{Default_Ignorable_Code_Point}\u2800]*")
_GRAPHEME = regex.compile(r"\X")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

_QUANTITY = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,3}))?")
_WHOLE = re.compile(r"[0-9]{1,6}")
_ID = re.compile(r"[0-9]{1,18}")  # whatever the database's numbers hold
_MONEY = re.compile(r"([0-9]{1,8}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.([0-9]{1,2}))?")
_EXTENSION = re.compile(r"(?:转|分机|EXT\.?|#|-)([0-9]{1,6})$")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})([2-9][0-9]{6,7})")
_SERVICE = re.compile(r"[48]00[0-9]{7}")
_ABROAD = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")

# Units that measure: of these people buy 1.5. Everything else is counted.
_MEASURES = frozenset(
    "米 千米 公里 里 厘米 公分 分米 毫米 尺 英尺 寸 英寸 码 丈 m km cm dm mm ft in yd yard"
    " 千克 公斤 斤 市斤 克 毫克 两 吨 公吨 磅 盎司 担 克拉 kg g mg t lb oz ct"
    " 升 公升 毫升 加仑 立方 立方米 方 l ml cl m3 cbm"
    " 平方米 平方 平米 平方厘米 平方英尺 亩 m2 cm2 小时 天".split()
)


class InputRefused(ValueError):
    """What was typed can't be taken; ``sentence`` says what to do instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


# ---------------------------------------------------------------- text


def text(raw: object, *, limit: int, least: int = 0) -> str:
    """Text of several lines: NFC, line ends ``\\n``, a tab a space, no invisible or control characters, trimmed.

    ``limit`` counts graphemes, what a person sees as characters; ``least`` only those that can be seen.
    Text without anything to see is "". Raises InputRefused for what no database can store (NUL, lone surrogates), for
    too much and for too little.
    """
    cleaned = _cleaned(raw, limit)
    return _measured(cleaned, limit, least)


def line(raw: object, *, limit: int, least: int = 0) -> str:
    """Text of one line: as ``text``, with every line break a space, and at most ``limit`` code points as well.

    One-line values go into columns of a fixed length, which PostgreSQL counts in code points.
    """
    cleaned = _measured(_BREAKS.sub(" ", _cleaned(raw, limit)).strip(), limit, least)
    if len(cleaned) > limit:
        raise InputRefused(f"最多 {limit} 个字，组合字符和表情会多占位置，请删减一些")
    return cleaned


def seen(text: str) -> str:
    """What can be seen of a text, in a line: nothing that drives a terminal, no marks that turn its order."""
    return _REMOVED.sub("", text.replace("\n", " "))


def was_cleaned(raw: str, cleaned: str) -> bool:
    """Whether characters went missing that the person should be told of: more than line ends, tabs and outer spaces."""
    plain = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return _BREAKS.sub(" ", plain).strip() != _BREAKS.sub(" ", cleaned).strip()


def graphemes(text: str) -> int:
    """How many characters a person sees or types: ``é`` in two code points is one, a flag is one."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def visible(text: str) -> int:
    """How many graphemes there are to see: spaces and fillers don't count."""
    return sum(1 for found in _GRAPHEME.finditer(text) if not _UNSEEN.fullmatch(found.group()))


def fold(text: str) -> str:
    """Full-width ASCII (１２．５, ＳＦ, ideographic space) as plain ASCII; nothing else: ``²`` and ``①`` stay."""
    return text.translate(_WIDE)


def fold_member(name: str) -> str:
    """A 会员名 as it is kept: in half width, with one blank where there are several."""
    return " ".join(fold(name).split())


def member_key(name: str) -> str:
    """What tells members apart: names that differ only in the case of their (ASCII) letters are one person's."""
    return "".join(each.lower() if each.isascii() else each for each in fold_member(name))


def _cleaned(raw: object, limit: int) -> str:
    if not isinstance(raw, str):
        raise InputRefused("请用文字填写")
    if not raw:
        return ""
    if len(raw) > 64 * limit + 1_024:  # not worth counting
        raise InputRefused(f"最多 {limit} 个字，现在的内容太长，请删减后再提交")
    if _UNSTORABLE.search(raw):
        raise InputRefused("内容里有无法保存的特殊字符，请删除后重新输入")
    plain = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    # Removed first, composed second: the other way round a character may be left in two parts.
    seen = _STRAY_JOINER.sub("", _REMOVED_FROM_TEXT.sub("", plain))
    plain = unicodedata.normalize("NFC", seen).strip()
    return "" if _UNSEEN.fullmatch(plain) else plain


def _measured(cleaned: str, limit: int, least: int) -> str:
    many = graphemes(cleaned)
    if many > limit:
        raise InputRefused(f"最多 {limit} 个字，现在是 {many} 个字，请删减 {many - limit} 个字")
    if len(cleaned.encode()) > _BYTES_A_GRAPHEME * limit + 32:
        raise InputRefused(f"最多 {limit} 个字，组合字符和表情会多占位置，请删减一些")
    if least and visible(cleaned) < least:
        raise InputRefused(f"请至少填写 {least} 个字，现在是 {visible(cleaned)} 个字")
    return cleaned


# ---------------------------------------------------------------- numbers


def unit_is_whole(unit: str) -> bool:
    """Whether goods of this unit are counted (件, 双, 个, …) and not measured (米, 千克, …)."""
    plain = fold(unit).casefold().replace("㎡", "m2").replace("m²", "m2").replace("m³", "m3")
    return not any(part in _MEASURES for part in re.split(r"[\s/()\[\]【】、]+", plain) if part)


def quantity(raw: object, most: int | None = None, *, unit: str = "件", whole: bool | None = None) -> int:
    """A quantity above 0 in thousandths, at most ``most`` thousandths.

    ``whole`` refuses decimals; None leaves it to the unit, unless ``most`` itself is no whole number of units.
    Raises InputRefused with the allowed range in that unit.
    """
    if most is not None and most <= 0:
        raise InputRefused("已没有可申请的数量，请在订单里查看已有的售后单")
    top = MOST_QUANTITY_MILLI if most is None else min(most, MOST_QUANTITY_MILLI)
    if whole is None:
        whole = unit_is_whole(unit) and (most is None or most % 1000 == 0)
    found = _QUANTITY.fullmatch(_plain(raw))
    if found and not (whole and found[2]):
        milli = int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))
        if 0 < milli <= top:
            return milli
    if whole:
        allowed = f"1 到 {top // 1000} 之间的整数" if top >= 2_000 else "1"
        raise InputRefused(f"请填写 {allowed}，单位：{unit}")
    raise InputRefused(f"请填写 0.001 到 {quantity_text(top)} 之间的数，最多三位小数，单位：{unit}")


def whole_number(raw: object, *, least: int = 0, most: int = 999_999) -> int:
    """A whole number of at most six digits between two bounds. Raises InputRefused with the range."""
    plain = _plain(raw)
    if _WHOLE.fullmatch(plain) and least <= int(plain) <= most:
        return int(plain)
    raise InputRefused(f"请填写 {least} 到 {most} 之间的整数")


def read_id(raw: str) -> int | None:
    """The id or version that an address or a form names; None for what no id is: 1 to 18 ASCII digits are one."""
    return int(raw) if _ID.fullmatch(raw) else None


def money(raw: object, *, least: int = 0, most: int = 9_999_999_999) -> int:
    """An amount in 分, between two bounds in 分. ¥, 元, spaces and commas between thousands may be there."""
    plain = _plain(raw).removeprefix("¥").removeprefix("￥").removesuffix("元").replace(" ", "")
    if found := _MONEY.fullmatch(plain):
        fen = int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))
        if least <= fen <= most:
            return fen
    if most < 9_999_999_999 or least:
        raise InputRefused(f"请填写 {money_text(least)} 到 {money_text(most)} 元之间的金额，最多两位小数")
    raise InputRefused("请填写金额，最多两位小数，例如 1234.50")


def digits(raw: object, *, least: int = 1, most: int = 40) -> str:
    """A number that is a name (an order number, a code): its ASCII digits, without spaces and dashes between them."""
    plain = re.sub(r"[\s\-‐-―]+", "", _plain(raw))
    if re.fullmatch(r"[0-9]+", plain) and least <= len(plain) <= most:
        return plain
    length = f"{least} 位" if least == most else f"{least} 到 {most} 位"
    raise InputRefused(f"请填写 {length}数字")


def phone(raw: object) -> str:
    """A telephone number: a mobile one, a landline with its area code, 400/800, or one abroad with ``+``.

    Returned as 13812345678, 0571-88886666, 4001234567 or +85291234567, an extension after a dash; at most 25
    characters.
    """
    plain = re.sub(r"[\s()\[\]._‐-―]+", "", _plain(raw).upper().replace("—", "-"))
    if len(plain) <= 40:
        home = re.sub(r"^(?:\+|00)86-?(?=[0-9])", "", plain)
        for number, more in ((home, ""), *_with_extension(home)):
            bare, extension = number.replace("-", ""), f"-{more}" if more else ""
            if re.fullmatch(r"86" + _MOBILE.pattern, bare):
                bare = bare[2:]
            if home != plain and _LANDLINE.fullmatch(f"0{bare}"):
                bare = f"0{bare}"  # +86 571: the area code has lost its 0
            if _MOBILE.fullmatch(bare) or _SERVICE.fullmatch(bare):
                return bare + extension
            if found := _LANDLINE.fullmatch(bare):
                return f"{found[1]}-{found[2]}{extension}"
            if _ABROAD.fullmatch(bare):
                return bare + extension
    raise InputRefused("请填写 11 位手机号，或带区号的固定电话，例如 0571-88886666")


def _with_extension(plain: str) -> tuple[tuple[str, str], ...]:
    found = _EXTENSION.search(plain)
    return ((plain[: found.start()], found[1]),) if found else ()


def quantity_text(milli: int) -> str:
    """Thousandths as people write them: 1500 is 1.5, 2000 is 2."""
    whole, rest = divmod(abs(milli), 1000)
    sign = "-" if milli < 0 else ""
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".")


def money_text(fen: int) -> str:
    """分 as 元 as people read them, the one way on every page and in every notice: 123450 is 1,234.50."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


def money_typed(fen: int) -> str:
    """分 as 元 as they stand in a field and in an address: 123450 is 1234.50."""
    return money_text(fen).replace(",", "")


def _plain(raw: object) -> str:
    """What was typed, folded, without what can't be seen and outer spaces; "" for what is no text."""
    if not isinstance(raw, str) or len(raw) > 400:
        return ""
    if _UNSTORABLE.search(raw):
        raise InputRefused("内容里有无法保存的特殊字符，请删除后重新输入")
    plain: str = _REMOVED.sub("", fold(raw).replace("\t", " ").replace("\n", " "))
    return plain.strip()
