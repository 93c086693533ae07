"""The sign-in page: opened by itself, or in place of a page that needs somebody signed in."""

from __future__ import annotations

from flask import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired

from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.pages import page


class SignInForm(Form):
    """会员名 and 密码."""

    member_name = Line("会员名", limit=64, missing="请填写会员名", exact=True)
    password = PasswordField("密码", [InputRequired("请填写密码")])


def sign_in_page(status: int, wanted: str, carried: str = "", form: Form | None = None) -> Response:
    """The form; goes on to ``wanted`` and takes along what was typed before (``carried``)."""
    return page("auth/login.html", status, form=form or SignInForm(formdata=None), next=wanted, carried=carried)
