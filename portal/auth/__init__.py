"""Signing in and out, and the life of a person's own account: password, second factor, devices, invitations."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from portal.web import guards

bp = Blueprint("auth", __name__)


@bp.before_request
def _need_signed_in() -> Response | None:
    """A person's own account is for who is signed in, whatever the method."""
    return guards.need_signed_in() if request.path.startswith("/me") else None


from portal.auth import account, factor, passkeys, password, routes  # noqa: E402, F401
