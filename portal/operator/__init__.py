"""运营: the calendar of working days and the public rules. No business data; every route needs an operator."""

from __future__ import annotations

from flask import Blueprint

from portal.web import guards

bp = Blueprint("operator", __name__, url_prefix="/operator")
bp.before_request(guards.need_operator)


from portal.operator import calendar, rules  # noqa: E402, F401
