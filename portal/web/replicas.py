"""Lists that a standby of PostgreSQL answers, so that more people can look than one server bears.

Who asks is read from the database itself at every request: the session, its roles, and the versions of the person and
their shop. The standby answers only when it knows just these versions: whatever such a list shows moves one of them on
in the same transaction, so it shows no less than the database would, the reader's own last step included, and its ETag
says what it was made of. What has no version is at most MOST_BEHIND old. A request that writes doesn't come here.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import current_app, g
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.extensions import db
from portal.per_app import PerApp
from portal.row_session import reading_from
from portal.web import metering

NAME = "replica"
MOST_BEHIND = 60  # seconds since the last commit that it has replayed; the sweep's heartbeat is one every few seconds
REST = 10.0  # seconds that a standby which failed isn't asked again

Route = TypeVar("Route", bound=Callable[..., Any])

_asked_again_at: PerApp[float] = PerApp("replica_asked_again_at", 0.0)

# Of the server that answers, so that one which was promoted, and what stands behind it, isn't taken for a standby.
_KNOWS = text(
    "SELECT pg_is_in_recovery()"
    " AND clock_timestamp() - pg_last_xact_replay_timestamp() < make_interval(secs => :most_behind)"
    " AND (SELECT version FROM users WHERE id = :user_id) = :version"
    " AND (:shop_id = 0 OR (SELECT version FROM shops WHERE id = :shop_id) = :shop_version)"
)


def describe(url: str) -> dict[str, object]:
    """The standby's engine, for Flask-SQLAlchemy: one that doesn't answer is given up soon."""
    return {"url": url, "pool_timeout": 1, "connect_args": {"connect_timeout": 2, "tcp_user_timeout": 5000}}


def may_answer(view: Route) -> Route:
    """Marks a list, all of which rests on its reader's versions, as one that the standby may answer."""

    @functools.wraps(view)
    def answer(*named: Any, **options: Any) -> Any:
        if NAME not in db.engines:
            return view(*named, **options)
        written = db.session().info.get("written")
        if g.who is not None and not written and time.monotonic() >= _asked_again_at.get():
            try:
                with _reading():
                    if _knows():
                        made = view(*named, **options)
                        _count(NAME)
                        return made
            except SQLAlchemyError as failed:
                _asked_again_at.set(time.monotonic() + REST)
                logging.getLogger("portal").warning("the replica isn't read for %d seconds: %s", REST, type(failed))
        _count("database")
        return view(*named, **options)

    return answer  # type: ignore[return-value]


@contextmanager
def _reading() -> Iterator[None]:
    """The session reads the standby, until something is written or this ends."""
    db.session.rollback()
    token = reading_from.set(db.engines[NAME])
    try:
        yield
    finally:
        db.session.rollback()
        reading_from.reset(token)


def wake() -> None:
    """Ask the standby again, however short ago it failed."""
    _asked_again_at.set(0.0)


def _knows() -> bool:
    """Whether the standby is one, is up to date, and has all that this reader's versions stand for."""
    who = g.who
    asked = {"user_id": who.user_id, "version": who.version, "most_behind": MOST_BEHIND}
    of_shop = {"shop_id": who.shop_id or 0, "shop_version": who.shop_version}
    return bool(db.session.connection().execute(_KNOWS, asked | of_shop).scalar())


def _count(by: str) -> None:
    metering.meter_of(current_app).lists.labels(by).inc()
