"""Downstream orders from a table: written down together or not at all, with every fault said by its row."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import Order, OrderLine, OrderLink, Shop, User
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from portal.people import accounts
from tests import exports
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


@pytest.mark.parametrize("typed", ["pur-abc-1", "PUR-ABC-1", "Pur-abc-1"])
def test_numbers_are_one_in_whatever_case(app: Flask, cast: Cast, now: object, typed: str) -> None:
    cast.order(buyer=cast.seller2, order_no="PUR-abc-1", lines=2, milli=3_000)
    goods = ["HH-100", "HH-101"]
    db.session.rollback()
    rows = [row(typed, "TB-Abc-1", 商品=goods[0]), row("PUR-abc-1", "tb-abc-1", 商品=goods[1])]
    assert sends(app, *rows).status_code == 303
    assert downstream_orders() == [("TB-Abc-1", 7_980)]
    assert sends(app, row(typed, "tb-ABC-1", 商品=goods[0])).status_code == 303  # the same again
    assert downstream_orders() == [("TB-Abc-1", 7_980)]


def test_of_two_suppliers_with_one_number_the_distributor_says_which(app: Flask, cast: Cast, now: object) -> None:
    with writing():
        owner = accounts.create_user("third", now=cast.now, password="huanhuo-demo", weak_ok=True)
        other = accounts.create_shop(owner, "third的店", cast.now).id
    for shop_id in (cast.shop, other):
        cast.order(buyer=cast.seller2, shop=shop_id, order_no="390512345678", milli=3_000)
    db.session.rollback()
    refused = sends(app, row("390512345678", "TB-1"))
    assert refused.status_code == 422
    assert f"请写成 390512345678~{cast.shop}或390512345678~{other}" in html.unescape(refused.text)
    assert downstream_orders() == []
    assert sends(app, row(f"390512345678~{other}", "TB-1")).status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(OrderLink.upstream_shop_id)).all() == [other]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"下游订单号": ""}, "没有填写下游订单号"),
        ({"下游订单号": "-"}, "没有填写下游订单号"),
        ({"下游订单号": "无"}, "没有填写下游订单号"),
        ({"下游订单号": "N/A"}, "没有填写下游订单号"),
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
    ("column", "other"),
    [
        ("收货人", "别人"),
        ("手机", "13900001111"),
        ("收货地址", "浙江省义乌市稠州北路1号"),
        ("销售渠道", "拼多多"),
        ("签收日期", "2026-11-20"),
    ],
)
@pytest.mark.parametrize("at", [1, 2])
def test_rows_of_one_number_and_two_consumers_are_no_one_order(
    app: Flask, purchases: list[str], column: str, other: str, at: int
) -> None:
    """The same number out of one purchase, with another receiver: a mistake, and not the first one's goods."""
    rows = [row(purchases[0], "TB-1") for _ in range(3)]
    rows[at] = row(purchases[0], "TB-1", **{column: other})
    answer = sends(app, *rows)
    assert answer.status_code == 422 and f"与第 {at + 2} 行不同" in answer.text
    assert downstream_orders() == []


@pytest.mark.parametrize(
    "other", [{"收货人": "别人"}, {"手机": "13900001111"}, {"收货地址": "浙江省义乌市稠州北路1号"}]
)
def test_nor_are_they_out_of_two_purchases(app: Flask, purchases: list[str], other: dict[str, str]) -> None:
    answer = sends(app, row(purchases[0], "TB-1"), row(purchases[1], "TB-1", **other))
    assert answer.status_code == 422, downstream_orders()
    assert downstream_orders() == []


def test_a_further_row_may_leave_the_consumer_empty(app: Flask, cast: Cast, now: object) -> None:
    purchase = cast.order(buyer=cast.seller2, milli=3_000, lines=2)
    goods = ("HH-100", "HH-101")
    empty = dict.fromkeys(("销售渠道", "收货人", "手机", "收货地址", "签收日期"), "")
    rows = (row(purchase.order_no, "TB-1", 商品=goods[0]), row(purchase.order_no, "TB-1", 商品=goods[1], **empty))
    done = sends(app, *rows)
    assert done.status_code == 303, done.text
    assert downstream_orders() == [("TB-1", 7_980)]


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


# A file of a spreadsheet


def uploads(app: Flask, path: Path, **more: Any) -> Any:
    me = sign_in(app, "seller2")
    data = {"file": (io.BytesIO(path.read_bytes()), path.name), "rows": "", **more}
    return post(me, "/seller/chains/import", data, at="/seller/chains/import")


def area(page: str) -> str:
    return html.unescape(page.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>", 1)[0]).strip()


def cells_of(*rows: str) -> list[list[str]]:
    return [list(HEAD), *(each.split("\t") for each in rows)]


@pytest.mark.parametrize("ending", ["xlsx", "csv", "gb18030"])
def test_a_file_is_checked_first_and_written_down_on_a_second_yes(
    app: Flask, purchases: list[str], tmp_path: Path, ending: str
) -> None:
    rows = cells_of(row(purchases[0], "TB-1"), row(purchases[1], "TB-1", 单价="100"), row(purchases[0], "TB-2"))
    path = (
        exports.xlsx(tmp_path / "a.xlsx", rows)
        if ending == "xlsx"
        else exports.text(tmp_path / "a.csv", rows, encoding="gb18030" if ending == "gb18030" else "utf-8-sig")
    )
    checked = uploads(app, path)
    assert checked.status_code == 200 and downstream_orders() == []
    assert "新登记 2 个订单" in checked.text and "加入已登记的订单 1 个订单" in checked.text
    me = sign_in(app, "seller2")
    done = post(me, "/seller/chains/import", {"rows": area(checked.text)})
    assert done.status_code == 303, done.text
    assert downstream_orders() == [("TB-1", 13_990), ("TB-2", 3_990)]
    again = uploads(app, path)
    assert again.status_code == 200 and "已登记过，内容相同，不再登记 3 个订单" in again.text
    assert post(me, "/seller/chains/import", {"rows": area(again.text)}).status_code == 303
    assert downstream_orders() == [("TB-1", 13_990), ("TB-2", 3_990)]


def test_what_a_spreadsheet_did_to_a_file_is_said(app: Flask, purchases: list[str], tmp_path: Path) -> None:
    good = row(purchases[0], "TB-1").split("\t")
    lost = row(purchases[0], "").split("\t")
    lost[1] = 3905403692550747597  # type: ignore[call-overload]
    answer = uploads(app, exports.xlsx(tmp_path / "a.xlsx", [list(HEAD), good, lost]))
    assert answer.status_code == 422 and "第 3 行" in answer.text and downstream_orders() == []
    starred = [f"*{name}" for name in HEAD]
    zeros = row(purchases[0], "3905403692550740000").split("\t")
    dates = row(purchases[1], "TB-3").split("\t")
    dates[9] = "2026/11/21"
    dates[5] = "福建省\n厦门市\u200b思明区"
    answer = uploads(app, exports.xlsx(tmp_path / "b.xlsx", [["下游订单"], starred, zeros, dates]))
    assert answer.status_code == 200, answer.text
    assert "新登记 2 个订单" in answer.text and "请核对后几位" in answer.text
    assert "2026/11/21" in area(answer.text) and "福建省 厦门市思明区" in area(answer.text)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.xlsx", b"\x89PNG\r\n", "图片"),
        ("a.csv", b"", "空"),
        ("a.csv", "下游订单号,数量\n1,2\n".encode(), "表头里没有"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "没有找到表头"),
        ("a.xlsx", b"PK\x03\x04broken", ""),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_in_words(
    app: Flask, purchases: list[str], tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    answer = uploads(app, tmp_path / name)
    assert answer.status_code == 422 and sentence in answer.text and downstream_orders() == []


def test_one_bad_row_of_a_file_is_listed_with_the_others(app: Flask, purchases: list[str], tmp_path: Path) -> None:
    rows = cells_of(row(purchases[0], "TB-1"), row("999", "TB-2"), row(purchases[1], "TB-3", 数量="99"))
    answer = uploads(app, exports.xlsx(tmp_path / "a.xlsx", rows))
    assert answer.status_code == 422 and "新登记 1 个订单" in answer.text and "不能登记 2 个订单" in answer.text
    assert downstream_orders() == [] and "TB-3" in area(answer.text)


def test_a_purchase_s_own_export_names_the_downstream_order(
    app: Flask, cast: Cast, now: object, tmp_path: Path
) -> None:
    with writing():
        shop = db.session.scalars(select(Shop).where(Shop.id == cast.shop)).one()
        rows = [
            exports.order(
                "3905403692550740017", 买家会员名="seller2", 下游订单号="ＴＢ２６１１０５１２", 下游渠道="淘宝"
            )
        ]
        owner = db.session.scalars(select(User.member_name).where(User.id == shop.owner_id)).one()
        rows[0]["卖家会员名"] = owner
    with read(exports.text(tmp_path / "own.csv", exports.table(rows))) as export:
        import_orders(export, now=cast.now, vouched=True)
    page = sign_in(app, "seller2").get("/seller/chains/import?from=purchases").text
    assert "3905403692550740017\tTB26110512\t淘宝" in area(page)
