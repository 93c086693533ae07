"""Batches with their sampling, and what is done about faults.

Revision ID: 0046
Revises: 0045
Create Date: 2026-11-28 22:45:00
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0046"
down_revision = "0045"
branch_labels = depends_on = None

_HELD = sa.text("batch_id IS NOT NULL")


def _make(table: str, *columns: Any, people: tuple[str, ...]) -> None:
    op.create_table(
        table,
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("spec", sa.String(300), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f(f"fk_{table}_shop_id")),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"], ["products.id", "products.shop_id"], name=op.f(f"fk_{table}_product_id_shop_id")
        ),
        *(sa.ForeignKeyConstraint([name], ["users.id"], name=op.f(f"fk_{table}_{name}")) for name in people),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    _make(
        "batches",
        sa.Column("supplier", sa.String(60), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("aql", sa.String(4), nullable=False),
        sa.Column("code", sa.String(1), nullable=False),
        sa.Column("sample", BigId, nullable=False),
        sa.Column("most", BigId, nullable=False),
        sa.Column("defects", BigId, nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("made_by", BigId, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("judged_by", BigId, nullable=True),
        sa.Column("judged_at", Moment(), nullable=True),
        sa.CheckConstraint("size > 0 AND sample > 0 AND sample <= size AND most >= 0", name=op.f("ck_batches_plan")),
        sa.CheckConstraint("defects IS NULL OR defects BETWEEN 0 AND sample", name=op.f("ck_batches_defects")),
        sa.CheckConstraint("(defects IS NULL) = (judged_at IS NULL)", name=op.f("ck_batches_judged")),
        people=("made_by", "judged_by"),
    )
    op.create_index("ix_batches_product", "batches", ["shop_id", "product_id", "from_at", "id"])
    _make(
        "fixes",
        sa.Column("fault", sa.String(16), nullable=False),
        sa.Column("measure", sa.String(8), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True),
        sa.Column("result", sa.String(300), nullable=False),
        sa.Column("made_by", BigId, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "measure IN ('words','packing','supplier','carrier','other')", name=op.f("ck_fixes_measure")
        ),
        people=("owner_id", "made_by"),
    )
    op.create_index("ix_fixes_shop", "fixes", ["shop_id", "id"])
    op.create_index("ix_fixes_product", "fixes", ["shop_id", "product_id", "fault"])
    with op.batch_alter_table("evidence") as batch:
        batch.add_column(sa.Column("batch_id", BigId, nullable=True))
        batch.create_foreign_key(
            op.f("fk_evidence_batch_id_shop_id"), "batches", ["batch_id", "shop_id"], ["id", "shop_id"]
        )
    op.create_index("ix_evidence_batch_id", "evidence", ["batch_id"], sqlite_where=_HELD, postgresql_where=_HELD)


def downgrade() -> None:
    op.drop_index("ix_evidence_batch_id", table_name="evidence")
    with op.batch_alter_table("evidence") as batch:
        batch.drop_column("batch_id")
    op.drop_table("fixes")
    op.drop_table("batches")
