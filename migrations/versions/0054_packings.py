"""How a shop packs its products, from when to when.

Revision ID: 0054
Revises: 0053
Create Date: 2026-11-29 05:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0054"
down_revision = "0053"
branch_labels = depends_on = None

_STILL = sa.text("until_at IS NULL")
_USUAL = sa.text("until_at IS NULL AND product_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "packings",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("since_at", Moment(), nullable=False),
        sa.Column("until_at", Moment(), nullable=True),
        sa.Column("set_by", BigId, nullable=False),
        sa.CheckConstraint(
            "way IN ('','bag','bubble','carton','padded','maker','wood','other')", name=op.f("ck_packings_way")
        ),
        sa.CheckConstraint("until_at IS NULL OR until_at >= since_at", name=op.f("ck_packings_span")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_packings_shop_id")),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"], ["products.id", "products.shop_id"], name=op.f("fk_packings_product_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_packings_set_by")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_packings")),
    )
    op.create_index("ix_packings_of", "packings", ["shop_id", "product_id", "since_at"])
    op.create_index(
        "ix_packings_still",
        "packings",
        ["shop_id", "product_id"],
        unique=True,
        sqlite_where=_STILL,
        postgresql_where=_STILL,
    )
    op.create_index(
        "ix_packings_usual", "packings", ["shop_id"], unique=True, sqlite_where=_USUAL, postgresql_where=_USUAL
    )


def downgrade() -> None:
    op.drop_table("packings")
