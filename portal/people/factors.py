"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and codes on paper for when it is lost.

A passkey is one as well; what concerns it alone is in ``passkeys``.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken as WrongCode
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import delete, select, update

from portal.extensions import db
from portal.models import Passkey, RecoveryCode, TotpFactor
from portal.per_app import PerApp

STEP = 30  # seconds a code lasts; the one before and the one after are taken too, because clocks differ
RECOVERY_CODES = 10
ISSUER = "换货"

_key: PerApp[bytes] = PerApp("factor_key", b"")


def use_key(secret_key: str) -> None:
    """Seal the secrets of apps with a key made from the portal's; with another key they have to be set up anew."""
    _key.set(base64.urlsafe_b64encode(hashlib.sha256(b"totp:" + secret_key.encode()).digest()))


def is_on(user_id: int) -> bool:
    """Whether signing in asks this person for more than the password."""
    passkey = select(Passkey.id).where(Passkey.user_id == user_id).limit(1)
    return has_app(user_id) or db.session.scalar(passkey) is not None


def has_app(user_id: int) -> bool:
    """Whether an authenticator app is set up."""
    confirmed = select(TotpFactor.user_id).where(TotpFactor.user_id == user_id, TotpFactor.confirmed_at.is_not(None))
    return db.session.scalar(confirmed) is not None


def begin(user_id: int, now: datetime) -> str:
    """A new secret, in letters to type; it counts once a code of it was right. Inside ``writing()``."""
    secret = secrets.token_bytes(20)
    db.session.execute(delete(TotpFactor).where(TotpFactor.user_id == user_id))
    sealed = Fernet(_key.get()).encrypt(secret).decode()
    db.session.add(TotpFactor(user_id=user_id, sealed=sealed, made_at=now))
    db.session.flush()
    return letters(secret)


def letters(secret: bytes) -> str:
    """A secret as apps take it typed."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: str, member_name: str) -> str:
    """What the QR code for an app says."""
    return f"otpauth://totp/{quote(f'{ISSUER}:{member_name}')}?secret={secret}&issuer={quote(ISSUER)}"


def pending(user_id: int) -> str:
    """The secret that waits for its first code, in letters; nothing when there is none."""
    factor = db.session.get(TotpFactor, user_id)
    if factor is None or factor.confirmed_at is not None:
        return ""
    secret = _opened(factor)
    return letters(secret) if secret else ""


def confirm(user_id: int, code: str, now: datetime) -> list[str]:
    """The first right code turns it on: the recovery codes, shown once. Empty for a wrong one. Inside ``writing()``."""
    factor = db.session.get(TotpFactor, user_id)
    if factor is None or factor.confirmed_at is not None or not _takes(factor, code, now):
        return []
    factor.confirmed_at = now
    return new_recovery_codes(user_id)


def new_recovery_codes(user_id: int) -> list[str]:
    """Ten codes in place of those before. Inside ``writing()``."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)]
    db.session.add_all([RecoveryCode(user_id=user_id, code_hash=_hash(user_id, code)) for code in codes])
    db.session.flush()
    return codes


def check(user_id: int, code: str, now: datetime) -> bool:
    """Whether this code opens: of the app, or one from paper. Either is taken once. Inside ``writing()``."""
    plain = code.replace(" ", "").lower()
    factor = db.session.get(TotpFactor, user_id, with_for_update=True)
    if plain.isdigit():
        return factor is not None and factor.confirmed_at is not None and _takes(factor, plain, now)
    used = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _hash(user_id, plain),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


def left(user_id: int) -> int:
    """How many recovery codes are left."""
    unused = select(RecoveryCode.id).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return len(db.session.scalars(unused).all())


def turn_off(user_id: int) -> None:
    """No second factor any more. Inside ``writing()``."""
    db.session.execute(delete(TotpFactor).where(TotpFactor.user_id == user_id))
    db.session.execute(delete(Passkey).where(Passkey.user_id == user_id))
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _takes(factor: TotpFactor, code: str, now: datetime) -> bool:
    secret = _opened(factor)
    if secret is None or not (len(code) == 6 and code.isascii() and code.isdigit()):
        return False
    app = TOTP(secret, 6, SHA1(), STEP)  # noqa: S303  (what every app uses; HMAC doesn't need more)
    present = int(now.timestamp()) // STEP
    for step in _steps(present, factor.last_step):
        try:
            app.verify(code.encode(), step * STEP)
        except WrongCode:
            continue
        factor.last_step = step
        return True
    return False


def _steps(present: int, last: int) -> Sequence[int]:
    return [step for step in (present, present - 1, present + 1) if step > last]


def _opened(factor: TotpFactor) -> bytes | None:
    try:
        return Fernet(_key.get()).decrypt(factor.sealed.encode())
    except InvalidToken:  # sealed with another PORTAL_SECRET_KEY
        return None


def _hash(user_id: int, code: str) -> str:
    return hashlib.sha256(f"{user_id}:{code}".encode()).hexdigest()
