"""换货政策 in its versions, and the return addresses."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from wtforms import BooleanField

from portal import words
from portal.extensions import db, writing
from portal.models import ReturnAddress
from portal.rights import guarantees as rights_guarantees
from portal.rights import policies
from portal.rights.guarantees import Effect
from portal.seller import bp
from portal.web import events, guards
from portal.web.fields import Boxes, Choice, Line, Phone, Text, Whole
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class PolicyForm(Form):
    """What a shop may set. Who pays for the shop's own fault is not among it."""

    window_days = Whole("申请期限（天）", least=7, most=30)
    hidden_days = Whole("使用后才能发现的质量问题（天）", least=7, most=180)
    special_freight = Choice(
        "其他特殊原因的退回运费",
        choices=[("seller", "商家承担"), ("buyer", "买家承担"), ("negotiated", "双方协商")],
    )
    guarantees = Boxes(
        "承诺的服务",
        choices=[(known.code, known.name) for known in rights_guarantees.GUARANTEES if known.effect != Effect.SHIPPING],
    )
    types = Boxes("办理的售后", choices=[(str(kind), name) for kind, name in words.TYPE.items()])
    excluded = Text("不支持无责换货的商品（每行一个货号或标题里的词）", limit=1000, optional=True, exact=True)
    words = Text("给买家的话", limit=300, optional=True)

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if problem := policies.find_missing_way(self.types.data or []):
            self.types.errors = [problem]
            good = False
        return good


@bp.route("/policy", methods=["GET", "POST"])
def policy() -> ResponseReturnValue:
    """The policy in force, its editor, and the versions before."""
    now_in_force = policies.get_current(g.who.shop_id)
    form = PolicyForm(
        data={
            "window_days": now_in_force.window_days,
            "hidden_days": now_in_force.hidden_days,
            "special_freight": now_in_force.special_freight,
            "guarantees": sorted(rights_guarantees.codes(now_in_force.guarantees)),
            "types": now_in_force.types.split(","),
            "excluded": "\n".join(str(word) for word in now_in_force.excluded),
            "words": now_in_force.words,
        }
    )
    status = 200
    if form.validate_on_submit():
        shop_id = g.who.shop_id

        def publish() -> str:
            policies.publish_policy(
                shop_id,
                window_days=form.window_days.data,
                hidden_days=form.hidden_days.data,
                special_freight=form.special_freight.data,
                guarantees=list(dict.fromkeys(form.guarantees.data or [])),
                excluded=[line.strip() for line in (form.excluded.data or "").splitlines() if line.strip()],
                words=form.words.data or "",
                types=form.types.data or (),
                by=g.who.user_id,
                now=g.now,
            )
            events.audit("config_change", change="policy", shop=shop_id, window_days=form.window_days.data or 0)
            return "/seller/policy?said=policy-saved"

        return once(publish)
    if request.method == "POST":
        status = 422
    return page(
        "seller/policy.html", status, form=form, history=policies.list_history(g.who.shop_id), shop_id=g.who.shop_id
    )


class AddressForm(Form):
    """A return address."""

    name = Line("收件人", limit=50, missing="请填写收件人")
    phone = Phone("联系电话", missing="请填写联系电话")
    address = Line("退货地址", limit=250, missing="请填写退货地址")
    note = Line("给买家的提示", limit=180, optional=True)
    make_default = BooleanField("设为默认退货地址")


@bp.route("/addresses", methods=["GET", "POST"])
def addresses() -> ResponseReturnValue:
    """The return addresses and a form for another one."""
    form = AddressForm()
    shop_id = g.who.shop_id
    if form.validate_on_submit():

        def add() -> str:
            policies.add_address(
                shop_id,
                name=form.name.data or "",
                phone=form.phone.data or "",
                address=form.address.data or "",
                note=form.note.data or "",
                make_default=bool(form.make_default.data),
                now=g.now,
            )
            events.audit("config_change", change="return_address_added", shop=shop_id)
            return "/seller/addresses?said=address-saved"

        return once(add)
    status = 422 if request.method == "POST" else 200
    return page("seller/addresses.html", status, form=form, addresses=policies.list_addresses(shop_id))


@bp.post("/addresses/<int:address_id>/<any(default,remove):verb>")
def change_address(address_id: int, verb: str) -> ResponseReturnValue:
    """Make an address the default, or take it out of use."""
    with writing():
        found = guards.found(
            db.session.scalars(
                select(ReturnAddress).where(
                    ReturnAddress.id == min(address_id, 2**62),
                    ReturnAddress.shop_id == g.who.shop_id,
                    ReturnAddress.removed_at.is_(None),
                )
            ).one_or_none()
        )
        if verb == "default":
            policies.choose_default(g.who.shop_id, found)
        else:
            policies.remove_address(found, g.now)
        events.audit("config_change", change=f"return_address_{verb}", shop=g.who.shop_id, which=address_id)
    return redirect(f"/seller/addresses?said=address-{'default' if verb == 'default' else 'removed'}", 303)
