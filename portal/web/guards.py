"""Who may come in: the guards that blueprints hang in front of their routes."""

from __future__ import annotations

from typing import TypeVar

from flask import abort, g
from werkzeug.wrappers import Response

from portal.web.security import to_sign_in

Found = TypeVar("Found")


def need_signed_in() -> Response | None:
    """Anybody signed in."""
    return None if g.who is not None else to_sign_in()


def need_shop() -> Response | None:
    """Somebody who works in a shop; others don't learn that the page exists."""
    if g.who is None:
        return to_sign_in()
    if g.who.shop_id is None:
        abort(404)
    return None


def need_mediator() -> Response | None:
    """Somebody who decides for the platform; others don't learn that the page exists."""
    if g.who is None:
        return to_sign_in()
    if not g.who.mediator:
        abort(404)
    return None


def need_operator() -> Response | None:
    """Somebody who keeps the calendar and the rules; others don't learn that the page exists."""
    if g.who is None:
        return to_sign_in()
    if not g.who.operator:
        abort(404)
    return None


def found(row: Found | None) -> Found:
    """What was loaded from this person's own things, or 404: a stranger's thing and no thing look the same."""
    if row is None:
        abort(404)
    return row
