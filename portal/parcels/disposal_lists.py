"""The goods that are a shop's own again, summed up by specification or supplier, and the counted lines behind a sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, cast, func, or_, select

from portal.columns import Shape
from portal.extensions import db
from portal.models import Case, Disposal, OrderLink, Shop
from portal.models.disposals import KINDS
from portal.searching import escape_like

PAGE = 40
_row = Disposal.__table__.c
_SUMS = tuple(getattr(_row, f"{kind}_milli") for kind in KINDS)
_OWN = sum(_SUMS[1:], _SUMS[0])
_SKU = (_row.cargo_no, _row.title, _row.spec, _row.unit)
# Whose goods they are, where all purchases behind an order were made from one supplier.
_SUPPLIER = (
    select(func.min(OrderLink.upstream_shop_id))
    .where(OrderLink.shop_id == _row.shop_id, OrderLink.downstream_id == _row.order_id)
    .having(func.min(OrderLink.upstream_shop_id) == func.max(OrderLink.upstream_shop_id))
    .correlate(Disposal.__table__)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Chosen:
    """Which counted lines: counted from ``since`` until before ``until``, of goods with these words, of a supplier."""

    since: datetime
    until: datetime
    goods: str = ""
    supplier_id: int | None = None

    def narrow(self, query: Select[*Shape], shop_id: int) -> Select[*Shape]:
        """The statement for these lines of a shop alone."""
        query = query.where(
            _row.shop_id == shop_id, _row.counted_at >= self.since, _row.counted_at < self.until, _OWN > 0
        )
        for word in self.goods.split()[:5]:
            like = escape_like(word)
            columns = (_row.cargo_no, _row.title, _row.spec)
            query = query.where(or_(*(column.ilike(like, escape="\\") for column in columns)))
        return query if self.supplier_id is None else query.where(_SUPPLIER == self.supplier_id)


def _add_up(column: ColumnElement[int]) -> ColumnElement[int]:
    """The sum as a whole number, which PostgreSQL would make a decimal one."""
    return cast(func.sum(column), BigInteger)


def list_skus(
    shop_id: int, chosen: Chosen, after: int | None = None, size: int = PAGE
) -> tuple[Sequence[Row[Any]], int | None]:
    """One page of specifications with their sums, the one counted last first; and the key that the next begins after.

    ``key`` is a counted line of the specification, by which an address names it.
    """
    key = func.max(_row.id).label("key")
    sums = [_add_up(column).label(kind) for kind, column in zip(KINDS, _SUMS, strict=True)]
    query = chosen.narrow(select(key, *_SKU, *sums, _add_up(_OWN).label("own")), shop_id).group_by(*_SKU)
    if after is not None:
        query = query.having(func.max(_row.id) < after)
    rows = db.session.execute(query.order_by(key.desc()).limit(size + 1)).all()
    return rows[:size], rows[size - 1].key if len(rows) > size else None


def list_suppliers(shop_id: int, chosen: Chosen) -> Sequence[Any]:
    """The sums by supplier and unit; without ``supplier_id`` what no supplier, or no single one, is known of."""
    lines = chosen.narrow(select(_SUPPLIER.label("supplier_id"), _row.unit, *_SUMS), shop_id).subquery().c
    sums = [_add_up(lines[f"{kind}_milli"]).label(kind) for kind in KINDS]
    query = (
        select(lines.supplier_id, func.coalesce(Shop.name, "").label("name"), lines.unit, *sums)
        .outerjoin(Shop, Shop.id == lines.supplier_id)
        .group_by(lines.supplier_id, Shop.name, lines.unit)
        .order_by(Shop.name.is_(None), Shop.name, lines.supplier_id, lines.unit)
    )
    return db.session.execute(query).all()


def find_sku(shop_id: int, key: int) -> Any | None:
    """The specification that a counted line is of."""
    return db.session.execute(select(*_SKU).where(_row.shop_id == shop_id, _row.id == key)).one_or_none()


def list_lines(
    shop_id: int,
    chosen: Chosen,
    *,
    sku: Any | None,
    kind: str = "",
    after: tuple[datetime, int] | None = None,
    size: int = PAGE,
) -> tuple[Sequence[Row[Any]], tuple[datetime, int] | None]:
    """One page of counted lines with their cases, of a specification and in a kind where these are given; next key."""
    query = chosen.narrow(select(Disposal.__table__, Case.case_no, Case.state), shop_id).join(
        Case, (Case.id == _row.case_id) & (Case.shop_id == _row.shop_id)
    )
    if sku is not None:
        query = query.where(*(column == value for column, value in zip(_SKU, sku, strict=True)))
    if kind:
        query = query.where(_row[f"{kind}_milli"] > 0)
    if after is not None:
        at, row_id = after
        query = query.where((_row.counted_at < at) | ((_row.counted_at == at) & (_row.id < row_id)))
    rows = db.session.execute(query.order_by(_row.counted_at.desc(), _row.id.desc()).limit(size + 1)).all()
    return rows[:size], (rows[size - 1].counted_at, rows[size - 1].id) if len(rows) > size else None


def name_supplier(shop_id: int, supplier_id: int) -> str:
    """What a supplier of this shop is called; "" where it is none."""
    known = select(Shop.name).where(
        Shop.id == supplier_id,
        select(OrderLink.downstream_id)
        .where(OrderLink.shop_id == shop_id, OrderLink.upstream_shop_id == supplier_id)
        .exists(),
    )
    return db.session.scalar(known) or ""
