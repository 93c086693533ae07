"""The shop's side of conversations."""

from __future__ import annotations

from functools import partial

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal.applications import goods
from portal.calendar import officehours
from portal.cases import case_view, held, owners
from portal.extensions import db, writing
from portal.models import Order, Shop, User
from portal.orders import known_shops, order_lists, to_send
from portal.seller import bp, has_room, listing, not_yours, replies
from portal.seller.cases import build_view, is_shown, show_page
from portal.talk import conversations, unanswered
from portal.talk import replies as templates
from portal.web import early, guards, paging, quotas
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.talk import BoxForm, TalkForm, answer_newer

SIZE = 30
_NOT_KNOWN = "买家还没有确认在本店买过，看不到这张订单；确认以后才能联系和代为申请"


def _order(order_no: str) -> Order:
    return guards.found(
        db.session.scalars(
            select(Order).where(Order.order_no == order_no, Order.shop_id == g.who.shop_id)
        ).one_or_none()
    )


class HoursForm(Form):
    """办公时间: when a buyer can expect an answer."""

    opens = Line("上班时间", limit=5, missing="请填写上班时间，例如 09:00")
    closes = Line("下班时间", limit=5, missing="请填写下班时间，例如 18:00")

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        self.minutes: list[int] = []  # of the day: from, to
        for field in (self.opens, self.closes):
            try:
                self.minutes.append(officehours.parse_minutes(field.data or ""))
            except ValueError:
                if not field.errors:
                    field.errors = ["请按 09:00 这样填写时间"]
                good = False
        if good and self.minutes[0] >= self.minutes[1]:
            self.closes.errors = ["下班时间要晚于上班时间"]
            good = False
        return good


@bp.route("/messages/waiting", methods=["GET", "POST"])
def waiting() -> ResponseReturnValue:
    """Who waits for an answer, the longest first, counted in office hours; POST sets those."""
    shop = db.session.get_one(Shop, g.who.shop_id)
    opens, closes = shop.opens, shop.closes
    form = HoursForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():

            def change() -> str:
                kept = db.session.get_one(Shop, g.who.shop_id)
                kept.opens, kept.closes = form.minutes
                kept.version += 1
                return "/seller/messages/waiting?said=hours-saved"

            return once(change)
    else:
        form.opens.data, form.closes.data = officehours.clock_time(opens), officehours.clock_time(closes)
    rows, key = unanswered.list_waiting(g.who.shop_id, after=paging.moment_key(request.args.get("after", "")))
    waits = {row.id: officehours.measure_elapsed(row.waiting_since, g.now, opens, closes) for row in rows}
    return page(
        "seller/waiting.html",
        status,
        rows=rows,
        waits=waits,
        level=officehours.rate_level,
        target=officehours.TARGET,
        form=form,
        more=f"/seller/messages/waiting?after={paging.said(key)}" if key else "",
    )


@bp.get("/messages")
def messages() -> ResponseReturnValue:
    """The shop's conversations, the newest first."""
    key = paging.read_key("before")
    rows = conversations.list_of_person(shop_id=g.who.shop_id, size=SIZE, skip=key)
    more = f"/seller/messages?before={rows[SIZE - 1].last_message_id}" if len(rows) > SIZE else ""
    return page("seller/messages.html", rows=rows[:SIZE], more=more)


def _may_send(form: TalkForm, order: Order) -> bool:
    """Whether what was typed can be sent; what is wrong with it is said beside it. Counts it against the limits."""
    quotas.limit_message()
    good = form.validate_on_submit()
    words = form.words.data or ""
    if good and not words and not form.photos.data:
        form.refuse("请写点什么，或者发一张照片", "words")
    if gaps := templates.find_gaps(words):
        form.refuse(f"还有没填的空：{''.join(gaps)}，请填好再发送", "words")
    if known_shops.is_hidden(order):
        form.refuse(_NOT_KNOWN)
    if order.buyer_id == g.who.user_id:
        form.refuse(conversations.OWN)
    return good and not form.errors


def _send(form: TalkForm, order_id: int, back: str, mark: str = "") -> ResponseReturnValue:
    """Say it once, and go ``back``; ``mark``: the place of that page to look at."""
    words, photos = form.words.data or "", list(form.photos.data or [])

    def send() -> str:
        talk = conversations.get_of_order(db.session.get_one(Order, (order_id, g.who.shop_id)), g.now)
        owners.take_up_of_order(talk.shop_id, order_id, g.who.user_id)
        conversations.add_message(talk, "seller", g.who.user_id, words, now=g.now, photos=photos)
        return form.and_say(back, "card-hidden") + mark

    return once(send)


@bp.route("/orders/<order_no>/contact", methods=["GET", "POST"])
def contact(order_no: str) -> ResponseReturnValue:
    """The conversation about an order of this shop."""
    order = _order(order_no)
    order_id = order.id
    form = TalkForm(known=partial(order_lists.known_numbers, order_id))
    status = 200
    if request.method == "POST":
        if _may_send(form, order):
            return _send(form, order_id, f"/seller/orders/{order_no}/contact")
        status = 422
        order = _order(order_no)
    closed = known_shops.is_hidden(order)
    inserted = replies.insert(order, request.args.get("reply", "")) if request.method == "GET" else None
    if inserted is not None:
        form.words.data = inserted.words
    talk = conversations.find_of_order(order.id, order.shop_id)
    key = paging.read_key("before")
    found = conversations.list_latest(talk.id, order.shop_id, key) if talk else []
    shown = found[-conversations.PAGE :]
    cases = order_lists.list_cases(order.id)
    return page(
        "seller/contact.html",
        status,
        order=order,
        order_status=to_send.tell_statuses(order.shop_id, [order])[order.id],
        closed=_NOT_KNOWN if closed else "",
        form=form,
        lines=goods.list_lines(order.id, order.shop_id),
        messages=shown,
        side="seller",
        photos=conversations.list_photos(order.shop_id, [m.id for m in shown]),
        choices=replies.list_choices(order.shop_id),
        inserted=inserted,
        buyer=db.session.scalar(select(User.member_name).where(User.id == order.buyer_id)),
        cases=cases,
        waiting=held.tell_waiting(order.shop_id, [case.id for case in cases], g.who.user_id, g.now),
        unread_here=talk.seller_unread if talk else 0,
        earlier=f"/seller/orders/{order_no}/contact?before={shown[0].id}" if len(found) > conversations.PAGE else "",
    )


@bp.route("/cases/<case_no>/message", methods=["GET", "POST"])
def write_message(case_no: str) -> ResponseReturnValue:
    """The box in the conversation of a case: say it and stay there, in the list that the case was opened from."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not is_shown(case):
        return not_yours()
    order_id = case.order_id
    form = BoxForm(known=partial(order_lists.known_numbers, order_id))
    status = 200
    if request.method == "POST":
        if _may_send(form, db.session.get_one(Order, (order_id, g.who.shop_id))):
            return _send(form, order_id, _back_to(case_no), "#talk")
        status = 422
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    return show_page(case, build_view(case), status, box=form)


@early.nothing_new(bp, "/orders/<order_no>/contact/new")
def _nothing_new(asked: early.Asked) -> bool:
    seen = early.poll_key(asked.query)
    if seen is None or not has_room(asked.who, "contact_new"):
        return False
    talk = conversations.find_standing_of_shop(asked.path["order_no"], asked.who.shop_id)
    return talk is not None and (talk.last_message_id or 0) <= seen


@bp.get("/orders/<order_no>/contact/new")
def contact_new(order_no: str) -> ResponseReturnValue:
    """What was said since: 204 when nothing."""
    return answer_newer(conversations.find_standing_of_shop(order_no, g.who.shop_id), "seller")


@bp.post("/orders/<order_no>/contact/read")
def contact_read(order_no: str) -> ResponseReturnValue:
    """Everything shown has been seen; who says so on a case's page stays there."""
    order_id = _order(order_no).id
    with writing():
        talk = conversations.find_of_order(order_id, g.who.shop_id)
        if talk is not None and talk.seller_unread:
            conversations.mark_read(talk, "seller")
    if request.headers.get("HX-Request"):
        return Response(status=204)
    case = case_view.read_of_shop(request.form.get("case", ""), g.who.shop_id)
    if case is not None and case.order_id == order_id and is_shown(case):
        return redirect(f"{_back_to(case.case_no)}#talk", 303)
    return redirect(f"/seller/orders/{order_no}/contact", 303)


def _back_to(case_no: str) -> str:
    """The case, in the list that it was opened from."""
    return listing.carry().of_case(case_no) if listing.is_carried() else f"/seller/cases/{case_no}"
