"""推送: this browser hears that there is news, until it is switched off or signed out."""

from __future__ import annotations

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.extensions import writing
from portal.notices import push
from portal.web import rates, security


@bp.post("/push")
def push_on() -> ResponseReturnValue:
    """The address that the browser got from its push service."""
    if not security.settings().push_key:
        abort(404)
    rates.limit("push", g.who.user_id)
    try:
        with writing():
            push.keep_subscription(g.who.user_id, g.who.session, request.form.get("endpoint", ""), g.now)
    except (push.PushRefused, ValueError):
        return "", 422
    return "", 204


@bp.post("/push/off")
def push_off() -> ResponseReturnValue:
    """No more of it for this browser."""
    with writing():
        push.drop_subscription(g.who.session)
    return redirect("/notices?said=push-off", 303)
