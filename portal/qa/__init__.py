"""Doors for tests: scenarios, the clock, the sweep, notices. They don't exist unless PORTAL_QA opens them."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, request

from portal.config import Settings

bp = Blueprint("qa", __name__, url_prefix="/qa")


@bp.before_request
def guard() -> None:
    """With PORTAL_QA=1 only this machine comes in, whatever address the server is bound to."""
    settings: Settings = current_app.extensions["portal_settings"]
    if settings.qa != "anywhere" and request.remote_addr not in ("127.0.0.1", "::1"):
        abort(404)


from portal.qa import routes  # noqa: E402, F401
