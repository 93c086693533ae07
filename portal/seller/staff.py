"""员工: who works in the shop, as what, and above which amount a second person checks a payment. The owner's page."""

from __future__ import annotations

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from portal.people import accounts, invitations, roles, staffing
from portal.people.accounts import AccountRefused
from portal.seller import bp
from portal.web import events, rates
from portal.web.fields import Choice, Line, Money
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

CHOICES = [(role, name) for role, name in roles.ROLES.items() if role != "owner"]


class AddForm(Form):
    """Whom to ask, by the name they sign in with."""

    member_name = Line("会员名", limit=64, exact=True, missing="请填写对方登录用的会员名")
    role = Choice("职责", choices=CHOICES, missing="请选择职责")


class RoleForm(Form):
    """Another role for somebody of the shop."""

    role = Choice("职责", choices=CHOICES, missing="请选择职责")


class LimitForm(Form):
    """复核线."""

    limit = Money("超过多少元的款项需要另一位同事复核", least=0, missing="请填写金额，0 表示每一笔都要复核")


class SharingForm(Form):
    """新申请归谁."""

    shares_out = BooleanField("新申请自动平均分给客服")


def _staff(
    status: int, add: Form | None = None, limit: Form | None = None, sent: tuple[int, Form] | None = None
) -> ResponseReturnValue:
    shop_id = g.who.shop_id
    fen = staffing.approval_limit(shop_id)
    people = staffing.find_staff(shop_id)
    limit = limit or LimitForm(formdata=None, data={"limit": fen})
    add = add or AddForm(formdata=None)
    failed = next((form for form in (add, limit, sent[1] if sent else None) if form is not None and form.errors), add)
    return page(
        "seller/staff.html",
        status,
        people=people,
        add=add,
        shares_out=staffing.shares_out(shop_id),
        sharing=SharingForm(formdata=None, data={"shares_out": staffing.shares_out(shop_id)}),
        limit=limit,
        form=failed,
        sent=sent,
        roles=roles.ROLES,
        duties=roles.DUTIES,
        choices=CHOICES,
        fen=fen,
        form_key=add.form_key.data,
        invited_days=invitations.INVITED_FOR.days,
        approvers=len(staffing.find_approvers(shop_id)),
    )


@bp.route("/staff", methods=["GET", "POST"])
def staff() -> ResponseReturnValue:
    """The people, a form for another one, and the limit."""
    if request.method != "POST":
        return _staff(200)
    form = AddForm()
    if form.validate_on_submit():
        rates.limit("invite", g.who.shop_id)

        def added() -> str:
            name = form.member_name.data or ""
            invitations.invite(g.who.shop_id, name, form.role.data, by=g.who.user_id, now=g.now)
            events.audit("privilege_change", change="staff_invited", shop=g.who.shop_id, role=form.role.data)
            return "/seller/staff?said=staff-invited"

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
            before, after = staffing.approval_limit(g.who.shop_id), int(form.limit.data or 0)
            staffing.set_approval_limit(g.who.shop_id, after)
            events.audit("config_change", change="approval_limit", shop=g.who.shop_id, before=before, after=after)
            return "/seller/staff?said=limit-saved"

        return once(changed)
    return _staff(422, limit=form)


@bp.route("/staff/sharing", methods=["GET", "POST"])
def change_sharing() -> ResponseReturnValue:
    """Whether new cases go round among 客服."""
    if request.method != "POST":
        return redirect("/seller/staff", 303)
    form = SharingForm()

    def changed() -> str:
        staffing.set_sharing_out(g.who.shop_id, bool(form.shares_out.data))
        events.audit("config_change", change="sharing_out", shop=g.who.shop_id, after=bool(form.shares_out.data))
        return "/seller/staff?said=sharing-saved"

    return once(changed)


def _note(user_id: int, change: str, role: str, said: str) -> None:
    """Write down, and tell the person, what changed of their rights."""
    events.audit("privilege_change", user_id, change=change, shop=g.who.shop_id, role=role, by=g.who.user_id)
    accounts.tell(user_id, f"「{g.who.shop_name}」修改了您的职责", said, g.now)


@bp.post("/staff/invitations/<int:invitation_id>")
def withdraw_invitation(invitation_id: int) -> ResponseReturnValue:
    """Ask no more."""

    def withdrawn() -> str:
        invitations.withdraw_invitation(g.who.shop_id, min(invitation_id, 2**62), g.now)
        return "/seller/staff?said=invitation-withdrawn"

    return once(withdrawn)


@bp.route("/staff/<int:user_id>/<any(role,remove):verb>", methods=["GET", "POST"])
def change_staff(user_id: int, verb: str) -> ResponseReturnValue:
    """Give somebody another role, or let them go; it holds from their next request on."""
    form = RoleForm() if verb == "role" else Form()
    user_id = min(user_id, 2**62)
    if not staffing.is_staff_of(user_id, g.who.shop_id):
        abort(404)
    if request.method != "POST":
        return redirect("/seller/staff", 303)
    if form.validate_on_submit():

        def changed() -> str:
            if isinstance(form, RoleForm):
                staffing.change_role(g.who.shop_id, user_id, form.role.data)
                _note(
                    user_id,
                    "role_changed",
                    form.role.data,
                    f"您在店铺里的职责已改为「{roles.ROLES[form.role.data]}」。",
                )
                return "/seller/staff?said=role-changed"
            staffing.remove_staff(g.who.shop_id, user_id)
            _note(user_id, "staff_removed", "", "您已不在店铺工作，不能再进入商家后台；买家的页面不受影响。")
            return "/seller/staff?said=staff-removed"

        try:
            return once(changed)
        except AccountRefused as refused:
            form.refuse(refused.sentence)
    return _staff(422, sent=(user_id, form))
