"""两步验证: an authenticator app, set up and turned off by its owner."""

from __future__ import annotations

from collections.abc import Sequence

import segno
from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.auth import bp
from portal.auth.password import PasswordForm, is_right
from portal.auth.routes import CodeForm
from portal.extensions import writing
from portal.people import accounts, factors, passkeys, sessions
from portal.web import events, guards
from portal.web.pages import page
from portal.web.security import to_confirm

ON = "两步验证已开启", "以后登录除了密码，还要填验证码或使用通行密钥。不是您本人操作的，请联系平台客服停用账号。"
OFF = "两步验证已关闭", "以后登录只需要密码。不是您本人操作的，请马上修改密码并联系平台客服。"


@bp.route("/me/factor", methods=["GET", "POST"])
def factor() -> ResponseReturnValue:
    """Set it up: a code of the app turns it on, and shows the recovery codes once."""
    if refused := guards.need_signed_in():
        return refused
    if factors.has_app(g.who.user_id) or (request.args.get("app") is None and _has_passkey_and_only_looks()):
        return show_on(PasswordForm(formdata=None))
    if not sessions.was_proved(g.who.session, g.now):
        return to_confirm()
    form, status = CodeForm(), 200
    if request.method == "POST" and not request.form.get("begin"):
        status = 422
        if form.validate_on_submit():
            with writing():
                codes = factors.confirm(g.who.user_id, (form.code.data or "").replace(" ", ""), g.now)
                if codes:
                    accounts.tell(g.who.user_id, *ON, g.now)
                    sessions.sign_out_others(g.who.user_id, g.who.session, g.now)
                    events.audit("privilege_change", change="factor_on")
            if codes:
                return show_on(PasswordForm(formdata=None), codes=codes)
            form.refuse("验证码不对，请等下一个 6 位数字再试，并核对手机的时间", "code")
    return _setting_up(form, status)


def _has_passkey_and_only_looks() -> bool:
    return request.method != "POST" and factors.is_on(g.who.user_id)


def show_on(form: PasswordForm, status: int = 200, codes: Sequence[str] = ()) -> ResponseReturnValue:
    """What is set up, and new recovery codes, which are shown once."""
    return page(
        "auth/factor_on.html",
        status,
        left=factors.left(g.who.user_id),
        has_app=factors.has_app(g.who.user_id),
        passkeys=passkeys.list_of(g.who.user_id),
        form=form,
        codes=codes,
    )


def _setting_up(form: CodeForm, status: int) -> ResponseReturnValue:
    secret = factors.pending(g.who.user_id)
    if not secret and request.method == "POST":
        with writing():
            secret = factors.begin(g.who.user_id, g.now)
        status = 200
        form = CodeForm(formdata=None)
    return page("auth/factor.html", status, form=form, secret=secret)


@bp.get("/me/factor.svg")
def factor_code() -> ResponseReturnValue:
    """The QR code that the app takes the secret from, while it waits for its first code."""
    if refused := guards.need_signed_in():
        return refused
    secret = guards.found(factors.pending(g.who.user_id) or None)
    image = segno.make(factors.address(secret, g.who.member_name), error="m")
    drawn = image.svg_inline(scale=5, border=4, light="white")
    return drawn, 200, {"Content-Type": "image/svg+xml; charset=utf-8", "Cache-Control": "no-store"}


@bp.post("/me/factor/off")
def factor_off() -> ResponseReturnValue:
    """Turn it off, with the password."""
    if refused := guards.need_signed_in():
        return refused
    form, status = PasswordForm(), 422
    if form.validate_on_submit() and not (status := is_right(form)):
        with writing():
            factors.turn_off(g.who.user_id)
            accounts.tell(g.who.user_id, *OFF, g.now)
            events.audit("privilege_change", change="factor_off")
        return redirect("/me/account?said=factor-off", 303)
    return show_on(form, status)
