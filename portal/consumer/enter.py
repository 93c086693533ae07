"""查询售后: order number and the last four digits of the telephone open a link to that order."""

from __future__ import annotations

import re

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import inputs, searching
from portal.consumer import bp
from portal.consumer.opening import lead_to_pages
from portal.extensions import writing
from portal.resale import links as consumer_links
from portal.web import tries
from portal.web.fields import Choice, Line
from portal.web.forms import Form
from portal.web.pages import page


class LastFour(Line):
    """The last four digits of a telephone number; of the whole number they are what is read."""

    def read(self, text: str) -> str:
        digits = re.sub(r"[^0-9]", "", inputs.fold(super().read(text)))
        if len(digits) < 4:
            raise inputs.InputRefused("请填写收货手机号的后四位数字")
        return digits[-4:]


class FindForm(Form):
    """Both as the consumer got them from the shop."""

    order_no = Line("订单号", limit=80, missing="请填写订单号", exact=True)
    last_four = LastFour("手机号后四位", limit=40, missing="请填写收货手机号的后四位", exact=True)
    shop = Choice("店铺", optional=True, choices=[])


@bp.route("", methods=["GET", "POST"])
def enter() -> ResponseReturnValue:
    """The form; the same answer for an order that doesn't exist and for wrong digits."""
    form = FindForm()
    status = 200
    if request.method != "POST":
        form.order_no.data = _read_given(request.args.get("order", ""))
    else:
        status = 422
        sent = request.form.get("shop", "")[:20]
        form.shop.choices = [(sent, sent)] if sent else []  # which there are, number and telephone say
        good = form.validate_on_submit()
        form.shop.choices = []
        if good:
            order_no = form.order_no.data
            counted = tries.of_order(searching.list_spellings(order_no)[0])  # however it is spelt
            if seconds := tries.wait(counted, g.now):
                form.refuse(f"连续没有查到，请 {seconds} 秒后再试，或请商家发送售后链接")
                refused = page("consumer/enter.html", 429, form=form)
                refused.headers["Retry-After"] = str(seconds)
                return refused
            found = consumer_links.find_orders(order_no, form.last_four.data)
            chosen = [each for each in found if len(found) == 1 or str(each.shop_id) == request.form.get("shop", "")]
            if chosen:
                with writing():
                    token = consumer_links.make_link(g.now, shop_id=chosen[0].shop_id, order_id=chosen[0].order_id)
                tries.succeeded(counted)
                return lead_to_pages(token or "", "")
            if found:  # number and telephone are right: shops that have the same number are told apart by name
                form.shop.choices = [(str(each.shop_id), each.shop) for each in found]
                form.shop.errors = ["几家店铺有这个订单号，请选择您购买的店铺"]
                return page("consumer/enter.html", 422, form=form)
            tries.failed(counted, g.now)
            form.refuse("没有查到，请核对订单号和收货手机号的后四位；仍查不到时，请商家发送售后链接")
    return page("consumer/enter.html", status, form=form)


def _read_given(raw: str) -> str | None:
    """The order's number that the shop's link brought along, so that it need not be typed."""
    try:
        return inputs.line(raw, limit=40) or None
    except inputs.InputRefused:
        return None
