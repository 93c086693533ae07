"""A photo of an application can show one line of its order.

Revision ID: 0061
Revises: 0060
Create Date: 2026-11-29 10:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0061"
down_revision = "0060"
branch_labels = depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("evidence") as batch:
        batch.add_column(sa.Column("order_line_id", BigId, nullable=True))
        batch.create_foreign_key(
            op.f("fk_evidence_order_line_id_shop_id"), "order_lines", ["order_line_id", "shop_id"], ["id", "shop_id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("evidence") as batch:
        batch.drop_column("order_line_id")
