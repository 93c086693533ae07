"""How often something may be done; counted in the database so that all nodes agree."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from flask import abort, g, request
from sqlalchemy import delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db, writing
from portal.models import RateCount
from portal.web import once

# name: (how often, in which time)
LIMITS: dict[str, tuple[int, timedelta]] = {
    "apply": (30, timedelta(hours=1)),
    "message": (30, timedelta(minutes=1)),
    "message-day": (500, timedelta(days=1)),
    "message-shop": (10_000, timedelta(days=1)),
    "upload": (60, timedelta(hours=1)),
    "upload-desk": (300, timedelta(hours=1)),
    "upload-shop": (5_000, timedelta(days=1)),
    "search": (60, timedelta(minutes=1)),
    "push": (30, timedelta(hours=1)),
    "fetch": (60, timedelta(hours=1)),
    "complaint": (10, timedelta(hours=1)),
    "import": (20, timedelta(hours=1)),
    "export": (6, timedelta(hours=1)),
    "trace": (30, timedelta(hours=1)),
    "track": (30, timedelta(minutes=10)),
    "consumer-link": (30, timedelta(hours=1)),
    "bank-look": (20, timedelta(hours=1)),
}

_COUNT = text(
    "INSERT INTO rate_counts (bucket, until, count) VALUES (:bucket, :until, 1) "
    "ON CONFLICT (bucket) DO UPDATE SET count = rate_counts.count + 1 RETURNING count"
)


def count(name: str, whom: object, now: datetime) -> bool:
    """Count one more; False when that is too many. Commits on its own, because a refusal must count as well."""
    most, _ = LIMITS[name]
    bucket, until = _window(name, whom, now)
    with writing():
        bound = until.replace(tzinfo=None) if db.session.get_bind().dialect.name == "sqlite" else until
        number = db.session.execute(_COUNT, {"bucket": bucket, "until": bound}).scalar_one()
    return bool(number <= most)


def used(name: str, whom: object, now: datetime) -> int:
    """How often it was done in the present window, at most as often as it may be."""
    bucket, _ = _window(name, whom, now)
    return min(db.session.scalar(select(RateCount.count).where(RateCount.bucket == bucket)) or 0, LIMITS[name][0])


def _window(name: str, whom: object, now: datetime) -> tuple[str, datetime]:
    seconds = LIMITS[name][1].total_seconds()
    start = int(now.timestamp() // seconds)
    return f"{name}:{whom}:{start}"[:120], datetime.fromtimestamp((start + 1) * seconds, now.tzinfo)


def limit(name: str, whom: object) -> None:
    """429 when this was done too often. The same form sent again, as a double tap or a retry does, counts once."""
    marker = _marker(name, whom) if request.form.get("form_key") else ""
    if marker and not _first(marker, LIMITS[name][1]):
        return
    if not count(name, whom, g.now):
        if marker:  # sent again later it is a new try
            with writing():
                db.session.execute(delete(RateCount).where(RateCount.bucket == marker))
        abort(429)


def _marker(name: str, whom: object) -> str:
    """What stands for this very form; nothing for one with files, which aren't compared, until it has been done."""
    key = request.form["form_key"]
    if any(file.filename for _, file in request.files.items(multi=True)) and not once.was_done(key):
        return ""
    said = hashlib.sha256(f"{whom}:{key}:{once.fingerprint()}".encode("utf-8", "surrogatepass")).hexdigest()[:40]
    return f"same:{name}:{said}"


def _first(marker: str, window: timedelta) -> bool:
    """Whether no form like this was counted before."""
    row = {"bucket": marker, "until": g.now + window, "count": 1}
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    with writing():
        made = make(RateCount).values(row).on_conflict_do_nothing().returning(RateCount.bucket)
        return db.session.scalar(made) is not None and not once.was_done(request.form["form_key"])


def forget(now: datetime) -> None:
    """Remove windows that have passed."""
    db.session.execute(delete(RateCount).where(RateCount.until < now))
