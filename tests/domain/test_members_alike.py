"""A 会员名 in full width, with unseen characters or in another case is that of the member who has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.extensions import db, writing
from portal.models import Order, Shop, User
from portal.orders.export_format import read
from portal.orders.importing import Counts, Report, import_orders
from portal.people import accounts
from tests import exports
from tests.cast import Cast
from tests.exports import Cells, order, table

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
Take = Callable[..., Report]

BUYERS = [
    "BUYER",
    "Buyer",
    "ｂｕｙｅｒ",
    "ＢＵＹＥＲ",
    " buyer ",
    "\u3000buyer\u00a0",
    "buy\u200ber",
    "\ufeffBUYER\u202c",
]
SELLERS = ["SELLER", "ｓｅｌｌｅｒ", "\u200bSeller\u3000"]


@pytest.fixture
def take(cast_both: Cast, tmp_path: Path) -> Take:
    def take(rows: Iterable[Cells], **how: Any) -> Report:
        db.session.rollback()
        with read(exports.text(tmp_path / "export.csv", table(rows))) as export:
            return import_orders(export, **{"now": NOW, **how})

    return take


def count() -> tuple[int, int]:
    return db.session.scalar(select(func.count(User.id))) or 0, db.session.scalar(select(func.count(Shop.id))) or 0


def bought(*members: str, seller: str = "seller") -> list[Cells]:
    first = 3905403692550747500
    return [order(str(first + at), 买家会员名=name, 卖家会员名=seller) for at, name in enumerate(members, 1)]


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("buyer", BUYERS)
def test_a_buyer_however_written_is_the_member(cast_both: Cast, take: Take, buyer: str, *, dry_run: bool) -> None:
    before = count()
    report = take(bought(buyer), dry_run=dry_run)
    assert (report.orders, report.new_accounts, count()) == (Counts(new=1), 0, before)
    if not dry_run:
        assert db.session.scalars(select(Order.buyer_id)).all() == [cast_both.buyer]
        assert take(bought("buyer")).orders == Counts(unchanged=1)


@pytest.mark.parametrize("seller", SELLERS)
@pytest.mark.parametrize("of_shop", [True, False])
def test_a_seller_however_written_is_the_shops(cast_both: Cast, take: Take, seller: str, *, of_shop: bool) -> None:
    before = count()
    how = {"shop_id": cast_both.shop} if of_shop else {}
    report = take(bought("buyer", seller=seller), **how)
    assert (report.orders, count()) == (Counts(new=1), before)
    assert db.session.scalars(select(Order.shop_id)).all() == [cast_both.shop]


def test_new_members_of_one_file_are_one_in_all_spellings(take: Take) -> None:
    people, shops = count()
    first = bought("NewOne", "newone", "ＮＥＷＯＮＥ", seller="NewShop")
    second = bought("x", "y", "z", "NEWone", seller="newSHOP")[3:]
    report = take([*first, *second])
    assert (report.orders, report.new_accounts, report.new_shops) == (Counts(new=4), 2, 1)
    assert count() == (people + 2, shops + 1)
    assert len(set(db.session.scalars(select(Order.buyer_id)))) == 1
    assert db.session.scalars(select(User.member_name).where(User.member_key == "newone")).all() == ["NewOne"]


def test_an_order_twice_in_a_file_contradicts_nothing_by_case(take: Take) -> None:
    rows = bought("BUYER")
    report = take(
        [*rows, order("1905403692550747597"), order(rows[0]["订单编号"], 买家会员名="buyer", 卖家会员名="ｓeller")]
    )
    assert (report.orders.new, report.orders.unchanged, report.orders.refused) == (2, 1, 0)


def test_members_that_are_two_already_stay_two(cast_both: Cast, take: Take) -> None:
    with writing():  # from before names were compared
        db.session.add(User(member_name="BUYER", created_at=NOW))
    take(bought("buyer", "BUYER"))
    names = select(User.member_name).join(Order, Order.buyer_id == User.id).order_by(Order.order_no)
    assert db.session.scalars(names).all() == ["buyer", "BUYER"]


def test_another_buyer_is_another(take: Take) -> None:
    take(bought("buyer"))
    report = take(bought("buyer2"))
    assert report.orders.refused == 1


@pytest.mark.parametrize("name", ["BUYER", "buyer", "Buyer", "ＢＵＹＥＲ"])
def test_no_account_takes_a_name_in_another_case(cast_both: Cast, name: str) -> None:
    with pytest.raises(accounts.AccountRefused, match="已被使用"), writing():
        accounts.create_user(name, now=NOW)


def test_letters_of_other_alphabets_and_blanks_within_tell_members_apart(take: Take) -> None:
    people, _shops = count()
    take(bought("École", "école", "甲 乙", "甲乙"))
    assert count()[0] == people + 4
    take(bought("École", "école", "甲　乙", "甲乙"))
    assert count()[0] == people + 4
