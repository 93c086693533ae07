"""铺货 on the distributor's pages: recording an order, linking, both clocks, carrying across; strangers see nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cases import listening
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, CaseLine, CaseLink, Order, OrderLine
from portal.resale import chain_view
from tests.cast import Cast, post, sign_in
from tests.domain.test_chains import Chain


@pytest.fixture
def chain(app: Flask, cast: Cast, now: object) -> Chain:
    return Chain(cast)


def fields_of(chain: Chain, **changed: Any) -> dict[str, Any]:
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == chain.upstream)).one()
    return {
        "order_no": "WX-1",
        "channel": "微信",
        "name": "李雯",
        "phone": "13425059650",
        "address": "成都一环路8号",
        "received": "2026-11-20",
        f"q_{line}": "2",
        f"p_{line}": "29.9",
        **changed,
    }


def no_of(order_id: int) -> str:
    return db.session.scalars(select(Order.order_no).where(Order.id == order_id)).one()


def test_a_downstream_order_is_recorded_from_the_purchase_and_a_case_opened_for_the_consumer(
    app: Flask, chain: Chain
) -> None:
    me = sign_in(app, "seller2")
    purchase = no_of(chain.upstream)
    assert "登记下游订单" in me.get(f"/orders/{purchase}").text
    url = f"/orders/{purchase}/downstream"
    done = post(me, url, fields_of(chain))
    assert done.status_code == 303 and done.location.startswith("/seller/orders/WX-1/apply-for")
    page = me.get(done.location)
    assert page.status_code == 200 and "消费者怎么说的" in page.text
    door = re.findall(r"http://localhost(/c\?order=[\w-]+)", page.text)
    assert set(door) == {"/c?order=WX-1"} and "收货手机号的后四位" in page.text and "二维码" in page.text
    stranger = app.test_client()
    asked_for = stranger.get(door[0]).text
    assert 'value="WX-1"' in asked_for and "手机号的后四位" in asked_for
    entered = post(stranger, "/c", {"order_no": "WX-1", "last_four": "9650"})
    assert entered.status_code == 303 and "申请售后" in stranger.get(entered.location).text
    line = db.session.scalars(
        select(OrderLine.id).join(Order, Order.id == OrderLine.order_id).where(Order.order_no == "WX-1")
    ).one()
    asked = {"line": line, "quantity": "1", "type": "exchange", "reason": "damaged", "description": "开胶"}
    bad = post(me, "/seller/orders/WX-1/apply-for", asked)
    assert bad.status_code == 422 and "请写明消费者的要求" in bad.text
    made = post(me, "/seller/orders/WX-1/apply-for", asked | {"consent": "鞋底开胶了,想换一双"})
    assert made.status_code == 303 and "/seller/cases/HH" in made.location
    twice = post(me, url, fields_of(chain))
    assert twice.status_code == 422 and "已登记过" in twice.text and 'value="WX-1"' in twice.text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"order_no": ""}, "请填写下游订单号"),
        ({"name": " "}, "请填写消费者姓名"),
        ({"phone": "12"}, "电话"),
        ({"received": "昨天"}, "签收日期请写成"),
        ({"received": "2027-01-01"}, "签收日期不能在今天以后"),
        ({"q": "11"}, "10"),
        ({"q": "0"}, "请至少填写一件商品"),
        ({"p": "-1"}, 'class="err"'),
    ],
)
def test_what_cannot_be_recorded_says_why(app: Flask, chain: Chain, changed: dict[str, str], sentence: str) -> None:
    good = fields_of(chain)
    names = {"q": next(n for n in good if n.startswith("q_")), "p": next(n for n in good if n.startswith("p_"))}
    fields = good | {names.get(name, name): value for name, value in changed.items()}
    answer = post(sign_in(app, "seller2"), f"/orders/{no_of(chain.upstream)}/downstream", fields)
    assert answer.status_code == 422 and sentence in answer.text
    assert db.session.scalar(select(Order.id).where(Order.order_no == "WX-1")) is None


def test_who_has_no_shop_has_no_such_page(app: Flask, chain: Chain) -> None:
    mine = no_of(chain.cast.order().id)
    buyer = sign_in(app, "buyer")
    assert buyer.get(f"/orders/{mine}/downstream").status_code == 404
    assert "下游" not in buyer.get(f"/orders/{mine}").text
    for stranger in ("seller", "buyer2"):
        assert sign_in(app, stranger).get(f"/orders/{no_of(chain.upstream)}/downstream").status_code == 404


def test_linked_arranged_and_ended_at_the_desk(app: Flask, chain: Chain) -> None:
    case = chain.case()
    me, url = sign_in(app, "seller2"), f"/seller/cases/{case.case_no}/chain"
    empty = me.get("/seller/chains")
    assert empty.status_code == 200 and "还没有关联的售后" in empty.text
    bad = post(me, url, {"does": "open", "up-route_back": "direct", "up-route_out": "direct"})
    assert bad.status_code == 422 and "请写明商品的问题" in bad.text
    fields = {
        "does": "open",
        "up-description": "到货后发现破洞",
        "up-route_back": "direct",
        "up-route_out": "direct",
    }
    made = post(me, url, fields)
    assert made.status_code == 303, made.text
    found = db.session.scalars(select(CaseLink)).one()
    up = db.session.get_one(Case, found.upstream_id)
    page = me.get(url)
    assert up.case_no in page.text and "两边的进度" in page.text and page.text.count("data-due") >= 2
    for address in (
        "/seller/chains",
        f"/seller/cases/{case.case_no}",
        f"/cases/{up.case_no}",
        f"/cases/{up.case_no}/chain",
    ):
        assert (up.case_no if "/seller" in address else case.case_no) in me.get(address).text, address
    again = post(me, url, fields)
    assert again.status_code == 409
    arranged = {
        "does": "arrange",
        "route_back": "via",
        "route_out": "direct",
        "freight_back": "8.5",
        "freight_back_payer": "distributor",
        "freight_out": "",
        "freight_out_payer": "supplier",
    }
    wrong = post(me, url, arranged | {"freight_back": "八块"})
    assert wrong.status_code == 422 and 'value="八块"' in wrong.text
    assert post(me, url, arranged).status_code == 303
    assert 'id="chain-result">¥8.50</strong>' in me.get(url).text
    assert post(me, url, {"does": "unlink"}).status_code == 303
    assert post(me, url, {"does": "unlink"}).status_code == 409


def test_the_supplier_sees_nothing_of_the_consumer(app: Flask, chain: Chain) -> None:
    case = chain.case()
    up = chain.open_upstream(case, route_out="via")
    with writing():
        kept = db.session.get_one(Case, up.id)
        kept.receiver_name, kept.receiver_phone, kept.receiver_address = "海角", "13800138009", "厦门"
    desk = sign_in(app, "seller")
    for address in (f"/seller/cases/{up.case_no}", f"/seller/cases/{up.case_no}/chain", "/seller/chains"):
        page = desk.get(address).text
        assert case.case_no not in page and "TB2026112300001" not in page, address
        assert "李雯" not in page or address.endswith("/chain"), address
    assert desk.get(f"/seller/cases/{case.case_no}/chain").status_code == 404
    assert sign_in(app, "buyer").get(f"/cases/{up.case_no}/chain").status_code == 404


def test_the_supplier_s_work_is_offered_filled_in(app: Flask, chain: Chain) -> None:
    listening.set_listener(None)  # where nothing passes by itself
    case = chain.case()
    up = chain.open_upstream(case)
    chain.up.take(up, "agree", Actor.SELLER)
    me = sign_in(app, "seller2")
    page = me.get(f"/seller/cases/{case.case_no}/agree")
    assert "直接寄给供应商：仓库 13800138000" in page.text
    done = post(me, f"/seller/cases/{case.case_no}/agree", {"address_id": "direct"})
    assert done.status_code == 303, done.text
    chain.down.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", "75484863576596")])
    pair = me.get(f"/cases/{up.case_no}/chain")
    assert "把运单号交给供应商" in pair.text
    assert 'value="75484863576596"' in me.get(f"/cases/{up.case_no}/ship_return").text
    db.session.rollback()
    version = db.session.get_one(Case, up.id, populate_existing=True).version
    one_tap = {"version": str(version), "number": "75484863576596", "carrier": "ZTO"}
    sent = post(me, f"/cases/{up.case_no}/ship_return", one_tap, at="/login")
    assert sent.status_code == 303, sent.text
    chain.up.take(up, "accept_goods", Actor.SELLER)
    [line] = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).all()
    asked = me.get(f"/seller/cases/{case.case_no}/accept_goods").text
    assert f'name="accepted_{line}" inputmode="decimal" value="2"' in " ".join(asked.split())
    chain.down.take(case, "accept_goods", Actor.SELLER)
    lines = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == up.id)).all()
    chain.up.take(
        up,
        "ship_replacement",
        Actor.SELLER,
        parcels=[("YTO", "YT8893012345678")],
        shipped=dict.fromkeys(lines, 2_000),
    )
    assert 'value="YT8893012345678"' in me.get(f"/seller/cases/{case.case_no}/ship_replacement").text


def test_a_consumer_s_case_is_opened_and_linked_from_the_upstream_one(app: Flask, chain: Chain) -> None:
    up = chain.up.open_case(db.session.get_one(Order, chain.upstream))
    me, url = sign_in(app, "seller2"), f"/cases/{up.case_no}/chain"
    fields = {
        "does": "open",
        "down-case": str(chain.order),
        "down-consent": "想换一双",
        "down-route_back": "via",
        "down-route_out": "direct",
    }
    bad = post(me, url, fields | {"down-consent": ""})
    assert bad.status_code == 422 and "请写明消费者的要求" in bad.text
    assert post(me, url, fields | {"down-case": "999999"}).status_code == 422
    assert post(me, url, fields).status_code == 303
    assert chain_view.describe_below(up.id, chain.cast.shop2) is not None
    assert post(me, url, {"does": "unlink"}).status_code == 303
    case = chain.down.open_case(chain._order(), milli=1_000)
    linked = {"does": "link", "link-case": str(case.id), "link-route_back": "via", "link-route_out": "via"}
    assert post(me, url, linked).status_code == 303
    assert chain_view.describe_below(up.id, chain.cast.shop2).downstream_id == case.id  # type: ignore[union-attr]


def test_the_ready_form_says_what_agreeing_before_the_supplier_risks(app: Flask, chain: Chain) -> None:
    case = chain.case()
    me, url = sign_in(app, "seller2"), f"/seller/cases/{case.case_no}"
    assert "您还没有向供应商申请。" in me.get(url).text
    above = chain.open_upstream(case)
    assert "供应商还没有同意" in me.get(url).text
    chain.up.take(above, "agree", Actor.SELLER, chain.cast.now)
    agreed = me.get(url).text
    assert "供应商还没有同意" not in agreed and "您还没有向供应商申请。" not in agreed
    assert "直接寄给供应商：" in agreed  # their address, among those to choose from
