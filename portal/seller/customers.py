"""客户: facts about those who bought here, and the shop's own notes."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.models import User
from portal.orders import customers
from portal.people import roles, staffing
from portal.seller import bp
from portal.service import customer_timeline
from portal.web import guards, paging
from portal.web.fields import Line, Pick, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class NoteForm(Form):
    """A note about a customer."""

    tag = Line("标签", limit=10, optional=True)
    words = Text("备注", limit=500, missing="请写备注的内容")
    to = Pick("交接给", optional=True)


@bp.get("/customers")
def customer_list() -> ResponseReturnValue:
    """Who bought here; search and place in the address."""
    words, problem = "", ""
    try:
        words = inputs.line(request.args.get("q", ""), limit=60)
    except inputs.InputRefused as refused:
        problem = refused.sentence
    after = paging.read_key("after") or 0
    rows, key = customers.list_page(g.who.shop_id, words=words, after=after)
    more = "/seller/customers?" + urlencode({"q": words, "after": key}) if key else ""
    return page("seller/customers.html", rows=rows, q=words, problem=problem, more=more)


def _buyer(order_no: str) -> User:
    return guards.found(customers.find_of_order(order_no, g.who.shop_id))


@bp.route("/orders/<order_no>/customer", methods=["GET", "POST"])
def customer(order_no: str) -> ResponseReturnValue:
    """Who placed this order: facts, orders, cases, notes. POST writes a note, or removes the one it names."""
    buyer = _buyer(order_no)
    buyer_id, here = buyer.id, f"/seller/orders/{order_no}/customer"
    form = NoteForm()
    colleagues = staffing.list_colleagues(g.who.shop_id, but=g.who.user_id)
    form.to.choices = [("", "不交接，只记在这里"), *((str(user_id), name) for user_id, name in colleagues)]
    status = 200
    if request.method == "POST":
        note_id = inputs.read_id(request.form.get("remove", ""))
        if note_id is not None:

            def remove() -> str:
                customers.remove_note(g.who.shop_id, buyer_id, note_id)
                return f"{here}?said=note-removed"

            return once(remove)
        status = 422
        if form.validate_on_submit():

            def write() -> str:
                customers.add_note(
                    g.who.shop_id,
                    buyer_id,
                    tag=form.tag.data or "",
                    words=form.words.data or "",
                    by=g.who.user_id,
                    now=g.now,
                )
                if form.to.data:
                    customers.hand_over(
                        g.who.shop_id, int(form.to.data), form.words.data or "", here, by=g.who.member_name, now=g.now
                    )
                return f"{here}?said={'card-hidden' if form.hid_cards else 'note-saved'}"

            return once(write)
        buyer = _buyer(order_no)
    shop_id = g.who.shop_id
    sees_money = roles.may_open(g.who.role, "payouts")
    before = paging.moment_key(request.args.get("before", ""))
    timeline, key = customer_timeline.list_page(shop_id, buyer_id, before, money=sees_money)
    return page(
        "seller/customer.html",
        status,
        buyer=buyer,
        form=form,
        here=here,
        facts=customers.collect_facts(shop_id, buyer_id),
        notes=customers.list_notes(shop_id, buyer_id),
        colleagues=colleagues,
        timeline=timeline,
        kinds=customer_timeline.KINDS,
        earlier=f"{here}?before={paging.said(key)}" if key else "",
        further=before is not None,
    )


@bp.get("/orders/<order_no>/customer.json")
def export_customer(order_no: str) -> ResponseReturnValue:
    """What the shop holds of this person, to be handed to them."""
    buyer, shop_id = _buyer(order_no), g.who.shop_id
    answer: Response = jsonify(
        customers.export_page(shop_id, buyer) | {"timeline": customer_timeline.export(shop_id, buyer.id)}
    )
    answer.headers["Content-Disposition"] = "attachment; filename=customer.json"
    return answer
