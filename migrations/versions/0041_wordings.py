"""What a shop writes of its products, and who looked at the advice.

Revision ID: 0041
Revises: 0040
Create Date: 2026-11-28 19:45:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0041"
down_revision = "0040"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_by", BigId, nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
        sa.Column("looked_by", BigId, nullable=True),
        sa.Column("looked_at", Moment(), nullable=True),
        sa.Column("found", BigId, nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("place IN ('title','description','promotion')", name=op.f("ck_wordings_place")),
        sa.CheckConstraint("words <> ''", name=op.f("ck_wordings_said")),
        sa.CheckConstraint("(looked_at IS NULL) = (looked_by IS NULL)", name=op.f("ck_wordings_looked")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_wordings_shop_id")),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_wordings_written_by")),
        sa.ForeignKeyConstraint(["looked_by"], ["users.id"], name=op.f("fk_wordings_looked_by")),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"], ["products.id", "products.shop_id"], name=op.f("fk_wordings_product_id_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_wordings")),
    )
    op.create_index("ix_wordings_product", "wordings", ["shop_id", "product_id", "place", "id"])


def downgrade() -> None:
    op.drop_table("wordings")
