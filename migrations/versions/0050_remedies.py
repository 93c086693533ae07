"""What a buyer can try before they apply, and whether it helped.

Revision ID: 0050
Revises: 0049
Create Date: 2026-11-29 01:45:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0050"
down_revision = "0049"
branch_labels = depends_on = None

_HELD = sa.text("remedy_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "remedies",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("kind", sa.String(8), server_default="", nullable=False),
        sa.Column("fault", sa.String(16), nullable=False),
        sa.Column("minutes", BigId, nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("picture", sa.String(60), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("made_by", BigId, nullable=False),
        sa.Column("looked_by", BigId, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("(product_id IS NULL) = (kind <> '')", name=op.f("ck_remedies_of_what")),
        sa.CheckConstraint("minutes BETWEEN 1 AND 60", name=op.f("ck_remedies_minutes")),
        sa.CheckConstraint("state IN ('draft','shown','removed')", name=op.f("ck_remedies_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_remedies_shop_id")),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"], ["products.id", "products.shop_id"], name=op.f("fk_remedies_product_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_remedies_made_by")),
        sa.ForeignKeyConstraint(["looked_by"], ["users.id"], name=op.f("fk_remedies_looked_by")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_remedies")),
    )
    op.create_index("ix_remedies_product", "remedies", ["shop_id", "product_id", "fault"])
    op.create_index("ix_remedies_kind", "remedies", ["shop_id", "kind", "fault"])
    op.create_table(
        "remedy_answers",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("remedy_id", BigId, nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_remedy_answers_shop_id")),
        sa.ForeignKeyConstraint(
            ["remedy_id", "shop_id"],
            ["remedies.id", "remedies.shop_id"],
            name=op.f("fk_remedy_answers_remedy_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id", "shop_id"],
            ["order_lines.id", "order_lines.shop_id"],
            name=op.f("fk_remedy_answers_order_line_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_remedy_answers_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_remedy_answers")),
        sa.UniqueConstraint(
            "remedy_id",
            "order_line_id",
            "user_id",
            "shop_id",
            name=op.f("uq_remedy_answers_remedy_id_order_line_id_user_id_shop_id"),
        ),
    )
    op.create_index("ix_remedy_answers_user_id", "remedy_answers", ["user_id"])
    with op.batch_alter_table("evidence") as batch:
        batch.add_column(sa.Column("remedy_id", BigId, nullable=True))
        batch.create_foreign_key(
            op.f("fk_evidence_remedy_id_shop_id"), "remedies", ["remedy_id", "shop_id"], ["id", "shop_id"]
        )
    op.create_index("ix_evidence_remedy_id", "evidence", ["remedy_id"], sqlite_where=_HELD, postgresql_where=_HELD)


def downgrade() -> None:
    op.drop_index("ix_evidence_remedy_id", table_name="evidence")
    with op.batch_alter_table("evidence") as batch:
        batch.drop_column("remedy_id")
    op.drop_table("remedy_answers")
    op.drop_table("remedies")
