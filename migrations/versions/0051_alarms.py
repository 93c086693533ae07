"""From which share of exchanges on a specification opens a task of its shop by itself.

Revision ID: 0051
Revises: 0050
Create Date: 2026-11-29 02:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0051"
down_revision = "0050"
branch_labels = depends_on = None

_OPEN = sa.text("alarm AND done_at IS NULL")


def upgrade() -> None:
    op.add_column("shops", sa.Column("alarm_percent", BigId, server_default="5", nullable=False))
    op.add_column("shops", sa.Column("alarm_cases", BigId, server_default="10", nullable=False))
    op.add_column("fixes", sa.Column("alarm", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_fixes_alarm",
        "fixes",
        ["shop_id", "product_id", "spec"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index("ix_fixes_alarm", table_name="fixes")
    op.drop_column("fixes", "alarm")
    op.drop_column("shops", "alarm_cases")
    op.drop_column("shops", "alarm_percent")
