"""员工: who works in the shop, as what, and above which amount a second person checks a payment. The owner's page."""

from __future__ import annotations

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal.people import accounts, roles
from portal.people.accounts import AccountRefused
from portal.seller import bp
from portal.web import rates
from portal.web.forms import Choice, Form, Line, Money
from portal.web.once import once
from portal.web.pages import page

CHOICES = [(role, name) for role, name in roles.ROLES.items() if role != "owner"]


class AddForm(Form):
    """Somebody who can sign in already."""

    member_name = Line("会员名", limit=64, exact=True, missing="请填写对方登录用的会员名")
    role = Choice("职责", choices=CHOICES, missing="请选择职责")


class RoleForm(Form):
    """Another role for somebody of the shop."""

    role = Choice("职责", choices=CHOICES, missing="请选择职责")


class LimitForm(Form):
    """复核线."""

    limit = Money("超过多少元的款项需要另一位同事复核", least=0, missing="请填写金额,0 表示每一笔都要复核")


def _staff(
    status: int, add: Form | None = None, limit: Form | None = None, sent: tuple[int, Form] | None = None
) -> ResponseReturnValue:
    shop_id = g.who.shop_id
    fen = accounts.approval_limit(shop_id)
    people = accounts.find_staff(shop_id)
    limit = limit or LimitForm(formdata=None, data={"limit": fen})
    add = add or AddForm(formdata=None)
    failed = next((form for form in (add, limit, sent[1] if sent else None) if form is not None and form.errors), add)
    return page(
        "seller/staff.html",
        status,
        people=people,
        add=add,
        limit=limit,
        form=failed,
        sent=sent,
        roles=roles.ROLES,
        duties=roles.DUTIES,
        choices=CHOICES,
        fen=fen,
        form_key=add.form_key.data,
        approvers=sum(person.role in ("owner", "finance") for person in people),
    )


@bp.route("/staff", methods=["GET", "POST"])
def staff() -> ResponseReturnValue:
    """The people, a form for another one, and the limit."""
    if request.method != "POST":
        return _staff(200)
    form = AddForm()
    if form.validate_on_submit():
        rates.limit("import", f"staff-{g.who.shop_id}")

        def added() -> str:
            accounts.add_staff(g.who.shop_id, form.member_name.data or "", form.role.data)
            return "/seller/staff?said=staff-added"

        try:
            return once(added)
        except AccountRefused as refused:
            form.refuse(refused.sentence, "member_name")
    return _staff(422, add=form)


@bp.route("/staff/limit", methods=["GET", "POST"])
def change_limit() -> ResponseReturnValue:
    """Set the amount above which a second person checks."""
    if request.method != "POST":
        return redirect("/seller/staff", 303)
    form = LimitForm()
    if form.validate_on_submit():

        def changed() -> str:
            accounts.set_approval_limit(g.who.shop_id, int(form.limit.data or 0))
            return "/seller/staff?said=limit-saved"

        return once(changed)
    return _staff(422, limit=form)


@bp.route("/staff/<int:user_id>/<any(role,remove):verb>", methods=["GET", "POST"])
def change_staff(user_id: int, verb: str) -> ResponseReturnValue:
    """Give somebody another role, or let him go; it holds from his next request on."""
    form = RoleForm() if verb == "role" else Form()
    user_id = min(user_id, 2**62)
    if not accounts.is_staff_of(user_id, g.who.shop_id):
        abort(404)
    if request.method != "POST":
        return redirect("/seller/staff", 303)
    if form.validate_on_submit():

        def changed() -> str:
            if isinstance(form, RoleForm):
                accounts.change_role(g.who.shop_id, user_id, form.role.data)
                return "/seller/staff?said=role-changed"
            accounts.remove_staff(g.who.shop_id, user_id)
            return "/seller/staff?said=staff-removed"

        try:
            return once(changed)
        except AccountRefused as refused:
            form.refuse(refused.sentence)
    return _staff(422, sent=(user_id, form))
