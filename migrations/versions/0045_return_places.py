"""The goods of a case may go back to several addresses, line by line; cases so far have one.

Revision ID: 0042
Revises: 0041
Create Date: 2026-11-28 21:55:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0045"
down_revision = "0044"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("place_count", BigId, server_default="1", nullable=False))
    op.create_table(
        "return_places",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("waits", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_return_places_shop_id")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_return_places_case_id_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_return_places")),
    )
    op.create_index("ix_return_places_case_id", "return_places", ["case_id"])
    op.create_table(
        "placed_lines",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("place_id", BigId, nullable=False),
        sa.Column("case_line_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_placed_lines_shop_id")),
        sa.ForeignKeyConstraint(
            ["place_id", "shop_id"],
            ["return_places.id", "return_places.shop_id"],
            name=op.f("fk_placed_lines_place_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(
            ["case_line_id", "shop_id"],
            ["case_lines.id", "case_lines.shop_id"],
            name=op.f("fk_placed_lines_case_line_id_shop_id"),
        ),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_placed_lines")),
        sa.UniqueConstraint("case_line_id", "shop_id", name=op.f("uq_placed_lines_case_line_id_shop_id")),
    )
    op.create_index("ix_placed_lines_place_id", "placed_lines", ["place_id"])


def downgrade() -> None:
    op.drop_table("placed_lines")
    op.drop_table("return_places")
    op.drop_column("cases", "place_count")
