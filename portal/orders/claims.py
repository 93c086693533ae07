"""Numbers of orders that more than one shop claims: each keeps its own order, and all concerned are told.

Numbers that differ only in the case of their letters are one number: tools and people write both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, TextClause, func, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from portal.extensions import db
from portal.models import Order, OrderHead, Shop, Staff, User
from portal.models.orders import FOLDED
from portal.notices import beside_steps
from portal.people import roles

ONLY_CASE = "与已有的订单 {number} 只有字母大小写不同，按同一张订单处理"
CLAIMED_TWICE = "另一家店铺也有这个订单号，两张订单各自保留，互不影响；双方和平台运营都会收到通知"
MOST_NAMED = 3
PAGE = 30
_LETTERED = "~"  # before a number with letters, where a page of them begins


def fold_case(number: str) -> str:
    """A number as all its spellings have it in common."""
    return number.upper()


class Claims:
    """Which shops have orders of some numbers."""

    def __init__(self) -> None:
        self._shops: dict[str, set[int]] = defaultdict(set)
        self._beside: dict[str, set[int | str]] = defaultdict(set)  # whose the orders are that come in together
        self._spelled: dict[tuple[str, int], set[str]] = defaultdict(set)  # by number and shop: as the shop has it

    def look_up(self, numbers: Collection[str]) -> None:
        """Find out who has them."""
        known = select(OrderHead.order_no, OrderHead.shop_id)
        query: Any = known.where(OrderHead.order_no.in_(sorted(numbers)))
        if lettered := sorted({fold_case(each) for each in numbers if not each.isdecimal()}):
            query = query.union(known.where(OrderHead.folded.in_(lettered), text(FOLDED)))
        for row in db.session.execute(query):
            self._add(row.order_no, row.shop_id)

    def _add(self, number: str, shop_id: int) -> None:
        self._shops[fold_case(number)].add(shop_id)
        self._spelled[fold_case(number), shop_id].add(number)

    def shops_of(self, number: str) -> set[int]:
        """The shops with an order of this number."""
        return self._shops.get(fold_case(number), set())

    def spell(self, number: str, shop_id: int | None) -> str:
        """A number as the shop's order has it that is known already, itself where there is none."""
        known = self._spelled.get((fold_case(number), shop_id or 0), {number})
        return number if number in known else min(known)

    def expect(self, coming: Iterable[tuple[str, int | str]]) -> None:
        """Orders come in together: (number, shop), a shop that isn't there yet by its owner's name."""
        for number, shop in coming:
            self._beside[fold_case(number)].add(shop)

    def are_others(self, number: str, shop: int | str) -> bool:
        """Whether a shop other than this one has an order of this number, or brings one now."""
        return bool((self.shops_of(number) | self._beside[fold_case(number)]) - {shop})

    def settle(self, added: Iterable[tuple[str, int]], now: datetime) -> None:
        """Orders (number, shop) were added: mark those whose number another shop has too, and tell.

        Inside ``writing()``.
        """
        numbers = set()
        for number, shop_id in added:
            self._add(number, shop_id)
            numbers.add(fold_case(number))
        twice = sorted(number for number in numbers if len(self._shops[number]) > 1)
        if not twice:
            return
        shops = sorted(set().union(*(self._shops[number] for number in twice)))
        spelled = set().union(*(self._spelled[number, shop_id] for number in twice for shop_id in self._shops[number]))
        claimed = (Order.order_no.in_(sorted(spelled)), Order.shop_id.in_(shops))
        buyers = sorted(set(db.session.scalars(select(Order.buyer_id).where(*claimed))))
        mark = update(Order).where(*claimed).values(contested=True, updated_at=now)
        db.session.execute(mark.execution_options(synchronize_session=False))
        self._tell(twice, now)
        changed = update(User).where(User.id.in_(buyers)).values(version=User.version + 1)  # their lists' addresses
        db.session.execute(changed.execution_options(synchronize_session=False))

    def _tell(self, numbers: Sequence[str], now: datetime) -> None:
        of_shop: dict[int, list[str]] = defaultdict(list)
        for number in numbers:
            for shop_id in self._shops[number]:
                of_shop[shop_id].append(min(self._spelled[number, shop_id]))
        for shop_id, claimed in sorted(of_shop.items()):
            said = f"{_name(claimed)}，另一家店铺也导入了同样的订单号。两边的订单各自保留，互不影响。请核对是否填错。"
            staff = db.session.execute(select(Staff.user_id, Staff.role).where(Staff.shop_id == shop_id)).all()
            for user_id in sorted(each.user_id for each in staff if roles.may_open(each.role, "orders")):
                _tell_one(user_id, shop_id, claimed, said, f"/seller/orders?q={claimed[0]}", now)
        operators = select(User.id).where(User.operator, User.disabled_at.is_(None)).order_by(User.id)
        for user_id in db.session.scalars(operators):
            shop_id = min(self._shops[numbers[0]])
            said = f"{_name(numbers)}，不止一家店铺导入了同样的订单号。请看是哪些店铺，需要时联系核实。"
            _tell_one(user_id, shop_id, numbers, said, "/operator/claims", now)


def list_spellings(number: str, buyer_id: int) -> list[str]:
    """How this buyer's orders of a number that somebody typed write it: in its case or in another."""
    if number.isdecimal():
        return [number]
    theirs = (OrderHead.buyer_id == buyer_id, OrderHead.folded == fold_case(number), text(FOLDED))
    return sorted(set(db.session.scalars(select(OrderHead.order_no).where(*theirs))))


def _name(numbers: Sequence[str]) -> str:
    more = f"等 {len(numbers)} 个订单号" if len(numbers) > MOST_NAMED else ""
    return f"订单 {'、'.join(numbers[:MOST_NAMED])}{more}"


def _tell_one(user_id: int, shop_id: int, numbers: Sequence[str], said: str, href: str, now: datetime) -> None:
    beside_steps.tell_of_order(
        user_id,
        shop_id=shop_id,
        kind="number_claimed",
        title="订单号与另一家店铺重复",
        body=said,
        href=href,
        at=now,
        dedupe_key=f"claimed:{numbers[0]}:{len(numbers)}:{shop_id}",
    )


def list_claimed(after: str = "") -> tuple[list[tuple[str, Sequence[Any]]], str]:
    """One page of numbers that more than one shop has, with each shop's order; and where the next page begins.

    Of each: order_no, shop, shop_id, buyer (会员名), ordered_at, imported_at. Those with letters come after the others.
    """
    plain: list[str] = []
    if not after.startswith(_LETTERED):
        plain = _list_twice(OrderHead.order_no, OrderHead.folded == "", after)
    lettered: list[str] = []
    if len(plain) <= PAGE:
        begun = after.removeprefix(_LETTERED) if after.startswith(_LETTERED) else ""
        lettered = _list_twice(OrderHead.folded, text(FOLDED), begun)
    numbers, keys = [*plain, *lettered][:PAGE], [*plain, *(_LETTERED + each for each in lettered)]
    heads = select(OrderHead.order_no, OrderHead.folded).where(
        OrderHead.order_no.in_(numbers) | (OrderHead.folded.in_(numbers) & text(FOLDED))
    )
    number_of = {row.order_no: row.folded or row.order_no for row in db.session.execute(heads)}
    found: dict[str, list[Any]] = {number: [] for number in numbers}
    rows = db.session.execute(
        select(
            Order.order_no,
            Order.shop_id,
            Shop.name.label("shop"),
            User.member_name.label("buyer"),
            Order.ordered_at,
            Order.imported_at,
        )
        .join(Shop, Shop.id == Order.shop_id)
        .join(User, User.id == Order.buyer_id)
        .where(Order.order_no.in_(list(number_of)))
        .order_by(Order.order_no, Order.id)
    )
    for row in rows:
        found[number_of[row.order_no]].append(row)
    return list(found.items()), keys[PAGE - 1] if len(keys) > PAGE else ""


def _list_twice(column: InstrumentedAttribute[str], which: ColumnElement[bool] | TextClause, after: str) -> list[str]:
    """The numbers after one that more than one shop has; one more than a page when there are more."""
    query = select(column).where(which, column > after).group_by(column)
    twice = query.having(func.count(OrderHead.shop_id.distinct()) > 1).order_by(column).limit(PAGE + 1)
    return list(db.session.scalars(twice))
