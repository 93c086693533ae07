"""Who is shown a name, a telephone number and an address: in full whom a present step needs them, in part the others.

The one place that says so. Pages, packs, slips, notices and lists hand in who reads and what that reader can do now.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from portal.flow import Actor, Role
from portal.models import Case, Order


class Shown(StrEnum):
    FULL = "full"
    MASKED = "masked"  # 王**, 138****5678, the district without the street
    NOTHING = "nothing"


class Reader(NamedTuple):
    """Who reads: a side, for a shop's person with the role there; ``by_link``: a consumer without an account."""

    actor: Actor
    role: str = ""
    by_link: bool = False


# What a reader can do now that needs an address. Two are no rows of the table: goods that failed the inspection are
# sent back to the buyer, and an order is sent before there is any case.
SENDING_TO_RECEIVER = frozenset({"ship_replacement", "ship_part", "send_back", "ship_order"})
SENDING_BACK = frozenset({"ship_return", "edit_parcel"})


def decide_receiver(reader: Reader, open_now: Collection[str]) -> Shown:
    """How the receiver of an order or a case is shown; ``open_now`` names the steps this reader can take now."""
    if reader.actor is Actor.BUYER:
        return Shown.MASKED if reader.by_link else Shown.FULL  # who holds a link need not be the receiver
    if reader.actor is Actor.SELLER and not SENDING_TO_RECEIVER.isdisjoint(open_now):
        return Shown.FULL
    return Shown.NOTHING if reader.role == Role.FINANCE else Shown.MASKED


def decide_return(reader: Reader, open_now: Collection[str]) -> Shown:
    """How the address that goods go back to is shown."""
    if reader.actor is Actor.SELLER:
        return Shown.NOTHING if reader.role == Role.FINANCE else Shown.FULL  # it is their own
    if reader.actor is Actor.BUYER and not SENDING_BACK.isdisjoint(open_now):
        return Shown.FULL
    return Shown.MASKED


class Address(NamedTuple):
    """A name, a telephone number and a place, as the reader may see them; all empty where there is none."""

    name: str
    phone: str
    place: str
    shown: Shown

    def __str__(self) -> str:
        return " ".join(part for part in self[:3] if part)


NOBODY = Address("", "", "", Shown.NOTHING)


def show(shown: Shown, name: str, phone: str, place: str) -> Address:
    """The three as they may be shown."""
    if shown is Shown.FULL:
        return Address(name, phone, place, shown)
    if shown is Shown.NOTHING:
        return Address("", "", "", shown)
    return Address(mask_name(name), mask_phone(phone), mask_place(place), shown)


def show_receiver(reader: Reader, open_now: Collection[str], whose: Case | Order) -> Address:
    """The receiver of ``whose``, an order or a case."""
    shown = decide_receiver(reader, open_now)
    return show(shown, whose.receiver_name, whose.receiver_phone, whose.receiver_address)


def show_return(reader: Reader, open_now: Collection[str], case: Case) -> Address:
    """Where the goods of a case go back to."""
    return show(decide_return(reader, open_now), case.return_name, case.return_phone, case.return_address)


# The columns of an export that hold a receiver, as versions of orders name them.
_COLUMNS = ("收货人姓名", "联系手机", "联系电话", "收货地址")


def show_changes(shown: Shown, changes: list[list[str]]) -> list[list[str]]:
    """What an import said of an order, [column, …values], with the receiver as it may be shown."""
    if shown is Shown.FULL:
        return changes
    said = []
    for column, *values in changes:
        if column not in _COLUMNS:
            said.append([column, *values])
        elif shown is Shown.MASKED:
            mask = mask_name if column == "收货人姓名" else mask_place if column == "收货地址" else mask_phone
            said.append([column, *(mask(value) if value else value for value in values)])
    return said


def hide_in_event(data: Mapping[str, Any], receiver: Shown, back: Shown) -> tuple[dict[str, Any], list[str]]:
    """What an event keeps, with its addresses as they may be shown; and the names of what is therefore not verbatim."""
    known, hidden = dict(data), []
    for name, shown in (("receiver", receiver), ("return_address", back)):
        if known.get(name) and shown is not Shown.FULL:
            known[name] = list(show(shown, *known[name])[:3])
            hidden.append(name)
    if known.get("return_places") and back is not Shown.FULL:
        known["return_places"] = [[*show(back, *where)[:3], ids] for *where, ids in known["return_places"]]
        hidden.append("return_places")
    return known, hidden


def tell_who_sees(shop: str, sender: str = "") -> str:
    """What a receiver is told; ``sender``: another shop that sends to them directly."""
    who = f"替{shop}直接发货的{sender}" if sender else shop
    return f"您的姓名、电话和详细地址，{who}只在要给您寄商品时看到，其他时候只看到一部分。"


def mask_name(name: str) -> str:
    """王**."""
    return name[:1] + "*" * min(max(len(name) - 1, 1), 2) if name else ""


def mask_phone(number: str) -> str:
    """138****1234."""
    if not number:
        return ""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "****"


_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南"
    "|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_PLACE = re.compile(
    rf"(?P<province>(?:{_PROVINCES})(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?)?\s*+"
    r"(?P<city>(?:(?![区县])[一-鿿]){1,5}?市(?!场)|[一-鿿]{1,12}?自治州|[一-鿿]{2,6}?地区|[一-鿿]{2,6}?盟)?\s*+"
    r"(?P<county>[一-鿿]{1,5}?(?:区|县|市(?!场)|旗(?!区))|[一-鿿]{1,14}?自治[县旗])?"
)
# What ends like a district and is none; roads and villages that a district's name can't hold.
_STREET = re.compile(
    r"路(?!桥|[南北]区)|[街巷弄号村屯组栋幢座室院厦]|楼(?!区)|[小园社校厂库住宅商业片务科技工]区$|[超门菜夜集闹花]市|路口|大道"
    r"|(?:^|..)城市$|市场|...城区$|^.旗$|红旗$"  # 诸城市, 老城区, 敖汉旗 are districts; 翡翠城市, 红旗 are none
)


def mask_place(place: str) -> str:
    """Province, city and district of an address; what isn't plainly one of them is left out."""
    found = _PLACE.match(place.strip())
    kept: list[str] = []
    for name, part in found.groupdict().items() if found else ():
        if part and (_STREET.search(part) or (name == "county" and not kept)):
            break
        if part:
            kept.append(part)
    return "".join(kept) + "****" if place.strip() else ""
