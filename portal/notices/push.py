"""Web Push: a browser is told that there is news, and nothing of what it is: the message is empty.

The worker of the page shows a sentence of its own; what happened is read in the portal, by who is signed in there.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from sqlalchemy import delete, func, select

from portal.extensions import db, writing
from portal.models import Notice, PushSubscription, Session
from portal.system import outside

log = logging.getLogger("portal.push")
MOST_OF_PERSON = 10  # browsers; the oldest makes room
MOST_FAILURES = 8  # in a row, then the browser is forgotten
AT_ONCE = 100
WAIT = 5.0  # seconds for an answer
KEPT_FOR = 86_400  # seconds that a push service keeps it for a browser that is off
TOKEN_FOR = 12 * 3_600  # seconds
GONE = (404, 410)
Post = Callable[[str, dict[str, str]], int]  # the status of the answer; raises OSError


class PushRefused(Exception):
    """An address that can't be one of a push service."""


def make_key() -> str:
    """A new private key of VAPID, as PORTAL_PUSH_KEY takes it."""
    return _encode(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big"))


def read_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The private key in a setting. Raises ValueError when it is none."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(raw) != 32:
        raise ValueError("PORTAL_PUSH_KEY must be 32 bytes in base64url; `portal make-push-key` prints one")
    return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())


def tell_public_key(key: str) -> str:
    """The public key as browsers take it; "" without a key."""
    if not key:
        return ""
    point = read_key(key).public_key()
    raw = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return _encode(raw)


def keep_subscription(user_id: int, session: str, endpoint: str, now: datetime) -> None:
    """This browser wants to hear of news from now on. Raises PushRefused."""
    parts = urlsplit(endpoint)
    if len(endpoint) > 600 or parts.scheme != "https" or not parts.hostname or parts.username or parts.port:
        raise PushRefused
    db.session.execute(
        delete(PushSubscription).where((PushSubscription.session == session) | (PushSubscription.endpoint == endpoint))
    )
    mine = select(PushSubscription.id).where(PushSubscription.user_id == user_id).order_by(PushSubscription.id)
    older = list(db.session.scalars(mine))
    if len(older) >= MOST_OF_PERSON:
        surplus = older[: len(older) - MOST_OF_PERSON + 1]
        db.session.execute(delete(PushSubscription).where(PushSubscription.id.in_(surplus)))
    newest = db.session.scalar(select(func.max(Notice.id)).where(Notice.user_id == user_id)) or 0
    db.session.add(PushSubscription(user_id=user_id, session=session, endpoint=endpoint, told_id=newest, at=now))
    db.session.flush()


def drop_subscription(session: str) -> None:
    """This browser wants to hear no more."""
    db.session.execute(delete(PushSubscription).where(PushSubscription.session == session))


def has_subscription(session: str) -> bool:
    """Whether this browser hears of news."""
    found = select(PushSubscription.id).where(PushSubscription.session == session)
    return db.session.scalar(found) is not None


def send_due(key: str, contact: str, now: datetime, post: Post | None = None) -> int:
    """Tell each browser with unread news since it was last told, once for all of them; returns how many were told.

    Sessions that ended are told nothing and forgotten, as are browsers whose push service says that they are gone.
    """
    private, told = read_key(key), 0
    with writing():
        ended = select(Session.id_hash).where((Session.ended_at.is_not(None)) | (Session.expires_at <= now))
        db.session.execute(
            delete(PushSubscription)
            .where(PushSubscription.session.in_(ended))
            .execution_options(synchronize_session=False)
        )
    newest = (
        select(func.max(Notice.id))
        .where(Notice.user_id == PushSubscription.user_id, Notice.read_at.is_(None))
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(PushSubscription.id, PushSubscription.endpoint, newest.label("newest"))
        .where(newest > PushSubscription.told_id)
        .order_by(PushSubscription.failures, PushSubscription.id)
        .limit(AT_ONCE)
    ).all()
    db.session.rollback()  # no transaction is open while others are asked
    for row in rows:
        told += _tell(row.id, row.endpoint, row.newest, private, contact, now, post or post_empty)
    return told


def _tell(
    row_id: int,
    endpoint: str,
    newest: int,
    private: ec.EllipticCurvePrivateKey,
    contact: str,
    now: datetime,
    post: Post,
) -> bool:
    headers = {"Authorization": sign_vapid(private, endpoint, contact, now), "TTL": str(KEPT_FOR), "Topic": "news"}
    try:
        status = post(endpoint, headers)
    except (OSError, HTTPException, ValueError):  # unreachable, or not of the public internet
        status = 0
    with writing():
        row = db.session.get(PushSubscription, row_id)
        if row is None:
            return False
        if 200 <= status < 300:
            row.told_id, row.failures = newest, 0
            return True
        row.failures += 1
        if status in GONE or row.failures >= MOST_FAILURES:
            db.session.delete(row)
    log.info("a push service answered %d", status)
    return False


def sign_vapid(private: ec.EllipticCurvePrivateKey, endpoint: str, contact: str, now: datetime) -> str:
    """The Authorization of RFC 8292: who sends, to which push service, until when."""
    parts = urlsplit(endpoint)
    claims: dict[str, object] = {"aud": f"https://{parts.netloc}", "exp": int(now.timestamp()) + TOKEN_FOR}
    if contact:
        claims["sub"] = contact
    head = _encode(json.dumps({"typ": "JWT", "alg": "ES256"}).encode())
    said = f"{head}.{_encode(json.dumps(claims).encode())}"
    r, s = decode_dss_signature(private.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return f"vapid t={said}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={_encode(point)}"


def post_empty(endpoint: str, headers: dict[str, str], judge: outside.Judge = outside.is_public) -> int:
    """Send an empty message to a push service whose addresses ``judge`` lets pass; the status of its answer."""
    end = time.monotonic() + WAIT
    parts = urlsplit(endpoint)
    connection, line = outside.connect(parts, end, judge)
    try:
        where = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", where, body=b"", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
        line.close()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
