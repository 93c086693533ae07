"""账号与安全: what an account is, what was done to it, and the shop it works in."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal import inputs
from portal.auth import bp
from portal.extensions import db, writing
from portal.models import AuditEvent, User
from portal.people import desks, factors, invitations, roles
from portal.people.accounts import AccountRefused
from portal.web import errors, events, guards, quotas
from portal.web.pages import page

SHOWN = 20


@bp.get("/me/account")
def account() -> ResponseReturnValue:
    """One page for everything about the account."""
    if refused := guards.need_signed_in():
        return refused
    rooms = desks.list_desks(g.who.user_id)
    newest = (
        select(AuditEvent.at, AuditEvent.name, AuditEvent.address)
        .where(AuditEvent.user_id == g.who.user_id)
        .order_by(AuditEvent.id.desc())
        .limit(SHOWN)
    )
    return page(
        "auth/account.html",
        factor=factors.is_on(g.who.user_id),
        desks=rooms,
        roles=roles.ROLES,
        invited=invitations.invitations_of(g.who.member_name, g.now),
        names=events.NAMES,
        employer=next((each.name for each in rooms if each.role != "owner"), ""),
        changed_at=db.session.scalar(select(User.password_at).where(User.id == g.who.user_id)),
        events=db.session.execute(newest).all(),
        usage=quotas.of_person(g.who.user_id),
        shop_usage=quotas.of_shop(g.who.works_in) if g.who.works_in else [],
    )


@bp.post("/me/invitations/<int:invitation_id>/<any(accept,decline):verb>")
def answer_invitation(invitation_id: int, verb: str) -> ResponseReturnValue:
    """The person's yes or no to working in a shop."""
    if refused := guards.need_signed_in():
        return refused
    accepts = verb == "accept"
    try:
        with writing():
            invitations.answer_invitation(min(invitation_id, 2**62), g.who.user_id, accepts=accepts, now=g.now)
            events.audit("privilege_change", change=f"invitation_{verb}ed" if accepts else "invitation_declined")
    except AccountRefused as problem:
        return errors.answer(409, problem.sentence)
    return redirect(f"/me/account?said=invitation-{'accepted' if accepts else 'declined'}", 303)


@bp.post("/me/desk")
def choose_desk() -> ResponseReturnValue:
    """Whose desk is seen, of the shops that this person works in."""
    if refused := guards.need_signed_in():
        return refused
    shop_id = inputs.read_id(request.form.get("shop", ""))
    with writing():
        known = shop_id is not None and desks.choose_desk(g.who.user_id, shop_id)
    if not known:
        return errors.answer(409, "您已经不在这家店铺工作，页面显示的是最新状态")
    return redirect("/me/account?said=desk-chosen", 303)


@bp.post("/me/leave")
def leave() -> ResponseReturnValue:
    """Work in the shop no longer."""
    if refused := guards.need_signed_in():
        return refused
    try:
        with writing():
            invitations.leave(g.who.user_id, g.now)
            events.audit("privilege_change", change="left_shop")
    except AccountRefused as problem:
        return errors.answer(409, problem.sentence)
    return redirect("/me/account?said=shop-left", 303)
