"""Passkeys (WebAuthn) as a second factor: added, signed in with, listed, removed.

Which device made one isn't asked (no attestation); a device whose count of signatures goes back is refused, because it
may be a copy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    UserVerificationRequirement,
)
from sqlalchemy import delete, select

from portal.extensions import db
from portal.models import Passkey, PasskeyChallenge
from portal.people import factors

OPEN_FOR = timedelta(minutes=5)
MOST = 10  # of one person
LONGEST = 20_000  # characters of a device's answer


class NotAccepted(ValueError):
    """The device's answer doesn't fit what it was asked."""


class Site(NamedTuple):
    """What passkeys are bound to: the host's name, and the address that pages come from."""

    host: str
    origin: str

    @classmethod
    def of(cls, address: str) -> Site:
        """The site of an address such as https://portal.example."""
        parts = urlsplit(address)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def list_of(user_id: int) -> Sequence[Passkey]:
    """A person's passkeys, the oldest first."""
    return db.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)).all()


def offer_new(user_id: int, member_name: str, browser: str, site: Site, now: datetime) -> str:
    """What a device is asked to make a passkey, as JSON. ``browser``: its session's hash. Inside ``writing()``."""
    person = PublicKeyCredentialUserEntity(id=str(user_id).encode(), name=member_name, display_name=member_name)
    known = [_open(each) for each in list_of(user_id)]
    preferred = UserVerificationRequirement.PREFERRED
    options, state = _server(site).register_begin(person, known, user_verification=preferred)
    _remember(browser, state, now)
    return json.dumps(dict(options["publicKey"]))


def add(user_id: int, name: str, browser: str, said: str, site: Site, now: datetime) -> list[str]:
    """Keep what a device made; recovery codes when it is the person's first factor. Inside ``writing()``.

    Raises NotAccepted, also where there are too many.
    """
    state, first = _take(browser, now), not factors.is_on(user_id)
    try:
        made = _server(site).register_complete(state, _read(said))
    except Exception as error:  # whatever a browser may send: the library has no error of its own
        raise NotAccepted from error
    credential = made.credential_data
    known = [each.credential_id for each in list_of(user_id)]
    if credential is None or len(known) >= MOST:
        raise NotAccepted
    credential_id = websafe_encode(credential.credential_id)
    if db.session.scalar(select(Passkey.id).where(Passkey.credential_id == credential_id)) is not None:
        raise NotAccepted
    db.session.add(
        Passkey(
            user_id=user_id,
            credential_id=credential_id,
            attested=websafe_encode(bytes(credential)),
            name=name,
            sign_count=made.counter,
            made_at=now,
        )
    )
    db.session.flush()
    return factors.new_recovery_codes(user_id) if first else []


def offer_sign_in(user_id: int, browser: str, site: Site, now: datetime) -> str:
    """What a device is asked to sign, as JSON; nothing for who has no passkey. Inside ``writing()``."""
    known = [_open(each) for each in list_of(user_id)]
    if not known:
        return ""
    options, state = _server(site).authenticate_begin(known, user_verification=UserVerificationRequirement.PREFERRED)
    _remember(browser, state, now)
    return json.dumps(dict(options["publicKey"]))


def check(user_id: int, browser: str, said: str, site: Site, now: datetime) -> bool:
    """Whether a passkey of this person signed what this browser was given, once. Inside ``writing()``."""
    known = list_of(user_id)
    try:
        state = _take(browser, now)
        answer = AuthenticationResponse.from_dict(_read(said))
        used = _server(site).authenticate_complete(state, [_open(each) for each in known], answer)
    except Exception:  # as above; whatever it is, it doesn't open
        return False
    count = answer.response.authenticator_data.counter
    row = next(each for each in known if each.credential_id == websafe_encode(used.credential_id))
    if (count or row.sign_count) and count <= row.sign_count:
        return False
    row.sign_count, row.used_at = count, now
    return True


def remove(user_id: int, passkey_id: int) -> str | None:
    """Take one away; its name, or None when this person has no such one. Inside ``writing()``.

    With the last factor the recovery codes go.
    """
    name = db.session.scalar(
        delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id).returning(Passkey.name)
    )
    if name is not None and not factors.is_on(user_id):
        factors.turn_off(user_id)
    return name


def _server(site: Site) -> Fido2Server:
    whose = PublicKeyCredentialRpEntity(id=site.host, name=factors.ISSUER)
    return Fido2Server(whose, verify_origin=lambda origin: origin == site.origin)


def _open(row: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(row.attested))


def _remember(browser: str, state: Any, now: datetime) -> None:
    db.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.id_hash == browser))
    db.session.add(PasskeyChallenge(id_hash=browser, challenge=state["challenge"], expires_at=now + OPEN_FOR))
    db.session.flush()


def _take(browser: str, now: datetime) -> dict[str, object]:
    """What the library wants to know of what was asked; it is taken once. Raises NotAccepted."""
    taken = delete(PasskeyChallenge).where(PasskeyChallenge.id_hash == browser, PasskeyChallenge.expires_at > now)
    challenge = db.session.scalar(taken.returning(PasskeyChallenge.challenge))
    if challenge is None:
        raise NotAccepted
    return {"challenge": challenge, "user_verification": UserVerificationRequirement.PREFERRED}


def _read(said: str) -> dict[str, object]:
    found = json.loads(said) if len(said) <= LONGEST else None
    if not isinstance(found, dict):
        raise NotAccepted
    return found
