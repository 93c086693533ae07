"""Lines keep their 单品货号, and a search finds them by it; until now it stood in their snapshots alone.

Revision ID: 0067
Revises: 0066
Create Date: 2026-11-30 00:10:00
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = depends_on = None

_AT_ONCE = 1_000
_KEEPS = ("order_lines", "sold_as")
_SAID = ("product_id", "title", "spec", "cargo_no", "sku_cargo_no")
_CUT = re.compile(r"[0-9.]+E[+]?[0-9]+", re.IGNORECASE)  # a number that a spreadsheet rounded is none


def upgrade() -> None:
    for name in _KEEPS:
        op.add_column(name, sa.Column("sku_cargo_no", sa.String(80), server_default="", nullable=False))
    op.create_index("ix_sold_as_goods", "sold_as", ["product_id", "spec"])
    connection = op.get_bind()
    _read_snapshots(connection)
    found = connection.execute(
        sa.text(
            f"SELECT DISTINCT shop_id, {', '.join(_SAID)} FROM order_lines "  # noqa: S608
            "WHERE product_id IS NOT NULL AND sku_cargo_no <> ''"
        )
    ).all()
    rows = [dict(row._mapping) for row in found]
    for row in rows:
        row["mark"] = hashlib.sha256(json.dumps([row[name] for name in _SAID]).encode()).hexdigest()[:32]
    names = ("shop_id", "mark", *_SAID)
    table = sa.table("sold_as", *map(sa.column, names))
    for first in range(0, len(rows), _AT_ONCE):
        connection.execute(table.insert(), rows[first : first + _AT_ONCE])
    connection.execute(
        sa.text(
            "DELETE FROM sold_as WHERE sku_cargo_no = '' AND NOT EXISTS (SELECT 1 FROM order_lines l "
            "WHERE l.product_id = sold_as.product_id AND l.spec = sold_as.spec AND l.shop_id = sold_as.shop_id "
            "AND l.title = sold_as.title AND l.cargo_no = sold_as.cargo_no AND l.sku_cargo_no = '')"
        )
    )


def _read_snapshots(connection: Any) -> None:
    """The 单品货号 of lines whose rows said one, read in parts so that memory stays small."""
    lines = sa.table("order_lines", *map(sa.column, ("id", "shop_id")), sa.column("snapshot", sa.JSON))
    query = sa.select(lines.c.id, lines.c.shop_id, lines.c.snapshot).order_by(lines.c.id).limit(_AT_ONCE)
    fill = sa.text("UPDATE order_lines SET sku_cargo_no = :number WHERE id = :id AND shop_id = :shop_id")
    last: int | None = None
    while rows := _page(connection, query if last is None else query.where(lines.c.id > last)):
        last = rows[-1].id
        said = [(row, str((row.snapshot or {}).get("单品货号") or "").strip()) for row in rows]
        found = [
            {"number": number, "id": row.id, "shop_id": row.shop_id}
            for row, number in said
            if number and len(number) <= 80 and not _CUT.fullmatch(number)
        ]
        if found:
            connection.execute(fill, found)


def _page(connection: Any, query: Any) -> Sequence[Any]:
    found: Sequence[Any] = connection.execute(query).all()
    return found


def downgrade() -> None:
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT DISTINCT shop_id, product_id, title, spec, cargo_no FROM order_lines "
            "WHERE product_id IS NOT NULL AND sku_cargo_no <> ''"
        )
    ).all()
    connection.execute(sa.text("DELETE FROM sold_as WHERE sku_cargo_no <> ''"))
    before = set(connection.execute(sa.text("SELECT shop_id, mark FROM sold_as")))
    rows = [dict(row._mapping) for row in found]
    for row in rows:
        row["mark"] = hashlib.sha256(json.dumps([row[name] for name in _SAID[:4]]).encode()).hexdigest()[:32]
    rows = [row for row in rows if (row["shop_id"], row["mark"]) not in before]
    table = sa.table("sold_as", *map(sa.column, ("shop_id", "mark", *_SAID[:4])))
    for first in range(0, len(rows), _AT_ONCE):
        connection.execute(table.insert(), rows[first : first + _AT_ONCE])
    op.drop_index("ix_sold_as_goods", "sold_as")
    for name in _KEEPS:
        op.execute(f"ALTER TABLE {name} DROP COLUMN sku_cargo_no")
