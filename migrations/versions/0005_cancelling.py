"""cancelling"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("shipped_at", Moment(), nullable=True))
    op.add_column("orders", sa.Column("cancelled_at", Moment(), nullable=True))
    op.create_index("ix_orders_shop_status", "orders", ["shop_id", "status", "ordered_at", "id"])
    op.create_table(
        "cancellations",
        sa.Column("id", BigId, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cancellations_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_cancellations_public_id")),
    )
    op.create_index("ix_cancellations_user_id", "cancellations", ["user_id"])


def downgrade() -> None:
    op.drop_table("cancellations")
    op.drop_index("ix_orders_shop_status", table_name="orders")
    op.drop_column("orders", "cancelled_at")
    op.drop_column("orders", "shipped_at")
