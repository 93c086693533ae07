"""未采信 at the desk: from the upload and from the order, believed with a reason; what the buyer reads meanwhile."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.calendar import clock
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Order, OrderVersion, Staff
from portal.orders import uploads as order_uploads
from tests import exports
from tests.cast import Cast, post, sign_in
from tests.domain.test_frozen_facts import rewrite
from tests.exports import table


@pytest.fixture
def seller(app: Flask, cast: Cast) -> FlaskClient:
    return sign_in(app, "seller")


def put_refunding(order: Order) -> None:
    with writing():
        values = {"status": "refunding", "status_text": "退款中"}
        db.session.execute(update(Order).where(Order.id == order.id).values(**values))


def bring_in(app: Flask, client: FlaskClient, folder: Path, orders: list[Order], **cells: object) -> str:
    """Upload these orders with other cells and say yes; returns the address of the upload."""
    rows = [
        exports.order(each.order_no, 买家会员名="buyer", 卖家会员名="seller", 运单号=each.tracking_text, **cells)
        for each in orders
    ]
    content = exports.text(folder / "new.csv", table(rows)).read_bytes()
    sent = {"file": (io.BytesIO(content), "新.csv")}
    address = post(client, "/seller/import", sent, content_type="multipart/form-data").location.split("?")[0]
    imports = app.extensions["portal_settings"].data.absolute() / "imports"
    order_uploads.work_off(imports, clock.now)
    assert "未采信" in client.get(address).text
    assert post(client, address).status_code == 303
    order_uploads.work_off(imports, clock.now)
    return str(address)


def test_a_withdrawn_refund_from_the_file_to_the_buyer(
    app: Flask, cast: Cast, seller: FlaskClient, tmp_path: Path
) -> None:
    order = cast.order(status="in_transit")
    order_no, order_id = order.order_no, order.id
    put_refunding(order)
    buyer = sign_in(app, "buyer")
    page = buyer.get(f"/orders/{order_no}").text
    assert "退款已经撤销的" in page and f"/feedback?kind=shop&amp;about={order_no}" in page
    assert buyer.get(f"/feedback?kind=shop&about={order_no}").status_code == 200
    assert "退款已撤销？" in seller.get(f"/seller/orders?q={order_no}").text
    assert "没有未采信的内容" in seller.get(f"/seller/orders/{order_no}/doubts").text

    address = bring_in(app, seller, tmp_path, [order], 订单状态="等待买家收货")
    assert f"{address}/doubts" in seller.get(address).text
    assert "看不出退款是否已撤销" in seller.get(f"{address}/doubts").text
    here = f"/seller/orders/{order_no}/doubts"
    assert "处未采信" in seller.get(f"/seller/orders?q={order_no}").text
    page = seller.get(here).text
    assert "退款已撤销，采信" in page
    ids = [part.split('"')[0] for part in page.split('name="doubt" value="')[1:]]
    answer = post(seller, here, {"doubt": ids, "reason": ""})
    assert answer.status_code == 422 and "请写明依据" in answer.text
    answer = post(seller, here, {"reason": "后台已核对"})
    assert answer.status_code == 422 and "请勾选要采信的内容" in answer.text
    assert post(seller, here, {"doubt": ids, "reason": "后台已核对"}).status_code == 303
    assert "后台已核对" in seller.get(here).text
    assert db.session.get_one(Order, order_id, populate_existing=True).status == "in_transit"
    assert "退款已经撤销的" not in buyer.get(f"/orders/{order_no}").text
    assert "商家确认退款已撤销" in buyer.get("/notices").text


def test_a_group_of_an_upload_is_believed_at_once(
    app: Flask, cast: Cast, seller: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.seller.doubts.SIZE", 2)
    orders = [cast.order(status="completed", receiver_name="李雯") for _ in range(5)]
    address = bring_in(app, seller, tmp_path, orders, 订单状态="等待买家收货", 收货人姓名="张伟")
    page = seller.get(f"{address}/doubts").text
    links = {part.split('"')[0] for part in page.split("doubts?group=")[1:] if "收货人姓名" in part.split("</a>")[0]}
    [name] = links
    first = seller.get(f"{address}/doubts?group={name}").text
    assert first.count('name="doubt"') == 2 and "下一页" in first
    after = first.split("&amp;after=")[1].split('"')[0]
    assert seller.get(f"{address}/doubts?group={name}&after={after}").text.count('name="doubt"') == 2
    told = {"scope": "group", "reason": "收货人已改"}
    assert post(seller, f"{address}/doubts?group={name}", told).status_code == 303
    names = db.session.scalars(select(Order.receiver_name).where(Order.id.in_([each.id for each in orders])))
    assert set(names) == {"张伟"}
    reasons = db.session.scalars(select(OrderVersion.reason).where(OrderVersion.accepted_by == cast.seller)).all()
    assert reasons == ["收货人已改"] * 5
    left = seller.get(f"{address}/doubts?group={name}&said=doubts-none").text
    assert 'name="doubt"' not in left and "收货人姓名" not in left and "没有能采信的" in left


def test_a_status_that_goes_back_is_listed_without_a_box(
    app: Flask, cast: Cast, seller: FlaskClient, tmp_path: Path
) -> None:
    order = cast.order(status="completed")
    address = bring_in(app, seller, tmp_path, [order], 订单状态="等待卖家发货")
    page = seller.get(f"{address}/doubts").text
    [name] = {part.split('"')[0] for part in page.split("doubts?group=")[1:] if "订单状态" in part.split("</a>")[0]}
    shown = seller.get(f"{address}/doubts?group={name}").text
    assert "不能采信：状态只往前走" in shown and 'name="doubt"' not in shown and "采信的依据" not in shown


@pytest.mark.parametrize(("role", "status"), [("agent", 200), ("warehouse", 403), ("finance", 403)])
def test_agents_may_believe_and_others_of_the_shop_may_not(app: Flask, cast: Cast, role: str, status: int) -> None:
    order_no = cast.order().order_no
    with writing():
        db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role=role, current=True))
    assert sign_in(app, "buyer2").get(f"/seller/orders/{order_no}/doubts").status_code == status


def test_what_was_refunded_after_all_says_so_to_its_buyer(app: Flask, cast: Cast) -> None:
    order = cast.order(status="cancelled")
    with writing():
        db.session.execute(update(Order).where(Order.id == order.id).values(status_text="退款成功"))
    page = sign_in(app, "buyer").get(f"/orders/{order.order_no}").text
    assert "平台显示「退款成功」。没有收到退款，请联系商家，或向平台投诉" in page


@pytest.mark.parametrize("status", ["completed", "in_transit", "unshipped"])
@pytest.mark.parametrize("role", ["owner", "agent"])
def test_a_receiver_in_a_file_is_shown_to_whom_sends_alone(
    app: Flask, cast: Cast, tmp_path: Path, role: str, status: str
) -> None:
    """The one that is kept, the one that the file names, and both again once it was believed."""
    order = cast.order(status=status, receiver_name="钱多多", receiver_address="四川省成都市武侯区金丝雀路1号")
    number = order.order_no
    cast.open_case(order, case_type=CaseType.REFUND_ONLY, reason="damaged" if status != "unshipped" else "not_wanted")
    words = {"收货人姓名": "赵大大", "联系手机": "13900037003", "收货地址": "四川省成都市武侯区孔雀街2号"}
    told = {"订单状态": "等待卖家发货"} if status == "unshipped" else {}
    rewrite(cast, db.session.get_one(Order, (order.id, cast.shop)), tmp_path, **told, **words)
    if role == "agent":
        cast.employ(cast.shop, "buyer2", "agent")
    desk = sign_in(app, "seller" if role == "owner" else "buyer2")
    here = f"/seller/orders/{number}/doubts"
    private = {"钱多多", "金丝雀路1号", *words.values(), "孔雀街2号"}
    sends = role == "owner" and status == "unshipped"

    def check(page: str) -> None:
        assert sends == any(part in page for part in private), [part for part in private if part in page]

    page = desk.get(here).text
    assert "赵**" in page or sends
    check(page)
    ticked = re.findall(r'name="doubt" value="([0-9]+)"', page)
    if ticked:
        assert post(desk, here, {"doubt": ticked, "reason": "买家改了地址"}).status_code == 303
        check(desk.get(here).text)
