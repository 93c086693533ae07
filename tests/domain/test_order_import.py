"""Orders out of an export into the database: new, again, changed, half way, by two at once."""

from __future__ import annotations

import csv
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import doctor
from portal.extensions import db, writing
from portal.models import Order, OrderLine, Policy, Product, Shop, Sku, SoldAs, Staff, User
from portal.orders import ledger, receiving
from portal.orders.claims import CLAIMED_TWICE
from portal.orders.export_format import read
from portal.orders.importing import Counts, Outcome, Report, RowResult, import_orders, report_file
from portal.people import accounts
from tests import exports
from tests.exports import Cells, gift, line, order, table

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NUMBER = "3905403692550747597"
TABLES = (User, Shop, Staff, Policy, Order, OrderLine, Product, Sku)

pytestmark = pytest.mark.usefixtures("both")


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., Report]:
    """Imports rows that are written into a file first."""

    def take(rows: Iterable[Cells], headings: list[str] = exports.HEADINGS, **how: Any) -> Report:
        path = exports.text(tmp_path / "export.csv", table(rows, headings))
        with read(path) as export:
            return import_orders(export, **{"now": NOW, **how})

    return take


def counted() -> dict[str, int]:
    found = {each.__tablename__: db.session.scalar(select(func.count()).select_from(each)) or 0 for each in TABLES}
    db.session.rollback()
    return found


def only(model: Any) -> Any:
    return db.session.scalars(select(model)).one()


def said(report: Report) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.sentence) for each in report.problems]


def make_shop(member: str = "hs_zhenzhi") -> int:
    with writing():
        return accounts.create_shop(accounts.create_user(member, now=NOW), f"{member}的店", NOW).id


# New


def test_the_sample_goes_in_whole() -> None:
    with read(exports.SAMPLE) as export:
        report = import_orders(export, now=NOW)
    assert (report.orders, report.lines) == (Counts(new=60), Counts(new=145))
    assert (report.new_accounts, report.new_shops, report.warnings, report.problems) == (9, 4, 0, [])
    assert report.all_in
    numbers = {"orders": 60, "order_lines": 145, "products": 11, "skus": 145}
    assert counted() == {"users": 9, "shops": 4, "staff": 4, "policies": 4, **numbers}
    [sold_as] = [check for check in doctor.CHECKS if check.name == "sold as"]
    assert list(sold_as.broken()) == []  # every line is found by what it says


def test_an_order_is_kept_as_the_row_said(take: Callable[..., Report]) -> None:
    take([order(买家留言="轻放", 下游渠道="抖音", 联系电话="028-85558888", 邮编="610041"), gift(型号="白色;L")])
    found = only(Order)
    buyer, shop = db.session.get_one(User, found.buyer_id), db.session.get_one(Shop, found.shop_id)
    assert (buyer.member_name, buyer.company_name, buyer.password_hash) == ("shuwei_cd", "成都蜀味优选商贸行", None)
    assert (shop.name, db.session.get_one(User, shop.owner_id).member_name) == ("义乌市恒盛针织有限公司", "hs_zhenzhi")
    assert (found.order_no, found.status, found.status_text) == (NUMBER, "completed", "交易成功")
    assert found.ordered_at == datetime(2026, 11, 5, 5, 31, tzinfo=UTC)
    assert found.paid_at == datetime(2026, 11, 5, 5, 37, tzinfo=UTC)
    assert found.imported_at == found.updated_at == NOW
    assert found.received_at is None  # the export says that it was received, not when
    assert (found.goods_total_fen, found.freight_fen, found.adjustment_fen, found.paid_fen) == (3760, 600, 0, 4360)
    assert (found.receiver_name, found.receiver_phone) == ("李雯", "13425059650")
    assert (found.carrier_text, found.tracking_text) == ("中通快递(ZTO)", "75484863576596")
    assert (found.buyer_note, found.downstream_channel, found.is_dropship) == ("轻放", "抖音", False)
    assert found.more == {"shipper": "义乌市恒盛针织有限公司", "zip": "610041", "receiver_tel": "028-85558888"}
    assert (found.case_count, found.version) == (0, 1)
    first, second = db.session.scalars(select(OrderLine).order_by(OrderLine.position))
    assert (first.title, first.spec, first.unit) == ("纯棉圆领长袖打底衫 女 可印LOGO", "黑色;L", "件")
    assert (first.unit_price_fen, first.quantity_milli, first.claimed_milli) == (1880, 2_000, 0)
    assert (first.cargo_no, first.offer_id, first.sku_id) == ("HH-539", "622726028641", "4900126478449")
    assert first.snapshot["货品标题"] == first.title and first.snapshot["单价(元)"] == "18.8"
    assert (second.position, second.spec) == (2, "白色;L")


def test_a_product_is_known_by_its_offer_and_a_sku_by_its_number(take: Callable[..., Report]) -> None:
    take(
        [
            order(),
            gift(型号="白色;L", **{"SKU ID": "2"}),
            order("3905403692550747598", **{"SKU ID": "2", "型号": "白色;L"}),
            order("3905403692550747599", **{"Offer ID": "", "SKU ID": "", "单品货号": "HH-539-1"}),
            order("3905403692550747600", **{"Offer ID": "", "SKU ID": "", "货号": "", "型号": "", "货品标题": "袜子"}),
            order("3905403692550747601", 卖家会员名="other"),
        ]
    )
    numbers = (OrderLine.sku_cargo_no, SoldAs.sku_cargo_no)
    assert [set(db.session.scalars(select(number))) for number in numbers] == [{"", "HH-539-1"}] * 2
    products = db.session.scalars(select(Product)).all()
    assert {each.product_key[:12] for each in products} >= {"622726028641", "HH-539"}
    assert sorted((each.title, len(each.product_key)) for each in products) == [
        ("纯棉圆领长袖打底衫 女 可印LOGO", 6),
        ("纯棉圆领长袖打底衫 女 可印LOGO", 12),
        ("纯棉圆领长袖打底衫 女 可印LOGO", 12),  # another shop's
        ("袜子", 40),
    ]
    by_product = select(Sku.sku_key, Sku.spec, Sku.price_fen).order_by(Sku.sku_key)
    first = min(each.id for each in products if each.product_key == "622726028641")
    assert [tuple(row) for row in db.session.execute(by_product.where(Sku.product_id == first))] == [
        ("2", "白色;L", 1880),
        ("4900126478449", "黑色;L", 1880),
    ]
    lines = db.session.execute(select(OrderLine.product_id).join(Order).where(Order.order_no == "3905403692550747598"))
    assert lines.scalars().all() == [first]


def test_what_the_file_has_no_column_for_is_reckoned(take: Callable[..., Report]) -> None:
    headings = [*exports.FEW, "买家会员名", "卖家会员名"]
    report = take([order(**{"单价(元)": "0.035", "数量": 1000})], headings)
    found = only(Order)
    assert (found.goods_total_fen, found.paid_fen, found.ordered_at) == (3500, 3500, NOW)
    assert said(report) == [(2, "订单创建时间", "没有可用的下单时间，页面上写「下单时间未知」，不按导入时间算")]


# Again


def test_the_same_file_again_changes_nothing(take: Callable[..., Report]) -> None:
    rows = [order(), gift(型号="白色;L"), line(**{"单价(元)": 0}), line(**{"单价(元)": 0})]
    take(rows)
    before = counted()
    versions = db.session.execute(select(Order.version, User.version).join(User, User.id == Order.buyer_id)).all()
    report = take(rows, now=NOW + timedelta(days=1))
    assert (report.orders, report.lines) == (Counts(unchanged=1), Counts(unchanged=4))
    assert counted() == before
    assert (
        db.session.execute(select(Order.version, User.version).join(User, User.id == Order.buyer_id)).all() == versions
    )
    assert only(Order).updated_at == NOW


def test_status_parcels_and_receiver_follow_but_the_snapshot_never_does(take: Callable[..., Report]) -> None:
    take([order(订单状态="等待买家收货", 买家留言="轻放")])
    assert only(Order).received_at is None
    version, shop = only(Order).version, only(Shop).version
    of_buyer = select(User.version).where(User.member_name == "shuwei_cd")
    buyer = db.session.scalars(of_buyer).one()
    changed = order(
        订单状态="交易成功",
        运单号="SF1234567890123",
        物流公司="顺丰速运(SF)",
        收货人姓名="张伟",
        买家留言="",
        货品标题="改了名字",
        **{"单价(元)": 99, "货品总价(元)": 198, "实付款(元)": 204},
    )
    report = take([changed], now=NOW + timedelta(days=1))
    assert (report.orders, report.lines) == (Counts(updated=1), Counts(unchanged=1))
    found, kept = only(Order), only(OrderLine)
    assert (found.status, found.status_text, found.received_at) == ("completed", "交易成功", None)
    assert (found.tracking_text, found.carrier_text, found.receiver_name) == ("SF1234567890123", "顺丰速运(SF)", "张伟")
    assert found.buyer_note == "轻放"  # an empty cell says nothing
    assert (found.version, found.updated_at, found.imported_at) == (version + 1, NOW + timedelta(days=1), NOW)
    assert (kept.title, kept.unit_price_fen, kept.snapshot["单价(元)"]) == (
        "纯棉圆领长袖打底衫 女 可印LOGO",
        1880,
        "18.8",
    )
    assert only(Sku).price_fen == 1880
    assert only(Shop).version == shop + 1
    assert db.session.scalars(of_buyer).one() == buyer + 1


def test_the_day_of_receipt_stays(take: Callable[..., Report]) -> None:
    take([order(订单状态="等待买家确认收货")])
    with writing():
        receiving.record_receipt(only(Order), NOW, now=NOW)
    take([order(订单状态="买家已签收")], now=NOW + timedelta(days=1))
    take([order(订单状态="交易成功")], now=NOW + timedelta(days=9))
    assert only(Order).received_at == NOW


def test_what_was_paid_never_falls_below_what_was_refunded(take: Callable[..., Report]) -> None:
    take([order(**{"货品总价(元)": 40, "运费(元)": 0, "实付款(元)": 40})])
    with writing():
        db.session.execute(update(Order).values(refunded_fen=3_000))
    lower = take([order(**{"货品总价(元)": 20, "运费(元)": 0, "实付款(元)": 20})])
    assert only(Order).paid_fen == 4_000
    assert (2, "实付款(元)", "比已登记的退款少，保留原来的实付款") in said(lower)
    take([order(**{"货品总价(元)": 30, "运费(元)": 0, "实付款(元)": 30})])
    assert only(Order).paid_fen == 3_000


def test_a_quantity_never_falls_below_what_is_claimed(take: Callable[..., Report]) -> None:
    take([order(数量=10)])
    line_id, shop_id = only(OrderLine).id, only(OrderLine).shop_id
    with writing():
        ledger.claim_units(shop_id, line_id, 4_000)
    assert take([order(数量=12)]).lines == Counts(updated=1)
    assert take([order(数量=4)]).lines == Counts(updated=1)
    report = take([order(数量=3)])
    assert (report.lines, report.orders) == (Counts(unchanged=1), Counts(unchanged=1))
    assert said(report)[-1] == (2, "数量", "比已申请售后的数量少，保留原来的数量")
    assert (only(OrderLine).quantity_milli, only(OrderLine).claimed_milli) == (4_000, 4_000)


def test_lines_are_added_and_never_deleted(take: Callable[..., Report]) -> None:
    take([order(), gift(型号="白色;L", **{"SKU ID": "2"})])
    report = take([order(), gift(型号="白色;M", **{"SKU ID": "3"})])
    assert (report.orders, report.lines) == (Counts(updated=1), Counts(new=1, unchanged=1))
    rows = db.session.execute(select(OrderLine.position, OrderLine.spec).order_by(OrderLine.position)).all()
    assert [tuple(row) for row in rows] == [(1, "黑色;L"), (2, "白色;L"), (3, "白色;M")]


def test_an_order_that_comes_again_further_down_is_the_same_order(take: Callable[..., Report]) -> None:
    rows = [order(), order("3905403692550747598"), order(), gift(型号="白色;L")]
    assert take(rows, dry_run=True).orders == Counts(new=2, updated=1)
    report = take(rows)
    assert (report.orders, report.lines) == (Counts(new=2, updated=1), Counts(new=3, unchanged=1))
    assert (counted()["orders"], counted()["order_lines"]) == (2, 3)


# Whose


def test_a_shop_takes_its_own_orders_only(take: Callable[..., Report]) -> None:
    mine, others = make_shop(), make_shop("others")
    take([order("3905403692550747000", 卖家会员名="others")])
    before = counted()
    report = take(
        [
            order(),
            order("3905403692550747598", 卖家会员名="others"),
            gift(型号="白色;L"),
            order("3905403692550747000", 卖家会员名=""),
            order("3905403692550747599", 卖家会员名=""),
        ],
        shop_id=mine,
    )
    assert (report.orders, report.lines) == (Counts(new=3, refused=1), Counts(new=3, refused=2))
    assert said(report) == [
        (3, "卖家会员名", "卖家「others」不是本店「hs_zhenzhi」：这是其他卖家的订单，不能导入到本店"),
        (4, "", "所属订单（第 3 行）未能导入"),
        (5, "订单编号", CLAIMED_TWICE),
    ]
    shops = db.session.execute(
        select(Order.shop_id, func.count()).group_by(Order.shop_id).order_by(Order.shop_id)
    ).all()
    assert [tuple(row) for row in shops] == [(mine, 3), (others, 1)]
    assert counted()["shops"] == before["shops"]


def test_an_order_keeps_its_buyer(take: Callable[..., Report]) -> None:
    take([order()])
    assert said(take([order(买家会员名="somebody")])) == [(2, "买家会员名", "买家与之前导入的不同")]
    assert counted()["users"] == 2
    assert take([order(买家会员名="", 卖家会员名="", 收货人姓名="张伟")]).orders == Counts(updated=1)


def test_a_number_is_one_shops_only_where_the_file_says_which(take: Callable[..., Report]) -> None:
    take([order()])
    report = take([order(卖家会员名="somebody")])
    assert (report.orders, said(report)) == (Counts(new=1), [(2, "订单编号", CLAIMED_TWICE)])
    assert take([order(收货人姓名="张伟")]).orders == Counts(updated=1)
    nameless = take([order(卖家会员名="", 收货人姓名="李雯")])
    assert nameless.orders == Counts(refused=1)
    assert said(nameless) == [
        (2, "卖家会员名", "这个订单号有几家店铺在用，缺少卖家会员名，不知道是哪一家的"),
    ]


@pytest.mark.parametrize("apart", [False, True])
def test_one_file_has_a_number_of_two_shops(take: Callable[..., Report], *, apart: bool) -> None:
    between = [order("3905403692550747598")] if apart else []
    theirs = order(买家会员名="their_buyer", 卖家会员名="another_shop", 货品标题="别家的货")
    rows = [order(), *between, theirs, gift(型号="白色;L")]
    assert take(rows, dry_run=True).orders == Counts(new=2 + apart)
    assert take(rows).orders == Counts(new=2 + apart)
    assert take(rows).orders == Counts(unchanged=2 + apart)
    of_number = select(Order.shop_id, Order.contested).where(Order.order_no == "3905403692550747597")
    found = db.session.execute(of_number).all()
    assert (len({row.shop_id for row in found}), [row.contested for row in found]) == (2, [True, True])


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"买家会员名": ""}, "缺少买家会员名，不知道订单属于谁"),
        ({"卖家会员名": ""}, "缺少卖家会员名，不知道订单属于哪家店铺"),
    ],
)
def test_orders_of_nobody_are_refused(take: Callable[..., Report], cells: Cells, sentence: str) -> None:
    report = take([order(**cells)])
    assert (report.orders, said(report)[0][2]) == (Counts(refused=1), sentence)
    assert set(counted().values()) == {0}


def test_without_new_accounts_only_known_people_get_orders(take: Callable[..., Report]) -> None:
    shop = make_shop()
    with writing():
        accounts.create_user("shuwei_cd", now=NOW)
    rows = [order(), order("3905403692550747598", 买家会员名="nobody")]
    report = take(rows, shop_id=shop, create_missing=False)
    assert report.orders == Counts(new=1, refused=1)
    assert said(report) == [(3, "买家会员名", "没有会员名为「nobody」的账号")]
    report = take([order("3905403692550747599", 卖家会员名="stranger")], create_missing=False)
    assert said(report) == [(2, "卖家会员名", "没有会员「stranger」的店铺")]
    assert counted()["users"] == 2


def test_who_works_in_another_shop_becomes_a_seller_too(take: Callable[..., Report]) -> None:
    shop = make_shop("others")
    with writing():
        agent = accounts.create_user("hs_zhenzhi", now=NOW)
        db.session.add(Staff(user_id=agent.id, shop_id=shop, role="agent"))
    report = take([order(), order("3905403692550747598", 卖家会员名="others")])
    assert (report.orders, said(report)) == (Counts(new=2), [])
    mine = db.session.execute(select(Staff.role, Staff.current).where(Staff.user_id == agent.id)).all()
    assert {tuple(row) for row in mine} == {("agent", True), ("owner", False)}


# Dry run, report, progress


def test_a_dry_run_says_what_would_happen_and_writes_nothing(take: Callable[..., Report]) -> None:
    take([order(), gift(型号="白色;L")])
    before = counted()
    rows = [
        order(收货人姓名="张伟"),
        gift(型号="白色;M", **{"SKU ID": "3"}),
        order("3905403692550747598", 买家会员名="new"),
        line(数量="x"),
    ]
    would, did = take(rows, dry_run=True), None
    assert counted() == before
    did = take(rows)
    assert (would.dry_run, did.dry_run) == (True, False)
    would.dry_run = False
    assert would == did
    assert (did.orders, did.lines) == (Counts(new=1, updated=1), Counts(new=2, unchanged=1, refused=1))
    assert did.new_accounts == 1


def test_the_report_shows_two_hundred_problems_and_its_file_has_every_row(
    take: Callable[..., Report], tmp_path: Path
) -> None:
    rows = [order("=1+1", 数量="=cmd|' /C calc'!A0"), order()]
    rows += [gift(数量="0") for _ in range(300)]
    path = tmp_path / "report.csv"
    with report_file(path) as write:
        report = take(rows, on_row=write)
    assert (report.orders, report.lines) == (Counts(new=1, refused=1), Counts(new=1, refused=301))
    assert (len(report.problems), report.problem_count, report.all_in) == (200, 301, False)
    assert report.problems[0] == RowResult(2, "=1+1", Outcome.REFUSED, "订单编号", "订单编号应为数字")
    kept = report.as_dict()
    assert kept["orders"] == {"new": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert kept["problems"][0] == {
        "row": 2,
        "order_no": "=1+1",
        "outcome": "拒绝",
        "column": "订单编号",
        "sentence": "订单编号应为数字",
    }
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with open(path, encoding="utf-8-sig", newline="") as file:
        headings, *written = csv.reader(file)
    assert headings == ["行号", "订单编号", "结果", "列", "说明"]
    assert written[0] == ["2", "'=1+1", "拒绝", "订单编号", "订单编号应为数字"]
    assert written[1] == ["3", f"'{NUMBER}", "新增", "", ""]
    assert len(written) == 302
    assert not [cell for row in written for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert report.summary() == "订单：新增 1，更新 0，未变 0，拒绝 1；明细行：新增 1，更新 0，未变 0，拒绝 301；提醒 0"


def test_a_dry_run_says_it_in_one_screen(take: Callable[..., Report]) -> None:
    take([order(), gift(型号="白色;L")])
    rows = [order(str(39 * 10**17 + number), **{"运费(元)": f"第{number}档"}) for number in range(1, 231)]
    rows += [order(收货人姓名="张伟"), gift(型号="白色;L"), order("3905403692550747599", 数量="若干")]

    said = take(rows, dry_run=True).describe()

    assert len(said) <= 24
    assert said[:5] == [
        "新增 230 张订单",
        "  第 2 行  3900000000000000001",
        "  第 3 行  3900000000000000002",
        "  第 4 行  3900000000000000003",
        "  …",
    ]
    assert "更新 1 张订单" in said and "未变 0 张订单" in said and "未采信 0 处" in said
    assert "拒绝 1 张订单、1 行明细" in said
    assert "  第 234 行  数量：「若干」不能用：请填写大于 0 的数量，最多三位小数" in said
    [freight] = [line for line in said if "运费(元)" in line]
    assert freight.startswith("  第 2 行、第 3 行、第 4 行 … 共 230 行  运费(元)：「第1档」等不能用：请填写金额")


def test_what_differs_between_equal_faults_is_said_behind_its_unit(take: Callable[..., Report]) -> None:
    rows = [
        row
        for number in range(3)
        for row in (order(f"390000000000000000{number}", 卖家会员名=f"others{number}"), gift(型号="白色;L"))
    ]
    said = take(rows, shop_id=make_shop(), dry_run=True).describe()
    assert "  第 3 行、第 5 行、第 7 行  所属订单（第 2 行等）未能导入" in said
    whose = "卖家会员名：卖家「others0」等不是本店「hs_zhenzhi」：这是其他卖家的订单，不能导入到本店"
    assert f"  第 2 行、第 4 行、第 6 行  {whose}" in said


def test_a_row_with_two_faults_is_refused_once(take: Callable[..., Report]) -> None:
    report = take([order("合计", 订单状态="交易\0成功"), gift(), order("3905403692550747598", 数量=0)])
    assert (report.orders, report.lines) == (Counts(refused=2), Counts(refused=3))
    assert report.problem_count == 5


def test_progress_is_told(take: Callable[..., Report]) -> None:
    told: list[tuple[int, int]] = []
    take(list(exports.many(4_000)), on_progress=lambda done, about: told.append((done, about)))
    assert len(told) >= 3
    assert told == sorted(told)
    assert told[-1] == (4_001, 4_001)


# Broken off, broken, at once


class Stop(Exception):
    """The import is broken off."""


def test_an_import_that_was_broken_off_is_resumed_by_running_it_again(take: Callable[..., Report]) -> None:
    rows = list(exports.many(5_000))

    def stop(done: int, _about: int) -> None:
        if done > 2_000:
            raise Stop

    with pytest.raises(Stop):
        take(rows, on_progress=stop)
    half = counted()
    assert 0 < half["order_lines"] < 5_000
    whole = select(func.sum(OrderLine.unit_price_fen * OrderLine.quantity_milli) / 1000)
    assert db.session.scalar(whole) == db.session.scalar(select(func.sum(Order.goods_total_fen)))  # no order is half in
    report = take(rows)
    assert report.lines == Counts(new=5_000 - half["order_lines"], unchanged=half["order_lines"])
    assert counted()["order_lines"] == 5_000


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    path = exports.text(tmp_path / "a.csv", table(exports.many(3_000)))
    path.write_bytes(path.read_bytes() + b"x" * 2_000_000)
    with read(path) as export:
        report = import_orders(export, now=NOW)
    assert (report.stopped, report.all_in) == ("一行过长，这不像订单表格", False)
    assert report.lines.new >= 2_999
    assert counted()["order_lines"] == report.lines.new


def test_two_imports_at_once_double_nothing(both: Flask, tmp_path: Path) -> None:
    path = exports.text(tmp_path / "a.csv", table(exports.many(4_000)))
    turned = list(exports.many(4_000))
    starts = [number for number, row in enumerate(turned) if "订单编号" in row]
    orders = [turned[start:end] for start, end in zip(starts, [*starts[1:], len(turned)], strict=True)]
    backwards = exports.text(tmp_path / "b.csv", table(row for each in reversed(orders) for row in each))
    reports: list[Report] = []
    begin = threading.Barrier(2)

    def run(which: Path) -> None:
        with both.app_context(), read(which) as export:
            begin.wait()
            reports.append(import_orders(export, now=NOW))
            db.session.remove()

    threads = [threading.Thread(target=run, args=[which]) for which in (path, backwards)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 2
    assert sum(each.lines.new for each in reports) == 4_000
    assert sum(each.lines.unchanged for each in reports) == 4_000
    assert sum(each.new_shops for each in reports) == 6
    found = counted()
    assert (found["orders"], found["order_lines"], found["users"], found["shops"]) == (len(orders), 4_000, 14, 6)


# Size

SCRIPT = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from portal import create_app
from portal.config import Settings
from portal.orders.export_format import read
from portal.orders.importing import import_orders
with create_app(Settings(data=Path(sys.argv[1]), secret_key="x", database_url=sys.argv[2])).app_context():
    began = time.monotonic()
    with read(sys.argv[3]) as export:
        report = import_orders(export, now=datetime(2026, 11, 23, tzinfo=UTC))
    print(report.lines.new, report.lines.unchanged, round(time.monotonic() - began, 1))
    # Not ru_maxrss: it begins with the size of the process that started this one.
    print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def in_a_process(both: Flask, path: Path) -> tuple[int, int, float, int]:
    """(new lines, unchanged lines, seconds, MB) of an import in a process of its own."""
    url = db.engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path.parent / "data"), url, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    new, unchanged, seconds, size = done.stdout.split()
    return int(new), int(unchanged), float(seconds), int(size)


def test_thousands_of_lines_take_little_memory(both: Flask, tmp_path: Path) -> None:
    path = exports.xlsx(tmp_path / "a.xlsx", table(exports.many(4_000)))
    new, _, _, size = in_a_process(both, path)
    assert (new, size < 200) == (4_000, True)


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_hundred_thousand_lines(both: Flask, tmp_path: Path) -> None:
    path = exports.xlsx(tmp_path / "a.xlsx", table(exports.many(100_000, shops=40, buyers=5_000)))
    new, _, seconds, size = in_a_process(both, path)
    assert (new, seconds < 60, size < 300) == (100_000, True, True)
    new, unchanged, seconds, size = in_a_process(both, path)
    assert (new, unchanged, seconds < 30, size < 300) == (0, 100_000, True, True)
