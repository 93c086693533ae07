"""Orders that a later file made 铺货, or no more, keep the longer of both terms.

Revision ID: 0073
Revises: 0072
Create Date: 2026-11-30 14:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("both_terms", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.execute("ALTER TABLE orders DROP COLUMN both_terms")
