"""Steps held back for a moment.

Revision ID: 0017
Revises: 0016
Create Date: 2026-11-28 13:00:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0020"
down_revision = "0019"
branch_labels = depends_on = None

_HELD = sa.text("state = 'held'")


def upgrade() -> None:
    op.create_table(
        "held_steps",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("handed", sa.JSON(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.CheckConstraint("state IN ('held','taken','undone','failed')", name=op.f("ck_held_steps_state")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_held_steps_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_held_steps_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_held_steps_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_held_steps")),
    )
    op.create_index("ix_held_steps_due", "held_steps", ["due_at"], sqlite_where=_HELD, postgresql_where=_HELD)
    op.create_index("ix_held_steps_person", "held_steps", ["shop_id", "user_id", "due_at"])
    op.create_index(
        "uq_held_steps_case",
        "held_steps",
        ["case_id", "shop_id"],
        unique=True,
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    )


def downgrade() -> None:
    op.drop_table("held_steps")
