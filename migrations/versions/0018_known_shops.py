"""Shops that a member knows, orders that a member sees, reports; order numbers are unique within a shop only.

Whoever has orders at a shop already has accepted it: all orders that are there stay where they were seen.

Revision ID: 0018
Revises: 0017
Create Date: 2026-11-28 12:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0018"
down_revision = "0017"
branch_labels = depends_on = None

_SHOWN, _HIDDEN = "shown", "NOT shown"
_RECEIVING, _WITH_CASES = "status IN ('in_transit','delivered')", "case_count > 0"
_LISTS = {  # indexes of a buyer's lists: their columns, and what partial ones held
    "ix_orders_buyer_ordered": (["buyer_id", "ordered_at", "id"], ""),
    "ix_orders_buyer_status": (["buyer_id", "status", "ordered_at", "id"], ""),
    "ix_orders_buyer_receiving": (["buyer_id", "ordered_at", "id"], _RECEIVING),
    "ix_orders_buyer_cases": (["buyer_id", "ordered_at", "id"], _WITH_CASES),
}


def upgrade() -> None:
    op.create_table(
        "known_shops",
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("source IN ('member','portal','before')", name=op.f("ck_known_shops_source")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_known_shops_user_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_known_shops_shop_id")),
        sa.PrimaryKeyConstraint("user_id", "shop_id", name=op.f("pk_known_shops")),
    )
    for name in ("shown", "contested"):
        op.add_column("orders", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "INSERT INTO known_shops (user_id, shop_id, accepted, source, at) "
        "SELECT buyer_id, shop_id, true, 'before', min(imported_at) FROM orders GROUP BY buyer_id, shop_id"
    )
    op.execute("UPDATE orders SET shown = true")
    _index(_SHOWN)
    hidden = sa.text(_HIDDEN)
    op.create_index(
        "ix_orders_buyer_hidden",
        "orders",
        ["buyer_id", "shop_id", "ordered_at"],
        sqlite_where=hidden,
        postgresql_where=hidden,
    )
    _key_heads(["order_no", "shop_id"])
    _make_complaints()


def _make_complaints() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("shop_id", BigId, nullable=True),
        sa.Column("order_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('not_mine','false_goods','pestering','other')", name=op.f("ck_complaints_kind")),
        sa.CheckConstraint("state IN ('open','looking','answered')", name=op.f("ck_complaints_state")),
        sa.CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_complaints_answered")),
        sa.CheckConstraint(
            "shop_id IS NOT NULL OR (order_id IS NULL AND case_id IS NULL)", name=op.f("ck_complaints_shop")
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_complaints_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_complaints_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_complaints_user_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_complaints_shop_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_complaints_answered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
    )
    op.create_index("ix_complaints_state", "complaints", ["state", "id"])
    op.create_index("ix_complaints_user_id", "complaints", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("complaints")
    op.drop_index("ix_orders_buyer_hidden", table_name="orders")
    _index("")
    # A number that two shops have leads to the order that was first.
    op.execute(
        "DELETE FROM order_heads WHERE order_id <> "
        "(SELECT min(h.order_id) FROM order_heads h WHERE h.order_no = order_heads.order_no)"
    )
    _key_heads(["order_no"])
    for name in ("contested", "shown"):
        op.drop_column("orders", name)
    op.drop_table("known_shops")


def _index(also: str) -> None:
    """Make the indexes of a buyer's lists anew, of what they held and ``also``."""
    for name, (columns, held) in _LISTS.items():
        op.drop_index(name, table_name="orders")
        holds = " AND ".join(part for part in (held, also) if part)
        only = {"sqlite_where": sa.text(holds), "postgresql_where": sa.text(holds)} if holds else {}
        op.create_index(name, "orders", columns, **only)  # type: ignore[arg-type]


def _key_heads(columns: list[str]) -> None:
    """Give order_heads another primary key. SQLite can't: the table is made anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_order_heads", "order_heads", type_="primary")
        op.create_primary_key("pk_order_heads", "order_heads", columns)
        return
    op.drop_index("ix_order_heads_buyer", table_name="order_heads")
    op.rename_table("order_heads", "order_heads_before")
    op.create_table(
        "order_heads",
        sa.Column("order_no", sa.String(length=40), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_order_heads_buyer_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_heads_shop_id")),
        sa.PrimaryKeyConstraint(*columns, name=op.f("pk_order_heads")),
    )
    op.execute(
        "INSERT INTO order_heads (order_no, order_id, shop_id, buyer_id) "
        "SELECT order_no, order_id, shop_id, buyer_id FROM order_heads_before"
    )
    op.drop_table("order_heads_before")
    op.create_index("ix_order_heads_buyer", "order_heads", ["buyer_id", "order_id"])
