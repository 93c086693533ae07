"""Whoever complained asks once more after an answer; the first answer stays.

Revision ID: 0065
Revises: 0064
Create Date: 2026-11-29 12:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0065"
down_revision = "0064"
branch_labels = depends_on = None

_WORDS = {"first_answer": sa.Text(), "first_outcome": sa.String(8), "again_words": sa.Text()}
_MOMENTS = ("first_answered_at", "again_at")


def upgrade() -> None:
    # Not as a batch, which on SQLite would make the table anew without its checks.
    for name, kind in _WORDS.items():
        op.add_column("complaints", sa.Column(name, kind, server_default="", nullable=False))
    for name in _MOMENTS:
        op.add_column("complaints", sa.Column(name, Moment(), nullable=True))
    if op.get_bind().dialect.name != "sqlite":
        for name in _WORDS:
            op.alter_column("complaints", name, server_default=None)


def downgrade() -> None:
    for name in (*_WORDS, *_MOMENTS):
        op.execute(f"ALTER TABLE complaints DROP COLUMN {name}")
