"""Who may come in: the guards that blueprints hang in front of their routes."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from flask import Flask, abort, current_app, g, redirect, request
from werkzeug.wrappers import Response

from portal.people import factors, sessions
from portal.web.security import to_confirm, to_sign_in

Found = TypeVar("Found")


def need_signed_in() -> Response | None:
    """Anybody signed in."""
    return None if g.who is not None else to_sign_in()


def need_shop() -> Response | None:
    """Somebody who works in a shop; others don't learn that the page exists."""
    if g.who is None:
        return to_sign_in()
    if g.who.works_in and g.who.shop_id is None:  # the desk is shut: other pages go on, this one asks for the password
        return to_confirm()
    if g.who.shop_id is None:
        abort(404)
    return None


def need_proof(within: timedelta) -> Response | None:
    """Somebody who gave the password within this time; else it is asked for, and what was typed waits meanwhile."""
    if request.method != "POST" or sessions.was_proved(g.who.session, g.now, within):
        return None
    return to_confirm()


def need_second_factor() -> Response | None:
    """Who decides for others has a second factor where the settings ask for one."""
    settings = current_app.extensions["portal_settings"]
    if settings.needs_second_factor and not factors.is_on(g.who.user_id):
        return redirect("/me/factor?said=factor-needed", 303)
    return None


def need_mediator() -> Response | None:
    """Somebody who decides for the platform; others don't learn that the page exists."""
    if g.who is None:
        return to_sign_in()
    if not g.who.mediator:
        abort(404)
    return need_second_factor()


def need_operator() -> Response | None:
    """Somebody who keeps the calendar and the rules; others don't learn that the page exists."""
    if g.who is None:
        return to_sign_in()
    if not g.who.operator:
        abort(404)
    return need_second_factor()


def found(row: Found | None) -> Found:
    """What was loaded from this person's own things, or 404: a stranger's thing and no thing look the same."""
    if row is None:
        abort(404)
    return row


def list_large(app: Flask) -> set[str]:
    """The paths whose routes take order exports (``accepts_large``)."""
    rules = app.url_map.iter_rules()
    return {rule.rule for rule in rules if getattr(app.view_functions[rule.endpoint], "most_bytes", 0)}
