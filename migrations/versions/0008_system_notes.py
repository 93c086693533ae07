"""What the portal keeps about itself.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-28 09:50:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0008"
down_revision = "0007"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "system_notes",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "about", name=op.f("pk_system_notes")),
    )


def downgrade() -> None:
    op.drop_table("system_notes")
