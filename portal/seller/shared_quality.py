"""铺货的质量: what a distributor shows to each supplier, and what a supplier is shown."""

from __future__ import annotations

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal.calendar import weeks
from portal.calendar.weeks import number_week
from portal.rights import faults
from portal.seller import bp
from portal.service import quality, shared_quality
from portal.service.rates import LEAST
from portal.web import events
from portal.web.fields import Pick
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class ShareForm(Form):
    """To which supplier, and whether."""

    supplier = Pick("供应商", missing="请选择供应商")
    shares = Pick("让供应商看到", choices=[("on", "开启"), ("off", "关闭")], missing="请选择开启或关闭")


@bp.route("/chains/shares", methods=["GET", "POST"])
def quality_shares() -> ResponseReturnValue:
    """The suppliers, and which of them see the figures; POST changes one."""
    form, shop_id = ShareForm(), g.who.shop_id
    suppliers = shared_quality.list_suppliers(shop_id)
    form.supplier.choices = [(str(each.shop_id), each.name) for each in suppliers]
    if form.validate_on_submit():
        supplier, on = int(form.supplier.data or 0), form.shares.data == "on"

        def change() -> str:
            if supplier not in {each.shop_id for each in shared_quality.list_suppliers(shop_id)}:
                abort(404)
            shared_quality.share(shop_id, supplier, on=on, by=g.who.user_id, now=g.now)
            events.audit("config_change", change="quality_share", shop=shop_id, supplier=supplier, after=on)
            return f"/seller/chains/shares?said=quality-{'shared' if on else 'kept'}"

        return once(change)
    if form.errors:
        form.supplier.errors, form.shares.errors = [], []  # neither is a field that one sees
        form.refuse("没有改动：请在列表里选择供应商，再开启或关闭")
    return page("seller/quality_shares.html", 422 if request.method == "POST" else 200, suppliers=suppliers, form=form)


@bp.get("/quality/resold")
def resold_quality() -> ResponseReturnValue:
    """This shop's goods at the distributors who show it."""
    return page(
        "seller/quality_resold.html",
        boards=shared_quality.build_boards(g.who.shop_id, g.now),
        begin=weeks.find_monday(number_week(g.now) - quality.WEEKS + 1),
        span=quality.WEEKS,
        name_fault=faults.name_fault,
        least=LEAST,
    )
