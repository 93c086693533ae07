"""铺货 on the distributor's phone: downstream orders of a purchase, and the consumer's case behind an own one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import abort, g, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from portal import inputs
from portal.applications import goods as applications_goods
from portal.buyer import bp
from portal.cases import case_view
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import FINAL, Actor, StepRefused
from portal.models import Case, Order
from portal.orders import ledger, order_lists
from portal.resale import across, chain_view
from portal.resale import chain as chain_links
from portal.resale import downstream as resale_downstream
from portal.resale.downstream import Bought, Passes
from portal.resale.parties import list_all
from portal.web import guards
from portal.web.chains import LinkForm, pick
from portal.web.fields import Choice, Line, Phone, Place, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.words import BEIJING


class DownstreamForm(Form):
    """An order to a consumer, as the distributor's sales channel shows it. Goods are read by the route."""

    order_no = Line("下游订单号", limit=40, missing="请填写下游订单号", exact=True)
    channel = Line("销售渠道", limit=60, optional=True)
    name = Line("消费者姓名", limit=50, missing="请填写消费者姓名")
    phone = Phone("消费者电话", missing="请填写消费者电话")
    address = Place("收货地址", missing="请填写收货地址")
    received = Line("签收日期", limit=20, optional=True)
    applies = BooleanField("消费者申请售后时，自动向供应商申请")
    route_back = Choice("商品怎么寄回", choices=list(chain_links.ROUTES_BACK.items()), optional=True)
    route_out = Choice("换货商品怎么寄出", choices=list(chain_links.ROUTES_OUT.items()), optional=True)
    confirmed = BooleanField("消费者下单时已单独确认这些商品不支持7天无理由退货")

    @property
    def passes(self) -> Passes | None:
        """How the consumer's applications go on, when they do by themselves."""
        if not self.applies.data:
            return None
        return Passes(self.route_back.data or "via", self.route_out.data or "via")

    def read_received(self, now: datetime, since: datetime) -> datetime | None:
        """The day that was typed as a moment, its noon in Beijing; refuses what is no day between the two moments."""
        if not self.received.data:
            return None
        try:
            day = datetime.strptime(self.received.data, "%Y-%m-%d").replace(hour=12, tzinfo=BEIJING)
        except ValueError:
            self.refuse("签收日期请写成 2026-11-23 的样子", "received")
            return None
        if day.date() > now.astimezone(BEIJING).date() or day < since - timedelta(days=1):
            self.refuse("签收日期不能在今天以后，也不能早于进货下单的日子", "received")
            return None
        return min(day, now)


class DownForm(LinkForm):
    """代消费者申请: to which order, and what the consumer asked for."""

    consent = Text("消费者怎么说的", limit=500, missing="请写明消费者的要求，例如聊天记录里的原话")


def _own_shop() -> int:
    """The shop that this person owns; whoever has none learns of no such page."""
    shop_id = resale_downstream.find_owned_shop(g.who.user_id) if g.who.shop_id is not None else None
    if shop_id is None:
        abort(404)
    return shop_id


def _find_purchase(order_no: str, shop_id: int) -> Order | None:
    """A purchase of this person, not of their own shop."""
    order = order_lists.find_of_buyer(order_no, g.who.user_id)
    return order if order is not None and order.shop_id != shop_id else None


@bp.route("/orders/<order_no>/downstream", methods=["GET", "POST"])
def downstream(order_no: str) -> ResponseReturnValue:
    """登记下游订单: the consumer's order that this purchase serves."""
    shop_id = _own_shop()
    order = guards.found(_find_purchase(order_no, shop_id))
    order_id = order.id
    lines = applications_goods.list_lines(order.id, order.shop_id)
    form = DownstreamForm()
    typed: dict[str, str] = {}
    problems: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        status = 422
        typed = {name: request.form.get(name, "")[:40] for line in lines for name in (f"q_{line.id}", f"p_{line.id}")}
        good = form.validate_on_submit()
        received = form.read_received(g.now, order.ordered_at)
        goods = _goods(lines, typed, problems)
        form.refuse_lines(problems)
        if good and not form.errors:
            ordered_at = order.ordered_at

            def recorded() -> str:
                made = resale_downstream.record_order(
                    db.session.get_one(Order, order_id),
                    shop_id=shop_id,
                    order_no=form.order_no.data,
                    channel=form.channel.data or "",
                    receiver=(form.name.data, form.phone.data, form.address.data),
                    goods=goods,
                    ordered_at=min(ordered_at, received or ordered_at),
                    received_at=received,
                    by=g.who.user_id,
                    now=g.now,
                    unfit_confirmed=form.confirmed.data,
                    passes=form.passes,
                )
                return f"/seller/orders/{made.order_no}/apply-for?said=order-recorded"

            try:
                return once(recorded)
            except StepRefused as refused:
                form.refuse(refused.sentence, refused.step if refused.step in form else "")
        order = guards.found(_find_purchase(order_no, shop_id))
    else:
        form.order_no.data, form.channel.data = order.downstream_order_no or None, order.downstream_channel or None
        if order.is_dropship:
            form.name.data, form.phone.data = order.receiver_name, order.receiver_phone
            form.address.data = order.receiver_address
            form.route_back.data = form.route_out.data = "direct"
        for line in lines:
            typed |= {
                f"q_{line.id}": inputs.quantity_text(line.quantity_milli) if len(lines) == 1 else "",
                f"p_{line.id}": "",
            }
    return page(
        "buyer/downstream.html",
        status,
        order=order,
        lines=lines,
        form=form,
        typed=typed,
        problems=problems,
        known=resale_downstream.list_orders_below(order.id),
    )


def _goods(lines: Any, typed: dict[str, str], problems: dict[str, str]) -> list[Bought]:
    found = []
    for line in lines:
        raw = typed[f"q_{line.id}"].strip()
        if not raw or raw == "0":
            continue
        try:
            milli = inputs.quantity(raw, most=line.quantity_milli, unit=line.unit)
        except inputs.InputRefused as refused:
            problems[f"q_{line.id}"] = refused.sentence
            continue
        try:
            price = inputs.money(typed[f"p_{line.id}"], least=1)
        except inputs.InputRefused as refused:
            problems[f"p_{line.id}"] = refused.sentence
            continue
        found.append(Bought(line.id, milli, price))
    if not found and not problems and lines:
        problems[f"q_{lines[0].id}"] = "请至少填写一件商品卖出的数量和单价"
    return found


@bp.route("/cases/<case_no>/chain", methods=["GET", "POST"])
def chain(case_no: str) -> ResponseReturnValue:
    """The consumer's case behind an own one with a supplier: both clocks, the sums; make or end the link."""
    shop_id = _own_shop()
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    if case.shop_id == shop_id:
        abort(404)
    case_id = case.id
    found = chain_view.describe_below(case.id, shop_id)
    below = resale_downstream.list_orders_below(case.order_id)
    forms: dict[str, Any] = {"link": LinkForm(prefix="link-"), "open": DownForm(prefix="down-")}
    pick(forms["link"], chain_links.list_below(case, shop_id))
    choice = forms["open"].case
    choice.label.text, choice.missing, choice.optional = "下游订单", "请选择下游订单", False
    choice.choices = [(str(row.id), f"{row.channel} {row.order_no}".strip()) for row in below]
    if len(below) == 1 and not choice.data:
        choice.data = str(below[0].id)
    status, does = 200, ""
    if request.method == "POST":
        does, status = request.form.get("does", ""), 422
        form: Any = forms.get(does)
        if does == "unlink" and found is not None:
            link_id = found.id

            def ended() -> str:
                chain_links.unlink_cases(link_id, shop_id, g.now)
                return f"/cases/{case_no}/chain?said=chain-ended"

            return once(ended)
        if form is None:
            status, form = 409, forms["link"]
            form.refuse("关联刚刚有变化，下面是最新状态")
            does = "link"
        elif form.validate_on_submit():

            def done() -> str:
                up, routes = db.session.get_one(Case, case_id), (form.route_back.data, form.route_out.data)
                if does == "link":
                    chain_links.link_cases(
                        db.session.get_one(Case, int(form.case.data)),
                        up,
                        by=g.who.user_id,
                        now=g.now,
                        route_back=routes[0],
                        route_out=routes[1],
                    )
                else:
                    across.open_downstream(
                        up,
                        db.session.get_one(Order, (int(form.case.data), shop_id)),
                        by=ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id),
                        consent=form.consent.data,
                        now=g.now,
                        route_back=routes[0],
                        route_out=routes[1],
                    )
                return f"/cases/{case_no}/chain?said=chain-made"

            try:
                return once(done)
            except (StepRefused, ledger.NotEnough) as refused:
                form.refuse(getattr(refused, "sentence", "下游订单里可申请的数量不够了"))
                status = 409
        case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
        found = chain_view.describe_below(case.id, shop_id)
    shown = chain_view.build_chain(found) if found else None
    return page(
        "buyer/chain.html",
        status,
        case=case,
        chain=shown,
        parties=list_all([chain_view.build_chain(link) for link in chain_view.list_links_above(shown.down)])
        if shown
        else (),
        forms=forms,
        does=does,
        form=forms.get(does),
        below=below,
        open=case.state not in FINAL,
    )
