"""A shop's own rules for applications.

Revision ID: 0028
Revises: 0027
Create Date: 2026-11-28 16:20:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0033"
down_revision = "0032"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "auto_rules",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_auto_rules_name")),
        sa.CheckConstraint("action IN ('agree','no_return','reissue','people')", name=op.f("ck_auto_rules_action")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_auto_rules_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_auto_rules")),
    )
    op.create_index("ix_auto_rules_shop", "auto_rules", ["shop_id", "position"])
    op.create_table(
        "auto_switches",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("cap_fen", BigId, nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.CheckConstraint("cap_fen >= 0", name=op.f("ck_auto_switches_cap")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_auto_switches_shop_id")),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_auto_switches")),
    )
    op.create_table(
        "auto_days",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("spent_fen", BigId, nullable=False),
        sa.CheckConstraint("spent_fen >= 0", name=op.f("ck_auto_days_spent")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_auto_days_shop_id")),
        sa.PrimaryKeyConstraint("shop_id", "day", name=op.f("pk_auto_days")),
    )
    op.create_table(
        "auto_outcomes",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("rule_id", BigId, nullable=True),
        sa.Column("rule_name", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("amount_fen", BigId, nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('taken','people','none','capped','refused')", name=op.f("ck_auto_outcomes_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_auto_outcomes_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_auto_outcomes_shop_id")),
        sa.PrimaryKeyConstraint("shop_id", "case_id", name=op.f("pk_auto_outcomes")),
    )
    told = sa.text("outcome <> 'none'")
    op.create_index(
        "ix_auto_outcomes_told", "auto_outcomes", ["shop_id", "at", "case_id"], sqlite_where=told, postgresql_where=told
    )


def downgrade() -> None:
    op.drop_table("auto_outcomes")
    op.drop_table("auto_days")
    op.drop_table("auto_switches")
    op.drop_table("auto_rules")
