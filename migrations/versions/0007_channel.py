"""channel"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("money_entries", sa.Column("channel", sa.String(length=12), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("money_entries", "channel")
