"""平台介入: where mediators decide, for a desk. Every route needs a mediator, a case one related to neither side."""

from __future__ import annotations

from flask import Blueprint

from portal.web import guards

bp = Blueprint("mediation", __name__, url_prefix="/mediation")
bp.before_request(guards.need_mediator)


from portal.mediation import cases, inbox  # noqa: E402, F401
