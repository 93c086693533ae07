"""铺货退货规则, for everybody: what holds, what comes, what was."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.rights import examples, guarantees, rules, silence
from portal.rights.goods import NO_REASON_RETURN, Policy
from portal.web import guards
from portal.web.pages import page

# The examples of a shop that takes every type and has the promises that open reasons of their own.
_EVERYTHING = Policy(
    guarantees=frozenset(
        {NO_REASON_RETURN, *(each.code for each in guarantees.GUARANTEES if each.effect is guarantees.Effect.EXCHANGE)}
    )
)


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
        examples=examples.list_examples(_EVERYTHING),
        silences=silence.list_silences(),
    )
