"""面单 at the 发货台: chosen, counted, then shown on a page to print; looking at it again counts nothing."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.cases import bulk, labels, shipping
from portal.extensions import db
from portal.models import Shop
from portal.rights import policies
from portal.seller import bp
from portal.web.once import once
from portal.web.pages import page

AT = "/seller/shipping/labels"


@bp.route("/shipping/labels", methods=["GET", "POST"])
def show_labels() -> ResponseReturnValue:
    """The labels of the cases in the address. POST: count that those chosen are printed, then show them."""
    shop_id = g.who.shop_id
    if request.method == "POST":
        chosen = request.form.getlist("page_case" if request.form.get("scope") == "page" else "case")[: labels.MOST]
        ready = [row for row in _load(chosen) if not row.refusal]
        if not ready:
            return redirect("/seller/shipping?said=labels-none", 303)

        def printed() -> str:
            labels.count_prints(shop_id, [row.case.id for row in ready], g.who.user_id, g.now)
            return f"{AT}?cases={'.'.join(row.case.case_no for row in ready)}"

        return once(printed)
    rows = _load(request.args.get("cases", "").split(".")[: labels.MOST])
    known = policies.list_addresses(shop_id)
    return page(
        "seller/labels.html",
        rows=[(row, labels.draw_bars(row.case.case_no)) for row in rows if not row.refusal],
        apart=[row for row in rows if row.refusal],
        sender=known[0] if known else None,
        shop_name=db.session.get_one(Shop, shop_id).name,
        prints=labels.list_prints(shop_id, [row.case.id for row in rows]),
    )


def _load(case_nos: list[str]) -> list[shipping.ToSend]:
    ids = bulk.pick_known(g.who.shop_id, case_nos)
    return shipping.load(g.who.shop_id, ids, g.who.role, g.now)
