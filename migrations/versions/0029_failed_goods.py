"""What didn't pass an inspection goes home by a date."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failed_goods",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("told_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_failed_goods_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_failed_goods_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_failed_goods")),
        sa.UniqueConstraint("case_id", "shop_id", name=op.f("uq_failed_goods_case_id_shop_id")),
    )
    kept, untold = sa.text("sent_at IS NULL"), sa.text("sent_at IS NULL AND told_at IS NULL")
    op.create_index(
        "ix_failed_goods_kept", "failed_goods", ["shop_id", "due_at", "id"], sqlite_where=kept, postgresql_where=kept
    )
    op.create_index("ix_failed_goods_untold", "failed_goods", ["due_at"], sqlite_where=untold, postgresql_where=untold)


def downgrade() -> None:
    op.drop_table("failed_goods")
