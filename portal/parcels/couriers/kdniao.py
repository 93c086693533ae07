"""快递鸟, 即时查询: POST https://api.kdniao.com/Ebusiness/EbusinessOrderHandle.aspx.

The form has RequestData (JSON: ShipperCode, LogisticCode, CustomerName), EBusinessID, RequestType, DataType=2 and
DataSign: base64 of the hex MD5 of RequestData + AppKey; the form is URL-encoded once. CustomerName is the last four
digits of a telephone number where the carrier wants them. RequestType 1002 is the free 即时查询, 8001 the one of all
carriers, 8002 快递查询. Answers: {"Success", "State", "StateEx", "Traces": [{"AcceptTime", "AcceptStation", "Action"}],
"Reason"}; Action has StateEx' codes. Source: http://www.kdniao.com/api-track (the vendor's 快递接口技术文档).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from portal.parcels.carriers import Carrier
from portal.parcels.couriers.asking import AskFailed, Problem, post
from portal.parcels.couriers.kuaidi100 import rows
from portal.parcels.scans import Scan

URL = "https://api.kdniao.com/Ebusiness/EbusinessOrderHandle.aspx"
TYPES = ("1002", "8001", "8002")

CODES: dict[str, str] = {
    "0": "",
    "10": "transit",
    "1": "picked",
    "2": "",
    "201": "transit",
    "202": "delivering",
    "204": "transit",
    "205": "transit",
    "206": "transit",
    "211": "station",
    "3": "signed",
    "301": "signed",
    "302": "signed",
    "304": "signed",
    "311": "signed",
    "4": "exception",
    "401": "exception",
    "402": "exception",
    "403": "exception",
    "404": "returned",
    "405": "exception",
    "406": "returned",
    "407": "returned",
    "412": "exception",
    "413": "exception",
    "414": "exception",
    "415": "exception",
    "416": "exception",
    "417": "exception",
    "418": "",
    "419": "transit",
    "420": "exception",
    "421": "exception",
    "422": "exception",
    "423": "exception",
    "5": "transit",
    "6": "transit",
    "601": "transit",
    "602": "transit",
    "603": "transit",
    "604": "exception",
}
_SAID: tuple[tuple[tuple[str, ...], Problem], ...] = (
    (("套餐", "次数", "超限", "余额", "频率", "频繁", "到期"), Problem.LIMIT),
    (("手机", "后四位", "CustomerName"), Problem.PHONE),
    (("非法参数", "签名", "密钥", "ID", "权限"), Problem.REFUSED),
    (("无轨迹", "没有", "暂无", "无结果", "不存在"), Problem.NOT_FOUND),
)


def sign(data: str, key: str) -> str:
    """base64 of the hex MD5 of data + key, before URL-encoding."""
    digest = hashlib.md5(f"{data}{key}".encode(), usedforsecurity=False).hexdigest()
    return base64.b64encode(digest.encode()).decode()


class Kdniao:
    """The service with one customer's key."""

    name = "kdniao"

    def __init__(self, business_id: str, key: str, *, kind: str = "1002", url: str = "", wait: float = 8) -> None:
        self._id, self._key, self._kind, self._url, self._wait = business_id, key, kind, url or URL, wait

    def knows(self, carrier: Carrier) -> bool:
        return bool(carrier.kdniao)

    def form(self, carrier: Carrier, number: str, phone_tail: str) -> dict[str, str]:
        """The fields of one question."""
        asked = {"ShipperCode": carrier.kdniao, "LogisticCode": number}
        if carrier.phone_tail and phone_tail:
            asked["CustomerName"] = phone_tail
        data = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        return {
            "RequestData": data,
            "EBusinessID": self._id,
            "RequestType": self._kind,
            "DataSign": sign(data, self._key),
            "DataType": "2",
        }

    def ask(self, carrier: Carrier, number: str, phone_tail: str) -> list[Scan]:
        return understood(post(self._url, self.form(carrier, number, phone_tail), self._wait), number)


def understood(answer: dict[str, Any], number: str) -> list[Scan]:
    """The scans of an answer, the oldest first. Raises AskFailed."""
    reason = str(answer.get("Reason") or "")
    if answer.get("Success") is not True:
        found = (problem for words, problem in _SAID if any(word in reason for word in words))
        raise AskFailed(next(found, Problem.GARBLED), reason)
    if str(answer.get("LogisticCode") or number).upper() != number.upper():
        raise AskFailed(Problem.GARBLED, "an answer about another parcel")
    traces = answer.get("Traces")
    if not traces and str(answer.get("State") or "0") == "0":
        raise AskFailed(Problem.NOT_FOUND, reason)
    return rows(traces, "AcceptTime", "AcceptStation", "Action", CODES)
