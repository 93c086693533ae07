"""Some hundred orders of an export, compared with the database and written to it in one transaction.

Statements are Core and in bulk: entities would cost several times as much. Rows are touched in the order in which the
steps of cases touch them (lines, orders, shops, users), each kind sorted, so that nobody waits in a ring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, case, func, insert, select, text, update

from portal.extensions import db
from portal.models import Order, OrderHead, OrderLine, Shop, Staff, User
from portal.notices import notices
from portal.orders import receiving
from portal.orders.export_format import LineRow, OrderRows
from portal.orders.importing.goods import Goods
from portal.orders.importing.known import Known, dialect
from portal.orders.importing.people import People, Refused
from portal.orders.importing.report import Outcome, Report, RowResult

IMPORTS_TAKE_TURNS = 0x6875_616E_6875_6F  # number of PostgreSQL's advisory lock
RECEIVED = ("delivered", "completed")
KEPT = "比已申请售后的数量少,保留原来的数量"
REFUNDED = "比已登记的退款少,保留原来的实付款"
BEFORE_SHIPPING = ("unpaid", "unshipped", "cancelled")
UNPAID = ("unpaid", "cancelled")
TEXTS = (
    "receiver_name",
    "receiver_address",
    "carrier_text",
    "tracking_text",
    "buyer_note",
    "downstream_channel",
    "downstream_order_no",
)
NUMBERS = ("goods_total_fen", "freight_fen", "adjustment_fen", "paid_fen", "ordered_at", "paid_at", "is_dropship")

_orders: Table = Order.__table__  # type: ignore[assignment]
_lines: Table = OrderLine.__table__  # type: ignore[assignment]

_KNOWN_ORDERS = select(*(column for column in _orders.c if column.name != "imported_at")).where(
    _orders.c.order_no.in_(bindparam("numbers", expanding=True))
)
_KNOWN_LINES = select(
    *(_lines.c[name] for name in ("id", "order_id", "line_key", "position", "quantity_milli", "claimed_milli"))
).where(_lines.c.order_id.in_(bindparam("ids", expanding=True)))
_MORE_OR_LESS = (
    update(_lines)
    .where(_lines.c.id == bindparam("line"), _lines.c.claimed_milli <= bindparam("milli"))
    .values(quantity_milli=bindparam("milli"))
)


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
        self._people, self._goods = People(known, now), Goods(known)
        self.results: list[RowResult] = []
        self._order_outcomes: list[Outcome] = []
        self._line_outcomes: dict[Outcome, int] = defaultdict(int)
        self._warnings = 0
        self._contradicted: list[tuple[dict[str, Any], str, str]] = []  # order, what was done here, what the file says

    def keep(self) -> None:
        """Remember who and what there is, once the batch is committed."""
        self._people.keep()
        self._goods.keep()

    def count_into(self, report: Report) -> None:
        """Add what this batch did."""
        for outcome in self._order_outcomes:
            report.orders.add(outcome)
        for outcome, number in self._line_outcomes.items():
            report.lines.add(outcome, number)
        report.new_accounts += self._people.new_accounts
        report.new_shops += self._people.new_shops
        report.warnings += self._warnings

    def work(self, *, write: bool) -> None:
        """Compare with the database, and write what differs. With ``write`` called inside ``writing()``."""
        if not self._orders:
            return
        if dialect() == "postgresql":
            # A plan made while the tables were empty reads them whole, and would be kept as they grow.
            db.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
            if write:
                db.session.execute(select(func.pg_advisory_xact_lock(IMPORTS_TAKE_TURNS)))
        rows = db.session.execute(_KNOWN_ORDERS, {"numbers": [each.order_no for each in self._orders]}).mappings()
        present = {row["order_no"]: dict(row) for row in rows}
        wanted = self._without_strangers(present, write)
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

    def _without_strangers(self, present: dict[str, dict[str, Any]], write: bool) -> list[OrderRows]:
        """The orders but for those that are somebody else's or nobody's; makes who is missing."""
        self._people.look_up(self._orders)
        wanted: list[OrderRows] = []
        for order in self._orders:
            try:
                self._people.check(order, present.get(order.order_no))
            except Refused as problem:
                self._refuse(order, problem)
            else:
                wanted.append(order)
        new = [order for order in wanted if order.order_no not in present]
        if not write:
            self._people.count(new)
            return wanted
        failed = self._people.create(new)
        for order in new if failed else ():
            if order.seller_member in failed:
                self._refuse(order, Refused("卖家会员名", failed[order.seller_member]))
                wanted.remove(order)
        return wanted

    # What differs

    def _difference(self, order: OrderRows, there: dict[str, Any], lines: dict[str, Any]) -> _Change | None:
        said = _said(order, there["more"])
        values = {name: value for name, value in said.items() if there[name] != value}
        if "status" in values and (why := _ours(there, order.status)):
            del values["status"]
            values.pop("status_text", None)
            self._warn(
                order, order.row, "订单状态", f"{why},导出显示「{order.status_text or order.status}」,保留这里的状态"
            )
            self._contradicted.append((there, why, order.status_text or order.status))
        if values.get("paid_fen", there["paid_fen"]) < there["refunded_fen"]:
            del values["paid_fen"]
            self._warn(order, order.row, "实付款(元)", REFUNDED)
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
            ids, heads = {}, []
            for row in returned:
                ids[row.order_no], shop_of[row.id], buyer_of[row.id] = row.id, row.shop_id, row.buyer_id
                head = {"order_no": row.order_no, "order_id": row.id, "shop_id": row.shop_id, "buyer_id": row.buyer_id}
                heads.append(head)
            connection.execute(insert(OrderHead), heads)
            for order in new:
                to_insert += [(ids[order.order_no], number, line) for number, line in enumerate(order.lines, 1)]
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for change in sorted(changes, key=lambda each: each.order_id):
            to_insert += [(change.order_id, position, line) for position, line in change.new_lines]
            by_columns[tuple(sorted(change.values))].append(
                {"order": change.order_id, **{f"new_{name}": value for name, value in change.values.items()}}
            )
        for names, rows in by_columns.items():
            values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=_orders.c[name].type) for name in names}
            if "status" in values:  # called off or shipped here since it was read
                new_status = values["status"]
                values["status"] = case(
                    (_orders.c.cancelled_at.is_not(None), _orders.c.status),
                    (_orders.c.shipped_at.is_not(None) & new_status.in_(BEFORE_SHIPPING), _orders.c.status),
                    else_=new_status,
                )
            if "paid_fen" in values:  # refunded since it was read: what was paid stays
                new_paid = values["paid_fen"]
                values["paid_fen"] = case((new_paid < _orders.c.refunded_fen, _orders.c.paid_fen), else_=new_paid)
            connection.execute(
                update(_orders)
                .where(_orders.c.id == bindparam("order"))
                .values(version=_orders.c.version + 1, updated_at=self._now, **values),
                rows,
            )
        if to_insert:
            self._goods.write([(shop_of[order_id], line) for order_id, _position, line in to_insert])
            lines = [
                _line_row(shop_of[order_id], order_id, position, line, self._goods.product_of(shop_of[order_id], line))
                for order_id, position, line in to_insert
            ]
            connection.execute(insert(_lines), lines)
        for order_row, why, said in self._contradicted:
            for user_id in db.session.scalars(select(Staff.user_id).where(Staff.shop_id == order_row["shop_id"])):
                notices.tell_of_order(
                    user_id,
                    shop_id=order_row["shop_id"],
                    kind="order_contradicted",
                    title="导入的订单状态与这里不一致",
                    body=f"订单 {order_row['order_no']} {why},平台导出显示「{said}」。请核对货物和款项。",
                    href=f"/seller/orders?q={order_row['order_no']}",
                    at=self._now,
                    dedupe_key=f"contradicted:{order_row['id']}:{said}",
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
            "shop_id": self._people.shop_of(order),
            "buyer_id": self._people.buyer_of(order),
            **receiving.receipt(None),  # an export says that it was received, not when
            "case_count": 0,
            "version": 1,
            "imported_at": self._now,
            "updated_at": self._now,
        }

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


def _ours(there: dict[str, Any], status: str) -> str:
    """What was done here that a status in a file must not undo; "" when the file only goes on from it."""
    if there["cancelled_at"] is not None and status != "cancelled":
        return "已在本站撤销"
    if there["shipped_at"] is not None and status in BEFORE_SHIPPING:
        return "已在本站发货"
    return ""


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


def _line_row(shop_id: int, order_id: int, position: int, line: LineRow, product_id: int) -> dict[str, Any]:
    return {
        "shop_id": shop_id,
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
