"""A case is looked after by one person of its shop, with notes, tags and who looks at it.

Revision ID: 0027
Revises: 0026
Create Date: 2026-11-28 16:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0032"
down_revision = "0031"
branch_labels = depends_on = None

_OPEN = sa.text("state NOT IN ('completed','closed','withdrawn','converted')")
_BY_SHOP = sa.text("actor = 'seller'")


def upgrade() -> None:
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE cases ADD COLUMN owner_id {kind} CONSTRAINT fk_cases_owner_id REFERENCES users (id)")
    op.add_column("cases", sa.Column("tags", sa.String(length=30), server_default="", nullable=False))
    op.add_column("shops", sa.Column("shares_out", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_cases_owner",
        "cases",
        ["shop_id", "owner_id", "pile", "desk_at", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_case_events_shop",
        "case_events",
        ["shop_id", "at", "user_id"],
        sqlite_where=_BY_SHOP,
        postgresql_where=_BY_SHOP,
    )
    _make_notes()
    op.create_table(
        "case_looks",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_case_looks_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_looks_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_case_looks_user_id")),
        sa.PrimaryKeyConstraint("shop_id", "case_id", "user_id", name=op.f("pk_case_looks")),
    )
    op.create_table(
        "shop_tags",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=10), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_shop_tags_name")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_shop_tags_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_shop_tags")),
        sa.UniqueConstraint("shop_id", "name", name=op.f("uq_shop_tags_shop_id_name")),
    )


def _make_notes() -> None:
    op.create_table(
        "staff_notes",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("to_id", BigId, nullable=True),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('note','hand_over')", name=op.f("ck_staff_notes_kind")),
        sa.CheckConstraint("(kind = 'hand_over') = (to_id IS NOT NULL)", name=op.f("ck_staff_notes_receiver")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_staff_notes_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_staff_notes_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_notes_user_id")),
        sa.ForeignKeyConstraint(["to_id"], ["users.id"], name=op.f("fk_staff_notes_to_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_staff_notes")),
    )
    op.create_index("ix_staff_notes_case", "staff_notes", ["case_id", "id"])
    op.create_index("ix_staff_notes_day", "staff_notes", ["shop_id", "at"])


def downgrade() -> None:
    for table in ("staff_notes", "case_looks", "shop_tags"):
        op.drop_table(table)
    op.drop_index("ix_case_events_shop", "case_events")
    op.drop_index("ix_cases_owner", "cases")
    op.drop_column("shops", "shares_out")
    if op.get_bind().dialect.name == "sqlite":
        for name in ("tags", "owner_id"):
            op.execute(f"ALTER TABLE cases DROP COLUMN {name}")
        return
    for name in ("tags", "owner_id"):
        op.drop_column("cases", name)
