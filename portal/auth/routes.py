"""Sign in, sign out."""

from __future__ import annotations

from flask import current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import PasswordField
from wtforms.validators import InputRequired

from portal import words
from portal.auth import bp
from portal.config import Settings
from portal.extensions import writing
from portal.people import accounts
from portal.web import rates, security
from portal.web.forms import Form, Line
from portal.web.pages import page


class SignInForm(Form):
    """会员名 and 密码."""

    member_name = Line("会员名", limit=64, missing="请填写会员名", exact=True)
    password = PasswordField("密码", [InputRequired("请填写密码")])


def _settings() -> Settings:
    found: Settings = current_app.extensions["portal_settings"]
    return found


@bp.route("/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The sign-in page; goes on to where the person wanted to be."""
    wanted = security.safe_next(request.values.get("next"))
    form = SignInForm()
    if form.validate_on_submit():
        name = form.member_name.data
        allowed = rates.count("login-name", name, g.now) and rates.count("login-address", request.remote_addr, g.now)
        if not allowed:
            form.refuse("尝试次数太多,请 5 分钟后再试")
            refused = page("auth/login.html", 429, form=form, next=wanted)
            refused.headers["Retry-After"] = "300"
            return refused
        user = accounts.verify_password(name, form.password.data or "")
        if user is not None:
            if g.who is not None:  # whoever was signed in at this browser no longer is
                with writing():
                    accounts.sign_out(g.who.session, g.now)
            cookie = accounts.sign_in(user, now=g.now, device=words.device(request.headers.get("User-Agent", "")))
            if user.mediator and wanted == "/me":  # nowhere in particular: to what they are here for
                wanted = "/mediation"
            if user.operator and wanted == "/me":
                wanted = "/operator"
            answer = redirect(wanted, 303)
            security.set_cookie(answer, cookie, _settings())
            return answer
        form.refuse("会员名或密码不对,请核对后再试")
    return page("auth/login.html", 422 if request.method == "POST" else 200, form=form, next=wanted)


@bp.route("/logout", methods=["POST"])
def sign_out() -> ResponseReturnValue:
    """End this session and leave nothing private in the browser."""
    if g.who is not None:
        with writing():
            accounts.sign_out(g.who.session, g.now)
    answer = redirect("/login?said=signed-out", 303)
    answer.delete_cookie(security.cookie_name(_settings()), path="/")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer
