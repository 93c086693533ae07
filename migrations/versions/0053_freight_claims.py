"""What buyers paid for the way back where the shop bears it, and what became of it.

Revision ID: 0053
Revises: 0052
Create Date: 2026-11-29 03:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0053"
down_revision = "0052"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("freight_claim", sa.String(length=8), server_default="", nullable=False))
    op.add_column("cases", sa.Column("freight_fen", BigId, server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("cases", "freight_fen")
    op.drop_column("cases", "freight_claim")
