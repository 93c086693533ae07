"""One customer's dealings with one shop as a timeline: what happened and when, nothing that judges anybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, Select, and_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal import words
from portal.columns import Shape
from portal.extensions import db
from portal.inputs import money_text
from portal.models import (
    Case,
    CustomerNote,
    Enquiry,
    EnquiryMessage,
    MoneyEntry,
    Order,
    Parcel,
    Product,
    Promise,
    Rating,
    Shipment,
    User,
)
from portal.rights import guarantees

PAGE = 30
MOST_EXPORTED = 5_000
LEGS = {"back": "买家寄回", "out": "商家寄出", "refused": "退还买家"}
KINDS = {
    "enquiry": "咨询",
    "promise": "承诺",
    "order": "订单",
    "case": "售后",
    "parcel": "包裹",
    "money": "款项",
    "rating": "评价",
    "note": "备注",
}
Key = tuple[datetime, int]


class Entry(NamedTuple):
    """One thing that happened. ``href``: where the desk shows it, "" where nothing more is to be seen."""

    at: datetime
    id: int
    kind: str
    words: str
    href: str = ""


def list_page(
    shop_id: int, buyer_id: int, before: Key | None = None, *, money: bool = True
) -> tuple[list[Entry], Key | None]:
    """One page, the newest first, and the key of the next. ``money``: whether the reader sees payments."""
    found = _load(shop_id, buyer_id, before, PAGE + 1, money=money)
    shown = found[:PAGE]
    return shown, (shown[-1].at, shown[-1].id) if len(found) > PAGE else None


def export(shop_id: int, buyer_id: int) -> list[dict[str, str]]:
    """The whole of it, to be handed to the person: the newest MOST_EXPORTED."""
    found = _load(shop_id, buyer_id, None, MOST_EXPORTED, money=True)
    return [{"at": each.at.isoformat(), "kind": KINDS[each.kind], "words": each.words} for each in found]


def _load(shop_id: int, buyer_id: int, before: Key | None, most: int, *, money: bool) -> list[Entry]:
    found: list[Entry] = []
    for source in (_enquiries, _promises, _orders, _cases, _parcels, _sent_orders, _money, _ratings, _notes):
        if source is not _money or money:
            found += source(shop_id, buyer_id, before, most)
    return sorted(found, key=lambda entry: (entry.at, entry.id), reverse=True)[:most]


def _run(
    query: Select[*Shape],
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    row_id: InstrumentedAttribute[int],
    before: Key | None,
    most: int,
) -> Sequence[Row[*Shape]]:
    if before is not None:
        query = query.where(tuple_(at, row_id) < before)
    return db.session.execute(query.order_by(at.desc(), row_id.desc()).limit(most)).all()


def _enquiries(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    message = EnquiryMessage
    query = (
        select(message.id, message.at, message.side, message.words, message.enquiry_id, Product.title)
        .join(Enquiry, and_(Enquiry.id == message.enquiry_id, Enquiry.shop_id == message.shop_id))
        .join(Product, and_(Product.id == Enquiry.product_id, Product.shop_id == Enquiry.shop_id))
        .where(message.shop_id == shop_id, Enquiry.shop_id == shop_id, Enquiry.buyer_id == buyer_id)
    )
    for row in _run(query, message.at, message.id, before, most):
        who = "买家问" if row.side == "buyer" else "商家答"
        said = f"{who}「{row.title}」：{row.words or '[照片]'}"
        yield Entry(row.at, row.id, "enquiry", said, f"/seller/enquiries/{row.enquiry_id}")


def _promises(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    query = (
        select(Promise.id, Promise.pinned_at, Promise.words, Promise.side, Product.title, EnquiryMessage.enquiry_id)
        .join(Product, and_(Product.id == Promise.product_id, Product.shop_id == Promise.shop_id))
        .join(
            EnquiryMessage,
            and_(EnquiryMessage.id == Promise.message_id, EnquiryMessage.shop_id == Promise.shop_id),
        )
        .where(Promise.shop_id == shop_id, Promise.buyer_id == buyer_id)
    )
    for row in _run(query, Promise.pinned_at, Promise.id, before, most):
        who = "买家" if row.side == "buyer" else "商家"
        said = f"{who}置顶承诺「{row.title}」：{row.words}"
        yield Entry(row.pinned_at, row.id, "promise", said, f"/seller/enquiries/{row.enquiry_id}")


def _orders(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    query = select(Order.id, Order.ordered_at, Order.imported_at, Order.order_no, Order.status, Order.paid_fen).where(
        Order.shop_id == shop_id, Order.buyer_id == buyer_id
    )
    for row in _run(query, Order.ordered_at, Order.id, before, most):
        unknown = f"，{words.UNPLACED}" if words.is_unplaced(row) else ""
        amount = f"{words.name_sum(row.status, short=True)} ¥{money_text(row.paid_fen)}"
        said = f"{'导入订单' if unknown else '下单'} {row.order_no}{unknown}，{amount}"
        yield Entry(row.ordered_at, row.id, "order", said, f"/seller/orders/{row.order_no}/contact")


def _cases(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    query = select(
        Case.id, Case.opened_at, Case.case_no, Case.type, Case.state, Case.reason, Case.basis, Case.goods
    ).where(Case.shop_id == shop_id, Case.buyer_id == buyer_id)
    for row in _run(query, Case.opened_at, Case.id, before, most):
        state = words.state(row.type, row.state)
        said = (
            f"申请{words.TYPE[row.type]}「{row.goods}」，{guarantees.say_reason(row.reason, row.basis)}；现在：{state}"
        )
        yield Entry(row.opened_at, row.id, "case", said, f"/seller/cases/{row.case_no}")


def _parcels(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    query = (
        select(Parcel.id, Parcel.shipped_at, Parcel.leg, Parcel.carrier_name, Parcel.tracking_no, Case.case_no)
        .join(Case, and_(Case.id == Parcel.case_id, Case.shop_id == Parcel.shop_id))
        .where(Parcel.shop_id == shop_id, Case.buyer_id == buyer_id, Parcel.voided_at.is_(None))
    )
    for row in _run(query, Parcel.shipped_at, Parcel.id, before, most):
        said = f"{LEGS[row.leg]}：{row.carrier_name} {row.tracking_no}"
        yield Entry(row.shipped_at, row.id, "parcel", said, f"/seller/cases/{row.case_no}")


def _sent_orders(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    """The orders' own parcels, as the exports name them."""
    query = (
        select(Shipment.id, Shipment.since_at, Shipment.carrier_name, Shipment.tracking_no, Order.order_no)
        .join(Order, and_(Order.id == Shipment.order_id, Order.shop_id == Shipment.shop_id))
        .where(Shipment.shop_id == shop_id, Order.shop_id == shop_id, Order.buyer_id == buyer_id)
        .where(Shipment.parcel_id.is_(None))
    )
    for row in _run(query, Shipment.since_at, Shipment.id, before, most):
        said = f"订单 {row.order_no} 的包裹：{row.carrier_name} {row.tracking_no}"
        yield Entry(row.since_at, row.id, "parcel", said, f"/seller/logistics/{row.id}")


def _money(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    entry = MoneyEntry
    query = (
        select(entry.id, entry.settled_at, entry.kind, entry.amount_fen, Case.case_no)
        .join(Case, and_(Case.id == entry.case_id, Case.shop_id == entry.shop_id))
        .where(entry.shop_id == shop_id, Case.buyer_id == buyer_id, entry.state == "settled", entry.amount_fen > 0)
    )
    for row in _run(query, entry.settled_at, entry.id, before, most):
        said = f"已登记{words.MONEY[row.kind]} ¥{money_text(row.amount_fen)}"
        yield Entry(row.settled_at, row.id, "money", said, f"/seller/cases/{row.case_no}")


def _ratings(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    query = (
        select(Rating.id, Rating.rated_at, Rating.stars, Rating.words, Case.case_no)
        .join(Case, and_(Case.id == Rating.case_id, Case.shop_id == Rating.shop_id))
        .where(Rating.shop_id == shop_id, Rating.buyer_id == buyer_id, Rating.stars.is_not(None))
    )
    for row in _run(query, Rating.rated_at, Rating.id, before, most):
        said = f"评价 {row.stars} 分" + (f"：{row.words}" if row.words else "")
        yield Entry(row.rated_at, row.id, "rating", said, f"/seller/cases/{row.case_no}/rating")


def _notes(shop_id: int, buyer_id: int, before: Key | None, most: int) -> Iterator[Entry]:
    query = (
        select(CustomerNote.id, CustomerNote.at, CustomerNote.tag, CustomerNote.words, User.member_name)
        .join(User, User.id == CustomerNote.by)
        .where(CustomerNote.shop_id == shop_id, CustomerNote.buyer_id == buyer_id)
    )
    for row in _run(query, CustomerNote.at, CustomerNote.id, before, most):
        tag = f"【{row.tag}】" if row.tag else ""
        yield Entry(row.at, row.id, "note", f"{row.member_name} 备注{tag}：{row.words}")
