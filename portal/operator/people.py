"""账号: the people of the portal, what they may do, where they are signed in; disabled, signed out, helped."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from portal import inputs
from portal.cases import mediation_queue
from portal.extensions import db, writing
from portal.models import Session, Shop, Staff, User
from portal.operator import bp
from portal.people import accounts, factors, roles
from portal.people import sessions as people_sessions
from portal.web import events, guards, paging, security
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

SIZE = 30
_LIST = (
    select(
        User.id,
        User.member_name,
        User.company_name,
        User.disabled_at,
        User.mediator,
        User.operator,
        User.password_hash.is_not(None).label("enters"),
        Staff.role,
        Shop.name.label("shop_name"),
    )
    .outerjoin(Staff, (Staff.user_id == User.id) & Staff.current)
    .outerjoin(Shop, Shop.id == Staff.shop_id)
    .order_by(User.id)
)


@bp.get("/people")
def people() -> ResponseReturnValue:
    """Everybody, thirty a page, or those whose 会员名 begins with what is sought."""
    sought = _sought()
    after = paging.read_key("after")
    asked = _LIST.limit(SIZE + 1)
    if sought:
        asked = asked.where(User.member_name.startswith(sought, autoescape=True))
    if after is not None:
        asked = asked.where(User.id > after)
    rows = db.session.execute(asked).all()
    more = "/operator/people?" + urlencode({"q": sought, "after": rows[SIZE - 1].id}) if len(rows) > SIZE else ""
    return page("operator/people.html", rows=rows[:SIZE], sought=sought, more=more, roles=roles.ROLES)


def _sought() -> str:
    try:
        return inputs.line(request.args.get("q", ""), limit=60)
    except inputs.InputRefused:
        return ""


def _person(user_id: int) -> Row[int, str, str, datetime | None, bool, bool, bool, str, str]:
    return guards.found(db.session.execute(_LIST.where(User.id == min(user_id, 2**62))).one_or_none())


@bp.route("/people/<int:user_id>", methods=["GET"])
def person(user_id: int) -> ResponseReturnValue:
    """One account."""
    return _shown(_person(user_id), 200)


def _shown(row: Any, status: int, form: Form | None = None, link: str = "") -> ResponseReturnValue:
    sessions = db.session.scalars(
        select(Session)
        .where(Session.user_id == row.id, Session.ended_at.is_(None), Session.expires_at > g.now)
        .order_by(Session.seen_at.desc())
    ).all()
    return page(
        "operator/person.html",
        status,
        person=row,
        sessions=sessions,
        roles=roles.ROLES,
        link=link,
        factor=factors.is_on(row.id),
        form=form or Form(formdata=None),
        minutes=accounts.LINK_FOR.seconds // 60,
    )


@bp.post("/people/<int:user_id>/<any(disable,enable,revoke,factor):verb>")
def change_person(user_id: int, verb: str) -> ResponseReturnValue:
    """Disable or enable the account, end its sessions, take its lost authenticator away."""
    row = _person(user_id)
    if refused := guards.need_proof(people_sessions.PROVED_FOR):
        return refused
    if row.id == g.who.user_id:
        form = Form()
        form.refuse("不能在这里修改自己的账号；请到「我的 → 账号与安全」")
        return _shown(row, 422, form)

    def changed() -> str:
        said = {"disable": _disable, "enable": _enable, "revoke": _revoke, "factor": _reset_factor}[verb](row.id)
        return f"/operator/people/{row.id}?said={said}"

    return once(changed)


def _disable(user_id: int) -> str:
    accounts.disable(user_id, g.now)
    events.audit("privilege_change", user_id, change="disabled", by=g.who.user_id)
    return "account-disabled"


def _enable(user_id: int) -> str:
    accounts.enable(user_id, g.now)
    events.audit("privilege_change", user_id, change="enabled", by=g.who.user_id)
    return "account-enabled"


def _revoke(user_id: int) -> str:
    people_sessions.sign_out_others(user_id, "", g.now)
    accounts.tell(user_id, "平台已让您的设备退出登录", "平台客服已让您的所有设备退出登录，请重新登录。", g.now)
    events.audit("session_revoked", user_id, which="all", by=g.who.user_id)
    return "sessions-ended"


def _reset_factor(user_id: int) -> str:
    factors.turn_off(user_id)
    people_sessions.sign_out_others(user_id, "", g.now)
    accounts.tell(user_id, *accounts.FACTOR_RESET, g.now)
    events.audit("privilege_change", user_id, change="factor_reset", by=g.who.user_id)
    return "factor-reset"


@bp.post("/people/<int:user_id>/link")
def make_link(user_id: int) -> ResponseReturnValue:
    """A link that sets a new password, shown once, to be handed to who proved who they are."""
    row = _person(user_id)
    if refused := guards.need_proof(people_sessions.PROVED_FOR):
        return refused
    if row.disabled_at is not None or row.id == g.who.user_id or row.operator:
        form = Form()
        form.refuse("停用的账号、运营账号和自己的账号不能在这里重设密码")
        return _shown(row, 422, form)
    with writing():
        token = accounts.make_link(row.id, g.now)
        accounts.tell(
            row.id, "有人申请重设您的密码", "平台已生成重设密码的链接。不是您本人申请的，请联系平台客服。", g.now
        )
        events.audit("privilege_change", row.id, change="password_link_made", by=g.who.user_id)
    return _shown(_person(user_id), 200, link=security.whole_address(f"/reset/{token}"))


@bp.get("/shops")
def shops() -> ResponseReturnValue:
    """The shops and their owners, thirty a page."""
    after = paging.read_key("after")
    asked = select(Shop.id, Shop.name, Shop.created_at, User.id.label("owner_id"), User.member_name)
    asked = asked.join(User, User.id == Shop.owner_id).order_by(Shop.id).limit(SIZE + 1)
    if after is not None:
        asked = asked.where(Shop.id > after)
    rows = db.session.execute(asked).all()
    more = f"/operator/shops?after={rows[SIZE - 1].id}" if len(rows) > SIZE else ""
    left_open = mediation_queue.list_unfulfilled([row.id for row in rows[:SIZE]])
    return page("operator/shops.html", rows=rows[:SIZE], more=more, unfulfilled=left_open)
