"""Sign in, sign out."""

from __future__ import annotations

from flask import current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from portal import words
from portal.auth import bp
from portal.config import Settings
from portal.extensions import writing
from portal.models import User
from portal.people import accounts
from portal.web import carried, security, tries
from portal.web.signing_in import SignInForm, sign_in_page


def _settings() -> Settings:
    found: Settings = current_app.extensions["portal_settings"]
    return found


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
        form.refuse(tries.TOO_MANY.format(seconds=seconds))
        refused = sign_in_page(429, wanted, packed, form)
        refused.headers["Retry-After"] = str(seconds)
        return refused
    user = accounts.verify_password(name, form.password.data or "")
    if user is None:
        tries.failed(counted, g.now)
        form.refuse("会员名或密码不对,请核对后再试")
        return sign_in_page(422, wanted, packed, form)
    tries.succeeded(counted)
    return _begin(user, wanted, packed)


def _begin(user: User, wanted: str, packed: str) -> Response:
    """The session, and on to where this person wanted to be."""
    if g.who is not None:  # whoever was signed in at this browser no longer is
        with writing():
            accounts.sign_out(g.who.session, g.now)
    cookie = accounts.sign_in(user, now=g.now, device=words.device(request.headers.get("User-Agent", "")))
    if typed := carried.unpack(packed):
        carried.keep(user.id, *typed, g.now)
    if wanted == "/me":  # nowhere in particular: to what they are here for
        wanted = "/operator" if user.operator else "/mediation" if user.mediator else "/me"
    answer = redirect(wanted, 303)
    security.set_cookie(answer, cookie, _settings())
    tries.remember_device(answer, user.member_name, secure=_settings().https == "1")
    return answer


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
