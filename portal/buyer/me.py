"""我的: what needs this person, the orders by status, and the own sessions."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal.buyer import bp
from portal.cases import buyer_inbox
from portal.extensions import db, writing
from portal.models import Session
from portal.orders import known_shops, order_lists
from portal.people import sessions as people_sessions
from portal.web import events
from portal.web.pages import page


@bp.get("/me")
def me() -> ResponseReturnValue:
    """个人中心."""
    inbox = buyer_inbox.read_inbox(g.who.user_id)
    return page(
        "buyer/me.html",
        **inbox._asdict(),
        find_action=buyer_inbox.find_action,
        waiting_count=buyer_inbox.count_waiting(g.who.user_id) if inbox.waiting else 0,
        counts=order_lists.count_tabs(g.who.user_id),
        new_shops=known_shops.count_new(g.who.user_id),
    )


@bp.route("/me/sessions", methods=["GET", "POST"])
def sessions() -> ResponseReturnValue:
    """Where this account is signed in; POST signs one of the others out, or all of them."""
    if request.method == "POST":
        one = request.form.get("session", "")
        with writing():
            if one:
                people_sessions.sign_out_one(g.who.user_id, one, g.now)
            else:
                people_sessions.sign_out_others(g.who.user_id, g.who.session, g.now)
            events.audit("session_revoked", which="one" if one else "others")
        return redirect(f"/me/sessions?said={'session-ended' if one else 'sessions-ended'}", 303)
    rows = db.session.scalars(
        select(Session)
        .where(Session.user_id == g.who.user_id, Session.ended_at.is_(None), Session.expires_at > g.now)
        .order_by(Session.seen_at.desc())
    ).all()
    return page("buyer/sessions.html", sessions=rows, current=g.who.session)
