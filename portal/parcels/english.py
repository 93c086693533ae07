"""What a carrier's sentence in English says of a parcel: international lines are followed in it. Pure.

As strict as for Chinese: 签收 is only a whole, positive statement, everything else about a delivery is doubtful.
"""

from __future__ import annotations

import re
from typing import Final

from portal import inputs

_THING = r"(?:your|the|this)?\s*(?:parcel|package|shipment|item|order|mail|consignment|letter)s?"
_RECEIVER = "(?:the )?(?:recipient|addressee|customer|consignee|receiver|resident|individual|buyer)"
_DONE = r"(?:(?:has|have) been |was |is )?(?:successfully )?"
_NAME = r"(?:by|[:\-])\s*:?\s*(?P<who>[a-z][a-z .'*]{0,39})"
_RECEIPTS: Final = tuple(
    re.compile(form)
    for form in (
        rf"(?:{_THING} )?{_DONE}delivered(?: (?:to|and handed to) {_RECEIVER})?(?: successfully)?",
        rf"(?:{_THING} )?{_DONE}(?:handed over|handed) to {_RECEIVER}",
        rf"(?:{_THING} )?{_DONE}(?:collected|picked up|received|signed for|accepted) by {_RECEIVER}",
        rf"(?:{_THING} )?{_DONE}signed(?: for)?(?: {_NAME})?",
        r"(?:successful delivery|delivery (?:completed|successful)|delivery signed(?: for)?)",
        rf"signature {_NAME}",
    )
)
_NOBODY = re.compile(  # who signs and has no right to say that it arrived
    "courier|driver|agent|sender|shipper|carrier|station|locker|shop|store|point|hub|depot|facility|warehouse|office|customs"
    "|seller|merchant|unknown|nobody|no one|none|partner|airline"
)
_SAYS: Final = (  # the first that is found
    ("lost", r"\b(?:is|was|been|declared|confirmed) (?:lost|destroyed)\b|^(?:lost|destroyed)\b"),
    ("returned", r"\breturn(?:ed|ing)?\b.{0,20}\b(?:sender|shipper|origin|seller|merchant)|\breturned\b|\breturn in "),
    (
        "exception",
        r"refus|reject|declin|damag|fail|unsuccess|unable|could not|couldn't|cannot|can't|attempt|undeliver|exception"
        r"|delay|incorrect|insufficient|wrong|not (?:be )?(?:home|available|deliver|found|in)|nobody|no one|held"
        r"|on hold|missing",
    ),
    (
        "station",
        r"(?:ready|available|waiting|awaiting|await) (?:for )?(?:pick ?-?up|collection|collect)"
        r"|(?:pick ?-?up|collection|access) ?-?point|parcel ?-?(?:locker|shop)|\blocker\b|pickup (?:station|location)",
    ),
    (
        "delivering",
        r"out for delivery|out with courier|with (?:the )?(?:delivery )?(?:courier|driver)|on (?:the )?vehicle",
    ),
    ("picked", r"picked up|collected|accepted|pick ?-?up (?:done|complete)|received by carrier|posted"),
    (
        "transit",
        r"transit|depart|arriv|process|sort|clear|customs|export|import|handed to|shipped|dispatch|label|informa",
    ),
)
_ABOUT_RECEIPT = re.compile(r"deliver|signed|signature|\breceived\b|proof of")
_PROMISED = re.compile(
    r"(?:will|to) be delivered|(?:scheduled|expected|estimated|planned)[^,;]{0,20}deliver\w*|for delivery"
)


def is_english(words: str) -> bool:
    """Whether a sentence has Latin letters and no Chinese character."""
    return re.search("[A-Za-z]", words) is not None and re.search("[\u3400-\u9fff]", words) is None


def read(words: str) -> tuple[str, bool, bool]:
    """(status, whether that is clear, whether anything was understood), as wording.read says it."""
    plain = re.sub(r"\s+", " ", inputs.fold(words).casefold()).strip()
    clauses = [each.strip() for each in re.split(r"[,.;!|()\[\]]+", plain) if each.strip()]
    other = next((status for status, form in _SAYS if re.search(form, _PROMISED.sub("", plain) or plain)), "")
    if "out for delivery" in plain and other in ("", "transit"):
        other = "delivering"
    receipts = [each for each in clauses if _is_receipt(each)]
    if other in ("lost", "returned", "exception", "station", "delivering"):
        return other, True, True
    if receipts:
        rest = [
            each for each in clauses if each not in receipts and not re.fullmatch(r"thank(?:s| you).*|[a-z]+", each)
        ]
        return ("transit", False, True) if rest or "?" in plain else ("signed", True, True)
    if _ABOUT_RECEIPT.search(_PROMISED.sub("", plain)):
        return "transit", False, True
    return other or "transit", True, bool(other or _PROMISED.search(plain))


def _is_receipt(clause: str) -> bool:
    for form in _RECEIPTS:
        if found := form.fullmatch(clause):
            who = found.groupdict().get("who") or ""
            return not _NOBODY.search(who)
    return False
