"""Accounts that a refund goes to when it can't go back the way it came: sealed, consented to, every look noted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class BankConsent(ShopRow, Model):
    """A buyer's answer to the question for an account: to which words, when; never deleted."""

    __tablename__ = "bank_consents"
    __table_args__ = (
        refer("case_id", "cases"),
        refer("entry_id", "money_entries"),
        CheckConstraint("answer IN ('yes','no')", name="answer"),
        CheckConstraint("answer = 'yes' OR withdrawn_at IS NULL", name="withdrawn"),
        Index("ix_bank_consents_entry_id", "entry_id"),
        Index("ix_bank_consents_owner_id", "owner_id"),
    )

    case_id: Mapped[int]
    entry_id: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(24), default="refund")
    version: Mapped[int]  # of the words, agreed_words.CONSENTS
    answer: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class BankAccount(ShopRow, Model):
    """An account for one payment. ``sealed`` holds 收款人, 开户行 and 账号; an erased one keeps nothing of them."""

    __tablename__ = "bank_accounts"
    __table_args__ = (
        refer("case_id", "cases"),
        refer("entry_id", "money_entries"),
        refer("consent_id", "bank_consents"),
        CheckConstraint("(erased_at IS NULL) = (sealed IS NOT NULL)", name="sealed"),
        CheckConstraint("erased_at IS NULL OR (last4 = '' AND key_id = '')", name="erased"),
        UniqueConstraint("consent_id", "shop_id"),
        Index(
            "uq_bank_accounts_live",
            "entry_id",
            "shop_id",
            unique=True,
            sqlite_where=text("erased_at IS NULL"),
            postgresql_where=text("erased_at IS NULL"),
        ),
        Index("ix_bank_accounts_case_id", "case_id"),
        Index("ix_bank_accounts_owner_id", "owner_id", "id"),
        Index(
            "ix_bank_accounts_erase_after",
            "erase_after",
            sqlite_where=text("erased_at IS NULL"),
            postgresql_where=text("erased_at IS NULL"),
        ),
    )

    case_id: Mapped[int]
    entry_id: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    consent_id: Mapped[int]
    key_id: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    last4: Mapped[str] = mapped_column(String(4))
    sound: Mapped[bool] = mapped_column(
        default=True
    )  # the check digit of a bank card holds; company accounts have none
    made_at: Mapped[datetime]
    erase_after: Mapped[datetime | None]  # set once the payment is made or no longer owed
    erased_at: Mapped[datetime | None]


class BankView(ShopRow, Model):
    """Somebody of the shop has seen a whole account number; never changed, never deleted. The buyer reads it."""

    __tablename__ = "bank_views"
    __table_args__ = (
        refer("account_id", "bank_accounts"),
        refer("case_id", "cases"),
        UniqueConstraint("user_id", "key", "shop_id"),
        Index("ix_bank_views_owner_id", "owner_id", "id"),
    )

    account_id: Mapped[int]
    case_id: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(64))  # 会员名 at that time
    role: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(64))  # the form's; shows the same view again while it lasts
    at: Mapped[datetime]
