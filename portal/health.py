"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

import shutil

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from portal.extensions import db

bp = Blueprint("health", __name__, url_prefix="/health")
LEAST_DISK = 500 * 1024 * 1024


@bp.get("/live")
def live() -> ResponseReturnValue:
    """The process answers; no database."""
    return jsonify(live=True)


@bp.get("/ready")
def ready() -> ResponseReturnValue:
    """Database answers with its migrations, and the disk has room; 503 with the reason otherwise."""
    problems = []
    try:
        db.session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    except Exception as error:  # any failure of the database means: not ready
        problems.append(f"database: {type(error).__name__}")
    if shutil.disk_usage(current_app.extensions["portal_settings"].data).free < LEAST_DISK:
        problems.append("disk: less than 500 MB free")
    return jsonify(ready=not problems, problems=problems), 503 if problems else 200
