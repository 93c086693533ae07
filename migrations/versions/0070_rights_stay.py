"""Rights don't shrink: products know since when they are left out, orders the latest receipt their terms ran from.

Revision ID: 0070
Revises: 0069
Create Date: 2026-11-30 13:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0070"
down_revision = "0069"
branch_labels = depends_on = None

_ADDED = (  # empty for what is left out, or was received, already: nobody knows more than the other columns say
    ("products", "unexchangeable_at"),
    ("products", "excluded_at"),
    ("orders", "term_from"),
)


def upgrade() -> None:
    for table, name in _ADDED:
        op.add_column(table, sa.Column(name, Moment(), nullable=True))


def downgrade() -> None:
    for table, name in reversed(_ADDED):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
