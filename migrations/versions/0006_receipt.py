"""A receipt that was only the time of an import isn't known.

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-28 02:00:00
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = depends_on = None


def upgrade() -> None:
    op.execute("UPDATE orders SET received_at = NULL WHERE received_at = imported_at AND NOT consumer")
    op.execute("UPDATE orders SET apply_from = NULL WHERE received_at IS NULL AND apply_from IS NOT NULL")


def downgrade() -> None:
    """What was set to the time of an import stays unknown."""
