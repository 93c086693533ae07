"""What becomes of goods that came back and passed.

Revision ID: 0055
Revises: 0054
Create Date: 2026-11-29 05:00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0055"
down_revision = "0054"
branch_labels = depends_on = None

_KINDS = "'','resale','check','supplier','scrap'"


def upgrade() -> None:
    op.create_table(
        "disposals",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        *(sa.Column(name, BigId, nullable=False) for name in ("case_id", "case_line_id", "order_id")),
        sa.Column("cargo_no", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("condition", sa.String(length=24), nullable=False),
        sa.Column("counted_milli", BigId, nullable=False),
        sa.Column("resale_milli", BigId, nullable=False),
        sa.Column("check_milli", BigId, nullable=False),
        sa.Column("supplier_milli", BigId, nullable=False),
        sa.Column("scrap_milli", BigId, nullable=False),
        sa.Column("counted_at", Moment(), nullable=False),
        sa.Column("by_clock", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.CheckConstraint(
            "resale_milli >= 0 AND check_milli >= 0 AND supplier_milli >= 0 AND scrap_milli >= 0",
            name=op.f("ck_disposals_kinds"),
        ),
        sa.CheckConstraint(
            "resale_milli + check_milli + supplier_milli + scrap_milli <= counted_milli",
            name=op.f("ck_disposals_counted"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_disposals_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_line_id", "shop_id"],
            ["case_lines.id", "case_lines.shop_id"],
            name=op.f("fk_disposals_case_line_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_disposals_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_disposals_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_disposals")),
        sa.UniqueConstraint("case_line_id", "shop_id", name=op.f("uq_disposals_case_line_id_shop_id")),
    )
    op.create_index("ix_disposals_case", "disposals", ["shop_id", "case_id"])
    op.create_index("ix_disposals_counted", "disposals", ["shop_id", "counted_at", "id"])
    op.create_table(
        "disposal_moves",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("disposal_id", BigId, nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("target", sa.String(length=8), nullable=False),
        sa.Column("milli", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(
            f"source IN ({_KINDS}) AND target IN ({_KINDS}) AND source <> target", name=op.f("ck_disposal_moves_kinds")
        ),
        sa.CheckConstraint("milli > 0", name=op.f("ck_disposal_moves_milli")),
        sa.ForeignKeyConstraint(
            ["disposal_id", "shop_id"],
            ["disposals.id", "disposals.shop_id"],
            name=op.f("fk_disposal_moves_disposal_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_disposal_moves_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_disposal_moves_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_disposal_moves")),
    )
    op.create_index("ix_disposal_moves_disposal", "disposal_moves", ["shop_id", "disposal_id", "id"])


def downgrade() -> None:
    op.drop_table("disposal_moves")
    op.drop_table("disposals")
