"""Tracking numbers as cells and boxes hold them: one, several, with package suffixes and words around them.

What separates numbers is never just deleted: several numbers stay several, and what doesn't look like one number is
said to be doubtful. Carriers' shapes are not known here, only what a number of any carrier looks like.
"""

from __future__ import annotations

import re
import unicodedata

from portal import inputs

LEAST_DIGITS = 10  # of a group that is a whole number by itself; shorter groups are parts of one written in blocks
MOST_BLOCK = 6  # digits of one block, where a number is written in blocks
MOST_DIGITS = 22  # more of them in a row are two numbers whose separator was lost
JOINT = ";"
MOBILE = re.compile(r"1[3-9][0-9]{9}")

_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
_DASHES = re.compile(r"[\-‐-―−—－]+")
_SEPARATORS = re.compile(r"(?:[;；,，、/／\\|｜+＋&＆\r\n\u2028\u2029]|\s(?:and|or)\s)+", re.IGNORECASE)
_TIMES = re.compile(r"[A-Z]{0,4}[0-9]{10,}X[0-9]{1,2}")  # 「…x2」 says how many parcels, and is no part of a number
_TOKEN = re.compile(r"[0-9A-Z]+(?:-[0-9A-Z]+)*-?")
_LETTERS = re.compile(r"[A-Z]{1,6}")
_JD_PACKAGE = re.compile(r"(JD[0-9A-Z]{11,14})(?:-[0-9A-Z]{1,4}){1,3}-?")
_PACKAGE = re.compile(r"([0-9A-Z]{10,20})-[0-9]{1,3}-[0-9]{1,3}-[0-9A-Z]{0,4}")  # 京东's form, on another's number
_SUFFIX = re.compile(r"-[0-9](?:-|$)|-$")  # what counts packages; blocks of one number are longer
_TWICE = re.compile(r"[0-9]{8}.*[A-Z]+[0-9A-Z]?[0-9]{8}")  # digits, a prefix, digits: two numbers run together
_USUAL = re.compile(r"[A-Z]{0,4}[0-9]{10,22}")
_AFTER_WHOLE = re.compile(r"[0-9]{7,}[A-Z]{0,3}[\s-]+[0-9]")  # more digits behind what is longer than MOST_BLOCK
_POST = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")  # an international postal number (UPU S10): whole with nine digits
_CARRIER = re.compile(r"(?:UPS|DHL|FEDEX|USPS|TNT|EMS|ZTO|YTO|STO|YUNDA|CAINIAO)[\s:#]+(?=[0-9A-Z]{9})")  # its name
_DPK = re.compile(r"DPK[0-9]{11,}(?:-[0-9]+)+")  # a further parcel of one 德邦 waybill: the suffix is part of it


def is_unseen(character: str) -> bool:
    """Whether a character of a number can't be seen: marks of direction and joining, and letters that are blank."""
    return unicodedata.category(character) == "Cf" or character in _UNSEEN


def fold_number(text: str) -> str:
    """Half-width, upper case, without invisible characters, every dash ``-``."""
    plain = "".join(each for each in inputs.fold(text) if not is_unseen(each))
    return _DASHES.sub("-", plain.upper())


def cut_package(number: str) -> str:
    """A folded number without the suffix that counts its packages: JDVA01234567890-1-1- is JDVA01234567890."""
    if _DPK.fullmatch(number.strip("-")):
        return number.strip("-")
    found = _JD_PACKAGE.fullmatch(number) or _PACKAGE.fullmatch(number)
    return found[1] if found and _count_digits(found[1]) >= LEAST_DIGITS else number


def split_numbers(text: str) -> list[str]:
    """The tracking numbers that a text names, in its order, each once.

    A blank separates two whole numbers, but not the blocks of one: 「7548 4863 5765 96」. Where nothing looks like a
    whole number, the parts are returned as they stand.
    """
    if _USUAL.fullmatch(text):
        return [text]
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    found = [_split_part(_CARRIER.sub("", fold_number(part))) for part in parts]
    if not any(found):
        return list(dict.fromkeys(parts))
    numbers: list[str] = []
    for part, of_part in zip(parts, found, strict=True):
        short = re.sub(r"[^0-9A-Z]", "", fold_number(part))
        numbers += of_part or ([part] if len(short) >= 4 and any(each.isdigit() for each in short) else [])
    return list(dict.fromkeys(numbers))


def join_numbers(numbers: list[str]) -> str:
    """Several numbers as one text."""
    return JOINT.join(numbers)


def is_doubtful(number: str) -> bool:
    """Whether this is hardly one number of any carrier: too long, with a suffix that nobody knows, a telephone's."""
    plain = fold_number(number)
    if _DPK.fullmatch(plain):
        return False
    digits = sum(each.isdigit() for each in plain)
    return (
        digits < 4
        or _TIMES.fullmatch(plain) is not None
        or not re.fullmatch(r"[0-9A-Z]{4,40}", plain)
        or is_run_together(plain)
        or _is_mobile(plain)
    )


def is_unknown_suffix(number: str) -> bool:
    """Whether more digits follow a folded number than are its own: behind a blank or a dash, no known suffix."""
    plain = number.strip("-")
    if _DPK.fullmatch(plain):
        return False
    first, dash, rest = plain.partition("-")
    if _TIMES.fullmatch(plain):
        return True
    return (bool(dash) and _is_whole(first) and len(rest) <= 5) or _AFTER_WHOLE.search(plain) is not None


def find_whole(text: str) -> list[str]:
    """Those of the numbers in a text that are whole by themselves."""
    return [number for number in split_numbers(text) if _is_whole(number)]


def is_run_together(number: str) -> bool:
    """Whether this is two numbers without anything between them."""
    digits = sum(each.isdigit() for each in number)
    return digits > MOST_DIGITS or _TWICE.search(number) is not None


def _is_mobile(number: str) -> bool:
    return MOBILE.fullmatch(number) is not None


def _is_whole(token: str) -> bool:
    return _count_digits(token) >= LEAST_DIGITS or _POST.fullmatch(token) is not None


def _split_part(part: str) -> list[str]:
    """The whole numbers of a part without separators; none when it has no whole one.

    Digits behind more digits than a block has, with a blank or a dash between, are not known to be the number's:
    「75484863576596 2」 stays as it is.
    """
    numbers: list[str] = []
    group, end, is_long = "", 0, False
    for found in _TOKEN.finditer(part):
        before, between, token = end, part[end : found.start()], cut_package(found[0])
        end = found.end()
        if group and (between.strip("- \t\u3000") or (_digits(group) and (_is_whole(token) or _LETTERS.match(token)))):
            numbers.append(group)
            group = ""
        pieces = token.split("-")
        if group and is_long and _digits(token):
            return [each for each in [*numbers, f"{group}{part[before:].rstrip()}"] if _is_whole(each)]
        is_long = any(_count_digits(piece) > MOST_BLOCK for piece in pieces)
        if sum(_is_whole(piece) for piece in pieces) > 1:  # two numbers with a dash between them
            numbers += pieces[:-1]
            group += pieces[-1]
        elif not _is_whole(pieces[0]) and (_AFTER_WHOLE.search(token) or _has_odd_end(token)):  # no carrier's number
            return []
        elif not _is_whole(pieces[0]) or _DPK.fullmatch(token):  # blocks of one number
            group += token if _DPK.fullmatch(token) else "".join(pieces)
        else:
            group += token if "-" in token.strip("-") else token.strip("-")
    numbers.append(group)
    return [number for number in numbers if _is_whole(number)]


def _has_odd_end(token: str) -> bool:
    return _SUFFIX.search(token) is not None and _count_digits(token.partition("-")[0]) > MOST_BLOCK


def _count_digits(text: str) -> int:
    return sum(each.isdigit() for each in text)


def _digits(text: str) -> bool:
    return any(each.isdigit() for each in text)
