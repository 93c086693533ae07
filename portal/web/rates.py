"""How often something may be done; counted in the database so that all nodes agree."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import abort, g
from sqlalchemy import delete, text

from portal.extensions import db, writing
from portal.models import RateCount

# name: (how often, in which time)
LIMITS: dict[str, tuple[int, timedelta]] = {
    "apply": (30, timedelta(hours=1)),
    "message": (30, timedelta(minutes=1)),
    "upload": (60, timedelta(hours=1)),
    "search": (60, timedelta(minutes=1)),
    "feedback": (10, timedelta(hours=1)),
    "import": (20, timedelta(hours=1)),
    "export": (6, timedelta(hours=1)),
    "trace": (30, timedelta(hours=1)),
    "track": (30, timedelta(minutes=10)),
    "consumer-order": (10, timedelta(hours=1)),
    "consumer-address": (30, timedelta(hours=1)),
    "consumer-link": (30, timedelta(hours=1)),
    "bank-look": (20, timedelta(hours=1)),
}

_COUNT = text(
    "INSERT INTO rate_counts (bucket, until, count) VALUES (:bucket, :until, 1) "
    "ON CONFLICT (bucket) DO UPDATE SET count = rate_counts.count + 1 RETURNING count"
)


def count(name: str, whom: object, now: datetime) -> bool:
    """Count one more; False when that is too many. Commits on its own, because a refusal must count as well."""
    most, window = LIMITS[name]
    start = int(now.timestamp() // window.total_seconds())
    until = datetime.fromtimestamp((start + 1) * window.total_seconds(), now.tzinfo)
    with writing():
        bound = until.replace(tzinfo=None) if db.session.get_bind().dialect.name == "sqlite" else until
        number = db.session.execute(_COUNT, {"bucket": f"{name}:{whom}:{start}"[:120], "until": bound}).scalar_one()
    return bool(number <= most)


def limit(name: str, whom: object) -> None:
    """429 when this was done too often."""
    if not count(name, whom, g.now):
        abort(429)


def forget(now: datetime) -> None:
    """Remove windows that have passed."""
    db.session.execute(delete(RateCount).where(RateCount.until < now))
