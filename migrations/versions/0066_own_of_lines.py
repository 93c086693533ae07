"""Lines keep what was paid for them alone, and that they alone have ended, as exports of sub-orders say it.

Revision ID: 0066
Revises: 0065
Create Date: 2026-11-30 00:25:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = depends_on = None

_PAID = "own_paid_fen >= 0"
_STATUS = "own_status IN ('', 'unknown', 'refunding', 'cancelled')"


def upgrade() -> None:
    paid = sa.Column("own_paid_fen", sa.BigInteger())
    status = sa.Column("own_status", sa.String(20), nullable=False, server_default="")
    if op.get_bind().dialect.name == "sqlite":  # its columns bring their own checks: no row is rewritten
        op.execute(f"ALTER TABLE order_lines ADD COLUMN own_paid_fen INTEGER CHECK ({_PAID})")
        op.execute(f"ALTER TABLE order_lines ADD COLUMN own_status VARCHAR(20) DEFAULT '' NOT NULL CHECK ({_STATUS})")
        return
    op.add_column("order_lines", paid)
    op.add_column("order_lines", status)
    op.create_check_constraint(op.f("ck_order_lines_own_paid"), "order_lines", _PAID)
    op.create_check_constraint(op.f("ck_order_lines_own_status"), "order_lines", _STATUS)


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_order_lines_own_status"), "order_lines", type_="check")
        op.drop_constraint(op.f("ck_order_lines_own_paid"), "order_lines", type_="check")
    op.drop_column("order_lines", "own_status")
    op.drop_column("order_lines", "own_paid_fen")
