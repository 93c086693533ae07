"""What waits for a buyer is paged by deadline and case: the indexes have the case too.

Revision ID: 0060
Revises: 0059
Create Date: 2026-11-29 10:30:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = depends_on = None

_WHERES = {
    "ix_cases_waits_for_buyer": (
        "state IN ('proposed','revising','returning','disputed','paying','confirming') "
        "AND NOT problem_open AND NOT countered AND NOT escalated"
    ),
    "ix_cases_asks_buyer": "(state = 'refund_failed' OR escalated)",
}


def upgrade() -> None:
    _make_anew(["buyer_id", "due_at", "id"])


def downgrade() -> None:
    _make_anew(["buyer_id", "due_at"])


def _make_anew(columns: list[str]) -> None:
    for name, words in _WHERES.items():
        op.drop_index(name, "cases")
        op.create_index(name, "cases", columns, sqlite_where=sa.text(words), postgresql_where=sa.text(words))
