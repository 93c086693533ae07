"""What files say of orders and wasn't believed, until somebody says what to make of it; who believed it, and why.

Revision ID: 0056
Revises: 0055
Create Date: 2026-11-29 05:30:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0056"
down_revision = "0055"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_doubts",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("import_id", BigId, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("row", BigId, nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("heading", sa.String(length=40), nullable=False),
        sa.Column("kept", sa.String(length=700), nullable=False),
        sa.Column("said", sa.String(length=700), nullable=False),
        sa.Column("why", sa.String(length=80), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_order_doubts_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_doubts_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_order_doubts")),
    )
    op.create_index("ix_order_doubts_import", "order_doubts", ["shop_id", "import_id", "id"])
    op.create_index("ix_order_doubts_order", "order_doubts", ["shop_id", "order_id", "id"])
    op.create_index("ix_order_doubts_at", "order_doubts", ["at"])
    with op.batch_alter_table("order_versions") as table:
        table.add_column(sa.Column("accepted_by", BigId, nullable=True))
        table.add_column(sa.Column("reason", sa.String(length=200), server_default="", nullable=False))
        table.create_foreign_key(op.f("fk_order_versions_accepted_by"), "users", ["accepted_by"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("order_versions") as table:
        table.drop_constraint(op.f("fk_order_versions_accepted_by"), type_="foreignkey")
        table.drop_column("reason")
        table.drop_column("accepted_by")
    op.drop_table("order_doubts")
