"""The numbers that payments were given, looked at beside what the books have: the case's own, and those used before."""

from __future__ import annotations

from sqlalchemy import and_, select

from portal.extensions import db
from portal.models import Case, MoneyEntry, Order, Parcel
from portal.money import references


def _list_numbers(shop_id: int, case_no: str, order_no: str, case_id: int) -> list[str]:
    """The numbers of a case that are no payment's: its own, its order's and its parcels'."""
    waybills = select(Parcel.tracking_no).where(Parcel.shop_id == shop_id, Parcel.case_id == case_id)
    return [case_no, order_no, *filter(None, db.session.scalars(waybills))]


def find_oddity_of(case: Case, reference: str) -> str:
    """What is odd about the number of a payment that a buyer made for this case, as a sentence; "" for nothing."""
    order_no = select(Order.order_no).where(Order.id == case.order_id, Order.shop_id == case.shop_id)
    own = _list_numbers(case.shop_id, case.case_no, db.session.scalars(order_no).one(), case.id)
    return references.find_oddity("original", reference, own)


def doubt_about(shop_id: int, entry_id: int, way: str, reference: str) -> str:
    """What is odd about a reference number, as a sentence for who wrote it; "" for nothing.

    A receipt for notes is whatever the shop calls it; all others are numbers that a bank or a wallet gave.
    """
    own = db.session.execute(
        select(Case.case_no, Order.order_no, Case.id)
        .join(MoneyEntry, and_(MoneyEntry.case_id == Case.id, MoneyEntry.shop_id == Case.shop_id))
        .join(Order, and_(Order.id == Case.order_id, Order.shop_id == Case.shop_id))
        .where(MoneyEntry.shop_id == shop_id, MoneyEntry.id == entry_id)
    ).first()
    if odd := references.find_oddity(way, reference, _list_numbers(shop_id, *own) if own else ()):
        return odd
    used = find_other_use(shop_id, entry_id, reference)
    return f"这个流水号已经登记在售后单 {used} 上，请核对" if used else ""


def find_other_use(shop_id: int, entry_id: int, reference: str) -> str | None:
    """The number of another case, or of this one with another payment, that has this payment's number already."""
    spelt = references.list_spellings(reference)
    found: str | None = db.session.scalar(
        select(Case.case_no)
        .join(MoneyEntry, and_(MoneyEntry.case_id == Case.id, MoneyEntry.shop_id == Case.shop_id))
        .where(MoneyEntry.shop_id == shop_id, MoneyEntry.reference.in_(spelt), MoneyEntry.id != entry_id)
        .limit(1)
    )
    return found
