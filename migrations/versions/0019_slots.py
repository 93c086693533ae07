"""Questions to the tracking service are counted by rows that nobody waits for.

Revision ID: 0019
Revises: 0018
Create Date: 2026-11-28 13:20:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0019"
down_revision = "0018"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "asking_slots",
        sa.Column("number", BigId, autoincrement=False, nullable=False),
        sa.Column("free_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_asking_slots")),
    )
    op.drop_index("ix_tracks_tried_at", table_name="tracks")


def downgrade() -> None:
    op.create_index("ix_tracks_tried_at", "tracks", ["tried_at"])
    op.drop_table("asking_slots")
