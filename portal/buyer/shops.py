"""商家确认: shops with orders of this member that they don't know yet; reports about orders and shops."""

from __future__ import annotations

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.buyer import bp
from portal.extensions import db
from portal.models import Shop
from portal.orders import known_shops, order_lists
from portal.talk import complaints
from portal.talk.complaints import Told
from portal.web import guards, rates
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

_ANSWERS = {"yes": True, "no": False}


class ComplaintForm(Form):
    """What is wrong, and in words where there is more to say."""

    kind = Choice("举报原因", choices=list(complaints.REPORTS.items()), missing="请选择举报原因")
    words = Text("说明", limit=500, optional=True)


@bp.route("/me/shops", methods=["GET", "POST"])
def shops() -> ResponseReturnValue:
    """Which shops wait for an answer, which have one; POST answers for one, also anew."""
    form, said = Form(), request.form.get("answer", "")
    if request.method == "POST" and said not in _ANSWERS:
        form.refuse("请在店铺下面选「是我买的」或「不是我的」")
    elif request.method == "POST":
        shop_id = _number(request.form.get("shop", ""))

        def answered() -> str:
            if not known_shops.answer(g.who.user_id, shop_id, accepts=_ANSWERS[said], now=g.now):
                abort(404)
            return f"/me/shops?said={'shop-accepted' if _ANSWERS[said] else 'shop-refused'}"

        return once(answered)
    new, next_new = known_shops.list_new(g.who.user_id, _number(request.args.get("new", "0")))
    answers, next_answer = known_shops.list_answered(g.who.user_id, _number(request.args.get("after", "0")))
    return page(
        "buyer/shops.html",
        422 if form.errors else 200,
        form=form,
        new=new,
        more_new=f"/me/shops?new={next_new}" if next_new else "",
        answers=answers,
        more=f"/me/shops?after={next_answer}" if next_answer else "",
        most=known_shops.MOST_COUNTED,
    )


def _number(text: str) -> int:
    return inputs.read_id(text) or 0


@bp.route("/me/shops/<int:shop_id>/report", methods=["GET", "POST"])
def report_shop(shop_id: int) -> ResponseReturnValue:
    """举报: a shop that has orders of this member, or one of these orders."""
    address = request.args.get("order", "")[:60]
    order = order_lists.find_of_buyer(address, g.who.user_id) if address else None
    if (order is not None and order.shop_id != shop_id) or not known_shops.has_orders(g.who.user_id, shop_id):
        abort(404)
    order_id, form = order.id if order is not None else None, ComplaintForm()
    if form.validate_on_submit():
        rates.limit("complaint", g.who.user_id)

        def keep() -> str:
            told = Told(form.kind.data, form.words.data or "", g.who.user_id, shop_id, order_id)
            number = complaints.keep_complaint(told, g.now)
            return form.and_say(f"/me/complaints/{number}")

        return once(keep)
    return page(
        "buyer/report.html",
        422 if request.method == "POST" else 200,
        form=form,
        shop=guards.found(db.session.get(Shop, shop_id)),
        order=order_lists.find_of_buyer(address, g.who.user_id) if address else None,
        asked=not known_shops.has_answered(g.who.user_id, shop_id),
        address=address if order_id else "",
    )
