"""The first page, the guide, and the two files a browser asks for at the root."""

from __future__ import annotations

from flask import Response, current_app, g, redirect, send_file
from flask.typing import ResponseReturnValue

from portal import flow
from portal.buyer import bp
from portal.cases import buyer_inbox
from portal.rights import silence
from portal.web.pages import page


@bp.get("/")
def home() -> ResponseReturnValue:
    """What needs this person first; for a visitor, what the portal does."""
    inbox = buyer_inbox.read_inbox(g.who.user_id) if g.who else buyer_inbox.NOTHING
    count = buyer_inbox.count_waiting(g.who.user_id) if inbox.waiting else 0
    return page(
        "buyer/home.html",
        **inbox._asdict(),
        find_action=buyer_inbox.find_action,
        waiting_count=count,
        stages=flow.STAGES,
    )


@bp.get("/guide")
def guide() -> ResponseReturnValue:
    """换货指南: the steps in our own words."""
    return page("buyer/guide.html", stages=flow.STAGES, silences=silence.list_silences())


@bp.get("/sw.js")
def worker() -> ResponseReturnValue:
    """The service worker, at the root so that it may serve every page; it keeps no page and no answer."""
    folder = current_app.extensions["portal_assets"].source
    answer: Response = send_file(folder / "sw.js", mimetype="text/javascript", max_age=0)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/favicon.ico")
def icon() -> ResponseReturnValue:
    """Browsers ask for it here."""
    return redirect(current_app.extensions["portal_assets"].url("icon.svg"), 302)
