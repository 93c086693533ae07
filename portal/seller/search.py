"""The one search of the side bar."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import searching
from portal.cases import finding, held, search_matches
from portal.cases import search as case_search
from portal.flow import Actor
from portal.orders import to_send
from portal.people import roles
from portal.rights import addresses
from portal.seller import bp
from portal.web.pages import page


@bp.get("/search")
def search() -> ResponseReturnValue:
    """Everything of the shop that fits, as far as this person's role sees it; a single exact hit opens."""
    raw = request.args.get("q", "")[: searching.MOST_NUMBERS * searching.MOST_TYPED]
    several = len(searching.split_typed(raw)) > 1
    typed = searching.read_typed(raw)
    role = g.who.role
    found = case_search.search(g.who.shop_id, raw)
    found = found._replace(
        cases=[case for case in found.cases if roles.may_see_case(role, case.state, money=case.entry_count > 0)],
        orders=found.orders if roles.may_open(role, "orders") else (),
        customers=found.customers if roles.may_open(role, "contact") else (),
        parcels=found.parcels if roles.may_open(role, "logistics") else (),
    )
    if typed.number and not typed.is_tail and not several:
        exact = finding.find_scanned(g.who.shop_id, raw)
        if len(exact) == 1 and exact[0].id in [case.id for case in found.cases]:
            return redirect(f"/seller/cases/{exact[0].case_no}", 303)
        if not exact and [order.order_no for order in found.orders] == [typed.number]:
            return redirect(f"/seller/orders?q={typed.number}", 303)
    asked = g.who.shop_id, raw
    shown = addresses.decide_receiver(addresses.Reader(Actor.SELLER, role), ())
    return page(
        "seller/search.html",
        q=raw,
        found=found,
        waiting=held.tell_waiting(g.who.shop_id, [row.id for row in found.cases], g.who.user_id, g.now),
        most=case_search.MOST,
        statuses=to_send.tell_statuses(g.who.shop_id, found.orders),
        why_cases=search_matches.tell_cases(*asked, [row.id for row in found.cases], shown),
        why_orders=search_matches.tell_orders(*asked, [row.id for row in found.orders], shown),
    )
