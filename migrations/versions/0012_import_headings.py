"""Headings of other tools that a shop has explained."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_headings",
        sa.Column("shop_id", BigId, nullable=False, autoincrement=False),
        sa.Column("theirs", sa.String(length=100), nullable=False),
        sa.Column("ours", sa.String(length=40), nullable=False),
        sa.Column("said_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_import_headings_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "theirs", name=op.f("pk_import_headings")),
    )


def downgrade() -> None:
    op.drop_table("import_headings")
