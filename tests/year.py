"""A year of a made-up shop in a real database: orders, cases and batches, counted by the portal's own code.

Three suppliers, and three planted faults: a bad batch, a description that promises too much, a clumsy carrier. What
the rows say besides is of no interest; how many there are and when they came is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Boolean, String, Table, insert, text
from sqlalchemy.types import JSON

from portal.calendar.officehours import BEIJING
from portal.calendar.weeks import find_monday, number_week
from portal.cases import faults
from portal.extensions import Moment, db, writing
from portal.models import Batch, Case, CaseLine, MoneyEntry, Order, OrderLine, Product
from portal.orders import sold
from portal.rights import policies
from tests.cast import Cast

ORDERS: Final = 100_000
PRODUCTS: Final = 40
SPECS: Final = ("黑色;L", "白色;L", "灰色;XL")
SUPPLIERS: Final = ("义乌第一针织厂", "东阳二厂", "诸暨三厂")
WEEKS: Final = 52
COMMON: Final[Mapping[str, float]] = {
    "damaged": 0.012,
    "colour": 0.008,
    "size": 0.009,
    "defect": 0.007,
    "missing_item": 0.003,
}


class Planted(NamedTuple):
    """A fault that begins in a week: ``chance`` more of a product's lines have it until the week ``until``."""

    name: str
    product: int
    reason: str
    fault: str
    begins: int
    until: int
    chance: float


PLANTED: Final = (
    Planted("a bad batch", 1, "defect", "defect", 22, 26, 0.12),
    Planted("an exaggerated description", 3, "colour", "colour", 30, WEEKS, 0.10),
    Planted("a clumsy carrier", 0, "damaged", "broken", 40, WEEKS, 0.08),
)


class Year:
    """The shop while its year goes by; ``products``: their ids, ``first``: the number of its first week."""

    def __init__(self, cast: Cast, seed: int, orders: int = ORDERS) -> None:
        self.cast, self.dice, self.orders = cast, random.Random(seed), orders
        self.first = number_week(cast.now) - WEEKS
        self.products: list[int] = []
        self.reported: dict[int, list[tuple[int, str, datetime]]] = {}  # by week: order, reason, when
        self.made = 0
        with writing():
            self.policy = policies.get_current(cast.shop).id
            for number in range(PRODUCTS):
                product = Product(shop_id=cast.shop, product_key=f"year-{number}", title=f"商品 {number:02d}")
                db.session.add(product)
                db.session.flush()
                self.products.append(product.id)
                self._add_batch(number, 0, SUPPLIERS[number % 3])
            bad = PLANTED[0]
            self._add_batch(bad.product, bad.begins, SUPPLIERS[2])
            self._add_batch(bad.product, bad.until, SUPPLIERS[1])

    def _add_batch(self, number: int, week: int, supplier: str) -> None:
        values = {
            "shop_id": self.cast.shop,
            "product_id": self.products[number],
            "supplier": supplier,
            "from_at": self.begin(week),
            "aql": "2.5",
            "code": "K",
            "size": 2000,
            "sample": 125,
            "most": 7,
            "made_by": self.cast.seller,
            "made_at": self.begin(week),
        }
        db.session.add(Batch(**values))
        db.session.flush()

    def begin(self, week: int) -> datetime:
        """The first moment of one of the year's weeks."""
        return datetime.combine(find_monday(self.first + week), time(), BEIJING).astimezone(UTC)

    def go_by(self) -> Iterator[int]:
        """The weeks, each after what was ordered and applied for in it."""
        weights = [1 / (1 + number * 0.1) for number in range(PRODUCTS)]
        for week in range(WEEKS):
            begin = self.begin(week)
            rows = self.dice.choices(range(PRODUCTS), weights, k=self.orders // WEEKS)
            with writing():
                self._sell(week, begin, rows)
                if (week + 1).bit_count() == 1:
                    _analyze()
            with writing():
                for order_id, reason, at in self.reported.pop(week, []):
                    self._apply(order_id, reason, at)
            db.session.expunge_all()
            yield week

    def _sell(self, week: int, begin: datetime, rows: list[int]) -> None:
        orders, lines = [], []
        for product in rows:
            self.made += 1
            at = begin + timedelta(seconds=self.dice.randrange(7 * 86400 - 1))
            orders.append(
                {
                    "id": self.made,
                    "shop_id": self.cast.shop,
                    "order_no": str(4 * 10**17 + self.made),
                    "buyer_id": self.dice.choice((self.cast.buyer, self.cast.buyer2)),
                    "status": "completed",
                    "ordered_at": at,
                    "received_at": at + timedelta(days=3),
                    "shown": True,
                    "paid_fen": 2500,
                }
            )
            lines.append(
                {
                    "id": self.made,
                    "shop_id": self.cast.shop,
                    "order_id": self.made,
                    "position": 1,
                    "line_key": "1",
                    "title": f"商品 {product:02d}",
                    "spec": self.dice.choice(SPECS),
                    "unit": "双",
                    "quantity_milli": 2000,
                    "unit_price_fen": 1250,
                    "product_id": self.products[product],
                }
            )
            self._spoil(week, product, at)
        _put(Order, orders)
        _put(OrderLine, lines)
        sold.count_sold(self.cast.shop, range(self.made - len(orders) + 1, self.made + 1))

    def _spoil(self, week: int, product: int, at: datetime) -> None:
        """Perhaps an application about the order just made, in its week or one of the next two."""
        chances = dict(COMMON)
        for planted in PLANTED:
            if planted.product == product and planted.begins <= week < planted.until:
                chances[planted.reason] += planted.chance
        for reason, chance in chances.items():
            if self.dice.random() < chance:
                later = self.dice.choices((3, 8, 15), (5, 4, 1))[0]
                when = min(at + timedelta(days=later), self.begin(WEEKS) - timedelta(hours=1))
                in_week = number_week(when) - self.first
                self.reported.setdefault(in_week, []).append((self.made, reason, when))
                return

    def _apply(self, order_id: int, reason: str, at: datetime) -> None:
        shop = {"shop_id": self.cast.shop}
        case = {
            "id": order_id,
            "case_no": f"HH{order_id}",
            "type": "exchange",
            "state": "completed",
            "version": 1,
            "order_id": order_id,
            "buyer_id": self.cast.buyer,
            "policy_id": self.policy,
            "reason": reason,
            "freight_payer": "seller",
            "entered_at": at,
            "opened_at": at,
            "updated_at": at,
            "quantity_milli": 1000,
        }
        _put(Case, [case | shop])
        line = {"id": order_id, "case_id": order_id, "order_line_id": order_id, "quantity_milli": 1000}
        _put(CaseLine, [line | shop])
        entry = {
            "id": order_id,
            "case_id": order_id,
            "order_id": order_id,
            "kind": "freight",
            "state": "settled",
            "amount_fen": 800,
            "key": f"{order_id}-freight",
            "route": "offline",
            "made_at": at,
            "settled_at": at,
        }
        _put(MoneyEntry, [entry | shop])
        faults.open_faults(db.session.get_one(Case, (order_id, self.cast.shop)), at)


def _analyze() -> None:
    """What PostgreSQL does by itself where it tidies up, each time the year has doubled; SQLite needs none."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("ANALYZE"))


def _put(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows as they are; what isn't given and may not be empty is the model's default."""
    table: Table = model.__table__
    usual = {
        column.name: _default(column)
        for column in table.columns
        if column.computed is None and not column.nullable and column.name not in rows[0]
    }
    db.session.execute(insert(table), [usual | row for row in rows])


def _default(column: Any) -> Any:
    given = getattr(column.default, "arg", None)
    if given is not None and not callable(given):
        return given
    if isinstance(column.type, JSON):
        return {}
    if isinstance(column.type, Moment):
        return datetime(2026, 1, 1, tzinfo=UTC)
    if isinstance(column.type, Boolean):
        return False
    return "" if isinstance(column.type, String) else 0
