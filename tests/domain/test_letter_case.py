"""Numbers that differ only in the case of their letters are one number: of one shop one order, of two shops told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.extensions import db
from portal.models import Notice, Order, OrderLine, Shop
from portal.orders import claims
from portal.orders.export_format import read
from portal.orders.importing import Counts, Report, import_orders
from tests import exports
from tests.exports import Cells, order, table

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
Take = Callable[..., Report]
pytestmark = pytest.mark.usefixtures("both")

SPELLED = [("abc123", "ABC123"), ("ABC123", "abc123"), ("aBc-12_3", "AbC-12_3"), ("E20261105x", "e20261105X")]
OTHER: Cells = {"卖家会员名": "yw_bangong", "卖家公司名": "另一家店"}


@pytest.fixture
def take(tmp_path: Path) -> Take:
    def take(rows: Iterable[Cells], **how: Any) -> Report:
        with read(exports.text(tmp_path / "export.csv", table(rows))) as export:
            return import_orders(export, **{"now": NOW, **how})

    return take


def numbers() -> list[str]:
    return sorted(db.session.scalars(select(Order.order_no)))


@pytest.mark.parametrize(("first", "second"), SPELLED)
def test_in_one_shop_it_is_one_order(take: Take, first: str, second: str) -> None:
    take([order(first, 订单状态="等待卖家发货")])
    report = take([order(second, 订单状态="等待买家收货")])
    assert (report.orders, numbers()) == (Counts(updated=1), [first])
    assert any("只有字母大小写不同" in each.sentence for each in report.problems)
    assert db.session.scalars(select(Order.status)).one() == "in_transit"
    assert take([order(first, 订单状态="等待买家收货")]).orders == Counts(unchanged=1)
    assert not db.session.scalars(select(Order.contested)).one()


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(("first", "second"), SPELLED)
def test_in_one_file_too(take: Take, first: str, second: str, *, dry_run: bool) -> None:
    """Rows apart are the order again; rows below each other are its lines."""
    report = take([order(first), order("3905403692550747500"), order(second)], dry_run=dry_run)
    assert (report.orders.new, report.orders.unchanged) == (2, 1)
    two = {"货品总价(元)": 75.2, "实付款(元)": 81.2}
    report = take(
        [order("X1" + first, **two), order("x1" + second, **two, **{"SKU ID": "2", "型号": "白"})], dry_run=dry_run
    )
    assert (report.orders.new, report.lines.new) == (1, 2)
    if not dry_run:
        assert len(numbers()) == 3
        found = db.session.scalars(select(OrderLine.quantity_milli).join(Order).where(Order.order_no == "X1" + first))
        assert list(found) == [2000, 2000]


def test_what_contradicts_it_is_refused_as_for_any_number(take: Take) -> None:
    take([order("abc123")])
    report = take([order("ABC123", 买家会员名="another")])
    assert (report.orders.refused, numbers()) == (1, ["abc123"])


@pytest.mark.parametrize(("first", "second"), SPELLED)
def test_two_shops_with_it_are_told(take: Take, first: str, second: str) -> None:
    take([order(first)])
    report = take([order(second, **OTHER)])
    assert report.orders.new == 1 and claims.CLAIMED_TWICE in {each.sentence for each in report.problems}
    assert numbers() == sorted([first, second])
    assert list(db.session.scalars(select(Order.contested))) == [True, True]
    owners = {shop.owner_id for shop in db.session.scalars(select(Shop))}
    told = {(each.user_id, each.body.split("，")[0]) for each in db.session.scalars(select(Notice))}
    assert {user_id for user_id, _said in told if user_id in owners} == owners
    assert {said for _user, said in told} >= {f"订单 {first}", f"订单 {second}"}
    [(number, rows)], key = claims.list_claimed()
    assert (number, {row.order_no for row in rows}, key) == (first.upper(), {first, second}, "")


def test_the_list_of_claimed_numbers_goes_on_with_those_with_letters(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "PAGE", 2)
    plain = [f"390540369255074{end}" for end in range(7501, 7504)]
    lettered = ["AB-1", "abc2", "Cd_3"]
    take([order(each) for each in [*plain, *lettered]])
    take([order(each.swapcase(), **OTHER) for each in [*plain, *lettered]])
    seen: list[str] = []
    key = ""
    for _page in range(5):
        found, key = claims.list_claimed(key)
        assert all(len(rows) == 2 for _number, rows in found)
        seen += [number for number, _rows in found]
        if not key:
            break
    assert seen == [*plain, "AB-1", "ABC2", "CD_3"]


def test_numbers_without_letters_are_as_they_were(take: Take) -> None:
    take([order("3905403692550747501"), order("3905403692550747502", **OTHER)])
    assert list(db.session.scalars(select(Order.contested))) == [False, False]
    assert claims.list_claimed() == ([], "")
