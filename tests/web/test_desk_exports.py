"""导出 of the desk's other lists: each as its page has it, by who may open it, without receivers, however long."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.exporting import exports, kind
from portal.exporting.kinds import KINDS
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case, CaseLink, Intake, Order, OrderLine, Product, Shipment, User
from portal.parcels import following
from portal.payments import batches as payment_batches
from portal.people import roles
from portal.seller.exports import LISTS
from portal.service import batches, ratings
from portal.talk import conversations, enquiries
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.web.test_exports import export

# Where each list's button stands; what its columns are, is read from its form.
PAGES = {
    "queue": "/seller?tab=open",
    "orders": "/seller/orders?tab=all",
    "payouts": "/seller/payouts?tab=due",
    "payout_files": "/seller/payouts/files",
    "figures": "/seller/figures?by=reason",
    "customers": "/seller/customers",
    "products": "/seller/products",
    "parcels": "/seller/logistics?tab=all",
    "unidentified": "/seller/unidentified",
    "disposals": "/seller/disposals",
    "disposal_suppliers": "/seller/disposals?by=supplier",
    "disposal_lines": "/seller/disposals/lines",
    "ratings": "/seller/ratings",
    "enquiries": "/seller/enquiries?tab=all",
    "conversations": "/seller/messages",
    "chains": "/seller/chains",
    "quality": "/seller/quality",
    "batches": "/seller/batches",
}
OPEN = {
    "owner": set(PAGES),
    "agent": {
        "queue",
        "orders",
        "figures",
        "customers",
        "products",
        "parcels",
        "ratings",
        "enquiries",
        "conversations",
        "quality",
        "batches",
    },
    "warehouse": {
        "queue",
        "orders",
        "figures",
        "parcels",
        "unidentified",
        "disposals",
        "disposal_suppliers",
        "disposal_lines",
        "quality",
        "batches",
    },
    "finance": {"queue", "payouts", "payout_files", "figures"},
}
NAME, PHONE, PLACE = "欧阳金丝雀", "13900001937", "金丝雀巷1937号"


def find_button(desk: FlaskClient, path: str) -> str:
    """The address of a list's export, as its page has it."""
    page = desk.get(path)
    assert page.status_code == 200, path
    [link] = set(re.findall(r'href="(/seller/exports\?[^"]*)"', page.text))
    return link.replace("&amp;", "&")


def fill(cast: Cast, now: Clock) -> None:
    """Something in every list, each with a receiver who is easy to find."""
    receiver: dict[str, Any] = {
        "receiver_name": NAME,
        "receiver_phone": PHONE,
        "receiver_address": f"浙江省 义乌市 {PLACE}",
    }
    cast.until("refunding", order=cast.order(**receiver), case_type=CaseType.REFUND_ONLY)
    cast.order(status="unshipped", **receiver)
    cast.until("reshipping", order=cast.order(**receiver))
    cast.until("returning", order=cast.order(**receiver))
    done = cast.until("completed", order=cast.order(**receiver)).id
    with writing():
        ratings.rate(db.session.get_one(Case, done), 2, "太慢了", [], by_link=False, now=now.at)
    sent = cast.order(status="in_transit", tracking_text="75484863576597", **receiver)
    below = cast.open_case(cast.order(**receiver))
    above = cast.open_case(cast.order(shop=cast.shop2, buyer=cast.seller, **receiver))
    product_id = db.session.scalars(select(OrderLine.product_id).where(OrderLine.order_id == below.order_id)).one()
    with writing():
        product = db.session.get_one(Product, (product_id, cast.shop))
        payment_batches.make_batch(cast.shop, by=cast.seller, now=now.at)
        enquiries.ask(cast.shop, product.id, cast.buyer, "有白色吗", [], now=now.at)
        talk = conversations.get_of_order(db.session.get_one(Order, (below.order_id, cast.shop)), now.at)
        conversations.add_message(talk, "buyer", cast.buyer, "什么时候发货", now=now.at)
        db.session.add(
            CaseLink(
                shop_id=cast.shop,
                downstream_id=below.id,
                upstream_id=above.id,
                upstream_shop_id=cast.shop2,
                created_by=cast.seller,
                created_at=now.at,
            )
        )
        plan: dict[str, Any] = {"spec": "", "supplier": "甲厂", "size": 100, "aql": "2.5"}
        batches.make_batch(product, **plan, from_at=now.at - timedelta(days=90), by=cast.seller, now=now.at)
        following.follow_order(db.session.get_one(Order, sent.id), now.at)
        db.session.add(
            Intake(
                shop_id=cast.shop,
                number="75484863579911",
                user_id=cast.seller,
                at=now.at - timedelta(days=3),
                goods="黑色中筒袜",
                phone_tail=PHONE[-4:],
            )
        )


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two rows, so that every list has several."""
    monkeypatch.setattr(kind, "AT_ONCE", 2)


def test_every_list_has_its_button_which_leads_to_it(app: Flask, cast: Cast, now: Clock) -> None:
    fill(cast, now)
    assert set(PAGES) == set(LISTS) == set(KINDS)
    desk = sign_in(app, "seller")
    for of, path in PAGES.items():
        link = find_button(desk, path)
        assert of == "queue" or f"of={of}" in link, of
        form = desk.get(link)
        assert form.status_code == 200 and KINDS[of].title in form.text and "开始导出" in form.text


@pytest.mark.parametrize("role", OPEN)
def test_each_role_has_the_lists_that_it_opens_and_no_receiver_is_in_them(
    app: Flask, cast: Cast, now: Clock, role: str, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All columns of all lists that a role has: no name, telephone number or street of a receiver, 仓库 no sums."""
    fill(cast, now)
    monkeypatch.setattr(exports, "MOST_OPEN", 99)
    if role != "owner":
        cast.employ(cast.shop, "buyer2", role)
    who = "seller" if role == "owner" else "buyer2"
    desk, owner = sign_in(app, who), sign_in(app, "seller")
    links = {of: find_button(owner, path) for of, path in PAGES.items()}
    chosen: dict[str, list[str]] = {}
    for of, link in links.items():
        form = desk.get(link)
        assert form.status_code == (200 if of in OPEN[role] else 403), of
        if of not in OPEN[role]:
            assert post(desk, link, {"columns": list(KINDS[of].columns)}, at="/seller").status_code == 403
            continue
        if not roles.may_see_money(role):
            assert "（元）" not in form.text
        chosen[of] = re.findall(r'name="columns"\s+value="([a-z_]+)"', form.text)
        assert set(chosen[of]) == set(KINDS[of].columns) - (KINDS[of].money if role == "warehouse" else set())
    assert set(chosen) == OPEN[role]
    for of, columns in chosen.items():
        rows = export(app, who, links[of].partition("?")[2], columns, now)
        assert len(rows) > 1 or of == "payouts", of
        cells = "\n".join("\t".join(row) for row in rows)
        for canary in (NAME, NAME[:2], PHONE, PLACE, PLACE[:3]):
            assert canary not in cells, (of, canary)


def test_customers_with_the_words_of_the_search(both: Flask, cast_both: Cast, now: Clock, small: None) -> None:
    for name in ("buyer", "buyer2", "seller2"):
        buyer = db.session.scalars(select(User.id).where(User.member_name == name)).one()
        order = cast_both.order(buyer=buyer)
    cast_both.open_case(order)
    columns = ["member_name", "orders", "cases", "order_no"]
    rows = export(both, "seller", "of=customers", columns, now)
    assert rows[0] == ["会员名", "订单", "售后", "最近的订单号"]
    assert {row[0] for row in rows[1:]} == {"buyer", "buyer2", "seller2"} and len(rows) == 4
    assert [row[1:] for row in rows if row[0] == "seller2"] == [["1", "1", order.order_no]]
    link = find_button(sign_in(both, "seller"), "/seller/customers?q=buyer")
    assert "搜索「buyer」的结果" in sign_in(both, "seller").get(link).text
    rows = export(both, "seller", link.partition("?")[2], columns, now)
    assert {row[0] for row in rows[1:]} == {"buyer", "buyer2"}


def test_products_with_the_words_of_the_search(both: Flask, cast_both: Cast, now: Clock, small: None) -> None:
    cast_both.order(lines=3)
    titles = db.session.scalars(select(Product.title).where(Product.shop_id == cast_both.shop)).all()
    rows = export(both, "seller", "of=products", ["title", "cargo_no", "picture", "exchangeable"], now)
    assert sorted(row[1] for row in rows[1:]) == sorted(titles) and rows[1][2:] == ["没有", "可以换货"]
    assert {row[0] for row in rows[1:]} == {"HH-100", "HH-101", "HH-102"}
    rows = export(both, "seller", "of=products&q=no+such", ["title"], now)
    assert rows == [["商品"]]


def test_parcels_of_a_tab(both: Flask, cast_both: Cast, now: Clock, small: None) -> None:
    for place in range(5):
        order = cast_both.order(status="in_transit", tracking_text=f"7548486357659{place}")
        with writing():
            following.follow_order(db.session.get_one(Order, order.id), now.at)
    case = cast_both.until("inspecting")
    columns = ["carrier_name", "tracking_no", "status", "leg", "case_no", "order_no"]
    rows = export(both, "seller", "of=parcels&tab=all", columns, now)
    wanted = db.session.scalars(select(Shipment.tracking_no).where(Shipment.signed_at.is_(None))).all()
    assert rows[0] == ["物流公司", "运单号", "状态", "方向", "售后单号", "订单号"]
    assert {row[1] for row in rows[1:]} == set(wanted) and len(rows) >= 6
    assert ["买家寄回"] == [row[3] for row in rows if row[4] == case.case_no]
    assert ["中通快递", "订单", ""] in [[row[0], row[3], row[4]] for row in rows]
    assert export(both, "seller", "of=parcels&tab=lost", columns, now) == [rows[0]]
    assert sign_in(both, "seller").get("/seller/exports?of=parcels&tab=rates").status_code == 404


def test_parcels_without_a_case_with_those_they_may_be(both: Flask, cast_both: Cast, now: Clock, small: None) -> None:
    case = cast_both.until("returning")
    with writing():
        for place in range(5):
            tail = "9650" if place == 3 else ""
            at = now.at - timedelta(days=place, hours=1)
            db.session.add(
                Intake(shop_id=cast_both.shop, number=f"N{place}", user_id=cast_both.seller, at=at, phone_tail=tail)
            )
    rows = export(both, "seller", "of=unidentified", ["number", "days", "phone_tail", "photo", "candidates"], now)
    assert rows[0] == ["号码", "已放（天）", "手机尾号", "照片", "可能是"]
    assert [row[:2] for row in rows[1:]] == [[f"N{place}", str(place)] for place in (4, 3, 2, 1, 0)]
    assert [row[4] for row in rows[1:]] == ["", case.case_no, "", "", ""] and rows[2][2:4] == ["9650", "没有"]


def test_disposals_by_supplier_and_the_lines_behind_a_number(
    both: Flask, cast_both: Cast, now: Clock, small: None
) -> None:
    desk = sign_in(both, "seller")
    cases = [case.case_no for case in (cast_both.until("reshipping", milli=2_000) for _ in range(5))]
    rows = export(both, "seller", "of=disposal_suppliers", ["name", "unit", "resale", "scrap"], now)
    assert rows[0] == ["供应商", "单位", "再售", "报废"]
    assert rows[1][0] == "没有登记供应商，或不止一家" and rows[1][2:] == ["10", "0"]
    page = desk.get("/seller/disposals").text
    [number] = set(re.findall(r'href="(/seller/disposals/lines\?[^"]*kind=resale[^"]*)"', page))
    link = find_button(desk, number.replace("&amp;", "&"))
    said = desk.get(link).text
    assert "再售" in said and re.search(r'href="/seller/disposals/lines\?[^"]*of=[0-9]+', said)
    rows = export(both, "seller", link.partition("?")[2], ["case_no", "condition", "resale", "own"], now)
    assert rows[0] == ["售后单号", "状况", "再售", "合计"] and {row[0] for row in rows[1:]} == set(cases)
    assert len(rows) == 6 and all(row[2:] == ["2", "2"] for row in rows[1:])
    assert len(export(both, "seller", "of=disposal_lines&kind=scrap", ["case_no"], now)) == 1
    for wrong in ("kind=nothing", "sku=1", "sku=x"):
        assert desk.get(f"/seller/exports?of=disposal_lines&{wrong}").status_code == 404


def test_an_order_that_was_searched_is_exported_alone(both: Flask, cast_both: Cast, now: Clock) -> None:
    wanted = [cast_both.order() for _ in range(3)][1].order_no
    desk = sign_in(both, "seller")
    link = find_button(desk, f"/seller/orders?tab=all&q={wanted}")
    assert f"订单号 {wanted}" in desk.get(link).text
    rows = export(both, "seller", link.partition("?")[2], ["order_no"], now)
    assert [row[0] for row in rows] == ["订单号", wanted]


def test_what_is_said_and_what_goes_wrong(both: Flask, cast_both: Cast, now: Clock) -> None:
    fill(cast_both, now)
    [_, asked] = export(both, "seller", "of=enquiries&tab=waiting", ["buyer", "last_words", "handler"], now)
    assert asked == ["buyer", "有白色吗", ""]
    assert len(export(both, "seller", "of=enquiries&tab=mine", ["buyer"], now)) == 1
    [_, talk] = export(both, "seller", "of=conversations", ["buyer", "last_words", "seller_unread"], now)
    assert talk == ["buyer", "什么时候发货", "1"]
    [_, link] = export(both, "seller", "of=chains", ["down_no", "down_state", "up_no", "up_state", "alarmed_at"], now)
    assert link[1] == link[3] == "待商家审核" and link[0] != link[2] and link[4] == ""
    [_, batch] = export(both, "seller", "of=batches", ["spec", "supplier", "size", "verdict", "number"], now)
    assert batch == ["全部规格", "甲厂", "100", "待抽检", "1"]
    faulty = export(both, "seller", "of=quality", ["fault", "part", "number", "paid_fen"], now)
    assert len(faulty) > 1 and all(int(row[1]) > 0 for row in faulty[1:])
    assert sign_in(both, "seller").get("/seller/exports?of=batches&product=1").status_code == 404
    other = sign_in(both, "seller2")
    for of, path in PAGES.items():
        if of in ("enquiries", "conversations", "chains", "batches"):
            assert f"of={of}" not in other.get(path).text, of


@pytest.mark.parametrize(
    ("columns", "down", "up"),
    [
        ({}, "待商家审核", "待商家审核"),
        ({"stage": "evidence", "escalated": True}, "平台介入·举证中", "平台介入·举证中"),
        ({"state": "revising", "due_rule": "refusal_answer"}, "已拒绝", "商家没有同意"),
        ({"state": "returning", "due_rule": "return_place"}, "待给退货地址", "等商家给出地址"),
        ({"state": "returning", "due_rule": "buyer_return"}, "待买家寄回", "待您寄回"),
    ],
)
def test_both_ends_of_a_chain_are_told_as_on_its_page(
    both: Flask, cast_both: Cast, now: Clock, columns: dict[str, Any], down: str, up: str
) -> None:
    """With the platform in it, refused, or waiting for an address: each from the side that this shop has there."""
    fill(cast_both, now)
    link = db.session.scalars(select(CaseLink)).one()
    with writing():
        ends = db.update(Case).where(Case.id.in_((link.downstream_id, link.upstream_id)))
        db.session.execute(ends.values(columns or {"late": False}))
    page = sign_in(both, "seller").get("/seller/chains").text
    chips = re.findall(r'class="chip[^>]*>([^<]*)</b>', page)
    [_, row] = export(both, "seller", "of=chains", ["down_state", "up_state"], now)
    assert chips == row[:2] == [down, up]
