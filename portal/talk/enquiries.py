"""售前咨询: what somebody asks about a product before buying; the shop answers within its office hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.evidence import evidence
from portal.extensions import db
from portal.models import Enquiry, EnquiryMessage, Evidence, Product, Promise, Shop, Staff, User
from portal.notices import notices
from portal.people import staffing
from portal.talk import card_numbers

PAGE = 30
MESSAGES = 50
TABS = {"waiting": "未回复", "mine": "我负责的", "all": "全部"}


def find_product(shop_id: int, product_id: int) -> Row[Product, str, int, int] | None:
    """A product with its shop's name and office hours, for anybody."""
    return db.session.execute(
        select(Product, Shop.name.label("shop"), Shop.opens, Shop.closes)
        .join(Shop, Shop.id == Product.shop_id)
        .where(Product.id == product_id, Product.shop_id == shop_id)
    ).one_or_none()


def find_of_buyer(shop_id: int, product_id: int, buyer_id: int) -> Enquiry | None:
    """This person's thread about a product, if it has begun."""
    return db.session.scalars(
        select(Enquiry).where(
            Enquiry.product_id == product_id, Enquiry.buyer_id == buyer_id, Enquiry.shop_id == shop_id
        )
    ).one_or_none()


def find_of_shop(enquiry_id: int, shop_id: int) -> Row[Enquiry, Product, str] | None:
    """A thread of this shop with its product and who asks."""
    return db.session.execute(
        select(Enquiry, Product, User.member_name.label("buyer"))
        .join(Product, and_(Product.id == Enquiry.product_id, Product.shop_id == Enquiry.shop_id))
        .join(User, User.id == Enquiry.buyer_id)
        .where(Enquiry.id == enquiry_id, Enquiry.shop_id == shop_id)
    ).one_or_none()


def ask(shop_id: int, product_id: int, buyer_id: int, words: str, photos: Sequence[str], *, now: datetime) -> None:
    """Say something about a product; begins the thread. Inside ``writing()``."""
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    begun = {"shop_id": shop_id, "product_id": product_id, "buyer_id": buyer_id, "last_at": now}
    db.session.execute(make(Enquiry).values(begun).on_conflict_do_nothing())
    enquiry = find_of_buyer(shop_id, product_id, buyer_id)
    assert enquiry is not None  # noqa: S101  (just made)
    begins = enquiry.waiting_since is None
    message = _say(enquiry, "buyer", buyer_id, words, photos, now)
    if begins:
        _tell_shop(enquiry, message, now)


def _tell_shop(enquiry: Enquiry, message: EnquiryMessage, now: datetime) -> None:
    """Somebody waits: who looks after the thread hears of it, of a new one everybody who talks with customers."""
    readers = [user_id for user_id, _ in staffing.list_colleagues(enquiry.shop_id)]
    for user_id in [enquiry.handler_id] if enquiry.handler_id in readers else readers:
        notices.add_notice(
            user_id,
            None,
            shop_id=enquiry.shop_id,
            kind="enquiry_asked",
            title="有买家咨询商品，等待回复",
            body=message.words[:200] or "[照片]",
            href=f"/seller/enquiries/{enquiry.id}",
            at=now,
            dedupe_key=f"enquiry-asked:{message.id}:{user_id}",
        )
        notices.bump_unread(user_id)


def answer(enquiry: Enquiry, by: int, words: str, photos: Sequence[str], *, now: datetime) -> None:
    """The shop answers; who asked is told, and nobody waits any more. Inside ``writing()``."""
    message = _say(enquiry, "seller", by, words, photos, now)
    if enquiry.handler_id is None:
        enquiry.handler_id = by
    notices.add_notice(
        enquiry.buyer_id,
        None,
        shop_id=enquiry.shop_id,
        kind="enquiry",
        title="商家回复了您的咨询",
        body=message.words[:200] or "[照片]",
        href=f"/products/{enquiry.shop_id}/{enquiry.product_id}/ask",
        at=now,
        dedupe_key=f"enquiry:{message.id}",
    )
    notices.bump_unread(enquiry.buyer_id)


def _say(enquiry: Enquiry, side: str, user_id: int, words: str, photos: Sequence[str], now: datetime) -> EnquiryMessage:
    words = card_numbers.mask_numbers(words)
    message = EnquiryMessage(
        shop_id=enquiry.shop_id, enquiry_id=enquiry.id, side=side, user_id=user_id, words=words, at=now
    )
    db.session.add(message)
    db.session.flush()
    evidence.attach_to_enquiry(photos, shop_id=enquiry.shop_id, owner_id=user_id, message_id=message.id)
    waits = func.coalesce(Enquiry.waiting_since, now) if side == "buyer" else None
    db.session.execute(
        update(Enquiry)
        .where(Enquiry.id == enquiry.id, Enquiry.shop_id == enquiry.shop_id)
        .values(last_message_id=message.id, last_words=(words or "[照片]")[:60], last_at=now, waiting_since=waits)
        .execution_options(synchronize_session=False)
    )
    return message


def hand_over(enquiry: Enquiry, to: int, note: str, *, by: str, now: datetime) -> bool:
    """Give a thread to a colleague, who is told; False for somebody who doesn't work here. Inside ``writing()``."""
    works = select(Staff.user_id).where(Staff.user_id == to, Staff.shop_id == enquiry.shop_id)
    if db.session.scalar(works) is None:
        return False
    db.session.execute(
        update(Enquiry)
        .where(Enquiry.id == enquiry.id, Enquiry.shop_id == enquiry.shop_id)
        .values(handler_id=to, handed_note=f"{by}：{note}"[:200] if note else "")
        .execution_options(synchronize_session=False)
    )
    notices.add_notice(
        to,
        None,
        shop_id=enquiry.shop_id,
        kind="enquiry_handed",
        title=f"{by} 把一条售前咨询交给您",
        body=note or enquiry.last_words,
        href=f"/seller/enquiries/{enquiry.id}",
        at=now,
        dedupe_key=f"enquiry-handed:{enquiry.id}:{now.timestamp():.6f}",
    )
    notices.bump_unread(to)
    return True


_LISTED = (
    select(
        Enquiry.id,
        Enquiry.shop_id,
        Enquiry.product_id,
        Enquiry.last_message_id,
        Enquiry.last_words,
        Enquiry.last_at,
        Enquiry.waiting_since,
        Enquiry.handler_id,
        Product.title,
        Product.cargo_no,
        Product.picture,
        User.member_name.label("buyer"),
        Shop.name.label("shop"),
    )
    .join(Product, and_(Product.id == Enquiry.product_id, Product.shop_id == Enquiry.shop_id))
    .join(User, User.id == Enquiry.buyer_id)
    .join(Shop, Shop.id == Enquiry.shop_id)
)


def list_of_shop(
    shop_id: int, tab: str, user_id: int, after: tuple[datetime, int] | None = None, size: int = PAGE
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of a tab and the key of the next: those that wait by how long, the others the newest first."""
    query = _LISTED.where(Enquiry.shop_id == shop_id).limit(size + 1)
    if tab == "waiting":
        query = query.where(Enquiry.waiting_since.is_not(None)).order_by(Enquiry.waiting_since, Enquiry.id)
        if after is not None:
            query = query.where(tuple_(Enquiry.waiting_since, Enquiry.id) > after)
    else:
        query = query.order_by(Enquiry.last_at.desc(), Enquiry.id.desc())
        if tab == "mine":
            query = query.where(Enquiry.handler_id == user_id)
        if after is not None:
            query = query.where(tuple_(Enquiry.last_at, Enquiry.id) < after)
    rows = db.session.execute(query).all()
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    return rows[:size], (last.waiting_since if tab == "waiting" else last.last_at, last.id)


def list_of_person(buyer_id: int, before: int | None = None) -> Sequence[Any]:
    """What this person asked, the newest first, before message ``before``; one more than a page."""
    query = _LISTED.where(Enquiry.buyer_id == buyer_id).order_by(Enquiry.last_message_id.desc()).limit(PAGE + 1)
    return db.session.execute(query if before is None else query.where(Enquiry.last_message_id < before)).all()


def list_messages(enquiry: Enquiry | None, before: int | None = None) -> list[Row[int, str, str, datetime, bool]]:
    """The newest messages of a thread, oldest first, each with whether it is ``pinned``; one more than MESSAGES."""
    if enquiry is None:
        return []
    pinned = (
        select(Promise.id)
        .where(Promise.message_id == EnquiryMessage.id, Promise.shop_id == EnquiryMessage.shop_id)
        .exists()
    )
    query = (
        select(EnquiryMessage.id, EnquiryMessage.side, EnquiryMessage.words, EnquiryMessage.at, pinned.label("pinned"))
        .where(EnquiryMessage.enquiry_id == enquiry.id, EnquiryMessage.shop_id == enquiry.shop_id)
        .order_by(EnquiryMessage.id.desc())
        .limit(MESSAGES + 1)
    )
    rows = db.session.execute(query if before is None else query.where(EnquiryMessage.id < before)).all()
    return list(reversed(rows))


def list_photos(shop_id: int, message_ids: Sequence[int]) -> dict[int | None, list[Row[int | None, str, str]]]:
    """Photos by the message they were sent with."""
    found: dict[int | None, list[Row[int | None, str, str]]] = {}
    if message_ids:
        for row in db.session.execute(
            select(Evidence.enquiry_message_id, Evidence.public_id, Evidence.taken_note).where(
                Evidence.enquiry_message_id.in_(message_ids), Evidence.shop_id == shop_id
            )
        ):
            found.setdefault(row.enquiry_message_id, []).append(row)
    return found
