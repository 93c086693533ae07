"""intakes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intakes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("matched_at", Moment(), nullable=True),
        sa.Column("goods", sa.String(length=200), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("phone_tail", sa.String(length=8), nullable=False),
        sa.Column("photo", sa.String(length=60), nullable=True),
        sa.CheckConstraint("number <> ''", name=op.f("ck_intakes_number")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_intakes_case_id_cases")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_intakes_shop_id_shops")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_intakes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("shop_id", "number", name=op.f("uq_intakes_shop_id_number")),
    )
    op.create_index("ix_intakes_shop_user", "intakes", ["shop_id", "user_id", "at"])
    op.create_index(
        "ix_intakes_unidentified",
        "intakes",
        ["shop_id", "at", "id"],
        sqlite_where=sa.text("case_id IS NULL"),
        postgresql_where=sa.text("case_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("intakes")
