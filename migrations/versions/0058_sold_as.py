"""What a shop's lines say, once each: how any line of an order or a case is found by its goods.

Revision ID: 0058
Revises: 0057
Create Date: 2026-11-29 05:30:00
"""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0058"
down_revision = "0057"
branch_labels = depends_on = None

_AT_ONCE = 1_000
_SAID = ("product_id", "title", "spec", "cargo_no")


def upgrade() -> None:
    table = op.create_table(
        "sold_as",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("spec", sa.String(300), nullable=False),
        sa.Column("cargo_no", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_sold_as_shop_id")),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"], ["products.id", "products.shop_id"], name=op.f("fk_sold_as_product_id_shop_id")
        ),
        sa.PrimaryKeyConstraint("shop_id", "mark", name=op.f("pk_sold_as")),
    )
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            f"SELECT DISTINCT shop_id, {', '.join(_SAID)} FROM order_lines WHERE product_id IS NOT NULL"  # noqa: S608
        )
    ).all()
    rows = [dict(row._mapping) for row in found]
    for row in rows:
        row["mark"] = hashlib.sha256(json.dumps([row[name] for name in _SAID]).encode()).hexdigest()[:32]
    for first in range(0, len(rows), _AT_ONCE):
        connection.execute(table.insert(), rows[first : first + _AT_ONCE])
    op.drop_index("ix_order_lines_product_id", "order_lines")
    op.create_index("ix_order_lines_goods", "order_lines", ["product_id", "spec", "order_id"])
    op.create_index("ix_case_lines_goods", "case_lines", ["title", "spec", "shop_id", "case_id"])
    op.drop_index("ix_cases_goods", "cases")


def downgrade() -> None:
    op.create_index("ix_cases_goods", "cases", ["shop_id", "goods", "id"])
    op.drop_index("ix_case_lines_goods", "case_lines")
    op.drop_index("ix_order_lines_goods", "order_lines")
    op.create_index("ix_order_lines_product_id", "order_lines", ["product_id"])
    op.drop_table("sold_as")
