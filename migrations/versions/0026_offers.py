"""A case says which offer is open while the platform is in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("offered_by", sa.String(length=8), server_default="", nullable=False))
    op.add_column("cases", sa.Column("offered_version", BigId, nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "offered_version")
    op.drop_column("cases", "offered_by")
