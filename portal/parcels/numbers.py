"""Tracking numbers as people paste them: put straight, judged, and the carriers they look like."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from portal import inputs
from portal.inputs import InputRefused
from portal.parcels.carriers import BY_CODE, CARRIERS, Carrier, Kind, traced
from portal.waybills import MOBILE, find_whole, fold_number, is_run_together, is_unknown_suffix

LEAST_LENGTH: Final = 4


MOST_LENGTH: Final = 40


MOST_SUGGESTED: Final = 3


SEVERAL = "这里像是有几个运单号，请一次填写一个包裹的运单号"


_CHILD = re.compile(r"DPK[0-9]{11,}(?:-[0-9]+)+")  # a further parcel of one 德邦 waybill


_LABEL = re.compile(r"(?:[^0-9A-Z]+|NO[.:#№]+|[A-Z]{2,8}:)+")  # 运单号:  NO.  ZTO:


_TAIL = re.compile(r"[^0-9A-Z]+$")


_CASE_NO = re.compile(r"HH[0-9]{14}")


_COUNTED = re.compile(r"(?<![0-9A-Z])[0-9](?:\.[0-9]+)? ?E\+[0-9]+|[0-9]\.[0-9]+ ?E[0-9]+")


_S10 = re.compile(r"[A-Z]{2}([0-9]{8})([0-9])[A-Z]{2}")


def normalise(number: str) -> str:
    """A pasted number as carriers write it: half-width, upper case, without label, invisible signs, package suffix.

    Blanks and dashes between the blocks of one number go; the dashes of 德邦's child numbers stay
    (DPK364112047425-1-2), and so does what stands between several numbers: check_number() asks about them.
    """
    plain = fold_number(number[:400])
    whole = find_whole(plain)
    if len(whole) > 1:
        return " ".join(whole)
    if whole and re.fullmatch(r"[0-9A-Z-]+", whole[0]):
        plain = whole[0]
    if is_unknown_suffix(plain):
        return plain  # nothing is cut or joined that could make another number of it
    plain = re.sub(r"[\s·_]+", "", plain)
    if label := _LABEL.match(plain):
        plain = plain[label.end() :]
    plain = _TAIL.sub("", plain).replace(":", "")
    return plain if _CHILD.fullmatch(plain) else plain.replace("-", "")


def s10_holds(number: str) -> bool | None:
    """Whether the check digit of an international postal number (UPU S10) is right; None: not such a number."""
    found = _S10.fullmatch(number)
    if found is None:
        return None
    total = sum(int(digit) * weight for digit, weight in zip(found[1], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    digit = 11 - total % 11
    return int(found[2]) == {10: 0, 11: 5}.get(digit, digit)


def suggest(number: str, own_order_nos: Collection[str] = ()) -> list[Carrier]:
    """The likeliest carriers of a number, best first, at most three; none for what is no tracking number."""
    plain = normalise(number)
    if _mistaken(plain, own_order_nos):
        return []
    ranked = [(rank, place, carrier) for place, carrier in enumerate(CARRIERS) if (rank := _rank(carrier, plain))]
    return [carrier for _, _, carrier in sorted(ranked, key=lambda each: each[:2])[:MOST_SUGGESTED]]


def recognise(number: str, own_order_nos: Collection[str] = ()) -> tuple[Carrier | None, list[Carrier]]:
    """The one carrier that a number is of, and all that it could be of; None when a person must say.

    A number in the very shape of one carrier is that one's, whoever else counts as many digits: SF and 13 are 顺丰速运.
    """
    plain = normalise(number)
    likely = [known for known in suggest(number, own_order_nos) if not known.historic]
    sure = [known for known in likely if _rank(known, plain) == 1]
    found = sure if len(sure) == 1 else likely
    return (found[0] if len(found) == 1 else None), likely


def fits(carrier: Carrier, number: str) -> bool:
    """Whether a number has a shape that this carrier prints; one whose shapes nobody knows prints any."""
    known = traced(carrier.code) and (carrier.strong or carrier.weak)
    return not known or _rank(carrier, normalise(number)) > 0


def check_number(raw: str, own_order_nos: Collection[str] = (), *, carrier: str = "") -> str:
    """A tracking number as it is kept. With a carrier that traces nothing, its own kind of number, or "" for 自送.

    Raises InputRefused for a telephone or order number pasted by mistake and for what no carrier prints.
    """
    known = BY_CODE.get(carrier)
    if known is not None and not traced(carrier):
        free = inputs.line(raw, limit=MOST_LENGTH)
        if not free and known.kind is Kind.PAPER:
            raise InputRefused("请填写货运单上的单号，没有单号可填承运人的名称")
        return free
    if not raw.strip():
        raise InputRefused("请填写运单号")
    plain = normalise(raw)
    if sentence := _mistaken(plain, own_order_nos):
        raise InputRefused(sentence)
    whole = find_whole(raw[:400])
    if len(whole) > 1:
        raise InputRefused(SEVERAL)
    if _COUNTED.search(fold_number(raw[:400])):
        raise InputRefused("运单号被表格软件改成了科学计数，后几位可能已经丢失，请对照快递面单填写")
    if any(" " in each or ("-" in each and not _CHILD.fullmatch(each)) for each in whole) or is_unknown_suffix(plain):
        raise InputRefused("运单号后面多出一段，请对照快递面单，只填写运单号本身")
    if not re.fullmatch(r"[0-9A-Z-]+", plain) or not LEAST_LENGTH <= len(plain) <= MOST_LENGTH:
        raise InputRefused(f"运单号是 {LEAST_LENGTH} 到 {MOST_LENGTH} 位的字母和数字，请对照快递面单填写")
    if is_run_together(plain):
        raise InputRefused(SEVERAL)
    return plain


def _mistaken(plain: str, own_order_nos: Collection[str]) -> str:
    """What was pasted instead of a tracking number, as a sentence; "" when nothing is amiss."""
    if MOBILE.fullmatch(plain):
        return "这是手机号，请填写快递面单上的运单号"
    if _CASE_NO.fullmatch(plain):
        return "这是售后单号，请填写快递面单上的运单号"
    if plain and plain in {normalise(order_no) for order_no in own_order_nos}:
        return "这是订单编号，请填写快递面单上的运单号"
    return ""


def _rank(carrier: Carrier, plain: str) -> int:
    """How well it fits: 0 not at all, 1 best, 2 a prefix or wrong check digit, 3 digits alone, 4 ships no more."""
    if any(re.fullmatch(pattern, plain, re.ASCII) for pattern in carrier.strong):
        return 2 if s10_holds(plain) is False else 1
    weak = [pattern for pattern in carrier.weak if re.fullmatch(pattern, plain, re.ASCII)]
    if not weak:
        return 0
    if carrier.historic:
        return 4
    return 3 if all(pattern.startswith(r"\d") for pattern in weak) else 2
