"""What is known of 平台介入 while it is open, beside its case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import refer


class Mediation(Model):
    """The open mediation of a case; there is one as long as the case is escalated. Its history is the case's events."""

    __tablename__ = "mediations"
    __table_args__ = (
        refer("case_id", "cases"),
        CheckConstraint("evidence_round >= 1", name="evidence_round"),
        CheckConstraint("asked_by IN ('buyer','seller','clock')", name="asked_by"),
        Index("ix_mediations_mediator_id", "mediator_id"),
    )

    case_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    stage_at: Mapped[datetime]  # when the present stage began
    escalated_at: Mapped[datetime]
    evidence_round: Mapped[int]
    heard: Mapped[str] = mapped_column(String(16))  # who has handed in evidence in this round
    asked_by: Mapped[str] = mapped_column(String(8))  # who opened it: a side, or the clock
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who has it to decide
    first_mediator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who had it before, and was late
    passed_at: Mapped[datetime | None]  # when it was to pass on to another one
