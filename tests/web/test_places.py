"""Goods that go back to several addresses, on the pages of consumer, distributor, supplier and buyer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cases import clock as case_clock
from portal.cases import places
from portal.cases.effects.returning import as_placed
from portal.extensions import db, writing
from portal.flow import Actor, State
from portal.models import Case, CaseLine
from portal.resale import links as consumer_links
from portal.rights import policies
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_places import NUMBERS, World

MILL = "浙江省桐乡市濮院镇9号"


@pytest.fixture
def world(cast: Cast, app: Flask, now: Clock) -> World:
    return World(cast, 2)


def _lines(case: Case) -> list[CaseLine]:
    return list(db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id).order_by(CaseLine.id)))


def _card(text: str, place_id: int | None) -> str:
    return text.split(f'data-place="{place_id}"')[1].split("</div>\n")[0]


def test_a_consumer_of_two_suppliers_sends_to_both_and_is_told_what_is_left(
    world: World, app: Flask, now: Clock
) -> None:
    world.agree_above(0)
    me = sign_in(app, "seller2")
    case_no = world.case.case_no
    at = f"/seller/cases/{case_no}/agree"
    page = me.get(at).text
    assert "分别寄给供应商" in page and "等供应商给出地址" in page and "期限从地址给齐时开始算" in page
    assert post(me, at, {"address_id": "apart"}).status_code == 303
    db.session.rollback()
    assert world.case.place_count == 2
    desk = me.get(f"/seller/cases/{case_no}").text
    assert "请给出其余商品的退货地址" in desk and "补充退货地址" in desk and "供应商同意后，地址自动给买家" in desk
    with writing():
        token = consumer_links.make_link(now.at, shop_id=world.down.shop, case_id=world.below, by=world.down.seller)
    browser = app.test_client()
    browser.get(f"/c/{token}")
    url = f"/c/{consumer_links.name_link(token or '')}/{case_no}"
    page = browser.get(url).text
    [known, waiting] = world.places()
    assert "浙江省桐乡市濮院镇0号" in page and "浙江省桐乡市濮院镇1号" not in page
    assert "商品1 黑色;L 3 双" in _card(page, waiting.id) and "退货地址还没有给出" in _card(page, waiting.id)
    sent = post(browser, url, {"does": "parcel", "number": NUMBERS[0][1], "carrier": "ZTO", "place": str(known.id)})
    assert sent.status_code == 303, sent.text
    db.session.rollback()
    assert world.states == [State.RETURNING, State.INSPECTING, State.APPLIED]
    page = browser.get(url).text
    assert "等待商家给出其余商品的退货地址" in page and "里面有：商品0 黑色;L 3 双" in page and "提交运单号" not in page
    world.agree_above(1)
    page = browser.get(url).text
    assert "浙江省桐乡市濮院镇1号" in page and "请寄回其余商品" in page
    fixed = browser.get(f"{url}?edit=1").text
    assert NUMBERS[0][1] in fixed.split('id="edit"')[1] and 'id="parcel"' not in fixed
    [left] = [place for place in world.places() if place.open]
    assert world.get(world.above[1]).case_no in page.split('id="parcel"')[1]  # what to write on the slip
    sent = post(browser, url, {"does": "parcel", "number": NUMBERS[1][1], "carrier": "ZTO", "place": str(left.id)})
    assert sent.status_code == 303, sent.text
    db.session.rollback()
    assert world.states == [State.INSPECTING] * 3
    supplier = sign_in(app, "maker1").get(f"/seller/cases/{world.get(world.above[1]).case_no}").text
    assert NUMBERS[1][1] in supplier and NUMBERS[0][1] not in supplier
    world.is_sound()


def test_the_distributor_gives_an_address_that_the_supplier_doesn_t(world: World, app: Flask, now: Clock) -> None:
    world.agree_above(0)
    world.agree()
    me = sign_in(app, "seller2")
    at = f"/seller/cases/{world.case.case_no}/give_place"
    page = me.get(at).text
    assert "商品1 黑色;L 3 双" in page and "同意后买家有" not in page
    [waiting] = [place for place in world.places() if place.waits]
    assert post(me, at, {"place_id": str(waiting.id), "address_id": "77"}).status_code == 422
    [own] = policies.list_addresses(world.down.shop)
    assert post(me, at, {"place_id": str(waiting.id), "address_id": str(own.id)}).status_code == 303
    db.session.rollback()
    assert [place.address for place in world.places()] == ["浙江省桐乡市濮院镇0号", own.address]
    assert world.case.due_rule == "buyer_return"
    assert "补充退货地址" not in me.get(f"/seller/cases/{world.case.case_no}").text


@pytest.fixture
def divided(cast: Cast, app: Flask, now: Clock) -> Case:
    """Three lines of one shop: two to its store, one to its mill."""
    with writing():
        policies.add_address(
            cast.shop, name="二厂", phone="13900139000", address=MILL, note="", make_default=False, now=cast.now
        )
    return cast.open_case(cast.order(lines=3), lines=3)


def test_a_shop_divides_the_lines_and_one_address_stays_as_simple(divided: Case, cast: Cast, app: Flask) -> None:
    me = sign_in(app, "seller")
    at = f"/seller/cases/{divided.case_no}/agree"
    page = me.get(at).text
    assert "商品要分开寄到几个地址" in page and page.count("和上面选的一样") == 3
    single = cast.open_case()
    assert "商品要分开寄到几个地址" not in me.get(f"/seller/cases/{single.case_no}/agree").text
    [store, mill] = sorted(policies.list_addresses(cast.shop), key=lambda each: each.id)
    line = _lines(divided)[2]
    bad = post(me, at, {"address_id": str(store.id), f"place_{line.id}": "77"})
    assert bad.status_code == 422 and "已删除" in bad.text
    assert post(me, at, {"address_id": str(store.id), f"place_{line.id}": str(mill.id)}).status_code == 303
    db.session.rollback()
    found = places.list_places(db.session.get_one(Case, (divided.id, cast.shop)))
    assert [(place.name, len(place.line_ids)) for place in found] == [("仓库", 2), ("二厂", 1)]


def _agree(cast: Cast, case: Case) -> list[places.Place]:
    [_, mill] = sorted(policies.list_addresses(cast.shop), key=lambda each: each.id)
    agreed = cast.take(case, "agree", Actor.SELLER, placed=[as_placed(mill, [_lines(case)[2].id])])
    return places.list_places(agreed)


def test_a_buyer_says_what_is_in_each_parcel(divided: Case, cast: Cast, app: Flask) -> None:
    [store, mill] = _agree(cast, divided)
    me, url = sign_in(app, "buyer"), f"/cases/{divided.case_no}"
    page = me.get(url).text
    assert f"{url}/ship_return?place={store.id}" in page and MILL in page
    slips = me.get(f"{url}/slip").text
    assert (
        "退货单 1 / 2" in slips
        and "退货单 2 / 2" in slips
        and "13900139000" not in slips
        and f"qr.svg?place={mill.id}" in slips
    )
    assert me.get(f"{url}/qr.svg?place={mill.id}").status_code == 200
    form = me.get(f"{url}/ship_return?place={mill.id}").text
    assert f'name="place" value="{mill.id}"' in form and MILL in form.split("装箱清单")[0]
    first, second, _ = _lines(divided)
    two: dict[str, Any] = {"place": str(store.id), "carrier": "ZTO", "number": NUMBERS[0][1]}
    two |= {"carrier2": "ZTO", "number2": NUMBERS[1][1]}
    named = {f"units_1_{first.id}": "2", f"units_1_{second.id}": "2"}
    short = post(me, f"{url}/ship_return", two | named)  # the second one holds nothing, the first all
    assert short.status_code == 422 and "请填写第 2 个包裹里各有多少商品" in short.text
    wrong = post(me, f"{url}/ship_return", two | named | {f"units_2_{second.id}": "1"})
    assert wrong.status_code == 422 and "各包裹加起来是 3 双，要等于 2 双" in wrong.text
    assert f'name="units_2_{second.id}" value="1"' in wrong.text
    named |= {f"units_1_{second.id}": "0", f"units_2_{second.id}": "2"}
    assert post(me, f"{url}/ship_return", two | named).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Case, (divided.id, cast.shop)).state == State.RETURNING
    page = me.get(url).text
    assert "您已寄出一部分商品" in page and re.search(r"里面有：纯棉中筒袜 男女同款 黑色;L 2 双", page)
    stale = post(me, f"{url}/ship_return", two | named | {"number": NUMBERS[7][1], "number2": NUMBERS[8][1]})
    assert stale.status_code == 409 and "已经登记了运单" in stale.text
    desk = sign_in(app, "seller").get(f"/seller/cases/{divided.case_no}").text
    assert "里面有：" in desk and "等待买家寄回其余商品" in desk
    rest = {"place": str(mill.id), "carrier": "ZTO", "number": NUMBERS[2][1]}
    assert post(me, f"{url}/ship_return", rest).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Case, (divided.id, cast.shop)).state == State.INSPECTING


def test_what_was_never_sent_is_counted_as_nothing_without_a_dispute(
    divided: Case, cast: Cast, app: Flask, now: Clock
) -> None:
    [store, _] = _agree(cast, divided)
    case = cast.take(divided, "ship_return", Actor.BUYER, parcels=NUMBERS[:1], place_id=store.id)
    assert case.due_at is not None
    now.at = case.due_at
    case_clock.settle_now(case.id, now.at)
    me = sign_in(app, "seller")
    at = f"/seller/cases/{case.case_no}/accept_goods"
    page = me.get(at).text
    line = _lines(case)[2]
    assert re.search(rf'name="received_{line.id}"[^>]*value="0"', page) and "没有寄出" in page
    filled = dict(re.findall(r'name="((?:received|accepted)_\d+)"[^>]*value="([^"]*)"', page))
    assert post(me, at, filled).status_code == 303
    db.session.rollback()
    assert db.session.get_one(Case, (case.id, cast.shop)).state == State.RESHIPPING
    assert [each.accepted_milli for each in _lines(case)] == [2_000, 2_000, 0]
