"""The buyer's pages, for a phone. One module a noun; every route needs somebody signed in, except the public ones."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from portal.web import guards

bp = Blueprint("buyer", __name__)
public = frozenset(
    {
        "buyer.home",
        "buyer.guide",
        "buyer.shop_policy",
        "buyer.worker",
        "buyer.icon",
        "buyer.public_rules",
        "buyer.complain",
        "buyer.show_receipt",
    }
)


@bp.before_request
def guard() -> Response | None:
    """Sign in first, except for what everybody may read."""
    return None if request.endpoint in public else guards.need_signed_in()


from portal.buyer import (  # noqa: E402
    apply_check,  # noqa: F401
    apply_details,  # noqa: F401
    apply_reason,  # noqa: F401
    cancelling,  # noqa: F401
    cases,  # noqa: F401
    chains,  # noqa: F401
    complaints,  # noqa: F401
    contact,  # noqa: F401
    drafts,  # noqa: F401
    enquiries,  # noqa: F401
    guiding,  # noqa: F401
    home,  # noqa: F401
    me,  # noqa: F401
    notices,  # noqa: F401
    orders,  # noqa: F401
    privacy,  # noqa: F401
    push,  # noqa: F401
    rules,  # noqa: F401
    satisfied,  # noqa: F401
    shops,  # noqa: F401
    slips,  # noqa: F401
    steps,  # noqa: F401
    tracking,  # noqa: F401
    trying,  # noqa: F401
)
