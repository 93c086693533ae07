"""Photos: re-encoded files in the store, and what they hang on. A file is served only through what it hangs on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

HOLDERS = (
    "case_id",
    "draft_id",
    "message_id",
    "product_id",
    "complaint_id",
    "enquiry_message_id",
    "batch_id",
    "remedy_id",
)


class Evidence(ShopRow, Model):
    """One photo. At most one thing holds it; ``event_version`` says which step of the case."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("public_id", "shop_id"),
        refer("order_id", "orders"),
        refer("order_line_id", "order_lines"),
        refer("draft_id", "drafts"),
        refer("case_id", "cases"),
        refer("message_id", "messages"),
        refer("product_id", "products"),
        refer("enquiry_message_id", "enquiry_messages"),
        refer("batch_id", "batches"),
        refer("remedy_id", "remedies"),
        Index("ix_evidence_draft_id", "draft_id"),
        Index(
            "ix_evidence_enquiry_message_id",
            "enquiry_message_id",
            sqlite_where=text("enquiry_message_id IS NOT NULL"),
            postgresql_where=text("enquiry_message_id IS NOT NULL"),
        ),
        Index(
            "ix_evidence_batch_id",
            "batch_id",
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index(
            "ix_evidence_remedy_id",
            "remedy_id",
            sqlite_where=text("remedy_id IS NOT NULL"),
            postgresql_where=text("remedy_id IS NOT NULL"),
        ),
        Index(
            "ix_evidence_complaint_id",
            "complaint_id",
            sqlite_where=text("complaint_id IS NOT NULL"),
            postgresql_where=text("complaint_id IS NOT NULL"),
        ),
        Index("ix_evidence_case_id", "case_id"),
        Index("ix_evidence_message_id", "message_id"),
        Index("ix_evidence_owner_id", "owner_id"),
    )

    public_id: Mapped[str] = mapped_column(String(32))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[int | None]
    order_line_id: Mapped[int | None]  # the one of an application's lines that it shows
    draft_id: Mapped[int | None]
    case_id: Mapped[int | None]
    event_version: Mapped[int | None]
    message_id: Mapped[int | None]
    product_id: Mapped[int | None]
    enquiry_message_id: Mapped[int | None]
    batch_id: Mapped[int | None]
    remedy_id: Mapped[int | None]
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaints.id"))
    position: Mapped[int | None]  # among those of one draft or step, where a person put it somewhere
    side: Mapped[str] = mapped_column(String(6), default="buyer")
    key: Mapped[str] = mapped_column(String(60))
    thumb_key: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    thumb_sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    thumb_width: Mapped[int]
    thumb_height: Mapped[int]
    taken_note: Mapped[str] = mapped_column(String(40), default="")  # the camera's own time, unverified
    created_at: Mapped[datetime]

    @classmethod
    def in_order(cls) -> tuple[ColumnElement[Any], ...]:
        """Step by step, and there as its person put them; those that nobody put anywhere come last, oldest first."""
        photo = cls.__table__.c  # the table's own: some lists are read without the ORM
        return photo.event_version, photo.position.nulls_last(), photo.id

    @classmethod
    def is_loose(cls, *but: str) -> ColumnElement[bool]:
        """Whether a photo hangs on nothing; those that the columns ``but`` hold may count as loose."""
        return and_(*(getattr(cls, name).is_(None) for name in HOLDERS if name not in but))
