"""Photos: re-encoded files in the store, and what they hang on. A file is served only through what it hangs on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class Evidence(ShopRow, Model):
    """One photo. At most one of draft, case or message holds it; ``event_version`` says which step of the case."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("public_id", "shop_id"),
        refer("order_id", "orders"),
        refer("draft_id", "drafts"),
        refer("case_id", "cases"),
        refer("message_id", "messages"),
        refer("product_id", "products"),
        Index("ix_evidence_draft_id", "draft_id"),
        Index("ix_evidence_case_id", "case_id"),
        Index("ix_evidence_message_id", "message_id"),
        Index("ix_evidence_owner_id", "owner_id"),
    )

    public_id: Mapped[str] = mapped_column(String(32))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[int | None]
    draft_id: Mapped[int | None]
    case_id: Mapped[int | None]
    event_version: Mapped[int | None]
    message_id: Mapped[int | None]
    product_id: Mapped[int | None]
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
