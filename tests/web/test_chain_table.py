"""Downstream orders from a table: written down together or not at all, with every fault said by its row."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import Order, OrderLine, OrderLink, User
from tests.cast import Cast, post, sign_in

HEAD = ("进货订单号", "下游订单号", "销售渠道", "收货人", "手机", "收货地址", "商品", "数量", "单价", "签收日期")


@pytest.fixture
def purchases(app: Flask, cast: Cast, now: object) -> list[str]:
    return [cast.order(buyer=cast.seller2, title=title, milli=3_000).order_no for title in ("纯棉中筒袜", "羊毛围巾")]


def row(purchase: str, order_no: str, **changed: str) -> str:
    cells = {
        "进货订单号": purchase,
        "下游订单号": order_no,
        "销售渠道": "淘宝店",
        "收货人": "王小雨",
        "手机": "13712345678",
        "收货地址": "福建省厦门市思明区环岛南路9号",
        "商品": "",
        "数量": "1",
        "单价": "39.90",
        "签收日期": "2026-11-21",
    } | changed
    return "\t".join(cells[name] for name in HEAD)


def sends(app: Flask, *rows: str, head: str = "\t".join(HEAD), **more: Any) -> Any:
    return post(sign_in(app, "seller2"), "/seller/chains/import", {"rows": "\n".join((head, *rows)), **more})


def downstream_orders() -> list[tuple[str, int]]:
    db.session.rollback()
    query = select(Order.order_no, Order.paid_fen).join(OrderLink, OrderLink.downstream_id == Order.id).distinct()
    return [(each.order_no, each.paid_fen) for each in db.session.execute(query.order_by(Order.order_no))]


def test_a_pasted_table_is_written_down(app: Flask, purchases: list[str]) -> None:
    done = sends(app, row(purchases[0], "TB-1"), row(purchases[1], "TB-1", 单价="100"), row(purchases[0], "TB-2"))
    assert done.status_code == 303, done.text
    assert downstream_orders() == [("TB-1", 13_990), ("TB-2", 3_990)]
    names = db.session.scalars(select(User.member_name).where(User.password_hash.is_(None))).all()
    assert sorted(names) == ["王小雨（TB-1）", "王小雨（TB-2）"]
    assert "下游订单已登记" in sign_in(app, "seller2").get("/seller/chains?said=orders-recorded").text


def test_commas_and_full_width_and_the_wish_to_go_on(app: Flask, purchases: list[str]) -> None:
    line = row(purchases[0], "ＴＢ－３").replace("\t", ",")
    done = sends(app, line, head=",".join(HEAD), applies="y", route_back="direct", route_out="via")
    assert done.status_code == 303, done.text
    db.session.rollback()
    link = db.session.scalars(select(OrderLink)).one()
    assert (link.applies, link.route_back, link.route_out) == (True, "direct", "via")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"下游订单号": ""}, "没有填写下游订单号"),
        ({"进货订单号": "999"}, "您的进货订单里没有 999"),
        ({"商品": "帽子"}, "在进货订单里没有"),
        ({"数量": "9"}, "第 3 行"),
        ({"单价": "免费"}, "第 3 行"),
        ({"手机": "12"}, "第 3 行"),
        ({"签收日期": "明天"}, "2026-11-23 的样子"),
        ({"签收日期": "2027-01-01"}, "不能在今天以后"),
    ],
)
def test_one_bad_row_holds_all_back_and_keeps_what_was_pasted(
    app: Flask, purchases: list[str], changed: dict[str, str], sentence: str
) -> None:
    rows = (
        row(purchases[0], "TB-1"),
        row(purchases[0], "TB-2")
        if not changed
        else row(changed.get("进货订单号", purchases[0]), changed.get("下游订单号", "TB-2"), **changed),
    )
    answer = sends(app, *rows)
    assert answer.status_code == 422 and sentence in answer.text, answer.text[:3000]
    assert "TB-1" in answer.text and downstream_orders() == []


@pytest.mark.parametrize(
    ("head", "sentence"), [("下游订单号\t数量", "表头里没有：进货订单号"), ("\t".join(HEAD), "表头下面没有内容")]
)
def test_headings_that_are_missing_are_named(app: Flask, purchases: list[str], head: str, sentence: str) -> None:
    answer = sends(app, head=head)
    assert answer.status_code == 422 and sentence in answer.text


def test_purchases_bring_their_own_numbers_along(app: Flask, purchases: list[str]) -> None:
    with writing():
        order = db.session.scalars(select(Order).where(Order.order_no == purchases[0])).one()
        order.downstream_order_no, order.downstream_channel = "TB-OWN", "拼多多"
        title = db.session.scalars(select(OrderLine.title).where(OrderLine.order_id == order.id)).one()
    me = sign_in(app, "seller2")
    assert "带出这些订单" in me.get("/seller/chains/import").text
    page = me.get("/seller/chains/import?from=purchases").text
    assert "TB-OWN" in page and title in page and "李雯" in page
    begun = page.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>", 1)[0].strip()
    head, line = begun.split("\n")
    cells = line.rstrip("\r").split("\t")
    cells[head.split("\t").index("单价")] = "25"
    done = sends(app, "\t".join(cells), head=head.rstrip("\r"))
    assert done.status_code == 303, done.text
    assert downstream_orders() == [("TB-OWN", 7_500)]
    assert "带出这些订单" not in me.get("/seller/chains/import").text
