"""What a dry run says of a file is what the import of it then does: every count, group, doubt and row."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Order, OrderDoubt, OrderLine, OrderVersion, Shop, User
from portal.orders import importing
from portal.orders.export_format import read
from portal.orders.importing import Report, RowResult, imagined, import_orders
from tests import exports
from tests.exports import Cells, order, table
from tests.property.test_histories import NOW, history, shuffled

OWNER = "hs_zhenzhi"
TABLES = (Order, OrderLine, OrderVersion, OrderDoubt, User, Shop)
SPOILED: tuple[Cells, ...] = (
    {},
    {},
    {},
    {"运费(元)": "若干"},
    {"数量": "许多"},
    {"买家会员名": ""},
    {"买家会员名": "another"},
    {"订单创建时间": "2027-11-05 13:31:00"},
    {"订单创建时间": "", "订单付款时间": ""},
    {"卖家会员名": "seller_2"},
    {"订单状态": "奇怪"},
    {"联系手机": "13800000001/13900000002"},
    {"收货人姓名": "李*", "联系手机": "134****9650"},
    {"单价(元)": 99},
)


def try_file(path: Path, shop_id: int | None = None) -> tuple[Report, list[RowResult]]:
    """Try a file and import it; what both say, which is the same."""
    said: list[list[RowResult]] = [[], []]
    reports = []
    for dry_run in (True, False):
        before = [db.session.scalar(select(func.count()).select_from(each)) for each in TABLES]
        db.session.rollback()
        with read(path) as export:
            report = import_orders(
                export, now=NOW, shop_id=shop_id, dry_run=dry_run, on_row=said[not dry_run].append, import_id=1
            )
        after = [db.session.scalar(select(func.count()).select_from(each)) for each in TABLES]
        db.session.rollback()
        assert not dry_run or before == after
        assert report.dry_run is dry_run
        report.dry_run = False
        reports.append(report)
    would, did = reports
    assert said[0] == said[1]
    assert would == did and would.as_dict() == did.as_dict() and would.describe() == did.describe()
    return did, said[1]


def put_together(seed: int, orders: int) -> list[Cells]:
    """Rows of several exports of the same orders in one file, some of them spoiled."""
    chance = random.Random(seed)
    sequences = [shuffled(chance, history(chance, seed * orders + number)) for number in range(orders)]
    rows: list[Cells] = []
    for at in range(max(map(len, sequences))):
        for sequence in sequences:
            if at < len(sequence):
                first, *more = sequence[at]
                rows += [{**first, **chance.choice(SPOILED)}, *more]
    return rows


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("batch", [3, 500])
@pytest.mark.parametrize("seed", range(4))
def test_a_file_of_several_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, batch: int) -> None:
    monkeypatch.setattr(importing, "BATCH_ORDERS", batch)
    rows = put_together(seed, 25)
    shop_id = None
    for part in (rows[: len(rows) // 3], rows, rows):  # into nothing, beside what is known, again by the shop itself
        report, _ = try_file(exports.text(tmp_path / "all.csv", table(part)), shop_id)
        assert report.orders.new + report.orders.updated + report.orders.unchanged + report.orders.refused > 20
        shop_id = db.session.scalar(
            select(Shop.id).join(User, User.id == Shop.owner_id).where(User.member_name == OWNER)
        )
        db.session.rollback()


@pytest.mark.nightly
@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_files_of_several_exports(tmp_path: Path, seed: int) -> None:
    rows = put_together(seed, 60)
    for part in (rows[: len(rows) // 3], rows, rows):
        try_file(exports.text(tmp_path / "all.csv", table(part)))


@pytest.mark.usefixtures("both")
def test_an_order_that_goes_on_further_down(tmp_path: Path) -> None:
    other = order("3905403692550747611")
    words = ("等待卖家发货", "等待买家收货", "交易成功", "等待买家收货")
    rows = [row for number, status in enumerate(words) for row in (order(订单状态=status), other)]
    report, _ = try_file(exports.text(tmp_path / "all.csv", table(rows)))
    assert (report.orders.new, report.orders.updated, report.orders.unchanged) == (2, 2, 4)
    assert [each.said for each in report.disbelieved] == ["等待买家收货"]


@pytest.mark.usefixtures("both")
def test_of_more_orders_than_are_kept_nothing_is_said_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imagined, "MOST_KEPT", 1)
    numbers = ("3905403692550747597", "3905403692550747611")
    rows = [order(each, 订单状态=status) for status in ("等待卖家发货", "交易成功") for each in numbers]
    with read(exports.text(tmp_path / "all.csv", table(rows))) as export:
        report = import_orders(export, now=NOW, dry_run=True)
    assert (report.orders.new, report.orders.updated, report.orders.unchanged) == (2, 1, 1)
