"""A rule may put a tag on an application instead of taking a step.

Revision ID: 0048
Revises: 0047
Create Date: 2026-11-28 23:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = depends_on = None

ACTION = ("auto_rules", "action", "action IN ('agree','no_return','reissue','people'%s)", ",'tag'")
OUTCOME = (
    "auto_outcomes", "outcome", "outcome IN ('taken','people','none','capped','refused'%s)", ",'tagged'",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("auto_rules", sa.Column("tag", sa.String(length=10), server_default="", nullable=False))
    for table, name, words, more in (ACTION, OUTCOME):
        _replace(table, name, words % "", words % more)


def downgrade() -> None:
    op.execute("DELETE FROM auto_rules WHERE action = 'tag'")
    op.execute("UPDATE auto_outcomes SET outcome = 'people' WHERE outcome = 'tagged'")
    for table, name, words, more in (ACTION, OUTCOME):
        _replace(table, name, words % more, words % "")
    op.drop_column("auto_rules", "tag")


def _replace(table: str, name: str, old: str, new: str) -> None:
    """Another CHECK; SQLite's text is changed in place: no row is rewritten, and none can break it."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, new)
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    done = bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?", (old, new, table)
    )
    if done.rowcount != 1:
        raise RuntimeError(f"the table {table} isn't there")
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")
