"""Sends notices on, beyond the portal: as webhooks signed in the standardwebhooks format.

A delivery is written in the transaction of its notice and sent by the sweep. Its ``webhook-id`` never changes, so that
a receiver can tell a repetition: a sender that is killed between sending and writing that down sends once more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.models import Case, Delivery, Notice, User

log = logging.getLogger("portal.outbox")

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440, 1440))  # between two tries
TAKEN_FOR = timedelta(minutes=2)  # a sender that has said nothing for so long is gone
AT_ONCE = 50
WAIT = 5.0  # seconds for an answer
MOST_FAILURES = 5  # in a row, then the receiver is left alone until the next round

Post = Callable[[str, bytes, dict[str, str]], None]


class Unreachable(Exception):
    """The receiver didn't take it; the message says why."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """A webhook isn't sent on to somewhere else."""


def decode_key(secret: str) -> bytes:
    """The key in a secret like whsec_<base64>. Raises ValueError when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("PORTAL_WEBHOOK_SECRET must be whsec_ and base64") from error
    if not key:
        raise ValueError("PORTAL_WEBHOOK_SECRET is missing; webhooks are only sent signed")
    return key


def sign_body(key: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that let a receiver check who sent it and when."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def post_webhook(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Send it; any 2xx is taken for a yes. Raises Unreachable."""
    if not url.startswith(("https://", "http://")):
        raise Unreachable("PORTAL_WEBHOOK_URL must begin with https://")
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310  (the operator's own setting, checked)
    try:
        with build_opener(_NoRedirects).open(request, timeout=WAIT) as answer:
            answer.read(1024)
    except HTTPError as error:
        raise Unreachable(f"answered {error.code}") from error
    except (URLError, HTTPException, OSError) as error:
        raise Unreachable(str(getattr(error, "reason", error))) from error


def send_due(url: str, secret: str, now: datetime, send: Post = post_webhook) -> int:
    """Send what is due; returns how many were taken by the receiver. Called outside ``writing()``."""
    key = decode_key(secret)
    sent = failures = 0
    while failures < MOST_FAILURES:
        batch = claim_batch(now)
        if not batch:
            break
        for delivery_id, message_id, body in batch:
            if failures >= MOST_FAILURES:
                break
            try:
                send(url, body, sign_body(key, message_id, now, body))
            except Unreachable as problem:
                failures += 1
                record_failure(delivery_id, str(problem), now)
            else:
                failures, sent = 0, sent + 1
                mark_delivery(delivery_id, state="sent", problem="")
    return sent


def claim_batch(now: datetime) -> list[tuple[int, str, bytes]]:
    """Due deliveries, put off for TAKEN_FOR so that no other sender takes them meanwhile."""
    due = (Delivery.state == "waiting") & (Delivery.next_at <= now)
    if db.session.scalar(select(Delivery.id).where(due).limit(1)) is None:
        db.session.rollback()
        return []
    with writing():
        ids = db.session.scalars(
            select(Delivery.id).where(due).order_by(Delivery.next_at).limit(AT_ONCE).with_for_update(skip_locked=True)
        ).all()
        db.session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(next_at=now + TAKEN_FOR)
            .execution_options(synchronize_session=False)
        )
        rows = db.session.execute(
            select(
                Delivery.id,
                Delivery.dedupe_key,
                Notice.kind,
                Notice.title,
                Notice.body,
                Notice.href,
                Notice.at,
                User.member_name,
                Case.case_no,
                Case.state,
            )
            .join(Notice, Notice.id == Delivery.notice_id)
            .join(User, User.id == Notice.user_id)
            .outerjoin(Case, Case.id == Notice.case_id)
            .where(Delivery.id.in_(ids))
            .order_by(Delivery.id)
        ).all()
    return [(row.id, row.dedupe_key, quote_answer(row)) for row in rows]


def quote_answer(row: object) -> bytes:
    data = {
        name: getattr(row, name) for name in ("member_name", "kind", "title", "body", "href", "case_no", "state")
    } | {"at": row.at.isoformat()}  # type: ignore[attr-defined]
    return json.dumps({"type": "notice", "data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def record_failure(delivery_id: int, problem: str, now: datetime) -> None:
    tries = db.session.scalar(select(Delivery.tries).where(Delivery.id == delivery_id)) or 0
    log.warning("webhook not taken (try %d): %s", tries + 1, problem)
    if tries >= len(PAUSES):
        mark_delivery(delivery_id, state="given_up", tries=tries + 1, problem=problem[:200])
    else:
        mark_delivery(delivery_id, tries=tries + 1, next_at=now + PAUSES[tries], problem=problem[:200])


def mark_delivery(delivery_id: int, **columns: object) -> None:
    with writing():
        db.session.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.state == "waiting")
            .values(**columns)
            .execution_options(synchronize_session=False)
        )
