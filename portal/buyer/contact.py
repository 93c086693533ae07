"""立即联系: the conversation about an order. 「调换商品」 makes one draft application and never submits by itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Row

from portal import inputs
from portal.applications import drafts, goods
from portal.buyer import bp
from portal.cases import case_view
from portal.extensions import db, writing
from portal.flow import Actor, State
from portal.models import Order, Shop
from portal.models.orders import find_path
from portal.orders import order_lists, to_send
from portal.rights import phrases
from portal.talk import by_shop, conversations
from portal.web import early, guards, paging, quotas, replicas
from portal.web.once import once
from portal.web.pages import page
from portal.web.talk import TalkForm, answer_newer

SIZE = 30


@bp.get("/messages")
@replicas.may_answer
def messages() -> ResponseReturnValue:
    """消息: a row for each shop, the newest first; ``shop=``: one for each order with this shop."""
    key, shop = (_read_number(request.args.get(name, "")) for name in ("before", "shop"))
    if shop is not None:
        rows = by_shop.list_orders(g.who.user_id, shop, size=SIZE, skip=key)
    else:
        rows = by_shop.list_shops(g.who.user_id, size=SIZE, skip=key)
    asked = f"shop={shop}&" if shop is not None else ""
    more = f"/messages?{asked}before={rows[SIZE - 1].last_message_id}" if len(rows) > SIZE else ""
    return page("buyer/messages.html", rows=rows[:SIZE], more=more, of_shop=shop is not None)


def _read_number(text: str) -> int | None:
    return inputs.read_id(text)


@bp.route("/orders/<order_no>/contact", methods=["GET", "POST"])
def contact(order_no: str) -> ResponseReturnValue:
    """The conversation with the order pinned; reading marks are written by posting and by the page's read mark."""
    order = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    order_id = order.id
    form = TalkForm(known=partial(order_lists.known_numbers, order_id))
    status = 200
    if request.method == "POST":
        phrase = request.form.get("phrase", "")
        quotas.limit_message()
        good = form.validate_on_submit()
        words = phrase if phrase in phrases.BUYER_PHRASES else form.words.data or ""
        photos = list(form.photos.data or [])
        if good and not words and not photos:
            form.refuse("请写点什么，或者发一张照片", "words")
        if good and not form.errors:

            def send() -> str:
                _send(order_id, words, photos)
                return form.and_say(f"/orders/{order_no}/contact", "card-hidden")

            return once(send)
        status = 422
        order = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    talk = conversations.find_of_order(order.id, order.shop_id)
    key = paging.read_key("before")
    found = conversations.list_latest(talk.id, order.shop_id, key) if talk else []
    shown = found[-conversations.PAGE :]
    return page(
        "buyer/contact.html",
        status,
        order=order,
        order_status=to_send.tell_statuses(order.shop_id, [order])[order.id],
        shop=db.session.get_one(Shop, order.shop_id),
        form=form,
        lines=goods.list_lines(order.id, order.shop_id),
        messages=shown,
        side="buyer",
        phrases=phrases.BUYER_PHRASES,
        photos=conversations.list_photos(order.shop_id, [message.id for message in shown]),
        nudges=_list_nudges(order),
        unread_here=talk.buyer_unread if talk else 0,
        earlier=f"/orders/{order_no}/contact?before={shown[0].id}" if len(found) > conversations.PAGE else "",
    )


def _list_nudges(order: Order) -> list[tuple[Row[Any], str]]:
    """The order's cases whose shop can be urged to send now, and where that is done."""
    found = []
    for row in order_lists.list_cases(order.id) if order.case_count else ():
        case = case_view.read_of_buyer(row.case_no, g.who.user_id) if row.state == State.RESHIPPING else None
        view = case_view.build_view(case, Actor.BUYER, g.now) if case is not None else None
        if view is not None and any(step.name == "nudge" and not refusal for step, refusal in view.actions):
            found.append((row, f"/cases/{row.case_no}/nudge"))
    return found


def _send(order_id: int, words: str, photos: list[str]) -> None:
    order = db.session.get_one(Order, order_id)
    talk = conversations.get_of_order(order, g.now)
    conversations.add_message(talk, "buyer", g.who.user_id, words, now=g.now, photos=photos)
    wish = conversations.wants_exchange(words)
    if wish is None:
        return
    lines = goods.list_lines(order.id, order.shop_id)
    if wish == "exact":
        only = lines[0].id if len(lines) == 1 else None
        drafts.start_draft(order.shop_id, order.id, g.who.user_id, source="chat", now=g.now, line_id=only)
    card = {
        "order_no": find_path(order).removeprefix("/orders/"),
        "lines": [[line.id, f"{line.title} {line.spec}"] for line in lines[:20]],
    }
    said = "已为您创建换货申请草稿" if wish == "exact" else "需要申请换货吗？"
    conversations.add_message(
        talk, "system", None, said, now=g.now, kind="draft" if wish == "exact" else "offer", data=card
    )


@early.nothing_new(bp, "/orders/<order_no>/contact/new")
def _nothing_new(asked: early.Asked) -> bool:
    seen = early.poll_key(asked.query)
    talk = conversations.find_standing_of_buyer(asked.path["order_no"], asked.who.user_id)
    return seen is not None and talk is not None and (talk.last_message_id or 0) <= seen


@bp.get("/orders/<order_no>/contact/new")
def contact_new(order_no: str) -> ResponseReturnValue:
    """What was said since: 204 when nothing."""
    return answer_newer(conversations.find_standing_of_buyer(order_no, g.who.user_id), "buyer")


@bp.post("/orders/<order_no>/contact/read")
def contact_read(order_no: str) -> ResponseReturnValue:
    """Everything shown has been seen."""
    order = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    order_id, shop_id = order.id, order.shop_id
    with writing():
        talk = conversations.find_of_order(order_id, shop_id)
        if talk is not None and talk.buyer_unread:
            conversations.mark_read(talk, "buyer")
    if request.headers.get("HX-Request"):
        return Response(status=204)
    return redirect(f"/orders/{order_no}/contact", 303)
