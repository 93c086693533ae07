"""A parcel without a case that isn't waited with any longer: how it left, why, and who said so.

Revision ID: 0072
Revises: 0071
Create Date: 2026-11-30 14:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0072"
down_revision = "0071"
branch_labels = depends_on = None

_OLD, _NEW = "case_id IS NULL", "case_id IS NULL AND left_at IS NULL"
_HOW = "left_how IN ('','returned','scrapped','other')"
_BOTH = "(left_at IS NULL) = (left_how = '')"


def upgrade() -> None:
    op.drop_index("ix_intakes_unidentified", "intakes")
    if op.get_bind().dialect.name == "sqlite":  # its columns bring their own checks: no row is rewritten
        op.execute("ALTER TABLE intakes ADD COLUMN left_at DATETIME")
        how = "VARCHAR(12) DEFAULT '' NOT NULL"
        op.execute(f"ALTER TABLE intakes ADD COLUMN left_how {how} CHECK ({_HOW}) CHECK ({_BOTH})")
        op.execute("ALTER TABLE intakes ADD COLUMN left_note VARCHAR(200) DEFAULT '' NOT NULL")
        op.execute("ALTER TABLE intakes ADD COLUMN left_by INTEGER REFERENCES users (id)")
    else:
        op.add_column("intakes", sa.Column("left_at", Moment(), nullable=True))
        op.add_column("intakes", sa.Column("left_how", sa.String(12), server_default="", nullable=False))
        op.add_column("intakes", sa.Column("left_note", sa.String(200), server_default="", nullable=False))
        op.add_column("intakes", sa.Column("left_by", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f("fk_intakes_left_by"), "intakes", "users", ["left_by"], ["id"])
        op.create_check_constraint(op.f("ck_intakes_left_at"), "intakes", _BOTH)
        op.create_check_constraint(op.f("ck_intakes_left_how"), "intakes", _HOW)
    _index("ix_intakes_unidentified", ["shop_id", "at", "id"], _NEW)
    _index("ix_intakes_left", ["shop_id", "left_at"], "left_at IS NOT NULL")
    _index("ix_intakes_named_late", ["case_id"], "left_at IS NOT NULL AND case_id IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_intakes_named_late", "intakes")
    op.drop_index("ix_intakes_left", "intakes")
    op.drop_index("ix_intakes_unidentified", "intakes")
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_intakes_left_how"), "intakes", type_="check")
        op.drop_constraint(op.f("ck_intakes_left_at"), "intakes", type_="check")
        op.drop_constraint(op.f("fk_intakes_left_by"), "intakes", type_="foreignkey")
    for name in ("left_by", "left_note", "left_how", "left_at"):
        op.execute(f"ALTER TABLE intakes DROP COLUMN {name}")
    _index("ix_intakes_unidentified", ["shop_id", "at", "id"], _OLD)


def _index(name: str, columns: list[str], words: str) -> None:
    where = sa.text(words)
    op.create_index(name, "intakes", columns, sqlite_where=where, postgresql_where=where)
