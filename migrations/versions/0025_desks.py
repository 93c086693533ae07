"""Somebody may work in their own shop and in another's; one of the desks is the one they see.

Revision ID: 0025
Revises: 0024
Create Date: 2026-11-28 13:50:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId

revision = "0025"
down_revision = "0024"
branch_labels = depends_on = None


def upgrade() -> None:
    _make_anew(["user_id", "shop_id"], current=True)
    only = sa.text("current")
    op.create_index("ix_staff_current", "staff", ["user_id"], unique=True, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    # Of two shops the desk that was seen is kept.
    op.execute("DELETE FROM staff WHERE NOT current")
    op.drop_index("ix_staff_current", table_name="staff")
    _make_anew(["user_id"], current=False)


def _make_anew(key: list[str], *, current: bool) -> None:
    """SQLite can't change a primary key: the table is made anew and filled from the one before."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_staff", "staff", type_="primary")
        op.create_primary_key("pk_staff", "staff", key)
        if current:
            op.add_column("staff", sa.Column("current", sa.Boolean(), server_default=sa.true(), nullable=False))
            op.alter_column("staff", "current", server_default=None)
        else:
            op.drop_column("staff", "current")
        return
    op.drop_index("ix_staff_shop_id", table_name="staff")
    op.rename_table("staff", "staff_before")
    columns = [
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
    ]
    if current:
        columns.append(sa.Column("current", sa.Boolean(), nullable=False))
    op.create_table(
        "staff",
        *columns,
        sa.CheckConstraint("role IN ('owner','agent','warehouse','finance')", name=op.f("ck_staff_role")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_user_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_staff_shop_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_staff")),
    )
    names, values = ("user_id, shop_id, role, current", "user_id, shop_id, role, true")
    if not current:
        names = values = "user_id, shop_id, role"
    op.execute(f"INSERT INTO staff ({names}) SELECT {values} FROM staff_before")  # noqa: S608  (words of this file)
    op.drop_table("staff_before")
    op.create_index("ix_staff_shop_id", "staff", ["shop_id"])
