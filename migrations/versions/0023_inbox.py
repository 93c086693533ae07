"""待我处理 finds what is asked of a buyer beside the cases whose turn is theirs.

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-28 13:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_WHERE = sa.text("(state = 'refund_failed' OR escalated)")


def upgrade() -> None:
    op.create_index(
        "ix_cases_asks_buyer", "cases", ["buyer_id", "due_at"], sqlite_where=_WHERE, postgresql_where=_WHERE
    )


def downgrade() -> None:
    op.drop_index("ix_cases_asks_buyer", "cases")
