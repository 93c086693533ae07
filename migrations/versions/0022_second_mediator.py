"""A mediation is somebody's to decide, passes on when they are late, and ends by the rule."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_PEOPLE = ("mediator_id", "first_mediator_id")
_TERM = timedelta(days=5)  # for what was overdue without an end


def upgrade() -> None:
    for name in _PEOPLE:
        kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
        op.execute(f"ALTER TABLE cases ADD COLUMN {name} {kind} CONSTRAINT fk_cases_{name} REFERENCES users (id)")
    op.add_column("cases", sa.Column("passed_at", Moment(), nullable=True))
    cases = sa.table(
        "cases", sa.column("id"), sa.column("stage"), sa.column("stage_at", Moment()), sa.column("due_at", Moment()),
        sa.column("due_rule"),
    )  # fmt: skip
    bind = op.get_bind()
    late = sa.select(cases.c.id, cases.c.stage_at).where(cases.c.stage == "overdue")
    for case_id, since in bind.execute(late).all():
        bind.execute(
            cases.update().where(cases.c.id == case_id).values(due_at=since + _TERM, due_rule="mediation_second")
        )


def downgrade() -> None:
    op.execute("UPDATE cases SET due_at = NULL, due_rule = '' WHERE stage = 'overdue'")
    if op.get_bind().dialect.name == "sqlite":
        for name in ("passed_at", *_PEOPLE):
            op.execute(f"ALTER TABLE cases DROP COLUMN {name}")
        return
    for name in ("passed_at", *_PEOPLE):
        op.drop_column("cases", name)
