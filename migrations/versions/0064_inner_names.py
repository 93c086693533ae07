"""Names are found by parts of them: two characters from each place on have indexes of their own.

Revision ID: 0064
Revises: 0063
Create Date: 2026-11-29 11:05:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = depends_on = None

_NAMES = {
    ("cases", "receiver_name"): (["shop_id"], (2, 3)),
    ("orders", "receiver_name"): (["shop_id"], (2, 3)),
    ("users", "member_name"): ([], (2, 3)),
    ("users", "company_name"): ([], (2, 3, 4, 5)),
}


def upgrade() -> None:
    for (table, column), (keys, places) in _NAMES.items():
        for place in places:
            only = sa.text(f"length({column}) > {place}")
            by = [*keys, sa.text(f"substr({column}, {place}, 2)"), "id"]
            op.create_index(f"ix_{table}_{column}_{place}", table, by, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for (table, column), (_, places) in _NAMES.items():
        for place in places:
            op.drop_index(f"ix_{table}_{column}_{place}", table)
