"""Whose the orders of an export are: members and shops that are known, and those that are made for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, select

from portal.extensions import db
from portal.inputs import member_key
from portal.models import Shop, User
from portal.orders.export_format import OrderRows
from portal.orders.importing.collisions import Refused
from portal.orders.importing.known import Known, insert_into, remember
from portal.people import accounts

_users: Table = User.__table__  # type: ignore[assignment]
_ALIKE = _users.c.member_name.in_(bindparam("names", expanding=True)) | _users.c.member_key.in_(
    bindparam("keys", expanding=True)
)
_KNOWN_USERS = select(_users.c.member_name, _users.c.id).where(_ALIKE)
_KNOWN_SHOPS = select(_users.c.member_name, Shop.id).join(Shop, Shop.owner_id == _users.c.id).where(_ALIKE)


def look_up_members(statement: Any, names: set[str], known: dict[str, int]) -> dict[str, int]:
    """The ids of these names; one in another case is the only member of that name, if there is one."""
    found = {name: known[name] for name in names if name in known}
    unknown = sorted(names - found.keys())
    if not unknown:
        return found
    rows = db.session.execute(statement, {"names": unknown, "keys": sorted({member_key(each) for each in unknown})})
    exact, alike = {}, defaultdict(set)
    for name, of in rows:
        exact[name] = of
        alike[member_key(name)].add(of)
    for name in unknown:
        others = alike.get(member_key(name), set())
        if name in exact or len(others) == 1:
            found[name] = exact.get(name) or next(iter(others))
    return found


class People:
    """The buyers and sellers of some orders."""

    def __init__(self, known: Known, now: datetime) -> None:
        self._known, self._now = known, now
        self._users: dict[str, int] = {}
        self._shops: dict[str, int] = {}
        self.new_accounts = self.new_shops = 0

    def look_up(self, orders: Sequence[OrderRows]) -> None:
        """Find out which of them have an account and a shop."""
        known = self._known
        if known.shop_id is not None and known.owner is None:
            owner = select(User.member_name).join(Shop, Shop.owner_id == User.id).where(Shop.id == known.shop_id)
            known.owner = db.session.scalars(owner).one()
        sellers = {order.seller_member for order in orders if order.seller_member}
        members = sellers | {order.buyer_member for order in orders if order.buyer_member}
        self._users = look_up_members(_KNOWN_USERS, members, known.users)
        if known.shop_id is None:
            self._shops = look_up_members(_KNOWN_SHOPS, sellers, known.shops)

    def keep(self) -> None:
        """Remember them, now that the batch is committed."""
        remember(self._known.users, self._users)
        remember(self._known.shops, self._shops)

    def buyer_of(self, order: OrderRows) -> int:
        """The id of a new order's buyer."""
        return self._users[order.buyer_member]

    def find_buyer(self, order: OrderRows) -> int | None:
        """The id of an order's buyer, None while there is no such account."""
        return self._users.get(order.buyer_member)

    def shop_of(self, order: OrderRows) -> int:
        """The id of a new order's shop."""
        return self._shops[order.seller_member] if self._known.shop_id is None else self._known.shop_id

    def find_shop(self, order: OrderRows, shops: Collection[int]) -> int | None:
        """The shop that an order is of, None while it has none; ``shops`` have orders of its number.

        Raises Refused when the file doesn't say which of them.
        """
        if self._known.shop_id is not None:
            return self._known.shop_id
        if order.seller_member or not shops:
            return self._shops.get(order.seller_member)
        if len(shops) > 1:
            raise Refused("卖家会员名", "这个订单号有几家店铺在用，缺少卖家会员名，不知道是哪一家的")
        return next(iter(shops))

    def check(self, order: OrderRows, there: Mapping[str, object] | None) -> None:
        """Raises Refused for an order of somebody else, or of nobody; ``there`` is the order in the database."""
        shop_id, create = self._known.shop_id, self._known.create_missing
        seller, buyer = order.seller_member, order.buyer_member
        if shop_id is not None and seller and member_key(seller) != member_key(self._known.owner or ""):
            whose = f"卖家「{seller}」不是本店「{self._known.owner or ''}」"
            raise Refused("卖家会员名", f"{whose}：这是其他卖家的订单，不能导入到本店")
        if not create and buyer and buyer not in self._users:
            raise Refused("买家会员名", f"没有会员名为「{buyer}」的账号")
        if there is not None:
            if buyer and there["buyer_id"] != self._users.get(buyer):
                raise Refused("买家会员名", "买家与之前导入的不同")
            return
        if not buyer:
            raise Refused("买家会员名", "缺少买家会员名，不知道订单属于谁")
        if shop_id is None and not seller:
            raise Refused("卖家会员名", "缺少卖家会员名，不知道订单属于哪家店铺")
        if shop_id is None and not create and seller not in self._shops:
            raise Refused("卖家会员名", f"没有会员「{seller}」的店铺")

    def _missing(self, orders: Iterable[OrderRows]) -> tuple[dict[str, str], dict[str, str]]:
        """Members without an account and sellers without a shop, with their companies' names; each in one spelling."""
        members: dict[str, str] = {}
        sellers: dict[str, str] = {}
        spelled: dict[str, str] = {}
        for order in orders:
            pairs = [(order.buyer_member, order.buyer_company)]
            if self._known.shop_id is None:
                pairs.append((order.seller_member, order.seller_company))
                if order.seller_member not in self._shops:
                    name = spelled.setdefault(member_key(order.seller_member), order.seller_member)
                    sellers[name] = sellers.get(name) or order.seller_company
            for said, company in pairs:
                if said not in self._users:
                    name = spelled.setdefault(member_key(said), said)
                    members[name] = members.get(name) or company
        return members, sellers

    def count(self, new_orders: Collection[OrderRows]) -> None:
        """Count whom ``create`` would make."""
        members, sellers = self._missing(new_orders)
        there = self._known.would_be_there
        accounts_, shops = {f"member {name}" for name in members} - there, {f"shop {name}" for name in sellers} - there
        self.new_accounts, self.new_shops = len(accounts_), len(shops)
        there |= accounts_ | shops

    def create(self, new_orders: Collection[OrderRows]) -> dict[str, str]:
        """Make the accounts and shops that new orders need; returns the sellers who can't have a shop, with why."""
        members, sellers = self._missing(new_orders)
        all_names = {name for order in new_orders for name in (order.buyer_member, order.seller_member) if name}
        if members:
            rows = [
                {"member_name": name, "company_name": company, "created_at": self._now, "version": 1}
                for name, company in sorted(members.items())
            ]
            db.session.execute(insert_into(_users).on_conflict_do_nothing(index_elements=["member_name"]), rows)
            self._users |= look_up_members(_KNOWN_USERS, all_names, {})
            self.new_accounts = len(members)
        failed: dict[str, str] = {}
        for name, company in sorted(sellers.items()):
            try:
                owner = db.session.get_one(User, self._users[name])
                self._shops[name] = accounts.create_shop(owner, company or name, self._now).id
                self.new_shops += 1
            except accounts.AccountRefused as problem:
                failed[name] = problem.sentence
        for name in all_names if sellers else ():  # in other spellings
            same = next((each for each in sellers if member_key(each) == member_key(name)), name)
            if same in self._shops:
                self._shops[name] = self._shops[same]
            elif same in failed:
                failed[name] = failed[same]
        return failed
