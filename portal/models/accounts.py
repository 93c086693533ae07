"""Who uses the portal: people, shops, their sessions, and what keeps a form from being lost or done twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import cut_head, index_inner

ROLES = ("owner", "agent", "warehouse", "finance")


class User(Model):
    """A person or company that signs in by 会员名. Without a password it is dormant: it owns, but can't enter."""

    __tablename__ = "users"
    __table_args__ = (
        Index("ix_users_member_head", "member_head", "id"),
        Index("ix_users_member_key", "member_key"),
        Index("ix_users_company_head", "company_head", "id"),
        *index_inner("users", "member_name"),
        *index_inner("users", "company_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_name: Mapped[str] = mapped_column(String(64), unique=True)
    company_name: Mapped[str] = mapped_column(String(200), default="")
    member_key: Mapped[str] = mapped_column(String(64), Computed("lower(member_name)"))  # what tells members apart
    member_head: Mapped[str] = mapped_column(String(2), Computed(cut_head("member_name")))  # what people search by
    company_head: Mapped[str] = mapped_column(String(2), Computed(cut_head("company_name")))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    password_at: Mapped[datetime | None]  # when the password was last changed
    mediator: Mapped[bool] = mapped_column(default=False)  # 平台客服, decides where both sides can't agree
    operator: Mapped[bool] = mapped_column(default=False, server_default=false())  # 运营: calendar and public rules
    no_questions: Mapped[bool] = mapped_column(default=False, server_default=false())  # not asked how content they are
    version: Mapped[int] = mapped_column(default=1)  # bumped whenever a list of this person's changes


class Shop(Model):
    """A seller. ``version`` is bumped whenever a list of the shop's changes."""

    __tablename__ = "shops"
    __table_args__ = (CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name="office_hours"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    approval_fen: Mapped[int] = mapped_column(default=200_000)  # payments above it need a second person
    opens: Mapped[int] = mapped_column(default=540)  # office hours, minutes of the day in Beijing
    closes: Mapped[int] = mapped_column(default=1080)
    bank_data: Mapped[bool] = mapped_column(default=False)  # buyers may be asked for an account when 原路退回 fails
    shares_out: Mapped[bool] = mapped_column(default=False, server_default=false())  # new cases go round among 客服
    alarm_percent: Mapped[int] = mapped_column(default=5, server_default="5")  # exchanges of 100 lines: a task
    alarm_cases: Mapped[int] = mapped_column(default=10, server_default="10")  # and at least so many
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


_current: dict[str, Any] = {"sqlite_where": text("current"), "postgresql_where": text("current")}


class Staff(Model):
    """Who works in which shop, as what: in their own, in another's, or in both. ``current``: whose desk they see."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("role IN ('owner','agent','warehouse','finance')", name="role"),
        Index("ix_staff_shop_id", "shop_id"),
        Index("ix_staff_current", "user_id", unique=True, **_current),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(String(12), default="owner")
    current: Mapped[bool] = mapped_column(default=True)


class Session(Model):
    """A signed-in browser. Only the hash of its cookie is kept, so a stolen table opens nothing."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"), Index("ix_sessions_expires_at", "expires_at"))

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # absolute end
    ended_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(45), default="", server_default="")  # where it was signed in from
    proved_at: Mapped[datetime]  # when the password was last given


class KeptForm(Model):
    """What somebody had typed when the session ended; shown again only to the same person."""

    __tablename__ = "kept_forms"
    __table_args__ = (Index("ix_kept_forms_user_id", "user_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    path: Mapped[str] = mapped_column(String(300))
    fields: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class FormKey(Model):
    """One submission, done once: the same key gives the same answer, with another body it is refused."""

    __tablename__ = "form_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"), Index("ix_form_keys_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class RateCount(Model):
    """How often something was done in a window of time; shared by all nodes."""

    __tablename__ = "rate_counts"
    __table_args__ = (Index("ix_rate_counts_until", "until"),)

    bucket: Mapped[str] = mapped_column(String(120), primary_key=True)
    until: Mapped[datetime]
    count: Mapped[int]
