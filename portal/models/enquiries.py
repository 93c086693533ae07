"""售前咨询: one thread for each product and person, answers that help the next one, promises that stand later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class Enquiry(ShopRow, Model):
    """The thread of one person about one product. ``waiting_since``: of the first thing not answered yet."""

    __tablename__ = "enquiries"
    __table_args__ = (
        refer("product_id", "products"),
        UniqueConstraint("product_id", "buyer_id", "shop_id"),
        Index("ix_enquiries_shop", "shop_id", "last_message_id"),
        Index("ix_enquiries_buyer", "buyer_id", "last_message_id"),
        Index(
            "ix_enquiries_waiting",
            "shop_id",
            "waiting_since",
            "id",
            sqlite_where=text("waiting_since IS NOT NULL"),
            postgresql_where=text("waiting_since IS NOT NULL"),
        ),
    )

    product_id: Mapped[int]
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    last_message_id: Mapped[int] = mapped_column(default=0)
    last_words: Mapped[str] = mapped_column(String(120), default="")
    last_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who of the shop has it
    handed_note: Mapped[str] = mapped_column(String(200), default="")  # from whom it was handed over, to them


class EnquiryMessage(ShopRow, Model):
    """One thing said in such a thread."""

    __tablename__ = "enquiry_messages"
    __table_args__ = (
        refer("enquiry_id", "enquiries"),
        CheckConstraint("side IN ('buyer','seller')", name="side"),
        Index("ix_enquiry_messages_enquiry_id", "enquiry_id", "id"),
    )

    enquiry_id: Mapped[int]
    side: Mapped[str] = mapped_column(String(6))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    words: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class Faq(ShopRow, Model):
    """A question about a product that was answered before; shown once somebody of the shop has looked at it."""

    __tablename__ = "faqs"
    __table_args__ = (
        refer("product_id", "products"),
        CheckConstraint("state IN ('draft','shown','removed')", name="state"),
        CheckConstraint("useful >= 0 AND useless >= 0 AND wrong >= 0", name="counts"),
        Index("ix_faqs_product_id", "product_id", "state", "id"),
    )

    product_id: Mapped[int]
    question: Mapped[str] = mapped_column(String(200))
    answer: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default="draft")
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    looked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    useful: Mapped[int] = mapped_column(default=0)
    useless: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)


class FaqVote(ShopRow, Model):
    """What one person says of such an answer; ``words``: what is wrong with it."""

    __tablename__ = "faq_votes"
    __table_args__ = (
        refer("faq_id", "faqs"),
        UniqueConstraint("faq_id", "user_id", "shop_id"),
        CheckConstraint("vote IN ('useful','useless','wrong')", name="vote"),
        Index("ix_faq_votes_user_id", "user_id"),
    )

    faq_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    vote: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]


class Promise(ShopRow, Model):
    """What the shop said before the purchase and either side has pinned: quoted in every case of that product."""

    __tablename__ = "promises"
    __table_args__ = (
        refer("product_id", "products"),
        refer("message_id", "enquiry_messages"),
        UniqueConstraint("message_id", "shop_id"),
        CheckConstraint("side IN ('buyer','seller')", name="side"),
        Index("ix_promises_buyer", "shop_id", "buyer_id", "product_id"),
    )

    product_id: Mapped[int]
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    message_id: Mapped[int]
    words: Mapped[str] = mapped_column(Text)  # as they were said
    said_at: Mapped[datetime]
    side: Mapped[str] = mapped_column(String(6))  # who pinned it
    pinned_at: Mapped[datetime]
