"""Tables of orders are sent in the background: who said yes, how far it is, and when it was done.

Revision ID: 0068
Revises: 0067
Create Date: 2026-11-30 07:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0068"
down_revision = "0067"
branch_labels = depends_on = None

_SENDING = "tried_at IS NOT NULL AND done_at IS NULL"
_ADDED: tuple[tuple[str, sa.types.TypeEngine[object], str], ...] = (
    ("author", sa.String(64), ""),
    ("request_id", sa.String(40), ""),
    ("rows_done", BigId, "0"),
)


def upgrade() -> None:
    for name, kind, value in _ADDED:
        op.add_column("dispatch_files", sa.Column(name, kind, server_default=value, nullable=False))
    op.add_column("dispatch_files", sa.Column("done_at", Moment(), nullable=True))
    op.execute("UPDATE dispatch_files SET done_at = tried_at")  # was done in the request
    where = sa.text(_SENDING)
    op.create_index("ix_dispatch_files_sending", "dispatch_files", ["id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_dispatch_files_sending", "dispatch_files")
    for name in ("done_at", *(name for name, _, _ in _ADDED)):
        op.execute(f"ALTER TABLE dispatch_files DROP COLUMN {name}")
