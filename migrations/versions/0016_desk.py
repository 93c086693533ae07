"""The piles of the desk: whose turn a case is, parcels that have arrived, lists kept by name.

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-28 12:00:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0016"
down_revision = "0015"
branch_labels = depends_on = None

_OPEN = "state NOT IN ('completed','closed','withdrawn','converted')"
_PILE = (
    "CASE WHEN state IN ('completed','closed','withdrawn','converted') THEN 'ended' WHEN escalated THEN 'platform' "
    "WHEN problem_open OR countered THEN 'shop' WHEN state = 'inspecting' AND arrived_at IS NULL THEN 'way' "
    "WHEN state IN ('applied','inspecting','reshipping','refunding','refund_failed') THEN 'shop' ELSE 'buyer' END"
)
_DESK_AT = "CASE WHEN late THEN entered_at ELSE coalesce(due_at, entered_at) END"
_ARRIVED = """
UPDATE cases SET arrived_at = (
    SELECT max(signed_at) FROM parcels
    WHERE parcels.shop_id = cases.shop_id AND case_id = cases.id AND leg = 'back' AND voided_at IS NULL
) WHERE state = 'inspecting' AND NOT EXISTS (
    SELECT 1 FROM parcels WHERE parcels.shop_id = cases.shop_id AND case_id = cases.id AND leg = 'back'
    AND voided_at IS NULL AND signed_at IS NULL
)
"""


def upgrade() -> None:
    op.add_column("cases", sa.Column("arrived_at", Moment(), nullable=True))
    op.execute(_ARRIVED)
    stored = op.get_bind().dialect.name == "postgresql"  # SQLite adds only columns that it works out when it reads
    for column in (
        sa.Column("desk_at", Moment(), sa.Computed(_DESK_AT, persisted=stored), nullable=False),
        sa.Column("pile", sa.String(length=10), sa.Computed(_PILE, persisted=stored), nullable=False),
    ):
        op.add_column("cases", column)
    op.drop_index("ix_cases_open", "cases")
    op.drop_index("ix_cases_mediated_shop", "cases")
    for name, columns in (
        ("ix_cases_open", ["shop_id", "desk_at", "id"]),
        ("ix_cases_pile", ["shop_id", "pile", "desk_at", "id"]),
        ("ix_cases_pile_state", ["shop_id", "pile", "state", "desk_at", "id"]),
    ):
        where = sa.text(_OPEN)
        op.create_index(name, "cases", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "saved_views",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_views_name")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_saved_views_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_views_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint(
            "shop_id", "user_id", "shared", "name", name=op.f("uq_saved_views_shop_id_user_id_shared_name")
        ),
    )


def downgrade() -> None:
    op.drop_table("saved_views")
    for name in ("ix_cases_open", "ix_cases_pile", "ix_cases_pile_state"):
        op.drop_index(name, "cases")
    for name in ("pile", "desk_at", "arrived_at"):
        op.drop_column("cases", name)
    for name, where in (("ix_cases_open", sa.text(_OPEN)), ("ix_cases_mediated_shop", sa.text("escalated"))):
        op.create_index(name, "cases", ["shop_id", "queue_at", "id"], sqlite_where=where, postgresql_where=where)
