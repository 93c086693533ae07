"""Whatever state a consumer's case is in, their pages say nothing of what stands behind the distributor."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.inputs import money_text
from portal.models import CaseLink, Order, OrderLine, Shop, User
from portal.resale import links as consumer_links
from tests.cast import Cast
from tests.conftest import Clock
from tests.domain.test_passing import Straight


def disputed(chain: Straight) -> None:
    [line] = chain.lines(chain.above)
    counted = [InspectedLine(line.id, line.quantity_milli, 1_000, "not_resellable", "旧")]
    chain.supplier("dispute_goods", counted=counted, photos=chain.photos(2), note="有使用痕迹")


WAYS: dict[str, tuple[Callable[[Straight], Any], ...]] = {
    "applied": (),
    "returning": (lambda c: c.agrees(),),
    "inspecting": (lambda c: c.until("sent"),),
    "disputed": (lambda c: c.until("sent"), disputed),
    "reshipping": (lambda c: c.until("accepted"),),
    "confirming": (lambda c: c.until("shipped"),),
    "completed": (lambda c: c.until("shipped"), lambda c: c.consumer("confirm")),
    "mediated": (lambda c: c.until("sent"), lambda c: c.consumer("escalate", note="请平台看看", because="other")),
    "withdrawn": (lambda c: c.consumer("withdraw"),),
}


def list_hidden(chain: Straight, *, straight: bool) -> dict[str, str]:
    """What a consumer is never to read, by what it is; ``straight``: the supplier's name and number go on the slip."""
    up = chain.get(chain.above)
    order = db.session.get_one(Order, (up.order_id, up.shop_id))
    prices = db.session.scalars(select(OrderLine.unit_price_fen).where(OrderLine.order_id == order.id)).all()
    people = db.session.scalars(select(User.member_name).where(User.id.in_([chain.cast.seller, chain.cast.seller2])))
    hidden = {"purchase": order.order_no, "paid": money_text(order.paid_fen)}
    hidden |= {f"price {number}": money_text(fen) for number, fen in enumerate(prices)}
    hidden |= {f"person {number}": name for number, name in enumerate(people)}
    if not straight:
        hidden |= {"supplier": list_shops([up.shop_id])[0], "their case": up.case_no}
    return hidden


def list_shops(ids: Sequence[int]) -> list[str]:
    return list(db.session.scalars(select(Shop.name).where(Shop.id.in_(ids))))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("route", ["direct", "via"])
def test_no_page_of_a_consumer_says_what_stands_behind(
    app: Flask, cast: Cast, now: Clock, way: str, route: str
) -> None:
    chain = Straight(cast)
    with writing():  # the consumer paid other prices than the distributor did
        down = chain.get(chain.below)
        db.session.execute(update(OrderLine).where(OrderLine.order_id == down.order_id).values(unit_price_fen=7_777))
    if route == "direct":
        for step in WAYS[way]:
            step(chain)
    else:
        with writing():
            db.session.execute(update(CaseLink).values(route_back="via", route_out="via"))
    with writing():
        token = consumer_links.make_link(cast.now, shop_id=cast.shop2, order_id=chain.get(chain.below).order_id) or ""
    here = f"/c/{consumer_links.name_link(token)}"
    case = chain.get(chain.below)
    browser = app.test_client()
    browser.get(f"/c/{token}")
    seen: set[str] = set()
    todo = [here, f"{here}/{case.case_no}", f"{here}/apply"]
    hidden = list_hidden(chain, straight=route == "direct")
    may_read = list_shops([cast.shop2, cast.shop] if route == "direct" else [cast.shop2])
    while todo:
        at = todo.pop().split("#")[0].replace("&amp;", "&")
        if at in seen:
            continue
        seen.add(at)
        answer = browser.get(at)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        page = answer.get_data(as_text=True)
        for name in may_read:
            page = page.replace(name, "")
        found = [(what, text) for what, text in hidden.items() if re.search(rf"(?<![0-9.]){text}(?![0-9])", page)]
        assert not found, (way, at, found)
        todo += [link for link in re.findall(r'href="([^"]+)"', page) if link.startswith(here)]
    assert len(seen) >= 3, seen
