"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, text

from portal import database
from portal.calendar import clock
from portal.extensions import db
from portal.models import Case
from portal.system import notes

bp = Blueprint("health", __name__, url_prefix="/health")
LEAST_DISK = 500 * 1024 * 1024
SILENT_FOR, LATE_BY = timedelta(seconds=90), timedelta(minutes=10)


@bp.get("/live")
def live() -> ResponseReturnValue:
    """The process answers; no database."""
    return jsonify(live=True)


@bp.get("/ready")
def ready() -> ResponseReturnValue:
    """The database answers and is at its migration, the sweep runs, nothing is stuck, the disk has room; else 503."""
    try:
        problems = list_problems()
    except Exception as error:  # any failure of the database means: not ready
        problems = [f"database: {type(error).__name__}"]
    if shutil.disk_usage(current_app.extensions["portal_settings"].data).free < LEAST_DISK:
        problems.append("disk: less than 500 MB free")
    return jsonify(ready=not problems, problems=problems), 503 if problems else 200


def list_problems() -> list[str]:
    """What keeps the portal from doing its work, one line each. Raises SQLAlchemyError where there is no database."""
    return [*_find_problems()]


def _find_problems() -> Iterator[str]:
    db.session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    if not database.is_current():
        yield "database: migrations are missing, or it is a newer portal's"
    real_now = clock.now() - clock.get_shift()
    round_ = notes.read(notes.SWEEP)
    if round_ is not None and real_now - round_.at > SILENT_FOR:  # one that never ran is no sign: it may be starting
        yield f"sweep: no round since {round_.at:%Y-%m-%d %H:%M:%S} UTC"
    oldest = db.session.scalar(select(func.min(Case.due_at)).where(Case.due_at.is_not(None)))
    if round_ is not None and oldest is not None and clock.now() - oldest > LATE_BY:
        yield f"sweep: a deadline of {oldest:%Y-%m-%d %H:%M:%S} UTC has not been kept"
    stuck = [len(notes.list_notes(kind, 1000)) for kind in (notes.STUCK_CASE, notes.STUCK_PART, notes.DAMAGED)]
    for count, what in zip(stuck, ("cases stuck", "parts of the sweep stuck", "files damaged"), strict=True):
        if count:
            yield f"alarm: {count} {what} (portal doctor says which)"
    if notes.read(notes.CLOCK) is not None:
        yield "clock: it jumped, the sweep stands still (portal confirm-clock)"
