"""What a distributor sends to a consumer after writing down their order: where to look, what to type, as a QR too."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

import segno

from portal.web.security import whole_address

_MARGIN = 4  # modules of white that readers need


class Door(NamedTuple):
    """The way in to one order: no link that opens it by itself, the consumer proves it with their telephone."""

    order_no: str
    address: str
    words: str
    size: int
    path: str  # the black modules of the QR code, as a path of an SVG


def make_door(order_no: str, shop: str) -> Door:
    """The address, the words to send and the code to scan."""
    address = whole_address("/c?" + urlencode({"order": order_no}))
    words = (
        f"您好，您的订单 {order_no} 需要退换货或查进度时，请打开 {address} ，"
        f"核对订单号，再输入收货手机号的后四位，就可以申请售后、上传照片、填写寄回的运单号，不用注册。{shop}"
    )
    rows = [list(row) for row in segno.make(address, error="m").matrix]
    path = "".join(
        f"M{x + _MARGIN} {y + _MARGIN}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return Door(order_no, address, words, len(rows) + 2 * _MARGIN, path)
