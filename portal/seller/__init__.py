"""The back office, for a desk. One module a noun; every route here needs somebody who works in a shop."""

from __future__ import annotations

from flask import Blueprint

from portal.web import guards

bp = Blueprint("seller", __name__, url_prefix="/seller")
bp.before_request(guards.need_shop)


from portal.seller import account, cases, contact, imports, inbox, notices, policy, products  # noqa: E402, F401
