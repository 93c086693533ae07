"""Money that a case owes: what, to whom, how far it is. The portal records payments; it doesn't make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer
from portal.words import BEIJING

# refund and difference_back come out of what was paid for the order; difference_return gives back a difference that
# the buyer paid; difference is paid by the buyer.
KINDS = ("refund", "difference_back", "difference_return", "freight", "compensation", "difference")
# Paid to the buyer, as far as is known; what the buyer pays is the other way.
# What gives a buyer money back: what was paid for the order, or a difference that was paid in the case.
REFUNDS = ("refund", "difference_back", "difference_return")
PAID_OUT = "state IN ('settled','contested') AND kind <> 'difference'"
OPEN_ENTRY = "state IN ('waiting','due','failed','declared','contested')"


class MoneyEntry(ShopRow, Model):
    """One payment. ``key`` makes it one: made twice it is the same row, tried again it keeps its key.

    States: waiting (for a second person), due, failed, declared (the buyer says that they paid), settled, cancelled,
    contested (recorded as paid, and the buyer says that it hasn't arrived: nothing is paid again until that is clear).
    """

    __tablename__ = "money_entries"
    __table_args__ = (
        refer("case_id", "cases"),
        refer("order_id", "orders"),
        CheckConstraint(
            "kind IN ('refund','difference_back','difference_return','freight','compensation','difference')",
            name="kind",
        ),
        CheckConstraint(
            "state IN ('waiting','due','failed','declared','settled','cancelled','contested')", name="state"
        ),
        CheckConstraint("amount_fen >= 0", name="amount"),
        CheckConstraint("route IN ('original','bank','offline')", name="route"),
        CheckConstraint("state NOT IN ('settled','contested') OR settled_at IS NOT NULL", name="settled"),
        CheckConstraint("arrival IN ('','missing','shown','arrived','decided','unopposed')", name="arrival"),
        UniqueConstraint("key", "shop_id"),
        Index("ix_money_entries_case_id", "case_id"),
        Index(
            "ix_money_entries_open",
            "shop_id",
            "made_at",
            "id",
            sqlite_where=text(OPEN_ENTRY),
            postgresql_where=text(OPEN_ENTRY),
        ),
        Index("ix_money_entries_shop", "shop_id", "made_at", "id"),
        Index(
            "ix_money_entries_paid",
            "shop_id",
            "settled_at",
            "case_id",
            sqlite_where=text(PAID_OUT),
            postgresql_where=text(PAID_OUT),
        ),
    )

    case_id: Mapped[int]
    order_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int]
    lines: Mapped[list[Any]] = mapped_column(default=list)  # [order line, 分, units refunded whole in thousandths]
    key: Mapped[str] = mapped_column(String(80))
    route: Mapped[str] = mapped_column(String(12), default="original")
    channel: Mapped[str] = mapped_column(String(12), default="", server_default="")  # offline: alipay, wechat or cash
    reference: Mapped[str] = mapped_column(String(80), default="")
    problem: Mapped[str] = mapped_column(String(200), default="")  # why the last try failed
    tries: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    exported_at: Mapped[datetime | None]  # when it last went out in a payout list
    # What is known of its arrival: nothing, missing (says who gets it), shown (the payer has shown proof), arrived
    # (says who gets it), decided (the platform says so), unopposed (nobody says anything more). The moment is that of
    # the last word.
    arrival: Mapped[str] = mapped_column(String(12), default="", server_default="")
    arrival_at: Mapped[datetime | None]

    @property
    def way(self) -> str:
        """The way it takes or took, as words.ROUTE calls it."""
        return self.channel or self.route


class PayoutFile(ShopRow, Model):
    """A list of payments that went out to the bank (batch), or what came back from it (results).

    ``rows`` of a batch are as they went out, so that it can be downloaded again; those of results say what was read of
    each row and, once it was carried out, what became of it.
    """

    __tablename__ = "payout_files"
    __table_args__ = (
        UniqueConstraint("public_id", "shop_id"),
        CheckConstraint("kind IN ('batch','results')", name="kind"),
        CheckConstraint("state IN ('made','checked','done')", name="state"),
        Index("ix_payout_files_shop_id", "shop_id", "id"),
        Index(
            "uq_payout_files_serial",
            "shop_id",
            "serial",
            unique=True,
            sqlite_where=text("serial > 0"),
            postgresql_where=text("serial > 0"),
        ),
    )

    public_id: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(7))
    serial: Mapped[int] = mapped_column(default=0)  # of a batch: counts the shop's own from 1
    state: Mapped[str] = mapped_column(String(7))
    name: Mapped[str] = mapped_column(String(200), default="")  # of the uploaded file
    rows: Mapped[list[Any]] = mapped_column(default=list)
    row_count: Mapped[int] = mapped_column(default=0)
    amount_fen: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]

    @property
    def number(self) -> str:
        """What people call a batch."""
        return f"FK{self.made_at.astimezone(BEIJING):%y%m%d}-{self.serial}"
