"""Ends of numbers and beginnings of names have indexes of their own.

Revision ID: 0038
Revises: 0037
Create Date: 2026-11-28 16:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = depends_on = None

_FULL = sa.text("down_tail <> ''")
_CUT = {  # table: what is cut from which column
    "orders": {
        "no_tail": "order_no",
        "down_tail": "downstream_order_no",
        "phone_tail": "receiver_phone",
        "receiver_head": "receiver_name",
    },
    "cases": {"no_tail": "case_no", "phone_tail": "receiver_phone", "receiver_head": "receiver_name"},
    "shipments": {"no_tail": "tracking_no"},
    "users": {"member_head": "member_name", "company_head": "company_name"},
}


def upgrade() -> None:
    stored = op.get_bind().dialect.name == "postgresql"  # SQLite adds only columns that it works out when it reads
    for table, columns in _CUT.items():
        for name, source in columns.items():
            length, how = (
                (4, f"substr({source}, length({source}) - 3)")
                if name.endswith("tail")
                else (2, f"substr({source}, 1, 2)")
            )
            cut = sa.Computed(how, persisted=stored)
            op.add_column(table, sa.Column(name, sa.String(length), cut, nullable=False))
            only = {"sqlite_where": _FULL, "postgresql_where": _FULL} if name == "down_tail" else {}
            keys = [name, "id"] if table == "users" else ["shop_id", name, "id"]
            op.create_index(f"ix_{table}_{name}", table, keys, **only)
    op.create_index("ix_cases_goods", "cases", ["shop_id", "goods", "id"])


def downgrade() -> None:
    op.drop_index("ix_cases_goods", "cases")
    for table, columns in _CUT.items():
        for name in columns:
            op.drop_index(f"ix_{table}_{name}", table)
            op.drop_column(table, name)
