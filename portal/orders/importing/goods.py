"""The products and SKUs that order lines are of."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select

from portal.extensions import db
from portal.models import Product, Sku, SoldAs
from portal.models.orders import make_sold_as
from portal.orders.export_format import LineRow
from portal.orders.importing.known import Known, insert_into, remember

_products: Table = Product.__table__  # type: ignore[assignment]
_skus: Table = Sku.__table__  # type: ignore[assignment]
_sold_as: Table = SoldAs.__table__  # type: ignore[assignment]
_SAYS = ("shop_id", "product_id", "title", "spec", "cargo_no", "sku_cargo_no")
_KNOWN_PRODUCTS = select(_products.c.product_key, _products.c.id).where(
    _products.c.shop_id == bindparam("shop"), _products.c.product_key.in_(bindparam("keys", expanding=True))
)


class Goods:
    """The products and SKUs of some new lines."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._products: dict[tuple[int, str], int] = {}
        self._prices: dict[tuple[int, str], int] = {}
        self._said: dict[tuple[Any, ...], int] = {}

    def keep(self) -> None:
        """Remember them, now that the batch is committed."""
        remember(self._known.products, self._products)
        remember(self._known.skus, self._prices)
        remember(self._known.sold_as, self._said)

    def product_of(self, shop_id: int, line: LineRow) -> int:
        """The id of a line's product, after ``write``."""
        return self._products[shop_id, product_key(line)]

    def write(self, lines: Sequence[tuple[int, LineRow]]) -> None:
        """Make the products and SKUs of lines, each with its shop's id, that aren't there yet."""
        wanted = {(shop_id, product_key(line)): line for shop_id, line in lines}
        self._products = {key: self._known.products[key] for key in wanted if key in self._known.products}
        missing = sorted(wanted.keys() - self._products.keys())
        if missing:
            rows = [_product_row(shop_id, key, wanted[shop_id, key]) for shop_id, key in missing]
            there = insert_into(_products).on_conflict_do_nothing(index_elements=["shop_id", "product_key"])
            db.session.execute(there, rows)
            keys: dict[int, list[str]] = defaultdict(list)
            for shop_id, key in missing:
                keys[shop_id].append(key)
            for shop_id, of_shop in keys.items():
                for key, product_id in db.session.execute(_KNOWN_PRODUCTS, {"shop": shop_id, "keys": of_shop}):
                    self._products[shop_id, key] = product_id
        shops = {product_id: shop_id for (shop_id, _key), product_id in self._products.items()}
        self._write_skus({(self.product_of(shop_id, line), sku_key(line)): line for shop_id, line in lines}, shops)

    def write_sold_as(self, lines: Sequence[Mapping[str, object]]) -> None:
        """Make what a search finds these rows of lines by, as far as it isn't there yet."""
        said = dict.fromkeys((tuple(line[name] for name in _SAYS) for line in lines), 1)
        self._said = {each: 1 for each in said if each not in self._known.sold_as}
        if self._said:
            rows = sorted((make_sold_as(*each) for each in self._said), key=lambda row: (row["shop_id"], row["mark"]))
            db.session.execute(insert_into(_sold_as).on_conflict_do_nothing(), rows)

    def _write_skus(self, skus: dict[tuple[int, str], LineRow], shops: dict[int, int]) -> None:
        """New SKUs, and new prices of known ones: the last price that something was sold for."""
        changed = [
            (key, line)
            for key, line in sorted(skus.items(), key=lambda each: each[0])
            if self._known.skus.get(key) != line.unit_price_fen
        ]
        if not changed:
            return
        self._prices = {key: line.unit_price_fen for key, line in changed}
        upsert = insert_into(_skus)
        upsert = upsert.on_conflict_do_update(
            index_elements=["product_id", "sku_key", "shop_id"],
            set_={"price_fen": upsert.excluded.price_fen},
            where=_skus.c.price_fen != upsert.excluded.price_fen,
        )
        db.session.execute(upsert, [_sku_row(shops[key[0]], *key, line) for key, line in changed])


def _product_row(shop_id: int, key: str, line: LineRow) -> dict[str, object]:
    return {
        "shop_id": shop_id,
        "product_key": key,
        "title": line.title,
        "cargo_no": line.cargo_no,
        "exchangeable": True,
    }


def _sku_row(shop_id: int, product_id: int, key: str, line: LineRow) -> dict[str, object]:
    return {
        "shop_id": shop_id,
        "product_id": product_id,
        "sku_key": key,
        "spec": line.spec,
        "price_fen": line.unit_price_fen,
        "in_stock": True,
    }


def product_key(line: LineRow) -> str:
    """What tells a shop's products apart: Offer ID, else 货号, else the title's hash."""
    return line.offer_id or line.cargo_no or hashlib.sha256(line.title.encode()).hexdigest()[:40]


def sku_key(line: LineRow) -> str:
    """What tells a product's specifications apart: SKU ID, else 单品货号, else 型号."""
    key = line.sku_id or line.sku_cargo_no or line.spec
    return key if len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()
