"""Wrong passwords slow whoever guesses down and lock nobody out: only failures count, and success clears them.

A wrong password counts for the name at this address, for the name, and for the address, each with as many free tries as
honest people need; every failure after those doubles the wait, up to a minute. While one waits no password is verified
and nothing more is counted, so that a guesser can't make the wait longer. An address that has to wait is refused before
names are counted: one machine can't make every account wait. A browser in which this person has signed in before has a
count of its own: neither a guesser elsewhere nor one behind the same address keeps its owner out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app, request
from sqlalchemy import delete, select, text
from werkzeug.wrappers import Response

from portal.extensions import db, writing
from portal.inputs import member_key
from portal.models import RateCount

LONGEST_WAIT = timedelta(seconds=60)
LONGEST_WAIT_OF_ORDER = timedelta(minutes=5)  # four digits are guessed sooner than a password
FORGOTTEN_AFTER = timedelta(minutes=30)  # without another failure
TOO_MANY = "密码连续输错，请 {seconds} 秒后再试；账号没有被锁定"
KNOWN_FOR = timedelta(days=180)
# whose failures: how many are free before the first wait of a second
FREE: dict[str, int] = {"device": 5, "pair": 5, "name": 30, "address": 100, "order": 30, "order-pair": 5, "code": 5}

_FAILED = text(
    "INSERT INTO rate_counts (bucket, until, count) VALUES (:bucket, :until, 1) ON CONFLICT (bucket) DO UPDATE "
    "SET count = CASE WHEN rate_counts.until < :now THEN 1 ELSE rate_counts.count + 1 END, until = :until"
)


class Tries(NamedTuple):
    """Whose failures a try to sign in is counted with, strictest check first."""

    buckets: dict[str, str]


def of(member_name: str) -> Tries:
    """The counts of a try with this name from this browser and address. Hashed: people type passwords there."""
    member = member_key(member_name)  # however it is spelt: each letter's case would be another free try
    if device := _known_device(member):
        return Tries({"device": _bucket("device", member, device)})
    address = request.remote_addr or ""
    return Tries(
        {
            "address": _bucket("address", address),
            "name": _bucket("name", member),
            "pair": _bucket("pair", member, address),
        }
    )


def of_code(user_id: int) -> Tries:
    """The counts of a try with a code: by person, whatever the address; the password was right already."""
    return Tries({"code": _bucket("code", str(user_id))})


def of_order(order_no: str) -> Tries:
    """The counts of a try to open an order with the last digits of its telephone."""
    address = request.remote_addr or ""
    return Tries(
        {
            "address": _bucket("address", address),
            "order": _bucket("order", order_no),
            "order-pair": _bucket("order-pair", order_no, address),
        }
    )


def wait(tries: Tries, now: datetime) -> int:
    """Seconds until the next try is taken; 0: now."""
    rows = db.session.execute(
        select(RateCount.bucket, RateCount.count, RateCount.until).where(RateCount.bucket.in_(tries.buckets.values()))
    ).all()
    kinds = {bucket: kind for kind, bucket in tries.buckets.items()}
    longest = timedelta()
    for row in rows:
        if row.until >= now:
            ready_at = row.until - FORGOTTEN_AFTER + _wait_after(int(row[1]), kinds[row.bucket])
            longest = max(longest, ready_at - now)
    return -int(-longest.total_seconds() // 1)


def _wait_after(failures: int, kind: str) -> timedelta:
    surplus = failures - FREE[kind]
    if surplus < 0:
        return timedelta()
    longest = LONGEST_WAIT_OF_ORDER if kind == "order" else LONGEST_WAIT
    return min(timedelta(seconds=2 ** min(surplus, 10)), longest)


def failed(tries: Tries, now: datetime) -> None:
    """Count a wrong password."""
    with writing():
        sqlite = db.session.get_bind().dialect.name == "sqlite"
        until = now + FORGOTTEN_AFTER
        for bucket in tries.buckets.values():
            bound = {"bucket": bucket, "until": until, "now": now}
            if sqlite:
                bound |= {"until": until.replace(tzinfo=None), "now": now.replace(tzinfo=None)}
            db.session.execute(_FAILED, bound)


def succeeded(tries: Tries) -> None:
    """The right password: what was counted for this person is forgotten; the address keeps its own."""
    own = [bucket for kind, bucket in tries.buckets.items() if kind != "address"]
    if db.session.scalar(select(RateCount.bucket).where(RateCount.bucket.in_(own)).limit(1)) is None:
        return
    with writing():
        db.session.execute(delete(RateCount).where(RateCount.bucket.in_(own)))


def remember_device(answer: Response, member_name: str, *, secure: bool) -> None:
    """Mark this browser as one in which this person has signed in. It opens nothing."""
    nonce = _known_device(member_name) or secrets.token_urlsafe(12)
    answer.set_cookie(
        _cookie_name(secure),
        f"{nonce}.{_sign(member_name, nonce)}",
        max_age=int(KNOWN_FOR.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def _known_device(member_name: str) -> str:
    """The name of this browser when this person has signed in here before, else nothing."""
    secure = current_app.extensions["portal_settings"].https == "1"
    nonce, _, signed = request.cookies.get(_cookie_name(secure), "").partition(".")
    if not re.fullmatch(r"[\w-]{16}", nonce, re.ASCII):
        return ""
    return nonce if hmac.compare_digest(signed.encode(), _sign(member_name, nonce).encode()) else ""


def _cookie_name(secure: bool) -> str:
    return "__Host-known" if secure else "known"


def _sign(member_name: str, nonce: str) -> str:
    return _keyed("device", member_key(member_name), nonce)[:40]


def _bucket(kind: str, *whose: str) -> str:
    return f"try:{kind}:{_keyed(*whose)[:40]}"


def _keyed(*parts: str) -> str:
    key = str(current_app.secret_key).encode()
    return hmac.new(key, "\x00".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
