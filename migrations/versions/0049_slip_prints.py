"""How often labels of orders and return slips were printed.

Revision ID: 0049
Revises: 0048
Create Date: 2026-11-28 23:59:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0049"
down_revision = "0048"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_label_prints",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("order_id", BigId, autoincrement=False, nullable=False),
        sa.Column("number", BigId, nullable=False),
        sa.Column("printed_at", Moment(), nullable=False),
        sa.Column("printed_by", BigId, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_order_label_prints_number")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_label_prints_shop_id")),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"],
            ["orders.id", "orders.shop_id"],
            name=op.f("fk_order_label_prints_order_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["printed_by"], ["users.id"], name=op.f("fk_order_label_prints_printed_by")),
        sa.PrimaryKeyConstraint("shop_id", "order_id", name=op.f("pk_order_label_prints")),
    )
    op.create_table(
        "slip_prints",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("number", BigId, nullable=False),
        sa.Column("printed_at", Moment(), nullable=False),
        sa.Column("printed_by", BigId, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_slip_prints_number")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_slip_prints_shop_id")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_slip_prints_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["printed_by"], ["users.id"], name=op.f("fk_slip_prints_printed_by")),
        sa.PrimaryKeyConstraint("shop_id", "case_id", name=op.f("pk_slip_prints")),
    )


def downgrade() -> None:
    op.drop_table("slip_prints")
    op.drop_table("order_label_prints")
