"""Numbers of orders with letters are known in either case.

Revision ID: 0071
Revises: 0070
Create Date: 2026-11-30 13:58:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = depends_on = None

_FOLD = "CASE WHEN upper(order_no) <> lower(order_no) THEN upper(order_no) ELSE '' END"


def upgrade() -> None:
    stored = op.get_bind().dialect.name == "postgresql"  # SQLite adds only columns that it works out when it reads
    op.add_column(
        "order_heads", sa.Column("folded", sa.String(40), sa.Computed(_FOLD, persisted=stored), nullable=False)
    )
    where = sa.text("folded <> ''")
    op.create_index("ix_order_heads_folded", "order_heads", ["folded"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_order_heads_folded", "order_heads")
    op.drop_column("order_heads", "folded")
