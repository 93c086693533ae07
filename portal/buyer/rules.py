"""铺货退货规则, for everybody: what holds, what comes, what was."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.rights import rules
from portal.web import guards
from portal.web.pages import page


@bp.get("/rules")
def public_rules() -> ResponseReturnValue:
    """The version in force, or the one that is asked for."""
    every = rules.list_versions()
    holds = rules.get_in_force(g.now)
    wanted = request.args.get("version", "")
    shown = next((each for each in every if str(each.version) == wanted), None) if wanted else holds
    return page(
        "buyer/rules.html",
        shown=guards.found(shown),
        holds=holds,
        versions=every,
        coming=[each for each in every if each.effective_at > g.now],
    )
