"""运营: people and shops, the security log, the calendar of working days, the public rules. No business data."""

from __future__ import annotations

from flask import Blueprint

from portal.web import guards

bp = Blueprint("operator", __name__, url_prefix="/operator")
bp.before_request(guards.need_operator)


from portal.operator import audit, calendar, complaints, people, rules  # noqa: E402, F401
