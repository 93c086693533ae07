"""我的订单, one order, and the conditions of exchanging."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs, searching, words
from portal.applications import cancel_outcomes, goods, unsent
from portal.buyer import bp
from portal.cases import replaced
from portal.cases.replaced import OrderCase
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import Order, OrderLine, Shop
from portal.orders import known_shops, order_lists
from portal.orders.export_format import parcels_of
from portal.orders.export_format.statuses import is_money_back
from portal.parcels import parcel_view, telling
from portal.people.sessions import Who
from portal.resale import downstream
from portal.rights import addresses, examples, guarantees, policies, resale, silence
from portal.rights.goods import Verdict
from portal.versioned import Versioned
from portal.web import early, guards, paging, replicas
from portal.web.pages import not_modified, page, unchanged


@bp.get("/orders")
@replicas.may_answer
def my_orders() -> ResponseReturnValue:
    """Status tabs, search, pages by key."""
    tab = request.args.get("tab", "all")
    if tab not in order_lists.TABS:
        abort(404)
    sought, problem = "", ""
    try:
        sought = inputs.line(request.args.get("q", ""), limit=searching.MOST_TYPED)
    except inputs.InputRefused as refused:
        problem = refused.sentence
    after = paging.moment_key(request.args.get("after", ""))
    etag, same = unchanged(*_list_made_of(g.who, request.full_path, g.now, request.headers.get("HX-Target", "")))
    if same:
        return not_modified(etag)
    found, key = order_lists.list_page(g.who.user_id, tab, words=sought, after=after)
    more = {"tab": tab, "after": f"{key[0].isoformat()}~{key[1]}"} if key else {}
    if more and sought:
        more["q"] = sought
    answer = page(
        "buyer/orders.html",
        orders=found,
        chosen=tab,
        tabs=order_lists.TABS,
        **_NUMBERS.find((g.who.session, g.who.version), _count_for_me),
        q=sought,
        problem=problem,
        more="/orders?" + urlencode(more) if more else "",
        now=g.now,
        call_off={
            status: cancel_outcomes.name_call_off(resells=g.who.resells, paid=status != "unpaid")
            for status in unsent.OPEN
        },
    )
    answer.set_etag(etag, weak=True)
    return answer


_NUMBERS: Versioned[dict[str, Any]] = Versioned("my_orders_numbers")


def _count_for_me() -> dict[str, object]:
    """The numbers above the list, which only change with this person's version."""
    return {
        "counts": order_lists.count_tabs(g.who.user_id),
        "new_shops": known_shops.count_new(g.who.user_id),
    }


def _list_made_of(who: Who, full_path: str, now: datetime, target: str) -> tuple[object, ...]:
    return who.user_id, who.version, full_path, now.strftime("%Y%m%d%H"), target


@early.unless_changed(bp, "/orders")
def _same_list(asked: early.Asked) -> tuple[object, ...]:
    return _list_made_of(asked.who, asked.full_path, asked.now, asked.target)


@bp.get("/orders/<order_no>")
def order(order_no: str) -> ResponseReturnValue:
    """One order: its lines, what remains of each, what can be done and why not."""
    found = guards.found(order_lists.load_for_buyer(order_no, g.who.user_id))
    lines = goods.list_lines(found.id, found.shop_id)
    offers = goods.list_offers(found, lines, g.now)
    cases, came = replaced.list_of_order(found.id, found.shop_id, g.now) if found.case_count else ((), ())
    parcels, scans = parcel_view.list_of_order(found.id) if found.followed else ([], {})
    came_lines = {line.order_line_id for each in came for line, _ in each.units}
    together = _say_together(lines, offers, came_lines)
    call_off = cancel_outcomes.name_call_off(resells=g.who.resells, paid=found.status != "unpaid")
    resells = g.who.resells and g.who.shop_id != found.shop_id
    return page(
        "buyer/order.html",
        term=resale.describe_apply_term(found, g.now),
        receipt_unknown=found.status in ("delivered", "completed") and found.received_at is None,
        order=found,
        receiver=addresses.show_receiver(addresses.Reader(Actor.BUYER), (), found),
        lines=lines,
        offers=offers,
        together=together,
        said_together={line.id for held in together.values() for line in held},
        replaced=came,
        came_lines=came_lines,
        cases=cases,
        call_off=call_off,
        any_offer=any(offer.allowed for offer in offers.values()),
        pictures={line.product_id: line.picture for line in lines if line.picture},
        next_step=words.NEXT_GIVEN_BACK[found.given_back]
        if found.given_back
        else _tell_next(found, cases, call_off.button, lines, any(offer.allowed for offer in offers.values())),
        button=words.APPLY.get(found.status, "申请换货"),
        resells=resells,
        below=downstream.list_orders_below(found.id) if resells else (),
        parcels=() if parcels else parcels_of(found.carrier_text, found.tracking_text),
        followed=[parcel for parcel in parcels if parcel.signed_at or not parcel.gone_at],
        scans=scans,
        watched=bool(parcels) and telling.is_watched(found.id, found.shop_id),
    )


def _say_together(
    lines: Sequence[OrderLine], offers: Mapping[int, Verdict], came: Collection[int]
) -> dict[str, list[OrderLine]]:
    """Why not, where that is the same for several lines: the sentence, and the lines that it holds for."""
    found: dict[str, list[OrderLine]] = {}
    for line in lines:
        offer = offers[line.id]
        if not offer.allowed and line.id not in came:
            found.setdefault("；".join([offer.why, *(way.sentence for way in offer.instead[:1])]), []).append(line)
    return {sentence: held for sentence, held in found.items() if len(held) > 1}


def _tell_next(order: Order, cases: Sequence[OrderCase], call_off: str, lines: Sequence[OrderLine], may: bool) -> str:
    """What an order's status means for its buyer; of a closed one, that money comes back, where a refund was opened.

    ``call_off``: what they call that. ``may``: whether something of it can be applied for now.
    """
    status = order.status
    if status in words.NEXT_APPLIED and all(line.claimed_milli >= line.quantity_milli for line in lines):
        return f"{words.NEXT_APPLIED[status]}；{words.ALL_APPLIED}"
    if status in ("delivered", "completed") and not may:
        return f"{words.NEXT_APPLIED[status]}；{words.NONE_BY_RIGHT}"
    said = words.ORDER_NEXT[order.status].format(call_off=call_off)
    if order.status == "cancelled" and any(case.type == CaseType.REFUND_ONLY for case in cases):
        return f"{said}；已付的款项由商家退回，在售后单里可以查看"
    if order.status == "cancelled" and order.cancelled_at is None and is_money_back(order.status_text):
        return f"{said}：平台显示「{order.status_text}」。没有收到退款，请联系商家，或向平台投诉"
    return said


@bp.get("/orders/<order_no>/conditions")
def conditions(order_no: str) -> ResponseReturnValue:
    """换货条件 of this order's shop."""
    found = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    return _conditions(found.shop_id, f"/orders/{order_no}")


@bp.get("/shops/<int:shop_id>/conditions")
def shop_policy(shop_id: int) -> ResponseReturnValue:
    """换货条件 of a shop, for everybody."""
    return _conditions(shop_id, "/")


def _conditions(shop_id: int, back: str) -> ResponseReturnValue:
    shop = guards.found(db.session.get(Shop, shop_id) if shop_id < 2**62 else None)
    policy = policies.get_current(shop.id)
    promises = [found for code in guarantees.codes(policy.guarantees) if (found := guarantees.guarantee(code))]
    off = [name for kind, name in words.TYPE.items() if kind not in policy.types.split(",")]
    described = goods.describe_policy(policy)
    return page(
        "buyer/conditions.html",
        shop=shop,
        policy=policy,
        promises=promises,
        back=back,
        off=off,
        examples=examples.list_examples(described),
        terms=examples.list_terms(described),
        silences=silence.list_silences(),
    )
