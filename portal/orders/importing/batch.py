"""Some hundred orders of an export, compared with the database and written to it in one transaction.

Statements are Core and in bulk: entities would cost several times as much. Rows are touched in the order in which the
steps of cases touch them (lines, orders, shops, users), each kind sorted, so that nobody waits in a ring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, insert, select, text, update

from portal.extensions import db
from portal.inputs import member_key
from portal.models import Order, OrderHead, OrderLine, Shop, User
from portal.orders import known_shops, receiving, sold, versions
from portal.orders.claims import CLAIMED_TWICE, ONLY_CASE, Claims, fold_case
from portal.orders.export_format import LineRow, OrderRows
from portal.orders.importing import imagined
from portal.orders.importing.changes import (
    Change,
    change_lines,
    describe_change,
    keep_terms,
    make_line_row,
    write_changes,
)
from portal.orders.importing.collisions import Refused, refuse_another
from portal.orders.importing.doubts import Doubt
from portal.orders.importing.future import drop_future, forget_stand_in, say_unplaced
from portal.orders.importing.goods import Goods
from portal.orders.importing.keeping import keep_doubts, list_held, tell_contradicted, tell_lines_ended, tell_refunded
from portal.orders.importing.known import Known, dialect
from portal.orders.importing.lines import KEPT
from portal.orders.importing.merging import merge, values_of_new
from portal.orders.importing.outcomes import Outcomes
from portal.orders.importing.pairing import KnownLine
from portal.orders.importing.people import People
from portal.orders.importing.prepared import KNOWN_LINES, KNOWN_ORDERS, make_known
from portal.orders.importing.progress import Replaced
from portal.orders.importing.report import Outcome, Report, RowResult
from portal.orders.importing.twins import find_twins, refuse_twin

IMPORTS_TAKE_TURNS = 0x6875_616E_6875_6F  # number of PostgreSQL's advisory lock
_orders: Table = Order.__table__  # type: ignore[assignment]
_lines: Table = OrderLine.__table__  # type: ignore[assignment]

_Key = tuple[int | None, str]  # what an order is known by: its shop (None: one that isn't there yet) and its number


class Batch:
    """Orders on their way in; each order of a shop once."""

    def __init__(
        self, orders: Sequence[OrderRows], known: Known, now: datetime, source: str = "", import_id: int = 0
    ) -> None:
        self._orders, self._known, self._now = orders, known, now
        self._source, self._import_id = source, import_id
        self._people, self._goods = People(known, now), Goods(known)
        self._open_cases: set[int] = set()  # orders that have one
        self._replaced: Mapping[int, Replaced] = {}  # by order: what was known of it before
        self._held: list[tuple[dict[str, object], list[list[str]]]] = []  # orders, and what their open cases stand on
        self._doubted: list[tuple[dict[str, object], list[Doubt]]] = []
        self._contradicted: list[tuple[dict[str, Any], str, str]] = []  # order, what was done here, what the file says
        self._claims, self._said = Claims(), Outcomes()
        self._imagined: dict[int, imagined.State] = {}  # by id() of the orders that a dry run meets again
        self._shop_of: dict[int, int] = {}  # by id() of the orders whose shop is there

    def keep(self) -> None:
        """Remember who and what there is, once the batch is committed."""
        self._people.keep()
        self._goods.keep()

    @property
    def results(self) -> list[RowResult]:
        """What became of each row."""
        return self._said.results

    def count_into(self, report: Report) -> None:
        """Add what this batch did."""
        self._said.count_into(report)
        report.new_accounts += self._people.new_accounts
        report.new_shops += self._people.new_shops

    def work(self, *, write: bool) -> None:
        """Compare with the database, and write what differs. With ``write`` called inside ``writing()``."""
        if not self._orders:
            return
        if dialect() == "postgresql":
            # A plan made while the tables were empty reads them whole, and would be kept as they grow.
            db.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
            if write:
                db.session.execute(select(func.pg_advisory_xact_lock(IMPORTS_TAKE_TURNS)))
        present = self._look_up()
        if not write:
            found = ((id(each), self._known.imagined.find(self._said_key(each))) for each in self._orders)
            self._imagined = {key: state for key, state in found if state is not None}
        if write and self._known.vouched:
            known_shops.vouch({(row["buyer_id"], row["shop_id"]) for row in present.values()}, self._now)
        wanted = self._without_strangers(present, write)
        lines: dict[int, list[KnownLine]] = defaultdict(list)
        known = {"ids": [row["id"] for row in present.values()], "shops": list({shop_id for shop_id, _ in present})}
        for row in db.session.execute(KNOWN_LINES, known):
            lines[row.order_id].append(make_known(row))
        if with_cases := [row["id"] for row in present.values() if row["case_count"]]:
            self._open_cases = versions.find_with_open_case(with_cases, known["shops"])
        self._replaced = versions.list_replaced(known["ids"], known["shops"])
        new, changes = list[OrderRows](), list[Change]()
        self._claims.expect((order.order_no, self._whose(order)) for order in wanted)
        for order in wanted:
            self._said.warn_all(order, drop_future(order, self._now))
            if (there := self._find(order, present)) is not None:
                if change := self._difference(order, there, lines[there["id"]], write=write):
                    changes.append(change)
            elif self._said_key(order) in self._known.would_be_there:  # a dry run meets an order again
                self._said.done(order, Outcome.UNCHANGED)
            else:
                new.append(order)
                self._said.done(order, Outcome.NEW)
                self._said.warn_all(order, say_unplaced(order))
                self._warn_claimed(order)
        if write:
            self._write(new, changes, present)
        else:
            for order in new:
                state = imagined.make_new(order, self._people.find_buyer(order), self._now)
                self._known.imagined.keep(self._said_key(order), state)
            self._known.would_be_there.update(self._said_key(order) for order in new)

    def _find(self, order: OrderRows, present: Mapping[_Key, dict[str, Any]]) -> dict[str, Any] | None:
        """What is known of an order, or would be by what the file says of it further up."""
        state = self._imagined.get(id(order))
        return present.get(self._key(order)) if state is None else state.there

    def _warn_claimed(self, order: OrderRows) -> None:
        """Say of a new order's number that another shop has it; and of the first that the file has of it."""
        twice = self._claims.are_others(order.order_no, self._whose(order))
        if self._known.shop_id is None:
            again, first = self._known.brought.take(order, said=twice)
            twice |= again
            if first is not None:
                self._said.warn_at(*first, order.order_no, "订单编号", CLAIMED_TWICE)
        if twice:
            self._said.warn(order, order.row, "订单编号", CLAIMED_TWICE)

    def _look_up(self) -> dict[_Key, dict[str, Any]]:
        """What is known of these orders, each in its own shop."""
        self._people.look_up(self._orders)
        self._claims.look_up({each.order_no for each in self._orders})
        for order in self._orders:
            with suppress(Refused):  # it is refused with the others
                shop_id = self._people.find_shop(order, self._claims.shops_of(order.order_no))
                if shop_id is not None:
                    self._shop_of[id(order)] = shop_id
            spelled = self._claims.spell(order.order_no, self._shop_of.get(id(order)))
            if spelled != order.order_no:
                self._said.warn(order, order.row, "订单编号", ONLY_CASE.format(number=spelled))
                order.order_no = spelled
        shops, numbers = sorted(set(self._shop_of.values())), sorted({each.order_no for each in self._orders})
        rows = db.session.execute(KNOWN_ORDERS, {"numbers": numbers, "shops": shops}).mappings() if shops else ()
        return {(row["shop_id"], row["order_no"]): forget_stand_in(dict(row)) for row in rows}

    def _key(self, order: OrderRows) -> _Key:
        return self._shop_of.get(id(order)), order.order_no

    def _whose(self, order: OrderRows) -> int | str:
        return self._shop_of.get(id(order)) or member_key(order.seller_member)

    def _said_key(self, order: OrderRows) -> str:
        return f"order {self._whose(order)} {fold_case(order.order_no)}"

    def _without_strangers(self, present: dict[_Key, dict[str, Any]], write: bool) -> list[OrderRows]:
        """The orders but for those that are somebody else's or nobody's; makes who is missing."""
        wanted: list[OrderRows] = []
        twins = find_twins(self._orders, self._shop_of, present, self._known.get_proven)
        for order in self._orders:
            there = self._find(order, present)
            try:
                self._people.find_shop(order, self._claims.shops_of(order.order_no))
                self._people.check(order, there)
                refuse_another(order, there)
                refuse_twin(order, twins.get(id(order)))
            except Refused as problem:
                self._said.refuse(order, problem)
            else:
                wanted.append(order)
        new = [order for order in wanted if self._find(order, present) is None]
        if not write:
            self._people.count(new)
            return wanted
        failed = self._people.create(new)
        for order in new if failed else ():
            if order.seller_member in failed:
                self._said.refuse(order, Refused("卖家会员名", failed[order.seller_member]))
                wanted.remove(order)
        return wanted

    def _difference(
        self, order: OrderRows, there: dict[str, Any], lines: list[KnownLine], *, write: bool
    ) -> Change | None:
        has_open_case, replaced = there["id"] in self._open_cases, self._replaced.get(there["id"])
        if state := self._imagined.get(id(order)):
            _there, lines, replaced = state
        merged = merge(order, there, lines, has_open_case=has_open_case, replaced=replaced)
        if merged.done_here:
            self._contradicted.append((there, merged.done_here, order.status_text or order.status))
        self._said.disbelieve(order, merged.doubts)
        if merged.doubts:
            self._doubted.append((there, merged.doubts))
        if held := list_held(merged.doubts, has_open_case=has_open_case):
            self._held.append((there, held))
        self._said.compared(order, merged)
        if not merged.changes:
            return None
        position = max((row.position for row in lines), default=0)
        added = [(number, line._replace(key=key)) for number, (key, line) in enumerate(merged.lines.new, position + 1)]
        change = Change(order, there, keep_terms(there, merged.values), added, merged)
        if not write:
            self._known.imagined.keep(self._said_key(order), imagined.change_state(change, lines, replaced or {}))
        return change

    # Writing

    def _write(self, new: list[OrderRows], changes: list[Change], present: dict[_Key, dict[str, Any]]) -> None:
        connection = db.session.connection()
        for change, line_id in change_lines(connection, changes):  # claimed since
            self._said.disbelieve(change.order, [Doubt(change.merged.lines.row_of[line_id], "数量", "", "", KEPT)])
        shop_of = {row["id"]: row["shop_id"] for row in present.values()}
        buyer_of = {row["id"]: row["buyer_id"] for row in present.values()}
        to_insert: list[tuple[int, int, LineRow]] = []  # order, position, line
        if new:
            rows = self._new_rows(new)
            returned = connection.execute(
                insert(_orders).returning(_orders.c.id, _orders.c.order_no, _orders.c.shop_id, _orders.c.buyer_id), rows
            )
            ids, heads = {}, []
            for row in returned:
                ids[row.shop_id, row.order_no] = row.id
                shop_of[row.id], buyer_of[row.id] = row.shop_id, row.buyer_id
                head = {"order_no": row.order_no, "order_id": row.id, "shop_id": row.shop_id, "buyer_id": row.buyer_id}
                heads.append(head)
            connection.execute(insert(OrderHead), heads)
            self._claims.settle([(row["order_no"], row["shop_id"]) for row in rows], self._now)
            for order in new:
                order_id = ids[self._people.shop_of(order), order.order_no]
                to_insert += [(order_id, number, line) for number, line in enumerate(order.lines, 1)]
        ordered = sorted(changes, key=lambda each: each.order_id)
        to_insert += [(change.order_id, position, line) for change in ordered for position, line in change.new_lines]
        write_changes(connection, ordered, self._now)
        if to_insert:
            self._goods.write([(shop_of[order_id], line) for order_id, _position, line in to_insert])
            lines = [
                make_line_row(
                    shop_of[order_id], order_id, position, line, self._goods.product_of(shop_of[order_id], line)
                )
                for order_id, position, line in to_insert
            ]
            connection.execute(insert(_lines), lines)
            self._goods.write_sold_as(lines)
        described = [(change.there, describe_change(change)) for change in changes]
        versions.record_versions(described, self._held, self._open_cases, source=self._source, now=self._now)
        for order_row, why, said in self._contradicted:
            tell_contradicted(order_row, why, said, self._now)
        keep_doubts(self._doubted, import_id=self._import_id, source=self._source, now=self._now)
        touched = {change.order_id for change in changes} | {order_id for order_id, _position, _line in to_insert}
        sold.count_orders({order_id: shop_of[order_id] for order_id in touched})
        for table, ids_ in ((Shop, {shop_of[each] for each in touched}), (User, {buyer_of[each] for each in touched})):
            if ids_:
                statement = update(table).where(table.id.in_(sorted(ids_))).values(version=table.version + 1)
                db.session.execute(statement.execution_options(synchronize_session=False))
        tell_refunded(changes, self._now)
        tell_lines_ended(changes, self._now)

    def _new_rows(self, new: list[OrderRows]) -> list[dict[str, Any]]:
        """New orders as rows; their buyers see those of shops that they know."""
        rows = [self._new_row(order) for order in sorted(new, key=lambda each: each.order_no)]
        pairs = {(row["buyer_id"], row["shop_id"]) for row in rows}
        if self._known.vouched:
            known_shops.vouch(pairs, self._now)
        accepted = known_shops.find_accepted(pairs)
        for row in rows:
            row["shown"] = (row["buyer_id"], row["shop_id"]) in accepted
        return rows

    def _new_row(self, order: OrderRows) -> dict[str, Any]:
        return values_of_new(order, self._now) | {
            "order_no": order.order_no,
            "shop_id": self._people.shop_of(order),
            "buyer_id": self._people.buyer_of(order),
            "contested": False,
            **receiving.make_receipt(None),  # an export says that it was received, not when
            "case_count": 0,
            "version": 1,
            "imported_at": self._now,
            "updated_at": self._now,
        }
