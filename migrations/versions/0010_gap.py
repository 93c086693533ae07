"""By how much an order's lines miss its 货品总价, as it was imported.

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-28 03:00:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0010"
down_revision = "0009"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("lines_gap_fen", BigId, server_default=sa.text("0"), nullable=False))
    op.execute(
        "UPDATE orders SET lines_gap_fen = goods_total_fen - coalesce((SELECT CAST(sum(unit_price_fen * "
        "CAST(quantity_milli AS BIGINT)) / 1000 AS INTEGER) FROM order_lines WHERE order_id = orders.id), 0)"
    )


def downgrade() -> None:
    op.drop_column("orders", "lines_gap_fen")
