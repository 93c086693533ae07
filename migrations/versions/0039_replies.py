"""A shop's own words to its buyers.

Revision ID: 0034
Revises: 0033
Create Date: 2026-11-28 16:45:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0039"
down_revision = "0038"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "replies",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("name <> '' AND words <> ''", name=op.f("ck_replies_said")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_replies_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_replies")),
    )
    op.create_index("ix_replies_shop", "replies", ["shop_id"])


def downgrade() -> None:
    op.drop_table("replies")
