"""A tracking number read off a photo of its label, for browsers without a reader of their own and without script.

A button of the form asks for it; the page comes back with the number in its field and everything else as it was typed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from portal.evidence import imaging
from portal.evidence.imaging import ImageRefused, IncomingFile
from portal.extensions import db
from portal.parcels.reading import Read, find_scannable, find_waybills
from portal.web import rates
from portal.web.photo_field import Photos

READS = importlib.util.find_spec("zxingcpp") is not None
BUTTON = "reads"  # its value is the field's name, or a number that was chosen: number:SF1234567890123
NO_FILE = "请先点「拍面单，自动填写」，拍下或选择面单的照片"
NOTHING = "照片里没有读到运单号。请把条码拍正、拍满画面再试一次，或者照着面单手工填写"
NOTHING_AT_ALL = "照片里没有读到条码。请把条码拍正、拍满画面再试一次，或者手工输入号码"


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a photo, said beside the field of that name; several numbers are offered."""

    field: str
    said: str
    good: bool = False
    found: Sequence[Read] = ()


def was_asked() -> bool:
    """Whether this form was sent for reading a label, and for nothing else."""
    return READS and request.method == "POST" and bool(request.form.get(BUTTON))


def fill_in(form: Any, names: Collection[str], own_order_nos: Collection[str], whom: object) -> Reading | None:
    """Put what the photo says into the field that asked; photos of the form are kept, nothing is judged."""
    name, _, chosen = request.form.get(BUTTON, "")[:100].partition(":")
    for each in form:
        if isinstance(each, Photos):
            each.keep()
    if name not in names:
        return None
    if chosen:
        texts: list[str] | str = [chosen]
    else:
        texts = read_codes(f"label_{name}", whom)
    if isinstance(texts, str):
        return Reading(name, texts)
    reading = _take_one(name, find_waybills(texts, own_order_nos))
    if reading.good:
        form[name].raw = form[name].data = reading.found[0].number
    return reading


def read_codes(name: str, whom: object, limit: str = "label") -> list[str] | str:
    """The texts of the codes in the photo of this field, or why there are none, as a sentence."""
    file = request.files.get(name)
    if file is None or not file.filename:
        return NO_FILE
    rates.limit(limit, whom)
    db.session.rollback()  # decoding takes its time, and needs no transaction
    try:
        return imaging.read_codes(IncomingFile(file.filename, file.stream))
    except ImageRefused as refused:
        return refused.sentence.replace("第 1 张照片", "这张照片", 1)


def read_scannable(name: str, whom: object, limit: str) -> tuple[list[str], str]:
    """What a photo gives the warehouse's box, and why it gives nothing."""
    texts = read_codes(name, whom, limit)
    if isinstance(texts, str):
        return [], texts
    found = find_scannable(texts)
    return found, "" if found else NOTHING_AT_ALL


def _take_one(name: str, found: list[Read]) -> Reading:
    if not found:
        return Reading(name, NOTHING)
    if len(found) > 1:
        return Reading(name, f"照片里有 {len(found)} 个号码，请点面单上的那一个", found=found)
    [read] = found
    if len(read.carriers) == 1:
        said = f"已读出{read.carriers[0]}的运单号 {read.number}，请对照面单核对"
    elif read.carriers:
        said = f"已读出运单号 {read.number}，可能是{'、'.join(read.carriers)}，请选择物流公司"
    else:
        said = f"已读出运单号 {read.number}，请对照面单核对，并选择物流公司"
    return Reading(name, said, good=True, found=found)
