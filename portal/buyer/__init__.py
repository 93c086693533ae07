"""The buyer's pages, for a phone. One module a noun; every route needs somebody signed in, except the public ones."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from portal.web import guards

bp = Blueprint("buyer", __name__)
public = frozenset({"buyer.home", "buyer.guide", "buyer.shop_policy", "buyer.worker", "buyer.icon"})


@bp.before_request
def guard() -> Response | None:
    """Sign in first, except for what everybody may read."""
    return None if request.endpoint in public else guards.need_signed_in()


from portal.buyer import apply, cases, chains, contact, feedback, home, me, notices, orders, privacy  # noqa: E402, F401
