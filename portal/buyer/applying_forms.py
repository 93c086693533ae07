"""The buyer's forms of an application: reason, details, the check before it is filed."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from wtforms import HiddenField

from portal import inputs
from portal.rights.reasons import MOST_OF_APPLICATION
from portal.talk import card_numbers
from portal.web.fields import Choice, Line, Money, Phone, Place, Text
from portal.web.forms import Form
from portal.web.photo_field import Photos


class ReasonForm(Form):
    """换货原因: one choice of one group, a ground or one of its reasons; and which line."""

    line = HiddenField()
    photos = Photos("照片", most=MOST_OF_APPLICATION)
    reason = Choice("换货原因")
    type = HiddenField()  # said by the buttons that lead on from a refusal to a right
    ask = HiddenField()  # and by those that lead on to 协商


class StripForm(Form):
    """What is asked of an application's photos while the rest of its page is still being filled in."""

    photos = Photos("凭证", most=MOST_OF_APPLICATION)


class DetailsForm(Form):
    """What an application says besides its reason. Quantities are read by the route: their names carry the line."""

    type = Choice("希望怎么处理", optional=True)
    amount = Money("退款金额", optional=True)
    photos = Photos("凭证", most=MOST_OF_APPLICATION)
    stated = Line("标注的尺寸", limit=30, missing="请填写标注的尺寸")
    measured = Line("实测的尺寸", limit=30, missing="请填写实测的尺寸")
    description = Text("换货原因描述", limit=500, optional=True)
    name = Line("收货人", limit=50, missing="请填写收货人姓名")
    phone = Phone("联系电话", missing="请填写联系电话")
    address = Place("收货地址", missing="请填写收货地址")


class CheckForm(Form):
    """提交申请. ``shown``: everything that the page showed, in applications.shown's words.

    ``how``: which of two buttons was pressed, where the lines don't stand alike.
    """

    shown = HiddenField()
    how = HiddenField()


def read_quantities(
    lines: Sequence[tuple[int, int, str]],
) -> tuple[dict[str, str], dict[int, str], dict[str, int], dict[str, int]]:
    """The fields ``quantity_<line>`` and ``sku_<line>`` of the request, for lines of (id, most in thousandths, unit).

    Returns what was typed, what is wrong with it, the quantities in thousandths and the specifications chosen. All
    lines but the first may be left empty.
    """
    typed: dict[str, str] = {}
    problems: dict[int, str] = {}
    quantities: dict[str, int] = {}
    skus: dict[str, int] = {}
    for number, (line_id, most, unit) in enumerate(lines):
        sent = request.form.getlist(f"quantity_{line_id}")
        raw = sent[0] if sent else ""
        if len(sent) > 1:
            problems[line_id] = "数量只能填写一次"
            continue
        typed[str(line_id)] = card_numbers.mask_numbers(raw)[:40]
        sku = inputs.read_id(request.form.get(f"sku_{line_id}", ""))
        if sku is not None:
            skus[str(line_id)] = sku
        if not raw.strip() or (raw.strip() == "0" and number):
            continue
        try:
            quantities[str(line_id)] = inputs.quantity(raw, most=most, unit=unit)
        except inputs.InputRefused as refused:
            problems[line_id] = refused.sentence
    return typed, problems, quantities, skus
