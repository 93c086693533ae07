"""常见问答: answers that were given before, shown to the next one who asks, after somebody of the shop has looked."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.models import EnquiryMessage, Faq, FaqVote, Notice, Product
from portal.notices import notices
from portal.people import staffing

SUGGESTED = 3
MOST = 50  # of a product
VOTES = {"useful": "有用", "useless": "没用", "wrong": "答得不对"}


def list_of_product(shop_id: int, product_id: int, *, drafts: bool = False) -> list[Faq]:
    """What is shown of a product, the most useful first; ``drafts``: also what waits for a look, first of all."""
    states = ("draft", "shown") if drafts else ("shown",)
    query = select(Faq).where(Faq.product_id == product_id, Faq.shop_id == shop_id, Faq.state.in_(states))
    order = (Faq.state, (Faq.useful - Faq.useless).desc(), Faq.id)
    return list(db.session.scalars(query.order_by(*order).limit(MOST)))


def suggest(faqs: Sequence[Faq], words: str) -> list[Faq]:
    """The few that are most likely to answer these words; without words the most useful ones."""
    asked = _pairs(words)
    if not asked:
        return list(faqs[:SUGGESTED])
    scored = [(len(asked & _pairs(faq.question + faq.answer)), -place) for place, faq in enumerate(faqs)]
    best = sorted(range(len(faqs)), key=lambda place: scored[place], reverse=True)
    return [faqs[place] for place in best if scored[place][0]][:SUGGESTED]


def _pairs(text: str) -> set[str]:
    plain = "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())
    return {plain[place : place + 2] for place in range(len(plain) - 1)}


def find(faq_id: int, shop_id: int) -> Row[Faq, Product] | None:
    """One of this shop, with its product."""
    return db.session.execute(
        select(Faq, Product)
        .join(Product, (Product.id == Faq.product_id) & (Product.shop_id == Faq.shop_id))
        .where(Faq.id == faq_id, Faq.shop_id == shop_id, Faq.state != "removed")
    ).one_or_none()


def draft_from(enquiry_id: int, message_id: int, shop_id: int) -> tuple[str, str] | None:
    """The question and the answer of a message of the shop's; None when there is no such message."""
    here = (EnquiryMessage.enquiry_id == enquiry_id, EnquiryMessage.shop_id == shop_id)
    said = db.session.scalar(
        select(EnquiryMessage.words).where(*here, EnquiryMessage.id == message_id, EnquiryMessage.side == "seller")
    )
    if said is None:
        return None
    asked = db.session.scalar(
        select(EnquiryMessage.words)
        .where(*here, EnquiryMessage.id < message_id, EnquiryMessage.side == "buyer", EnquiryMessage.words != "")
        .order_by(EnquiryMessage.id.desc())
        .limit(1)
    )
    return (asked or "")[:200], said


def keep(product: Product, question: str, answer: str, *, by: int, now: datetime, faq: Faq | None = None) -> Faq:
    """A new one, or other words for one that is there; it waits for a look. Inside ``writing()``."""
    if faq is None:
        faq = Faq(shop_id=product.shop_id, product_id=product.id, made_by=by, at=now)
        db.session.add(faq)
    faq.question, faq.answer, faq.state, faq.looked_by, faq.made_by = question, answer, "draft", None, by
    db.session.flush()
    return faq


def decide(faq_id: int, shop_id: int, state: str, *, by: int) -> None:
    """Show it to everybody after a look, or take it away. Inside ``writing()``."""
    db.session.execute(
        update(Faq)
        .where(Faq.id == faq_id, Faq.shop_id == shop_id, Faq.state != "removed")
        .values(state=state, looked_by=by)
        .execution_options(synchronize_session=False)
    )


def vote(faq: Faq, user_id: int, said: str, words: str, now: datetime) -> None:
    """What one person says of an answer; said again, it replaces what they said before. Inside ``writing()``."""
    mine = (FaqVote.faq_id == faq.id, FaqVote.shop_id == faq.shop_id, FaqVote.user_id == user_id)
    before = db.session.scalar(select(FaqVote.vote).where(*mine).with_for_update())
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"shop_id": faq.shop_id, "faq_id": faq.id, "user_id": user_id, "vote": said, "words": words, "at": now}
    db.session.execute(
        make(FaqVote)
        .values(row)
        .on_conflict_do_update(
            index_elements=["faq_id", "user_id", "shop_id"], set_={"vote": said, "words": words, "at": now}
        )
    )
    if said == "wrong":
        _tell_shop(faq, user_id, words, now)
    if before == said:
        return
    change: dict[str, object] = {said: getattr(Faq, said) + 1}
    if before is not None:
        change[before] = getattr(Faq, before) - 1
    db.session.execute(
        update(Faq)
        .where(Faq.id == faq.id, Faq.shop_id == faq.shop_id)
        .values(**change)
        .execution_options(synchronize_session=False)
    )


def _tell_shop(faq: Faq, voter: int, words: str, now: datetime) -> None:
    """Who wrote or checked the answer hears that somebody calls it wrong, once of each voter; else who can mend it."""
    readers = [user_id for user_id, _ in staffing.list_colleagues(faq.shop_id)]
    own = [user_id for user_id in readers if user_id in (faq.made_by, faq.looked_by)]
    keys = {f"faq-wrong:{faq.id}:{voter}:{user_id}": user_id for user_id in own or readers}
    told = set(db.session.scalars(select(Notice.dedupe_key).where(Notice.dedupe_key.in_(keys))))
    for key, user_id in keys.items():
        if key not in told:
            notices.add_notice(
                user_id,
                None,
                shop_id=faq.shop_id,
                kind="faq_wrong",
                title="有买家说一条常见问答答得不对",
                body=f"{faq.question}" + (f"：{words}" if words else ""),
                href=f"/seller/faqs/{faq.id}",
                at=now,
                dedupe_key=key,
            )
            notices.bump_unread(user_id)


def list_objections(faq_id: int, shop_id: int, most: int = 20) -> Sequence[Row[str, datetime]]:
    """What people say is wrong with it, the newest first."""
    return db.session.execute(
        select(FaqVote.words, FaqVote.at)
        .where(FaqVote.faq_id == faq_id, FaqVote.shop_id == shop_id, FaqVote.vote == "wrong")
        .order_by(FaqVote.at.desc())
        .limit(most)
    ).all()
