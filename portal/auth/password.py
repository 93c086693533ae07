"""Passwords: changing one, setting one by a link, giving one again, and what to do when it is forgotten."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired

from portal.auth import bp
from portal.extensions import writing
from portal.people import accounts, sessions
from portal.people.accounts import AccountRefused
from portal.web import events, guards, security, tries
from portal.web.forms import Form
from portal.web.pages import page


class PasswordForm(Form):
    """The password of who is signed in, once more."""

    password = PasswordField("登录密码", [InputRequired("请填写登录密码")])


class NewForm(Form):
    """A new password, twice."""

    new_password = PasswordField("新密码", [InputRequired("请填写新密码")])
    again = PasswordField("再输入一次新密码", [InputRequired("请再输入一次新密码")])

    def agrees(self) -> bool:
        """Whether both are there and alike."""
        if not self.validate_on_submit():
            return False
        if self.new_password.data != self.again.data:
            self.refuse("两次输入的新密码不一样", "again")
            return False
        return True


class ChangeForm(NewForm):
    """The present password, and a new one twice."""

    password = PasswordField("当前密码", [InputRequired("请填写当前密码")])


def is_right(form: Form) -> int:
    """0 when the password in ``form`` is this person's, else the status of the form shown again."""
    counted = tries.of(g.who.member_name)
    if seconds := tries.wait(counted, g.now):
        form.refuse(tries.TOO_MANY.format(seconds=seconds), "password")
        return 429
    if accounts.verify_password(g.who.member_name, form["password"].data or "") is None:
        tries.failed(counted, g.now)
        events.say("authn_login_fail", g.who.user_id)
        form.refuse("密码不对，请核对后再试", "password")
        return 422
    tries.succeeded(counted)
    return 0


@bp.route("/me/password", methods=["GET", "POST"])
def change_password() -> ResponseReturnValue:
    """Another password for oneself; all other devices are signed out."""
    if refused := guards.need_signed_in():
        return refused
    form, status = ChangeForm(), 200
    if request.method == "POST":
        status = 422
        if form.agrees() and not (status := is_right(form)):
            status = 422
            try:
                return _changed(form)
            except AccountRefused as problem:
                form.refuse(problem.sentence, "new_password")
    return page("auth/password.html", status, form=form)


def _changed(form: ChangeForm) -> Response:
    """The new password holds, under a new session: a copied cookie of the old one opens nothing."""
    with writing():
        accounts.set_password(g.who.user_id, form.new_password.data or "", now=g.now, keep=g.who.session)
        sessions.prove_password(g.who.session, g.now)
        cookie = sessions.renew(g.who.session)
        events.audit("privilege_change", change="password")
    answer = redirect("/me/account?said=password-changed", 303)
    security.set_cookie(answer, cookie, security.settings())
    return answer


@bp.route("/me/confirm", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """The password once more, before something dangerous; then back to it."""
    if refused := guards.need_signed_in():
        return refused
    wanted, form, status = security.safe_next(request.values.get("next")), PasswordForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit() and not (status := is_right(form)):
            with writing():
                sessions.prove_password(g.who.session, g.now)
            return redirect(wanted, 303)
    return page("auth/confirm.html", status, form=form, next=wanted)


@bp.get("/forgot")
def forgot() -> ResponseReturnValue:
    """What to do; the same for everybody, because it asks nobody's name."""
    return page("auth/forgot.html", minutes=int(accounts.LINK_FOR.total_seconds()) // 60)


@bp.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    """A new password by a link, once."""
    user = accounts.of_link(token[:100], g.now)
    if user is None:
        return page("auth/forgot.html", 410, minutes=int(accounts.LINK_FOR.total_seconds()) // 60, ended=True)
    form, status = NewForm(), 200
    if request.method == "POST":
        status = 422
        if form.agrees():
            try:
                with writing():
                    accounts.set_password(user.id, form.new_password.data or "", now=g.now)
                    events.audit("privilege_change", user.id, change="password_by_link")
                return redirect("/login?said=password-set", 303)
            except AccountRefused as problem:
                form.refuse(problem.sentence, "new_password")
    return page("auth/reset.html", status, form=form, token=token)
