"""One page of the distributor's for a consumer's case with two suppliers: who stands where, who is waited for."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.extensions import db, writing
from portal.models import Case
from portal.resale import chain, chain_view
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_several_suppliers import BACK, GOODS, Several


@pytest.fixture
def several(cast: Cast, app: Flask, now: Clock) -> Several:
    return Several(cast, two_shops=True)


def test_all_parties_stand_on_one_page_with_what_is_to_be_decided(several: Several, app: Flask, now: Clock) -> None:
    me = sign_in(app, "seller2")
    url = f"/seller/cases/{several.get(several.below).case_no}/chain"
    page = me.get(url).text
    assert "供应商「seller的店」" in page and "供应商「第三家店」" in page and page.count("等供应商「") == 2
    assert "请您决定" not in page
    several.agree()
    several.consumer("ship_return", parcels=[BACK])
    several.supplier(0, "accept_goods")
    now.at = several.now
    me = sign_in(app, "seller2")
    page = me.get(url).text
    assert "请您决定" in page and "浙江省桐乡市濮院镇9号" in page and f"「{GOODS[1]}」" in page
    second = chain_view.list_links_above(db.session.get_one(Case, several.below))[1].id
    other = me.get(f"{url}?link={second}").text
    assert "把运单号交给供应商" in other and "把运单号交给供应商" not in page
    case_no = several.get(several.above[1]).case_no
    upstream = me.get(f"/cases/{case_no}/chain").text
    assert "供应商「第三家店」" in upstream and "供应商「seller的店」" in upstream


def test_one_link_is_arranged_or_ended_and_the_other_stays(several: Several, app: Flask) -> None:
    me = sign_in(app, "seller2")
    url = f"/seller/cases/{several.get(several.below).case_no}/chain"
    second = chain_view.list_links_above(db.session.get_one(Case, several.below))[1].id
    routes = {"route_back": "via", "route_out": "via"}
    routes |= {"freight_back_payer": "supplier", "freight_out_payer": "supplier"}
    done = post(me, url, {"does": "arrange", "link": str(second), **routes}, at=f"{url}?link={second}")
    assert done.status_code == 303, done.text
    db.session.rollback()
    assert [link.route_back for link in chain_view.list_links_above(db.session.get_one(Case, several.below))] == [
        "direct",
        "via",
    ]
    with writing():
        chain.unlink_cases(second, several.down.shop, several.now)
    page = me.get(url).text
    assert "还没有向这家供应商申请" in page and "向供应商申请" in page
    asked = {"does": "open", "up-description": "围巾开线", "up-route_back": "direct", "up-route_out": "direct"}
    assert post(me, url, asked).status_code == 303
    db.session.rollback()
    assert len(chain_view.list_links_above(db.session.get_one(Case, several.below))) == 2
    assert "还没有向这家供应商申请" not in me.get(url).text
