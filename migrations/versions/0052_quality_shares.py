"""To which suppliers a distributor shows how often their goods were faulty.

Revision ID: 0052
Revises: 0051
Create Date: 2026-11-29 02:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0052"
down_revision = "0051"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_shares",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("supplier_shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shared_by", BigId, nullable=False),
        sa.Column("shared_at", Moment(), nullable=False),
        sa.CheckConstraint("shop_id <> supplier_shop_id", name=op.f("ck_quality_shares_two")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_quality_shares_shop_id")),
        sa.ForeignKeyConstraint(["supplier_shop_id"], ["shops.id"], name=op.f("fk_quality_shares_supplier_shop_id")),
        sa.ForeignKeyConstraint(["shared_by"], ["users.id"], name=op.f("fk_quality_shares_shared_by")),
        sa.PrimaryKeyConstraint("shop_id", "supplier_shop_id", name=op.f("pk_quality_shares")),
    )
    op.create_index("ix_quality_shares_supplier", "quality_shares", ["supplier_shop_id"])


def downgrade() -> None:
    op.drop_table("quality_shares")
