"""Orders of shops that their buyer doesn't know are hidden; a number is one shop's; nobody is blocked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import doctor
from portal.applications import chosen, unsent
from portal.applications.cancel_outcomes import Outcome
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, Conversation, KnownShop, Notice, Order, OrderLine, OrderWatch, Shop, User
from portal.models.orders import find_path
from portal.orders import claims, importing, known_shops, order_lists
from portal.orders.claims import CLAIMED_TWICE
from portal.orders.export_format import read
from portal.orders.importing import Report, import_orders
from portal.people import accounts
from portal.talk import complaints, conversations
from tests import exports
from tests.cast import Cast
from tests.exports import Cells, table

NUMBER = "3905403692550747597"
ROUNDS = 12


@pytest.fixture
def cast(cast_both: Cast) -> Cast:
    return cast_both


@pytest.fixture
def take(cast: Cast, tmp_path: Path) -> Callable[..., Report]:
    """Imports rows as a shop does, or with ``shop_id=None`` as who runs the portal does."""

    def take(rows: Iterable[Cells], shop_id: int | None, **how: Any) -> Report:
        with read(exports.text(tmp_path / "export.csv", table(rows))) as export:
            return import_orders(export, now=cast.now, shop_id=shop_id, **how)

    return take


def order(buyer: str, number: str = NUMBER, seller: str = "", **cells: Any) -> Cells:
    return exports.order(number, 买家会员名=buyer, 卖家会员名=seller, **cells)


def seen(user_id: int) -> list[tuple[str, str]]:
    """What a member's list has: (number, shop)."""
    found, _ = order_lists.list_page(user_id, "all")
    return sorted((each.order.order_no, each.order.shop) for each in found)


def told(user_id: int, kind: str) -> list[str]:
    return list(db.session.scalars(select(Notice.body).where(Notice.user_id == user_id, Notice.kind == kind)))


def answer(user_id: int, shop_id: int, *, accepts: bool, cast: Cast) -> bool:
    with writing():
        return known_shops.answer(user_id, shop_id, accepts=accepts, now=cast.now)


def test_an_order_of_a_new_shop_is_nowhere_until_its_buyer_says_yes(cast: Cast, take: Callable[..., Report]) -> None:
    take([order("buyer", 货品标题="加微信 12345 领红包", 订单状态="等待卖家发货")], cast.shop2)
    assert seen(cast.buyer) == []
    assert set(order_lists.count_tabs(cast.buyer).values()) == {0}
    assert order_lists.list_page(cast.buyer, "all", words=NUMBER)[0] == []
    assert order_lists.list_page(cast.buyer, "all", words="微信")[0] == []
    assert order_lists.find_of_buyer(NUMBER, cast.buyer) is None
    assert order_lists.load_for_buyer(NUMBER, cast.buyer) is None
    assert conversations.find_standing_of_buyer(NUMBER, cast.buyer) is None
    assert chosen.list_chosen([NUMBER], cast.buyer) == []
    by = ActedBy(Actor.BUYER, cast.buyer, "buyer")
    with writing():
        assert unsent.cancel_order(NUMBER, by=by, reason="not_wanted", now=cast.now).outcome is Outcome.UNKNOWN
    (new,), _ = known_shops.list_new(cast.buyer)
    assert (new.shop_id, new.name, new.many, [number for number, _at in new.orders]) == (
        cast.shop2,
        "seller2的店",
        1,
        [NUMBER],
    )
    assert known_shops.count_new(cast.buyer) == 1
    assert known_shops.count_new(cast.buyer2) == 0
    assert not any(doctor.findings())
    db.session.rollback()
    assert answer(cast.buyer, cast.shop2, accepts=True, cast=cast)
    assert seen(cast.buyer) == [(NUMBER, "seller2的店")]
    assert order_lists.count_tabs(cast.buyer)["unshipped"] == 1
    assert known_shops.count_new(cast.buyer) == 0
    db.session.rollback()
    take([order("buyer", "3905403692550747598")], cast.shop2)  # it isn't asked again
    assert len(seen(cast.buyer)) == 2
    assert not any(doctor.findings())


def test_words_in_a_number_are_not_shown(cast: Cast) -> None:
    cast.order(shown=False, shop=cast.shop2, order_no="ADD-WECHAT-12345")
    (new,), _ = known_shops.list_new(cast.buyer)
    assert [number for number, _at in new.orders] == [""]


def test_a_no_holds_for_later_orders_and_is_taken_back(cast: Cast, take: Callable[..., Report]) -> None:
    take([order("buyer")], cast.shop2)
    answer(cast.buyer, cast.shop2, accepts=False, cast=cast)
    take([order("buyer", "3905403692550747598")], cast.shop2)
    assert (seen(cast.buyer), known_shops.count_new(cast.buyer)) == ([], 0)
    ((row,), _) = known_shops.list_answered(cast.buyer)
    assert (row.shop_id, row.accepted, row.source) == (cast.shop2, False, "member")
    db.session.rollback()
    answer(cast.buyer, cast.shop2, accepts=True, cast=cast)
    assert len(seen(cast.buyer)) == 2
    db.session.rollback()
    answer(cast.buyer, cast.shop2, accepts=False, cast=cast)
    assert seen(cast.buyer) == []
    assert not any(doctor.findings())


def test_nobody_answers_about_a_shop_without_orders_of_theirs(cast: Cast) -> None:
    assert not answer(cast.buyer, cast.shop2, accepts=True, cast=cast)
    assert not answer(cast.buyer, 4_000_000, accepts=True, cast=cast)
    assert db.session.scalars(select(KnownShop)).all() == []


def test_taking_a_yes_back_leaves_what_has_a_case_and_silences_the_rest(cast: Cast) -> None:
    kept, gone = cast.order(), cast.order()
    case = cast.open_case(kept)
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, gone.id), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "在吗", now=cast.now)
        db.session.add(OrderWatch(shop_id=cast.shop, order_id=gone.id, user_id=cast.buyer, at=cast.now))
    answer(cast.buyer, cast.shop, accepts=False, cast=cast)
    assert [number for number, _shop in seen(cast.buyer)] == [kept.order_no]
    assert conversations.list_of_person(buyer_id=cast.buyer) == []
    assert db.session.scalars(select(Conversation.buyer_unread)).all() == [0]
    assert db.session.scalars(select(OrderWatch)).all() == []
    assert [row.case_no for row in order_lists.list_cases(kept.id)] == [case.case_no]
    assert not any(doctor.findings())


def test_no_case_is_opened_on_a_hidden_order(cast: Cast) -> None:
    hidden = cast.order(shown=False, shop=cast.shop2)
    with pytest.raises(StepRefused, match="还没有确认"):
        cast.open_case(hidden)
    db.session.rollback()
    assert db.session.scalars(select(Case)).all() == []
    assert known_shops.is_hidden(db.session.get_one(Order, hidden.id))


def test_who_has_no_account_meets_the_order_by_a_link(cast: Cast) -> None:
    hidden = cast.order(shown=False)
    with writing():
        db.session.execute(update(User).where(User.id == cast.buyer).values(password_hash=None))
    assert not known_shops.is_hidden(db.session.get_one(Order, hidden.id))
    case = cast.open_case(hidden)
    other = cast.order(shown=False, shop=cast.shop2)
    with writing():  # and gets an account: the shop with the case is known, the other asks
        db.session.execute(update(User).where(User.id == cast.buyer).values(password_hash="x"))
        known_shops.vouch_for_cases(cast.buyer, cast.now)
    assert [number for number, _shop in seen(cast.buyer)] == [hidden.order_no]
    assert [new.shop_id for new in known_shops.list_new(cast.buyer)[0]] == [cast.shop2]
    assert (case.buyer_id, other.shown) == (cast.buyer, False)
    assert not any(doctor.findings())


def test_nobody_is_told_of_a_hidden_order(cast: Cast) -> None:
    hidden = cast.order(shown=False, status="unshipped", tracking_text="")
    shown = cast.order(status="unshipped", tracking_text="", shop=cast.shop2)
    for each, shop, seller in ((hidden, cast.shop, cast.seller), (shown, cast.shop2, cast.seller2)):
        with writing():
            by = ActedBy(Actor.SELLER, seller, "seller")
            unsent.ship_order(each.id, shop, [("ZTO", "75484863576596")], by=by, now=cast.now)
    assert len(told(cast.buyer, "order_shipped")) == 1


def test_who_runs_the_portal_vouches_but_a_no_stays(cast: Cast, take: Callable[..., Report]) -> None:
    take([order("buyer", seller="seller2"), order("buyer2", "3905403692550747598", seller="seller2")], cast.shop2)
    answer(cast.buyer2, cast.shop2, accepts=False, cast=cast)
    rows = [order("buyer", seller="seller2"), order("buyer2", "3905403692550747598", seller="seller2")]
    take([*rows, order("buyer", "3905403692550747599", seller="seller2")], None, vouched=True)
    assert len(seen(cast.buyer)) == 2
    assert seen(cast.buyer2) == []
    assert not any(doctor.findings())


# One number, two shops


@pytest.mark.parametrize("same_buyer", [True, False])
def test_two_shops_with_one_number_keep_their_orders_and_are_told(
    cast: Cast, take: Callable[..., Report], *, same_buyer: bool
) -> None:
    squatted = take([order("buyer", 货品标题="占号")], cast.shop2)
    other = "buyer" if same_buyer else "buyer2"
    first = take([order(other, 货品标题="真货")], cast.shop)
    again = take([order(other, 货品标题="真货")], cast.shop)
    assert (squatted.warnings, first.warnings, again.warnings) == (0, 1, 0)
    assert [(each.column, each.sentence) for each in first.problems] == [("订单编号", CLAIMED_TWICE)]
    rows = db.session.execute(select(Order.shop_id, Order.contested).where(Order.order_no == NUMBER)).all()
    assert {tuple(row) for row in rows} == {(cast.shop, True), (cast.shop2, True)}
    operator = db.session.scalar(select(User.id).where(User.member_name == "operator")) or 0
    for user_id in (cast.seller, cast.seller2, operator):
        (said,) = told(user_id, "number_claimed")
        assert NUMBER in said
    ((number, orders),), more = claims.list_claimed()
    assert (number, {each.shop_id for each in orders}, more) == (NUMBER, {cast.shop, cast.shop2}, "")
    assert claims.list_claimed(NUMBER) == ([], "")
    titles = select(OrderLine.title).join(Order, Order.id == OrderLine.order_id)
    assert db.session.scalars(titles.where(Order.shop_id == cast.shop)).all() == ["真货"]
    assert not any(doctor.findings())


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    "sellers", [("seller", "seller2"), ("seller", "third"), ("third", "fourth")], ids=["known", "one new", "new"]
)
def test_two_shops_with_one_number_in_one_file_are_both_warned(
    cast: Cast, take: Callable[..., Report], sellers: tuple[str, str], *, dry_run: bool
) -> None:
    rows = [order("buyer", seller=sellers[0]), order("buyer", f"{NUMBER[:-1]}8", sellers[0])]
    report = take([*rows, order("buyer2", seller=sellers[1])], None, dry_run=dry_run)
    assert (report.orders.new, report.warnings) == (3, 2)
    assert [(each.row, each.sentence) for each in report.problems] == [(2, CLAIMED_TWICE), (4, CLAIMED_TWICE)]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("batch", [1, 2, 3, 500])
@pytest.mark.parametrize(
    "sellers", [("seller", "seller2"), ("third", "seller2"), ("third", "fourth")], ids=["known", "one new", "new"]
)
def test_a_number_of_two_shops_is_said_of_both_however_far_apart(
    cast: Cast,
    take: Callable[..., Report],
    monkeypatch: pytest.MonkeyPatch,
    sellers: tuple[str, str],
    *,
    batch: int,
    dry_run: bool,
) -> None:
    monkeypatch.setattr(importing, "BATCH_ORDERS", batch)
    between = [order("buyer", f"{NUMBER[:-2]}{ten}", sellers[0]) for ten in range(10, 17)]
    rows = [order("buyer", "TB-Abc-1", sellers[0]), *between]
    rows += [order("buyer2", "tb-abc-1", sellers[1]), order("buyer2", "tb-abc-2", sellers[1])]
    report = take(rows, None, dry_run=dry_run)
    claimed = [(each.row, each.column) for each in report.problems if each.sentence == CLAIMED_TWICE]
    assert (report.orders.new, sorted(claimed)) == (10, [(2, "订单编号"), (10, "订单编号")])
    assert report.warnings == len(claimed)
    again = take(rows, None, dry_run=True)
    assert again.warnings == (2 if dry_run else 0)


def test_what_the_database_said_of_a_number_is_said_once(
    cast: Cast, take: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_ORDERS", 1)
    take([order("buyer", seller="seller")], None)
    sellers = [("third", "7"), ("seller", "8"), ("fourth", "7"), ("seller", "9"), ("seller", "7")]
    report = take([order("buyer", NUMBER[:-1] + end, seller) for seller, end in sellers], None)
    assert (report.orders.new, report.orders.unchanged) == (4, 1)
    assert [(each.row, each.sentence) for each in report.problems] == [(2, CLAIMED_TWICE), (4, CLAIMED_TWICE)]


def test_one_seller_in_two_spellings_claims_nothing_twice(cast: Cast, take: Callable[..., Report]) -> None:
    report = take([order("buyer", seller="third"), order("buyer", "TB-Abc-1", "Third")], None)
    assert (report.orders.new, report.warnings) == (2, 0)


@pytest.mark.parametrize("typed", ["TB-Abc-1", "tb-abc-1", "TB-ABC-1", "tB-aBC-1"])
def test_an_address_is_the_order_s_in_whatever_case(cast: Cast, take: Callable[..., Report], typed: str) -> None:
    take([order("buyer", "TB-Abc-1")], cast.shop)
    take([order("buyer", "TB-ABC-2")], cast.shop2)  # hidden
    answer(cast.buyer, cast.shop, accepts=True, cast=cast)
    for address in (typed, f"{typed}~{cast.shop}"):
        for find in (order_lists.find_of_buyer, order_lists.load_for_buyer):
            found = find(address, cast.buyer)
            assert found is not None
            assert found.order_no == "TB-Abc-1"
            assert find(address, cast.buyer2) is None
    assert order_lists.find_of_buyer(f"{typed}~{cast.shop2}", cast.buyer) is None
    assert order_lists.find_of_buyer("tb-abc-2", cast.buyer) is None
    assert (complaints.find_own(typed, cast.buyer) or {}).get("shop_id") == cast.shop
    assert complaints.find_own("tb-abc-2", cast.buyer) is None


def test_of_two_spellings_the_exact_one_is_meant(cast: Cast, take: Callable[..., Report]) -> None:
    take([order("buyer", "TB-ABC-1")], cast.shop2)
    take([order("buyer", "TB-abc-1")], cast.shop)
    for shop_id in (cast.shop, cast.shop2):
        answer(cast.buyer, shop_id, accepts=True, cast=cast)
    for number, shop_id in (("TB-abc-1", cast.shop), ("TB-ABC-1", cast.shop2)):
        found = order_lists.find_of_buyer(number, cast.buyer)
        assert found is not None
        assert (found.order_no, found.shop_id) == (number, shop_id)
        assert (complaints.find_own(number, cast.buyer) or {})["shop_id"] == shop_id
    other = order_lists.find_of_buyer(f"TB-abc-1~{cast.shop2}", cast.buyer)
    assert other is not None
    assert other.shop_id == cast.shop2


def test_an_address_leads_to_the_order_of_the_shop_that_its_reader_knows(
    cast: Cast, take: Callable[..., Report]
) -> None:
    take([order("buyer")], cast.shop2)  # first, and hidden
    take([order("buyer")], cast.shop)
    answer(cast.buyer, cast.shop, accepts=True, cast=cast)
    found = order_lists.find_of_buyer(NUMBER, cast.buyer)
    assert found is not None
    assert (found.shop_id, find_path(found)) == (cast.shop, f"/orders/{NUMBER}~{cast.shop}")
    assert order_lists.find_of_buyer(f"{NUMBER}~{cast.shop2}", cast.buyer) is None
    db.session.rollback()
    answer(cast.buyer, cast.shop2, accepts=True, cast=cast)
    for shop_id in (cast.shop, cast.shop2):
        one = order_lists.find_of_buyer(f"{NUMBER}~{shop_id}", cast.buyer)
        assert one is not None
        assert one.shop_id == shop_id
    assert order_lists.find_of_buyer(NUMBER, cast.buyer) is not None
    both = [f"{NUMBER}~{cast.shop}", f"{NUMBER}~{cast.shop2}", NUMBER]
    assert {row.shop_id for row in chosen.list_chosen(both, cast.buyer)} == {cast.shop, cast.shop2}


def test_random_shops_members_and_numbers(cast: Cast, take: Callable[..., Report]) -> None:
    """Nobody sees an order of a shop that they don't know, and no shop's order is kept out by another's."""
    chance = random.Random(20261128)
    with writing():
        for name in ("third", "fourth"):
            accounts.create_shop(
                accounts.create_user(name, now=cast.now, password="huanhuo-demo", weak_ok=True), f"{name}的店", cast.now
            )
    shops = dict(db.session.execute(select(User.member_name, Shop.id).join(Shop, Shop.owner_id == User.id)).all())
    members = {"buyer": cast.buyer, "buyer2": cast.buyer2, "third": 0}
    members["third"] = db.session.scalar(select(User.id).where(User.member_name == "third")) or 0
    db.session.rollback()
    numbers = [f"39054036925507475{number}" for number in range(10, 16)]
    has: dict[tuple[str, str], str] = {}  # (seller, number): whose it is
    knows: dict[tuple[str, str], bool] = {}
    for _ in range(ROUNDS):
        seller = chance.choice(sorted(shops))
        rows = []
        for number in sorted(chance.sample(numbers, 3)):
            buyer = has.setdefault((seller, number), chance.choice(sorted(members)))
            rows.append(order(buyer, number, 货品标题=f"{seller}的货"))
        report = take(rows, shops[seller])
        assert report.orders.refused == 0
        who, whose = chance.choice(sorted(members)), chance.choice(sorted(shops))
        said = chance.random() < 0.7
        if answer(members[who], shops[whose], accepts=said, cast=cast):
            knows[who, whose] = said
        _check(shops, members, has, knows)
        db.session.rollback()
    assert not any(doctor.findings())


def _check(
    shops: dict[str, int],
    members: dict[str, int],
    has: dict[tuple[str, str], str],
    knows: dict[tuple[str, str], bool],
) -> None:
    for (seller, number), buyer in has.items():  # nobody is blocked
        found = order_lists.find_of_shop(number, shops[seller])
        assert found is not None
        assert found.buyer_id == members[buyer]
    for member, user_id in members.items():
        mine = sorted(
            (number, f"{seller}的店")
            for (seller, number), buyer in has.items()
            if buyer == member and knows.get((member, seller))
        )
        assert seen(user_id) == mine
        for number, same in groupby(mine, key=lambda each: each[0]):
            assert order_lists.find_of_buyer(number, user_id) is not None
            for _number, shop in same:
                one = order_lists.find_of_buyer(f"{number}~{shops[shop.removesuffix('的店')]}", user_id)
                assert one is not None
        waiting = {seller for (seller, _no), buyer in has.items() if buyer == member and (member, seller) not in knows}
        assert {new.name for new in known_shops.list_new(user_id)[0]} == {f"{seller}的店" for seller in waiting}
