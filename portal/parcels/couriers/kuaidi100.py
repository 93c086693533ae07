"""快递100, 实时查询: POST https://poll.kuaidi100.com/poll/query.do with customer, sign and param.

``param`` is JSON (com, num, phone, resultv2=4, order), ``sign`` the upper-case MD5 of param + key + customer, over just
the text that is sent. A found parcel answers {"status": "200", "data": [{"time", "context", "status", "statusCode"}]},
anything else {"result": false, "returnCode", "message"}. Sources: request and states,
https://api.kuaidi100.com/document/5f0ffb5ebc8da837cbd8aefc; the two shapes of answers,
https://api.kuaidi100.com/document/chaxunwujieguo; the vendor's sample,
https://cloud.tencent.com/developer/article/1825387.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from portal.parcels import scans
from portal.parcels.carriers import Carrier
from portal.parcels.couriers.asking import AskFailed, Problem, post
from portal.parcels.scans import Scan

URL = "https://poll.kuaidi100.com/poll/query.do"
MOST_SCANS = 300

# statusCode of resultv2=4. 0 and the like say little: then the words are read for what they add.
CODES: dict[str, str] = {
    "1": "picked",
    "101": "transit",
    "102": "transit",
    "103": "picked",
    "2": "exception",
    "201": "exception",
    "202": "exception",
    "203": "exception",
    "204": "exception",
    "205": "exception",
    "206": "exception",
    "207": "exception",
    "208": "exception",
    "209": "exception",
    "210": "exception",
    "3": "signed",
    "301": "signed",
    "302": "signed",
    "303": "signed",
    "304": "signed",
    "4": "returned",
    "401": "exception",
    "14": "returned",
    "6": "returned",
    "5": "delivering",
    "501": "station",
    "0": "",
    "1001": "transit",
    "1002": "transit",
    "1003": "transit",
    "7": "transit",
    "8": "transit",
    "10": "transit",
    "11": "transit",
    "12": "transit",
    "13": "exception",
}
_REFUSALS: dict[str, Problem] = {
    "400": Problem.REFUSED,
    "408": Problem.PHONE,
    "500": Problem.NOT_FOUND,
    "501": Problem.UNREACHABLE,
    "502": Problem.UNREACHABLE,
    "503": Problem.REFUSED,
    "601": Problem.LIMIT,
}


def sign(param: str, key: str, customer: str) -> str:
    """MD5 of param + key + customer in upper-case hex."""
    return hashlib.md5(f"{param}{key}{customer}".encode(), usedforsecurity=False).hexdigest().upper()


class Kuaidi100:
    """The service with one customer's key."""

    name = "kuaidi100"

    def __init__(self, customer: str, key: str, *, url: str = "", wait: float = 8) -> None:
        self._customer, self._key, self._url, self._wait = customer, key, url or URL, wait

    def knows(self, carrier: Carrier) -> bool:
        return bool(carrier.kuaidi100)

    def form(self, carrier: Carrier, number: str, phone_tail: str) -> dict[str, str]:
        """The fields of one question."""
        asked = {"com": carrier.kuaidi100, "num": number, "resultv2": "4", "show": "0", "order": "asc"}
        if phone_tail:
            asked["phone"] = phone_tail
        param = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        return {"customer": self._customer, "sign": sign(param, self._key, self._customer), "param": param}

    def ask(self, carrier: Carrier, number: str, phone_tail: str) -> list[Scan]:
        return understood(post(self._url, self.form(carrier, number, phone_tail), self._wait), number)


def understood(answer: dict[str, Any], number: str) -> list[Scan]:
    """The scans of an answer, the oldest first. Raises AskFailed."""
    code, said = str(answer.get("returnCode") or ""), str(answer.get("message") or "")
    if code or str(answer.get("status")) != "200":
        problem = _REFUSALS.get(code or str(answer.get("status")), Problem.GARBLED)
        if problem is Problem.REFUSED and any(word in said for word in ("次数", "频繁", "单量", "余额", "过期")):
            problem = Problem.LIMIT
        raise AskFailed(problem, f"{code} {said}")
    if str(answer.get("nu") or number).upper() != number.upper():
        raise AskFailed(Problem.GARBLED, "an answer about another parcel")
    return rows(answer.get("data"), "time", "context", "statusCode", CODES)


def rows(data: object, when: str, what: str, code: str, codes: dict[str, str]) -> list[Scan]:
    """The scans in a service's list; what can't be read is left out, unless that is everything. Raises AskFailed."""
    if not isinstance(data, list):
        raise AskFailed(Problem.GARBLED, "no list of scans")
    found: list[Scan] = []
    for row in data[:MOST_SCANS]:
        if not isinstance(row, dict):
            continue
        at, words = scans.moment(str(row.get(when) or "")), scans.clean(row.get(what))
        if at is None or not words:
            continue
        status = codes.get(str(row.get(code) if row.get(code) is not None else ""))
        found.append(scans.read_code(at, status, words))
    if data and not found:
        raise AskFailed(Problem.GARBLED, "no scan can be read")
    return sorted(dict.fromkeys(found))
