"""Runs over many cases.

Revision ID: 0024
Revises: 0023
Create Date: 2026-11-28 13:40:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0024"
down_revision = "0023"
branch_labels = depends_on = None


def upgrade() -> None:
    running = sa.text("state = 'running'")
    op.create_table(
        "bulk_runs",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("done_at", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('preview','running','done')", name=op.f("ck_bulk_runs_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_bulk_runs_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bulk_runs_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_bulk_runs")),
    )
    op.create_index("ix_bulk_runs_running", "bulk_runs", ["id"], sqlite_where=running, postgresql_where=running)
    op.create_index("ix_bulk_runs_person", "bulk_runs", ["shop_id", "user_id", "id"])
    op.create_table(
        "bulk_items",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("run_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("state IN ('waiting','apart','done','skipped')", name=op.f("ck_bulk_items_state")),
        sa.ForeignKeyConstraint(
            ["run_id", "shop_id"], ["bulk_runs.id", "bulk_runs.shop_id"], name=op.f("fk_bulk_items_run_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_bulk_items_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_bulk_items_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_bulk_items")),
    )
    op.create_index("uq_bulk_items_case", "bulk_items", ["run_id", "case_id", "shop_id"], unique=True)
    op.create_index("ix_bulk_items_state", "bulk_items", ["run_id", "state", "id"])


def downgrade() -> None:
    op.drop_table("bulk_items")
    op.drop_table("bulk_runs")
