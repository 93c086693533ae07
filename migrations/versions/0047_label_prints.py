"""How often a label was printed.

Revision ID: 0047
Revises: 0046
Create Date: 2026-11-28 22:55:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0047"
down_revision = "0046"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "label_prints",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("number", BigId, nullable=False),
        sa.Column("printed_at", Moment(), nullable=False),
        sa.Column("printed_by", BigId, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_label_prints_number")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_label_prints_shop_id")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_label_prints_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["printed_by"], ["users.id"], name=op.f("fk_label_prints_printed_by")),
        sa.PrimaryKeyConstraint("shop_id", "case_id", name=op.f("pk_label_prints")),
    )


def downgrade() -> None:
    op.drop_table("label_prints")
