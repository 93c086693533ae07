"""Tables with waybills of orders.

Revision ID: 0063
Revises: 0062
Create Date: 2026-11-29 10:45:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0063"
down_revision = "0062"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispatch_files",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("tried_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_dispatch_files_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_dispatch_files_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_dispatch_files")),
        sa.UniqueConstraint("public_id", "shop_id", name=op.f("uq_dispatch_files_public_id_shop_id")),
    )
    op.create_index("ix_dispatch_files_shop", "dispatch_files", ["shop_id", "id"])
    op.create_index("ix_dispatch_files_made", "dispatch_files", ["made_at"])


def downgrade() -> None:
    op.drop_table("dispatch_files")
