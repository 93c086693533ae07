"""What an account needs besides its name and password: second factors, links, invitations, and what was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model


class AuditEvent(Model):
    """A security event that somebody signed in caused, or that befell an account. Never changed, never deleted."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_user_id", "user_id", "id"), Index("ix_audit_events_name", "name", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    address: Mapped[str] = mapped_column(String(45), default="")
    request_id: Mapped[str] = mapped_column(String(16), default="")
    about: Mapped[dict[str, Any]]


class PasswordLink(Model):
    """A link that sets a new password, once. Only the hash of its token is kept."""

    __tablename__ = "password_links"
    __table_args__ = (Index("ix_password_links_user_id", "user_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class TotpFactor(Model):
    """An authenticator app of a person; counts from when its first code was right."""

    __tablename__ = "totp_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)  # the half-minute of the last code: each is taken once


class Passkey(Model):
    """What a device signs with in place of a code: a phone, a computer or a stick."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)  # up to 1,023 bytes, base64url
    attested: Mapped[str] = mapped_column(Text)  # the credential with its public key, base64url
    name: Mapped[str] = mapped_column(String(40))
    sign_count: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasskeyChallenge(Model):
    """What a browser's device is to sign; of a session that adds a passkey, or of one that is half signed in."""

    __tablename__ = "passkey_challenges"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    challenge: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]


class RecoveryCode(Model):
    """A code that stands in for the authenticator once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class HalfSignIn(Model):
    """A browser whose person has given the right password and not yet the code."""

    __tablename__ = "half_sign_ins"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime]


class Invitation(Model):
    """A shop asks somebody, by 会员名, to work there. It is kept whether or not there is such a member."""

    __tablename__ = "staff_invitations"
    __table_args__ = (
        CheckConstraint("answer IN ('','accepted','declined','withdrawn')", name="answer"),
        Index(
            "ix_staff_invitations_open",
            "shop_id",
            "member_name",
            unique=True,
            sqlite_where=text("answer = ''"),
            postgresql_where=text("answer = ''"),
        ),
        Index("ix_staff_invitations_member_name", "member_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    member_name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(12))
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(10), default="")
    answered_at: Mapped[datetime | None]
