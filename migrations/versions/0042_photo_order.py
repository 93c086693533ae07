"""Photos have the order that a person gave them.

Revision ID: 0042
Revises: 0041
Create Date: 2026-11-28 22:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0042"
down_revision = "0041"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("evidence", sa.Column("position", BigId, nullable=True))


def downgrade() -> None:
    op.drop_column("evidence", "position")
