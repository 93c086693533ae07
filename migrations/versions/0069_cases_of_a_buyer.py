"""The newest cases of a buyer in a shop are read by an index of their own.

Revision ID: 0069
Revises: 0068
Create Date: 2026-11-30 14:00:00
"""

from __future__ import annotations

from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_shop_buyer", "cases", ["shop_id", "buyer_id", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix_cases_shop_buyer", "cases")
