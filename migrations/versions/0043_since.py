"""What was applied for, signed for and paid since a moment is found by its own index; the columns somebody wants of the queue.

Revision ID: 0043
Revises: 0042
Create Date: 2026-11-28 22:15:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0043"
down_revision = "0042"
branch_labels = depends_on = None

SIGNED_BACK = sa.text("leg = 'back' AND signed_at IS NOT NULL AND voided_at IS NULL")
PAID_OUT = sa.text("state IN ('settled','contested') AND kind <> 'difference'")


def upgrade() -> None:
    op.create_index("ix_cases_opened", "cases", ["shop_id", "opened_at", "id"])
    for name, table, columns, where in (
        ("ix_parcels_signed_back", "parcels", ["shop_id", "signed_at", "case_id"], SIGNED_BACK),
        ("ix_money_entries_paid", "money_entries", ["shop_id", "settled_at", "case_id"], PAID_OUT),
    ):
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "queue_columns",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("names", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_queue_columns_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_queue_columns_user_id")),
        sa.PrimaryKeyConstraint("shop_id", "user_id", name=op.f("pk_queue_columns")),
    )


def downgrade() -> None:
    op.drop_table("queue_columns")
    op.drop_index("ix_money_entries_paid", "money_entries")
    op.drop_index("ix_parcels_signed_back", "parcels")
    op.drop_index("ix_cases_opened", "cases")
