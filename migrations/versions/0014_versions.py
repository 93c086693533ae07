"""Versions of orders, and the facts on which a case was opened.

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-28 04:00:00
"""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0014"
down_revision = "0013"
branch_labels = depends_on = None

_SUMS = ("goods_total_fen", "freight_fen", "adjustment_fen", "paid_fen")
_TEXTS = ("status", "receiver_name", "receiver_phone", "receiver_address")
_MOMENTS = ("ordered_at", "paid_at", "shipped_at", "received_at")


def upgrade() -> None:
    op.add_column("cases", sa.Column("opened_on", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    op.create_table(
        "order_versions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_versions_order_id_orders")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_versions_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_versions")),
    )
    op.create_index("ix_order_versions_order", "order_versions", ["shop_id", "order_id", "id"])
    _freeze_known_cases(op.get_bind())


def _freeze_known_cases(connection: Any) -> None:
    """Cases that are there stand on their orders as they are now."""
    lines: dict[int, list[list[Any]]] = defaultdict(list)
    of_cases = "SELECT order_id, id, unit_price_fen, quantity_milli, guarantees FROM order_lines "
    of_cases += "WHERE order_id IN (SELECT order_id FROM cases) ORDER BY id"
    for order_id, *line in connection.execute(sa.text(of_cases)):
        lines[order_id].append(line)
    columns = ", ".join(f"o.{name}" for name in (*_SUMS, *_TEXTS, *_MOMENTS))
    query = f"SELECT c.id AS case_id, o.id AS order_id, {columns} FROM cases c JOIN orders o ON o.id = c.order_id"  # noqa: S608
    set_facts = sa.text("UPDATE cases SET opened_on = :facts WHERE id = :id").bindparams(
        sa.bindparam("facts", type_=sa.JSON())
    )
    for row in connection.execute(sa.text(query)).mappings().all():
        facts = {name: row[name] for name in (*_SUMS, *_TEXTS)}
        facts |= {name: str(row[name]) if row[name] is not None else "" for name in _MOMENTS}
        facts["lines"] = lines[row["order_id"]]
        connection.execute(set_facts, {"facts": facts, "id": row["case_id"]})


def downgrade() -> None:
    op.drop_table("order_versions")
    op.drop_column("cases", "opened_on")
