"""Some hundred orders of an export, compared with the database and written to it in one transaction.

Statements are Core and in bulk: entities would cost several times as much. Rows are touched in the order in which the
steps of cases touch them (lines, orders, shops, users), each kind sorted, so that nobody waits in a ring.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from portal import accounts
from portal.extensions import db
from portal.models import Order, OrderLine, Product, Shop, Sku, User
from portal.order_export import LineRow, OrderRows
from portal.order_import.report import Outcome, Report, RowResult

MOST_REMEMBERED = 50_000
IMPORTS_TAKE_TURNS = 0x6875_616E_6875_6F  # number of PostgreSQL's advisory lock
RECEIVED = ("delivered", "completed")
KEPT = "比已申请售后的数量少,保留原来的数量"
UNPAID = ("unpaid", "cancelled")
TEXTS = (
    "receiver_name", "receiver_address", "carrier_text", "tracking_text", "buyer_note", "downstream_channel",
    "downstream_order_no",
)  # fmt: skip
NUMBERS = ("goods_total_fen", "freight_fen", "adjustment_fen", "paid_fen", "ordered_at", "paid_at", "is_dropship")

_orders: Table = Order.__table__  # type: ignore[assignment]
_lines: Table = OrderLine.__table__  # type: ignore[assignment]
_products: Table = Product.__table__  # type: ignore[assignment]
_skus: Table = Sku.__table__  # type: ignore[assignment]
_users: Table = User.__table__  # type: ignore[assignment]

_KNOWN_ORDERS = select(*(column for column in _orders.c if column.name != "imported_at")).where(
    _orders.c.order_no.in_(bindparam("numbers", expanding=True))
)
_KNOWN_LINES = select(
    *(_lines.c[name] for name in ("id", "order_id", "line_key", "position", "quantity_milli", "claimed_milli"))
).where(_lines.c.order_id.in_(bindparam("ids", expanding=True)))
_KNOWN_PRODUCTS = select(_products.c.product_key, _products.c.id).where(
    _products.c.shop_id == bindparam("shop"), _products.c.product_key.in_(bindparam("keys", expanding=True))
)
_KNOWN_USERS = select(_users.c.member_name, _users.c.id).where(
    _users.c.member_name.in_(bindparam("names", expanding=True))
)
_KNOWN_SHOPS = (
    select(User.member_name, Shop.id)
    .join(Shop, Shop.owner_id == User.id)
    .where(User.member_name.in_(bindparam("names", expanding=True)))
)
_MORE_OR_LESS = (
    update(_lines)
    .where(_lines.c.id == bindparam("line"), _lines.c.claimed_milli <= bindparam("milli"))
    .values(quantity_milli=bindparam("milli"))
)


class Refused(Exception):
    """This order can't be taken; ``column`` and ``sentence`` say why."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column, self.sentence = column, sentence


@dataclass(slots=True)
class Known:
    """What an import has found out: ids that are in the database for certain, because their batch was committed."""

    shop_id: int | None
    create_missing: bool
    owner: str | None = None  # member name of the shop's owner, when there is a shop_id
    users: dict[str, int] = field(default_factory=dict)
    shops: dict[str, int] = field(default_factory=dict)
    products: dict[tuple[int, str], int] = field(default_factory=dict)
    would_be_there: set[str] = field(default_factory=set)  # what a dry run has already counted as new

    def keep(self, batch: Batch) -> None:
        """Remember what a committed batch looked up or made."""
        for mine, its in ((self.users, batch.users), (self.shops, batch.shops), (self.products, batch.products)):
            if len(mine) > MOST_REMEMBERED:
                mine.clear()
            mine.update(its)  # type: ignore[arg-type]


class _Change(NamedTuple):
    order: OrderRows
    order_id: int
    values: dict[str, Any]
    new_lines: list[tuple[int, LineRow]]  # with their positions
    quantities: list[tuple[int, LineRow]]  # with the ids of their lines


class Batch:
    """Orders on their way in; each order number once."""

    def __init__(self, orders: Sequence[OrderRows], known: Known, now: datetime) -> None:
        self._orders, self._known, self._now = orders, known, now
        self.users: dict[str, int] = {}
        self.shops: dict[str, int] = {}
        self.products: dict[tuple[int, str], int] = {}
        self.results: list[RowResult] = []
        self._order_outcomes: list[Outcome] = []
        self._line_outcomes: dict[Outcome, int] = defaultdict(int)
        self._new_accounts = self._new_shops = self._warnings = 0

    def count_into(self, report: Report) -> None:
        """Add what this batch did."""
        for outcome in self._order_outcomes:
            report.orders.add(outcome)
        for outcome, number in self._line_outcomes.items():
            report.lines.add(outcome, number)
        report.new_accounts += self._new_accounts
        report.new_shops += self._new_shops
        report.warnings += self._warnings

    def work(self, *, write: bool) -> None:
        """Compare with the database, and write what differs. With ``write`` called inside ``writing()``."""
        if not self._orders:
            return
        if _dialect() == "postgresql":
            # A plan made while the tables were empty reads them whole, and would be kept as they grow.
            db.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
            if write:
                db.session.execute(select(func.pg_advisory_xact_lock(IMPORTS_TAKE_TURNS)))
        rows = db.session.execute(_KNOWN_ORDERS, {"numbers": [each.order_no for each in self._orders]}).mappings()
        present = {row["order_no"]: dict(row) for row in rows}
        self._look_people_up()
        wanted = self._without_strangers(present)
        if write:
            wanted = self._with_accounts(wanted, present)
        else:
            self._count_accounts(wanted, present)
        lines: dict[int, dict[str, Any]] = defaultdict(dict)
        for row in db.session.execute(_KNOWN_LINES, {"ids": [row["id"] for row in present.values()]}):
            lines[row.order_id][row.line_key] = row
        new: list[OrderRows] = []
        changes: list[_Change] = []
        for order in wanted:
            if order.order_no in present:
                change = self._difference(order, present[order.order_no], lines[present[order.order_no]["id"]])
                if change:
                    changes.append(change)
            elif order.order_no in self._known.would_be_there:  # a dry run meets an order again
                self._done(order, Outcome.UNCHANGED)
            else:
                new.append(order)
                self._done(order, Outcome.NEW)
                if order.ordered_at is None and order.paid_at is None:
                    self._warn(order, order.row, "订单创建时间", "没有下单时间,按导入时间记")
        if write:
            self._write(new, changes, present)
        else:
            self._known.would_be_there.update(order.order_no for order in new)

    # Who the orders belong to

    def _look_people_up(self) -> None:
        if self._known.shop_id is not None and self._known.owner is None:
            owner = select(User.member_name).join(Shop, Shop.owner_id == User.id).where(Shop.id == self._known.shop_id)
            self._known.owner = db.session.scalars(owner).one()
        members = {name for order in self._orders for name in (order.buyer_member, order.seller_member) if name}
        sellers = {order.seller_member for order in self._orders if order.seller_member}
        self.users = _looked_up(_KNOWN_USERS, members, self._known.users)
        if self._known.shop_id is None:
            self.shops = _looked_up(_KNOWN_SHOPS, sellers, self._known.shops)

    def _without_strangers(self, present: dict[str, dict[str, Any]]) -> list[OrderRows]:
        """The orders but for those that belong to somebody else or to nobody."""
        wanted = []
        for order in self._orders:
            try:
                self._check_owner(order, present.get(order.order_no))
            except Refused as problem:
                self._refuse(order, problem)
            else:
                wanted.append(order)
        return wanted

    def _check_owner(self, order: OrderRows, there: dict[str, Any] | None) -> None:
        shop_id, create = self._known.shop_id, self._known.create_missing
        if shop_id is not None and order.seller_member not in ("", self._known.owner):
            raise Refused("卖家会员名", "这是其他卖家的订单,不能导入到本店")
        if shop_id is None and there is None:
            if not order.seller_member:
                raise Refused("卖家会员名", "缺少卖家会员名,不知道订单属于哪家店铺")
            if not create and order.seller_member not in self.shops:
                raise Refused("卖家会员名", f"没有会员 {order.seller_member} 的店铺")
        if there is None and not order.buyer_member:
            raise Refused("买家会员名", "缺少买家会员名,不知道订单属于谁")
        if not create and order.buyer_member and order.buyer_member not in self.users:
            raise Refused("买家会员名", f"没有会员名为 {order.buyer_member} 的账号")
        if there is not None:
            mine = shop_id if shop_id is not None else self.shops.get(order.seller_member)
            if (shop_id is not None or order.seller_member) and there["shop_id"] != mine:
                raise Refused("订单编号", "这个订单号已属于另一家店铺")
            if order.buyer_member and there["buyer_id"] != self.users.get(order.buyer_member):
                raise Refused("买家会员名", "买家与之前导入的不同")

    def _missing(
        self, orders: Iterable[OrderRows], present: dict[str, dict[str, Any]]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Members without an account and sellers without a shop, with their companies' names."""
        members: dict[str, str] = {}
        sellers: dict[str, str] = {}
        for order in orders:
            if order.order_no in present:
                continue
            pairs = [(order.buyer_member, order.buyer_company)]
            if self._known.shop_id is None:
                pairs.append((order.seller_member, order.seller_company))
                if order.seller_member not in self.shops:
                    sellers[order.seller_member] = sellers.get(order.seller_member) or order.seller_company
            for name, company in pairs:
                if name not in self.users:
                    members[name] = members.get(name) or company
        return members, sellers

    def _count_accounts(self, orders: list[OrderRows], present: dict[str, dict[str, Any]]) -> None:
        members, sellers = self._missing(orders, present)
        there = self._known.would_be_there
        new, shops = {f"member {name}" for name in members} - there, {f"shop {name}" for name in sellers} - there
        self._new_accounts, self._new_shops = len(new), len(shops)
        there |= new | shops

    def _with_accounts(self, orders: list[OrderRows], present: dict[str, dict[str, Any]]) -> list[OrderRows]:
        """Make the accounts and shops that are missing; the orders but for those whose seller can't have a shop."""
        members, sellers = self._missing(orders, present)
        if members:
            rows = [
                {"member_name": name, "company_name": company, "created_at": self._now, "version": 1}
                for name, company in sorted(members.items())
            ]
            db.session.execute(_insert(_users).on_conflict_do_nothing(index_elements=["member_name"]), rows)
            self.users |= _looked_up(_KNOWN_USERS, set(members), {})
            self._new_accounts = len(members)
        failed: dict[str, str] = {}
        for name, company in sorted(sellers.items()):
            try:
                owner = db.session.get_one(User, self.users[name])
                self.shops[name] = accounts.create_shop(owner, company or name, self._now).id
                self._new_shops += 1
            except accounts.AccountRefused as problem:
                failed[name] = problem.sentence
        if not failed:
            return orders
        for order in orders:
            if order.seller_member in failed:
                self._refuse(order, Refused("卖家会员名", failed[order.seller_member]))
        return [order for order in orders if order.seller_member not in failed]

    # What differs

    def _difference(self, order: OrderRows, there: dict[str, Any], lines: dict[str, Any]) -> _Change | None:
        said = _said(order, there["more"])
        values = {name: value for name, value in said.items() if there[name] != value}
        if order.status in RECEIVED and there["received_at"] is None:
            values["received_at"] = self._now
        new_lines: list[tuple[int, LineRow]] = []
        quantities: list[tuple[int, LineRow]] = []
        outcomes: dict[int, Outcome] = {}
        position = max((row.position for row in lines.values()), default=0)
        for line in order.lines:
            row = lines.get(line.key)
            outcomes[line.row] = Outcome.UNCHANGED
            if row is None:
                position += 1
                new_lines.append((position, line))
                outcomes[line.row] = Outcome.NEW
            elif row.quantity_milli != line.quantity_milli:
                if line.quantity_milli >= row.claimed_milli:
                    quantities.append((row.id, line))
                    outcomes[line.row] = Outcome.UPDATED
                else:
                    self._warn(order, line.row, "数量", KEPT)
        changed = bool(values or new_lines or quantities)
        self._done(order, Outcome.UPDATED if changed else Outcome.UNCHANGED, outcomes)
        return _Change(order, there["id"], values, new_lines, quantities) if changed else None

    # Writing

    def _write(self, new: list[OrderRows], changes: list[_Change], present: dict[str, dict[str, Any]]) -> None:
        connection = db.session.connection()
        quantities = [(line_id, line, change.order) for change in changes for line_id, line in change.quantities]
        for line_id, line, order in sorted(quantities, key=lambda each: each[0]):
            if not connection.execute(_MORE_OR_LESS, {"line": line_id, "milli": line.quantity_milli}).rowcount:
                self._warn(order, line.row, "数量", KEPT)  # claimed since it was read
        shop_of = {row["id"]: row["shop_id"] for row in present.values()}
        buyer_of = {row["id"]: row["buyer_id"] for row in present.values()}
        to_insert: list[tuple[int, int, LineRow]] = []  # order, position, line
        if new:
            rows = [self._new_row(order) for order in sorted(new, key=lambda each: each.order_no)]
            returned = connection.execute(
                insert(_orders).returning(_orders.c.id, _orders.c.order_no, _orders.c.shop_id, _orders.c.buyer_id), rows
            )
            ids = {}
            for row in returned:
                ids[row.order_no], shop_of[row.id], buyer_of[row.id] = row.id, row.shop_id, row.buyer_id
            for order in new:
                to_insert += [(ids[order.order_no], number, line) for number, line in enumerate(order.lines, 1)]
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for change in sorted(changes, key=lambda each: each.order_id):
            to_insert += [(change.order_id, position, line) for position, line in change.new_lines]
            by_columns[tuple(sorted(change.values))].append(
                {"order": change.order_id, **{f"new_{name}": value for name, value in change.values.items()}}
            )
        for names, rows in by_columns.items():
            values = {name: bindparam(f"new_{name}", type_=_orders.c[name].type) for name in names}
            connection.execute(
                update(_orders)
                .where(_orders.c.id == bindparam("order"))
                .values(version=_orders.c.version + 1, updated_at=self._now, **values),
                rows,
            )
        if to_insert:
            products = self._products([(shop_of[order_id], line) for order_id, _position, line in to_insert])
            connection.execute(
                insert(_lines),
                [
                    _line_row(order_id, position, line, products[shop_of[order_id], product_key(line)])
                    for order_id, position, line in to_insert
                ],
            )
        touched = {change.order_id for change in changes} | {order_id for order_id, _position, _line in to_insert}
        for table, ids_ in ((Shop, {shop_of[each] for each in touched}), (User, {buyer_of[each] for each in touched})):
            if ids_:
                statement = update(table).where(table.id.in_(sorted(ids_))).values(version=table.version + 1)
                db.session.execute(statement.execution_options(synchronize_session=False))

    def _new_row(self, order: OrderRows) -> dict[str, Any]:
        goods = sum((line.unit_price * line.quantity_milli for line in order.lines), Decimal()) / 10
        row: dict[str, Any] = dict.fromkeys(TEXTS, "") | {
            "goods_total_fen": int(goods.to_integral_value(ROUND_HALF_UP)),
            "freight_fen": 0,
            "adjustment_fen": 0,
            "ordered_at": order.paid_at or self._now,
            "paid_at": None,
            "is_dropship": False,
            "receiver_phone": "",
            "more": {},
        }
        row |= _said(order, {})
        paid = 0 if order.status in UNPAID else row["goods_total_fen"] + row["freight_fen"] + row["adjustment_fen"]
        return {
            "paid_fen": paid,
            **row,
            "order_no": order.order_no,
            "shop_id": self.shops[order.seller_member] if self._known.shop_id is None else self._known.shop_id,
            "buyer_id": self.users[order.buyer_member],
            "received_at": self._now if order.status in RECEIVED else None,
            "case_count": 0,
            "version": 1,
            "imported_at": self._now,
            "updated_at": self._now,
        }

    def _products(self, lines: list[tuple[int, LineRow]]) -> dict[tuple[int, str], int]:
        """The ids of the lines' products; makes those that are missing, and their SKUs at the lines' prices."""
        wanted = {(shop_id, product_key(line)): line for shop_id, line in lines}
        found = {key: self._known.products[key] for key in wanted if key in self._known.products}
        missing = sorted(key for key in wanted if key not in found)
        if missing:
            rows = [
                {
                    "shop_id": shop_id,
                    "product_key": key,
                    "title": wanted[shop_id, key].title,
                    "cargo_no": wanted[shop_id, key].cargo_no,
                    "exchangeable": True,
                }
                for shop_id, key in missing
            ]
            there = _insert(_products).on_conflict_do_nothing(index_elements=["shop_id", "product_key"])
            db.session.execute(there, rows)
            keys: dict[int, list[str]] = defaultdict(list)
            for shop_id, key in missing:
                keys[shop_id].append(key)
            for shop_id, each in keys.items():
                for key, product_id in db.session.execute(_KNOWN_PRODUCTS, {"shop": shop_id, "keys": each}):
                    found[shop_id, key] = product_id
        self.products = found
        skus = {(found[shop_id, product_key(line)], sku_key(line)): line for shop_id, line in lines}
        upsert = _insert(_skus)
        db.session.execute(
            upsert.on_conflict_do_update(
                index_elements=["product_id", "sku_key"],
                set_={"price_fen": upsert.excluded.price_fen},
                where=_skus.c.price_fen != upsert.excluded.price_fen,
            ),
            [
                {
                    "product_id": product_id,
                    "sku_key": key,
                    "spec": line.spec,
                    "price_fen": line.unit_price_fen,
                    "in_stock": True,
                }
                for (product_id, key), line in sorted(skus.items(), key=lambda each: each[0])
            ],
        )
        return found

    # Saying it

    def _done(self, order: OrderRows, outcome: Outcome, of_lines: dict[int, Outcome] | None = None) -> None:
        self._order_outcomes.append(outcome)
        for line in order.lines:
            of_line = outcome if of_lines is None else of_lines[line.row]
            self._line_outcomes[of_line] += 1
            self.results.append(RowResult(line.row, order.order_no, of_line))

    def _refuse(self, order: OrderRows, problem: Refused) -> None:
        self._order_outcomes.append(Outcome.REFUSED)
        for number, line in enumerate(order.lines):
            self._line_outcomes[Outcome.REFUSED] += 1
            sentence = problem.sentence if number == 0 else f"所属订单(第 {order.row} 行)未能导入"
            self.results.append(
                RowResult(line.row, order.order_no, Outcome.REFUSED, problem.column if number == 0 else "", sentence)
            )

    def _warn(self, order: OrderRows, row: int, column: str, sentence: str) -> None:
        self._warnings += 1
        self.results.append(RowResult(row, order.order_no, Outcome.WARNING, column, sentence))


def product_key(line: LineRow) -> str:
    """What tells a shop's products apart: Offer ID, else 货号, else the title's hash."""
    return line.offer_id or line.cargo_no or hashlib.sha256(line.title.encode()).hexdigest()[:40]


def sku_key(line: LineRow) -> str:
    """What tells a product's specifications apart: SKU ID, else 单品货号, else 型号."""
    key = line.sku_id or line.sku_cargo_no or line.spec
    return key if len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()


def _dialect() -> str:
    return str(db.session.get_bind().dialect.name)


def _insert(table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, which both databases write alike."""
    return sqlite.insert(table) if _dialect() == "sqlite" else postgresql.insert(table)


def _looked_up(statement: Any, names: set[str], known: dict[str, int]) -> dict[str, int]:
    found = {name: known[name] for name in names if name in known}
    unknown = sorted(names - found.keys())
    if unknown:
        found |= {row[0]: row[1] for row in db.session.execute(statement, {"names": unknown})}
    return found


def _said(order: OrderRows, more: dict[str, Any]) -> dict[str, Any]:
    """The columns of an order that the file says something about; an empty cell says nothing."""
    said: dict[str, Any] = {"status": order.status, "status_text": order.status_text}
    said |= {name: value for name in TEXTS if (value := getattr(order, name))}
    said |= {name: value for name in NUMBERS if (value := getattr(order, name)) is not None}
    if order.receiver_mobile or order.receiver_tel:
        said["receiver_phone"] = order.receiver_mobile or order.receiver_tel
    extra = dict(order.more)
    if order.receiver_mobile and order.receiver_tel:
        extra["receiver_tel"] = order.receiver_tel
    if extra:
        said["more"] = {**more, **extra}
    return said


def _line_row(order_id: int, position: int, line: LineRow, product_id: int) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "position": position,
        "line_key": line.key,
        "title": line.title,
        "spec": line.spec,
        "unit": line.unit or "件",
        "unit_price_fen": line.unit_price_fen,
        "quantity_milli": line.quantity_milli,
        "claimed_milli": 0,
        "cargo_no": line.cargo_no,
        "offer_id": line.offer_id,
        "sku_id": line.sku_id,
        "guarantees": "",
        "product_id": product_id,
        "snapshot": line.snapshot,
    }
