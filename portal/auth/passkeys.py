"""通行密钥: passkeys of who is signed in, with names; added in two steps, removed with a fresh password."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from portal import words
from portal.auth import bp
from portal.auth.factor import OFF, ON, show_on
from portal.auth.password import PasswordForm
from portal.auth.routes import site
from portal.extensions import writing
from portal.people import accounts, factors, passkeys, sessions
from portal.web import events, guards
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.pages import page
from portal.web.security import to_confirm

ADDED = "添加了通行密钥", "通行密钥「{}」现在可以用来登录。不是您本人操作的，请马上移除它，修改密码并联系平台客服。"
REMOVED = "移除了通行密钥", "通行密钥「{}」不能再用来登录。不是您本人操作的，请马上修改密码并联系平台客服。"


class NameForm(Form):
    """What the owner calls the device."""

    name = Line("名称", limit=40, missing="请给它起个名称，例如：我的手机")


class MadeForm(NameForm):
    """What the device made."""

    passkey = HiddenField("")


@bp.route("/me/passkeys", methods=["GET", "POST"])
def list_passkeys() -> ResponseReturnValue:
    """Those there are; a name for a new one leads on to the device."""
    if not sessions.was_proved(g.who.session, g.now):
        return to_confirm()
    form = NameForm()
    if request.method == "POST" and form.validate_on_submit():
        return _ask_device(MadeForm(formdata=None, name=form.name.data))
    if request.method != "POST":
        form.name.data = words.device(request.headers.get("User-Agent", ""))[:40]
    status = 422 if request.method == "POST" else 200
    return page("auth/passkeys.html", status, form=form, passkeys=passkeys.list_of(g.who.user_id), most=passkeys.MOST)


def _ask_device(form: MadeForm, status: int = 200) -> ResponseReturnValue:
    with writing():
        offer = passkeys.offer_new(g.who.user_id, g.who.member_name, g.who.session, site(), g.now)
    return page("auth/passkey_new.html", status, form=form, offer=offer)


@bp.post("/me/passkeys/new")
def add_passkey() -> ResponseReturnValue:
    """The device's answer. The first factor of an account shows the recovery codes once."""
    if not sessions.was_proved(g.who.session, g.now):
        return to_confirm()
    form, first = MadeForm(), not factors.is_on(g.who.user_id)
    if not form.validate_on_submit():
        return _ask_device(form, 422)
    try:
        with writing():
            name = form.name.data or ""
            codes = passkeys.add(g.who.user_id, name, g.who.session, form.passkey.data or "", site(), g.now)
            title, said = ON if first else (ADDED[0], ADDED[1].format(name))
            accounts.tell(g.who.user_id, title, said, g.now)
            sessions.sign_out_others(g.who.user_id, g.who.session, g.now)
            events.audit("privilege_change", change="passkey_added")
    except passkeys.NotAccepted:
        form.refuse("没有创建成功。请再点一次「创建」，并按设备的提示操作；这个浏览器不支持时，可以改用验证器")
        return _ask_device(form, 422)
    if first:
        return show_on(PasswordForm(formdata=None), codes=codes)
    return redirect("/me/passkeys?said=passkey-added", 303)


@bp.post("/me/passkeys/<int:passkey_id>/remove")
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Take one away."""
    if not sessions.was_proved(g.who.session, g.now):
        return to_confirm()
    with writing():
        name = guards.found(passkeys.remove(g.who.user_id, passkey_id))
        title, said = REMOVED if factors.is_on(g.who.user_id) else OFF
        accounts.tell(g.who.user_id, title, said.format(name), g.now)
        events.audit("privilege_change", change="passkey_removed")
    return redirect("/me/passkeys?said=passkey-removed", 303)
