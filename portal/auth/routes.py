"""Sign in, sign out."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import delete
from werkzeug.wrappers import Response
from wtforms import HiddenField

from portal import words
from portal.auth import bp
from portal.extensions import db, writing
from portal.models import HalfSignIn, User
from portal.people import accounts, factors, passkeys, sessions
from portal.web import carried, events, security, tries
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.pages import page
from portal.web.signing_in import SignInForm, sign_in_page


@bp.route("/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The sign-in page; goes on to where the person wanted to be."""
    wanted, packed = security.safe_next(request.values.get("next")), request.form.get("carried", "")
    form = SignInForm()
    if not form.validate_on_submit():
        return sign_in_page(422 if request.method == "POST" else 200, wanted, packed, form)
    name = form.member_name.data
    counted = tries.of(name)
    if seconds := tries.wait(counted, g.now):
        events.say("authn_lock", seconds=seconds)
        form.refuse(tries.TOO_MANY.format(seconds=seconds))
        refused = sign_in_page(429, wanted, packed, form)
        refused.headers["Retry-After"] = str(seconds)
        return refused
    user = accounts.verify_password(name, form.password.data or "")
    if user is None:
        tries.failed(counted, g.now)
        events.say("authn_login_fail")
        form.refuse("会员名或密码不对，请核对后再试")
        return sign_in_page(422, wanted, packed, form)
    tries.succeeded(counted)
    if factors.is_on(user.id):
        return _ask_code(user, wanted, packed)
    return _begin(user, wanted, packed)


NO_PASSKEY = "这个设备没有给出可用的通行密钥，请再试一次，或填写验证码、恢复码"


class CodeForm(Form):
    """The code of the app, or one from paper."""

    code = Line("验证码", limit=20, optional=True, exact=True)
    passkey = HiddenField("")

    def validate(self, extra_validators: object = None) -> bool:
        good: bool = super().validate(extra_validators)
        if good and not self.code.data and not self.passkey.data:
            self.refuse("请填写验证器里的 6 位数字，或一个恢复码", "code")
            return False
        return good


def _ask_code(user: User, wanted: str, packed: str) -> Response:
    """The password was right; the code comes next, in this browser, within a few minutes."""
    half = secrets.token_urlsafe(32)
    with writing():
        db.session.add(
            HalfSignIn(id_hash=sessions.hash_token(half), user_id=user.id, expires_at=g.now + timedelta(minutes=5))
        )
    return _show_code(user, CodeForm(formdata=None), half, wanted, packed)


def _show_code(user: User, form: CodeForm, half: str, wanted: str, packed: str, status: int = 200) -> Response:
    offer = ""
    if passkeys.list_of(user.id):
        with writing():
            offer = passkeys.offer_sign_in(user.id, sessions.hash_token(half), site(), g.now)
    return page(
        "auth/code.html",
        status,
        form=form,
        offer=offer,
        has_app=factors.has_app(user.id),
        next=wanted,
        carried=packed,
        half=half,
    )


def site() -> passkeys.Site:
    """Where passkeys belong to: the configured address, else the one that the browser asked."""
    return passkeys.Site.of(security.whole_address(""))


@bp.route("/login/code", methods=["GET", "POST"])
def give_code() -> ResponseReturnValue:
    """The second step of signing in."""
    half = request.form.get("half", "")
    row = db.session.get(HalfSignIn, sessions.hash_token(half)) if 20 <= len(half) <= 100 else None
    wanted, packed = security.safe_next(request.form.get("next")), request.form.get("carried", "")
    if request.method != "POST" or row is None or row.expires_at <= g.now:
        form = SignInForm(formdata=None)
        if request.method == "POST":
            form.refuse("等待的时间太久，请重新填写会员名和密码")
        return sign_in_page(422 if request.method == "POST" else 200, wanted, packed, form)
    user, form, status = db.session.get_one(User, row.user_id), CodeForm(), 422
    counted = tries.of_code(user.id)
    if form.validate_on_submit():
        if seconds := tries.wait(counted, g.now):
            form.refuse(f"验证码连续输错，请 {seconds} 秒后再试", "code")
            status = 429
        else:
            said = form.passkey.data or ""
            with writing():
                if said:
                    good = passkeys.check(user.id, row.id_hash, said, site(), g.now)
                else:
                    good = factors.check(user.id, form.code.data or "", g.now)
                if good:
                    db.session.execute(delete(HalfSignIn).where(HalfSignIn.user_id == user.id))
            if good and user.disabled_at is None:
                tries.succeeded(counted)
                return _begin(user, wanted, packed)
            tries.failed(counted, g.now)
            events.say("authn_login_fail", user.id, step="code")
            form.refuse(NO_PASSKEY if said else "验证码不对，请核对后再试；每个验证码只能用一次", "code")
    return _show_code(user, form, half, wanted, packed, status)


def _begin(user: User, wanted: str, packed: str) -> Response:
    """The session, and on to where this person wanted to be."""
    if g.who is not None:  # whoever was signed in at this browser no longer is
        with writing():
            sessions.sign_out(g.who.session, g.now)
    device = words.device(request.headers.get("User-Agent", ""))
    cookie = sessions.sign_in(user, now=g.now, device=device, address=request.remote_addr or "")
    events.audit("authn_login_success", user.id, device=device)
    if typed := carried.unpack(packed):
        carried.keep(user.id, *typed, g.now)
    if wanted == "/me":  # nowhere in particular: to what they are here for
        wanted = "/operator" if user.operator else "/mediation" if user.mediator else "/me"
    answer = redirect(wanted, 303)
    security.set_cookie(answer, cookie, security.settings())
    tries.remember_device(answer, user.member_name, secure=security.settings().https == "1")
    return answer


@bp.route("/logout", methods=["POST"])
def sign_out() -> ResponseReturnValue:
    """End this session and leave nothing private in the browser."""
    if g.who is not None:
        with writing():
            sessions.sign_out(g.who.session, g.now)
    answer = redirect("/login?said=signed-out", 303)
    answer.delete_cookie(security.cookie_name(security.settings()), path="/")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer
