"""What is known of an open mediation gets a row of its own.

Revision ID: 0059
Revises: 0058
Create Date: 2026-11-29 05:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0059"
down_revision = "0058"
branch_labels = depends_on = None

_MOVED = (
    "stage_at",
    "escalated_at",
    "evidence_round",
    "heard",
    "asked_by",
    "mediator_id",
    "first_mediator_id",
    "passed_at",
)
_PEOPLE = ("mediator_id", "first_mediator_id")


def upgrade() -> None:
    op.create_table(
        "mediations",
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("stage_at", Moment(), nullable=False),
        sa.Column("escalated_at", Moment(), nullable=False),
        sa.Column("evidence_round", BigId, nullable=False),
        sa.Column("heard", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=8), nullable=False),
        sa.Column("mediator_id", BigId, nullable=True),
        sa.Column("first_mediator_id", BigId, nullable=True),
        sa.Column("passed_at", Moment(), nullable=True),
        sa.CheckConstraint("evidence_round >= 1", name=op.f("ck_mediations_evidence_round")),
        sa.CheckConstraint("asked_by IN ('buyer','seller','clock')", name=op.f("ck_mediations_asked_by")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_mediations_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_mediations_shop_id")),
        *(sa.ForeignKeyConstraint([name], ["users.id"], name=op.f(f"fk_mediations_{name}")) for name in _PEOPLE),
        sa.PrimaryKeyConstraint("case_id", "shop_id", name=op.f("pk_mediations")),
    )
    op.create_index("ix_mediations_mediator_id", "mediations", ["mediator_id"])
    op.execute(  # releases before 0022 noted less of a case that the platform was in
        "INSERT INTO mediations (case_id, shop_id, stage_at, escalated_at, evidence_round, heard, asked_by, "
        "mediator_id, first_mediator_id, passed_at) "
        "SELECT id, shop_id, coalesce(stage_at, entered_at), coalesce(escalated_at, stage_at, entered_at), "
        "CASE WHEN evidence_round < 1 THEN 1 ELSE evidence_round END, heard, "
        "CASE WHEN asked_by = '' THEN 'clock' ELSE asked_by END, mediator_id, first_mediator_id, passed_at "
        "FROM cases WHERE escalated"
    )
    for name in _MOVED:
        # Not by Alembic, which on SQLite would make the whole table anew for a column that refers to another table.
        op.execute(f"ALTER TABLE cases DROP COLUMN {name}")


def downgrade() -> None:
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for name in ("stage_at", "escalated_at", "passed_at"):
        op.add_column("cases", sa.Column(name, Moment(), nullable=True))
    op.add_column("cases", sa.Column("evidence_round", BigId, server_default="0", nullable=False))
    op.add_column("cases", sa.Column("heard", sa.String(length=16), server_default="", nullable=False))
    op.add_column("cases", sa.Column("asked_by", sa.String(length=8), server_default="", nullable=False))
    for name in _PEOPLE:
        op.execute(f"ALTER TABLE cases ADD COLUMN {name} {kind} CONSTRAINT fk_cases_{name} REFERENCES users (id)")
    names = ", ".join(_MOVED)
    of_case = "FROM mediations m WHERE m.case_id = cases.id AND m.shop_id = cases.shop_id"
    op.execute(f"UPDATE cases SET ({names}) = (SELECT {names} {of_case}) WHERE escalated")  # noqa: S608  (names above)
    if kind == "BIGINT":
        for name in ("evidence_round", "heard", "asked_by"):
            op.alter_column("cases", name, server_default=None)
    op.drop_table("mediations")
