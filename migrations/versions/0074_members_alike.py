"""Members are known in whatever case their names are written.

Revision ID: 0074
Revises: 0073
Create Date: 2026-11-30 14:15:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = depends_on = None


def upgrade() -> None:
    stored = op.get_bind().dialect.name == "postgresql"  # SQLite adds only columns that it works out when it reads
    key = sa.Computed("lower(member_name)", persisted=stored)
    op.add_column("users", sa.Column("member_key", sa.String(64), key, nullable=False))
    op.create_index("ix_users_member_key", "users", ["member_key"])


def downgrade() -> None:
    op.drop_index("ix_users_member_key", "users")
    op.drop_column("users", "member_key")
