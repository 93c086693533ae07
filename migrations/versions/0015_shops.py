"""Every row of a shop names it: in its primary key, its unique constraints and its references.

The tables are made anew and filled from those before, with the ids that rows had. Going back works the same way.

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-28 10:00:00
"""

# ruff: noqa: S608  (statements put together from the names of tables)

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ASIDE = "before_0015"  # PostgreSQL: a schema; SQLite: the beginning of a table's name


def _of(parent: str, column: str) -> str:
    return f"(SELECT shop_id FROM {parent} WHERE id = o.{column})"


_SHOP_OF = {
    "drafts": _of("orders", "order_id"),
    "order_lines": _of("orders", "order_id"),
    "order_watches": _of("orders", "order_id"),
    "skus": _of("products", "product_id"),
    "access_links": f"coalesce({_of('cases', 'case_id')}, {_of('orders', 'order_id')})",
    "case_events": _of("cases", "case_id"),
    "case_lines": _of("cases", "case_id"),
    "messages": _of("conversations", "conversation_id"),
    "notices": _of("cases", "case_id"),
    "parcels": _of("cases", "case_id"),
    "parcel_lines": _of("parcels", "parcel_id"),
    "parcel_traces": _of("parcels", "parcel_id"),
    "proposals": _of("cases", "case_id"),
    "bank_consents": _of("cases", "case_id"),
    "bank_accounts": _of("cases", "case_id"),
    "bank_views": _of("cases", "case_id"),
    "shipment_traces": _of("shipments", "shipment_id"),
    "evidence": f"coalesce({_of('cases', 'case_id')}, {_of('orders', 'order_id')}, {_of('drafts', 'draft_id')}, "
    f"{_of('messages', 'message_id')}, {_of('products', 'product_id')}, "
    "(SELECT shop_id FROM staff WHERE user_id = o.owner_id AND o.side = 'seller'), "
    "(SELECT min(shop_id) FROM orders WHERE buyer_id = o.owner_id), (SELECT min(id) FROM shops))",  # loose ones last
}
_MORE = {
    "order_links": {"upstream_shop_id": _of("orders", "upstream_id")},
    "case_links": {"upstream_shop_id": _of("cases", "upstream_id")},
    "payout_files": {"serial": "CASE WHEN o.kind = 'batch' THEN o.id ELSE 0 END"},
}
_HEADS = ("order_heads", "case_heads")
_TABLES = (  # those that are referred to before those that refer to them
    "case_tallies",
    "customer_notes",
    "import_jobs",
    "import_headings",
    "orders",
    "payout_files",
    "policies",
    "products",
    "return_addresses",
    "trace_files",
    "cases",
    "conversations",
    "drafts",
    "order_lines",
    "order_links",
    "order_versions",
    "order_watches",
    "skus",
    "access_links",
    "case_events",
    "case_lines",
    "case_links",
    "messages",
    "money_entries",
    "notices",
    "parcels",
    "proposals",
    "bank_consents",
    "deliveries",
    "evidence",
    "parcel_lines",
    "parcel_traces",
    "shipments",
    "receipt_claims",
    "intakes",
    "bank_accounts",
    "shipment_traces",
    "bank_views",
)


def upgrade() -> None:
    triggers = _take_triggers_off(_TABLES)
    _set_aside(_TABLES)
    _create_tables()
    for table in _TABLES:
        more = dict(_MORE.get(table, {}))
        if table in _SHOP_OF:
            more["shop_id"] = _SHOP_OF[table]
        _copy(table, more)
    op.execute(
        "INSERT INTO order_heads (order_no, order_id, shop_id, buyer_id) "
        "SELECT order_no, id, shop_id, buyer_id FROM orders"
    )
    op.execute(
        "INSERT INTO case_heads (case_no, case_id, shop_id, buyer_id) SELECT case_no, id, shop_id, buyer_id FROM cases"
    )
    _drop_aside(_TABLES)
    for statement in triggers:
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    """The earlier migrations make the earlier tables; rows keep their ids."""
    script = op.get_context().script
    assert script is not None  # noqa: S101  (alembic's own)
    earlier = [script.get_revision(f"{number:04d}").module for number in range(1, 15)]
    tables = [table for table in sa.inspect(op.get_bind()).get_table_names() if table != "alembic_version"]
    _take_triggers_off(tables, functions=True)
    _set_aside(tables)
    for module in earlier:
        module.upgrade()
    made = set(sa.inspect(op.get_bind()).get_table_names())
    first = ("users", "shops", "staff", "tracks")
    rest = [table for table in tables if table in made and table not in (*first, *_TABLES)]
    for table in (*first, *rest, *_TABLES):
        _copy(table, {})
    _drop_aside([*first, *rest, *_TABLES, *_HEADS])


# What both directions need


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _aside(table: str) -> str:
    return f"{_ASIDE}_{table}" if _is_sqlite() else f"{_ASIDE}.{table}"


def _take_triggers_off(tables: Collection[str], *, functions: bool = False) -> list[str]:
    """Drop the triggers of tables; returns the statements that make them again."""
    bind = op.get_bind()
    if _is_sqlite():
        rows = bind.execute(sa.text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    else:
        rows = bind.execute(
            sa.text(
                "SELECT t.tgname, c.relname, pg_get_triggerdef(t.oid) FROM pg_trigger t "
                "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
            )
        ).all()
    found = [row for row in rows if row[1] in tables]
    for name, table, _ in found:
        bind.execute(sa.text(f"DROP TRIGGER {name}" if _is_sqlite() else f"DROP TRIGGER {name} ON {table}"))
        if functions and not _is_sqlite():
            bind.execute(sa.text(f"DROP FUNCTION {name}()"))
    return [statement for *_, statement in found]


def _set_aside(tables: Collection[str]) -> None:
    """Take tables out of the way, with their rows, indexes and constraints."""
    bind = op.get_bind()
    if not _is_sqlite():
        bind.execute(sa.text(f"CREATE SCHEMA {_ASIDE}"))
        for table in tables:
            bind.execute(sa.text(f"ALTER TABLE {table} SET SCHEMA {_ASIDE}"))
        return
    for table in tables:
        bind.execute(sa.text(f"ALTER TABLE {table} RENAME TO {_aside(table)}"))
    named = bind.execute(sa.text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    for name, table in named.all():
        if table.startswith(_ASIDE):
            bind.execute(sa.text(f"DROP INDEX {name}"))


def _copy(table: str, more: Mapping[str, str]) -> None:
    """Fill a table from the one that was set aside; ``more``: columns as expressions over its row ``o``."""
    inspector = sa.inspect(op.get_bind())
    if _is_sqlite():
        before = {column["name"] for column in inspector.get_columns(_aside(table))}
    else:
        before = {column["name"] for column in inspector.get_columns(table, schema=_ASIDE)}
    columns = inspector.get_columns(table)
    same = [column["name"] for column in columns if column["name"] in before and "computed" not in column]
    same = [name for name in same if name not in more]
    into = ", ".join(f'"{name}"' for name in (*same, *more))
    taken = ", ".join((*(f'o."{name}"' for name in same), *more.values()))
    key = ", ".join(f'"{name}"' for name in inspector.get_pk_constraint(table)["constrained_columns"])
    op.execute(
        sa.text(
            f"INSERT INTO {table} ({into}) SELECT {taken} FROM {_aside(table)} o WHERE 1 = 1 ON CONFLICT ({key}) DO NOTHING"
        )
    )
    if not _is_sqlite() and any(column["name"] == "id" and column.get("default") for column in columns):
        op.execute(
            sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING max(id) > 0")
        )


def _drop_aside(tables: Collection[str]) -> None:
    if not _is_sqlite():
        op.execute(f"DROP SCHEMA {_ASIDE} CASCADE")
        return
    for table in reversed(list(tables)):
        op.execute(f"DROP TABLE {_aside(table)}")


def _create_tables() -> None:
    op.create_table(
        "case_heads",
        sa.Column("case_no", sa.String(length=24), nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_case_heads_buyer_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_heads_shop_id")),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_case_heads")),
    )
    op.create_index("ix_case_heads_buyer", "case_heads", ["buyer_id", "case_id"], unique=False)
    op.create_table(
        "case_tallies",
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("number", BigId, nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_case_tallies_number")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_tallies_shop_id")),
        sa.PrimaryKeyConstraint("shop_id", "state", name=op.f("pk_case_tallies")),
    )
    op.create_table(
        "customer_notes",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("tag", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_customer_notes_buyer_id")),
        sa.ForeignKeyConstraint(["by"], ["users.id"], name=op.f("fk_customer_notes_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_customer_notes_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_customer_notes")),
    )
    op.create_index("ix_customer_notes_shop_buyer", "customer_notes", ["shop_id", "buyer_id", "id"], unique=False)
    op.create_table(
        "import_headings",
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("theirs", sa.String(length=100), nullable=False),
        sa.Column("ours", sa.String(length=40), nullable=False),
        sa.Column("said_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_import_headings_shop_id")),
        sa.PrimaryKeyConstraint("shop_id", "theirs", name=op.f("pk_import_headings")),
    )
    op.create_table(
        "import_jobs",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("rows_done", BigId, nullable=False),
        sa.Column("rows_all", BigId, nullable=False),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("claimed_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting','checking','checked','confirmed','importing','done','failed')",
            name=op.f("ck_import_jobs_state"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_import_jobs_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_import_jobs_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_import_jobs")),
        sa.UniqueConstraint("public_id", "shop_id", name=op.f("uq_import_jobs_public_id_shop_id")),
    )
    op.create_index("ix_import_jobs_shop_id", "import_jobs", ["shop_id", "id"], unique=False)
    op.create_index("ix_import_jobs_state", "import_jobs", ["state"], unique=False)
    op.create_table(
        "order_heads",
        sa.Column("order_no", sa.String(length=40), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_order_heads_buyer_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_heads_shop_id")),
        sa.PrimaryKeyConstraint("order_no", name=op.f("pk_order_heads")),
    )
    op.create_index("ix_order_heads_buyer", "order_heads", ["buyer_id", "order_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("order_no", sa.String(length=40), nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("status_text", sa.String(length=60), nullable=False),
        sa.Column("ordered_at", Moment(), nullable=False),
        sa.Column("paid_at", Moment(), nullable=True),
        sa.Column("received_at", Moment(), nullable=True),
        sa.Column("goods_total_fen", BigId, nullable=False),
        sa.Column("freight_fen", BigId, nullable=False),
        sa.Column("adjustment_fen", BigId, nullable=False),
        sa.Column("paid_fen", BigId, nullable=False),
        sa.Column("refunded_fen", BigId, nullable=False),
        sa.Column("lines_gap_fen", BigId, server_default=sa.text("0"), nullable=False),
        sa.Column("receiver_name", sa.String(length=100), nullable=False),
        sa.Column("receiver_phone", sa.String(length=40), nullable=False),
        sa.Column("receiver_address", sa.String(length=400), nullable=False),
        sa.Column("carrier_text", sa.String(length=300), nullable=False),
        sa.Column("tracking_text", sa.String(length=600), nullable=False),
        sa.Column("followed_text", sa.String(length=600), server_default="", nullable=False),
        sa.Column("buyer_note", sa.Text(), nullable=False),
        sa.Column("downstream_channel", sa.String(length=60), nullable=False),
        sa.Column("downstream_order_no", sa.String(length=80), nullable=False),
        sa.Column("is_dropship", sa.Boolean(), nullable=False),
        sa.Column("more", sa.JSON(), nullable=False),
        sa.Column("case_count", BigId, nullable=False),
        sa.Column("consumer", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("apply_from", Moment(), nullable=True),
        sa.Column("apply_by", Moment(), nullable=True),
        sa.Column("apply_provisional", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("shipped_at", Moment(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "status IN ('unpaid','unshipped','in_transit','delivered','completed','cancelled','refunding','unknown')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name=op.f("ck_orders_refunded")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_orders_buyer_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_orders_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_no", "shop_id", name=op.f("uq_orders_order_no_shop_id")),
    )
    op.create_index(
        "ix_orders_buyer_cases",
        "orders",
        ["buyer_id", "ordered_at", "id"],
        unique=False,
        sqlite_where=sa.text("case_count > 0"),
        postgresql_where=sa.text("case_count > 0"),
    )
    op.create_index("ix_orders_buyer_ordered", "orders", ["buyer_id", "ordered_at", "id"], unique=False)
    op.create_index(
        "ix_orders_buyer_receiving",
        "orders",
        ["buyer_id", "ordered_at", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('in_transit','delivered')"),
        postgresql_where=sa.text("status IN ('in_transit','delivered')"),
    )
    op.create_index("ix_orders_buyer_status", "orders", ["buyer_id", "status", "ordered_at", "id"], unique=False)
    op.create_index(
        "ix_orders_provisional",
        "orders",
        ["id"],
        unique=False,
        sqlite_where=sa.text("apply_provisional"),
        postgresql_where=sa.text("apply_provisional"),
    )
    op.create_index("ix_orders_shop_buyer", "orders", ["shop_id", "buyer_id", "ordered_at"], unique=False)
    op.create_index("ix_orders_shop_ordered", "orders", ["shop_id", "ordered_at", "id"], unique=False)
    op.create_index("ix_orders_shop_status", "orders", ["shop_id", "status", "ordered_at", "id"], unique=False)
    op.create_index(
        "ix_orders_to_promise",
        "orders",
        ["id"],
        unique=False,
        sqlite_where=sa.text(
            "(is_dropship OR downstream_order_no <> '' OR downstream_channel <> '') AND apply_from IS NULL"
        ),
        postgresql_where=sa.text(
            "(is_dropship OR downstream_order_no <> '' OR downstream_channel <> '') AND apply_from IS NULL"
        ),
    )
    op.create_index(
        "ix_orders_unfollowed",
        "orders",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status = 'in_transit' AND tracking_text <> followed_text"),
        postgresql_where=sa.text("status = 'in_transit' AND tracking_text <> followed_text"),
    )
    op.create_table(
        "payout_files",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("serial", BigId, nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("row_count", BigId, nullable=False),
        sa.Column("amount_fen", BigId, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('batch','results')", name=op.f("ck_payout_files_kind")),
        sa.CheckConstraint("state IN ('made','checked','done')", name=op.f("ck_payout_files_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_payout_files_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payout_files_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_payout_files")),
        sa.UniqueConstraint("public_id", "shop_id", name=op.f("uq_payout_files_public_id_shop_id")),
    )
    op.create_index("ix_payout_files_shop_id", "payout_files", ["shop_id", "id"], unique=False)
    op.create_index(
        "uq_payout_files_serial",
        "payout_files",
        ["shop_id", "serial"],
        unique=True,
        sqlite_where=sa.text("serial > 0"),
        postgresql_where=sa.text("serial > 0"),
    )
    op.create_table(
        "policies",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("window_days", BigId, nullable=False),
        sa.Column("hidden_days", BigId, nullable=False),
        sa.Column("special_freight", sa.String(length=12), nullable=False),
        sa.Column("guarantees", sa.String(length=200), nullable=False),
        sa.Column("types", sa.String(length=60), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.CheckConstraint(
            "special_freight IN ('buyer','seller','negotiated')", name=op.f("ck_policies_special_freight")
        ),
        sa.CheckConstraint("hidden_days BETWEEN 7 AND 180", name=op.f("ck_policies_hidden")),
        sa.CheckConstraint("window_days BETWEEN 7 AND 30", name=op.f("ck_policies_window")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_policies_created_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_policies_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_policies")),
        sa.UniqueConstraint("shop_id", "version", name=op.f("uq_policies_shop_id_version")),
    )
    op.create_table(
        "products",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("product_key", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("cargo_no", sa.String(length=80), nullable=False),
        sa.Column("picture", sa.String(length=60), nullable=True),
        sa.Column("exchangeable", sa.Boolean(), nullable=False),
        sa.Column("no_reason_excluded", sa.String(length=12), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_products_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_products")),
        sa.UniqueConstraint("shop_id", "product_key", name=op.f("uq_products_shop_id_product_key")),
    )
    op.create_index("ix_products_shop_title", "products", ["shop_id", "title"], unique=False)
    op.create_table(
        "return_addresses",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_return_addresses_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_return_addresses")),
    )
    op.create_index("ix_return_addresses_shop_id", "return_addresses", ["shop_id"], unique=False)
    op.create_index(
        "uq_return_addresses_default",
        "return_addresses",
        ["shop_id"],
        unique=True,
        sqlite_where=sa.text("is_default AND removed_at IS NULL"),
        postgresql_where=sa.text("is_default AND removed_at IS NULL"),
    )
    op.create_table(
        "trace_files",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("state IN ('checked','done')", name=op.f("ck_trace_files_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_trace_files_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_trace_files_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_trace_files")),
        sa.UniqueConstraint("public_id", "shop_id", name=op.f("uq_trace_files_public_id_shop_id")),
    )
    op.create_index("ix_trace_files_shop", "trace_files", ["shop_id", "id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_no", sa.String(length=24), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("policy_id", BigId, nullable=False),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("queue_at", Moment(), sa.Computed("coalesce(due_at, entered_at)", persisted=True), nullable=False),
        sa.Column("due_rule", sa.String(length=24), nullable=False),
        sa.Column("remind_at", Moment(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("paused_seconds", BigId, nullable=False),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("stage_at", Moment(), nullable=True),
        sa.Column("escalated_at", Moment(), nullable=True),
        sa.Column("evidence_round", BigId, nullable=False),
        sa.Column("heard", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.JSON(), nullable=False),
        sa.Column("countered", sa.Boolean(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("granted_seconds", BigId, nullable=False),
        sa.Column("objected", sa.Boolean(), nullable=False),
        sa.Column("problem_open", sa.Boolean(), nullable=False),
        sa.Column("nudged_at", Moment(), nullable=True),
        sa.Column("round", BigId, nullable=False),
        sa.Column("applications", BigId, nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("freight_payer", sa.String(length=12), nullable=False),
        sa.Column("negotiated", sa.Boolean(), nullable=False),
        sa.Column("goods_state", sa.String(length=12), nullable=False),
        sa.Column("refund_fen", BigId, nullable=False),
        sa.Column("difference_fen", BigId, nullable=False),
        sa.Column("entry_count", BigId, nullable=False),
        sa.Column("difference_waived", sa.Boolean(), nullable=False),
        sa.Column("receiver_name", sa.String(length=100), nullable=False),
        sa.Column("receiver_phone", sa.String(length=40), nullable=False),
        sa.Column("receiver_address", sa.String(length=400), nullable=False),
        sa.Column("return_name", sa.String(length=60), nullable=False),
        sa.Column("return_phone", sa.String(length=30), nullable=False),
        sa.Column("return_address", sa.String(length=300), nullable=False),
        sa.Column("return_note", sa.String(length=200), nullable=False),
        sa.Column("finish_by", Moment(), nullable=True),
        sa.Column("finish_provisional", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("overdue_at", Moment(), nullable=True),
        sa.Column("opened_on", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("goods", sa.String(length=300), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("wanted_spec", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("quantity_milli", BigId, nullable=False),
        sa.Column("line_count", BigId, nullable=False),
        sa.Column("photo_count", BigId, nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "due_at IS NOT NULL OR escalated OR state IN ('completed','closed','withdrawn','converted')",
            name=op.f("ck_cases_due"),
        ),
        sa.CheckConstraint("freight_payer IN ('buyer','seller','negotiated')", name=op.f("ck_cases_freight_payer")),
        sa.CheckConstraint(
            "stage IN ('','evidence','deciding','overdue') AND escalated = (stage <> '')", name=op.f("ck_cases_stage")
        ),
        sa.CheckConstraint(
            "state IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed','closed','withdrawn','converted')",
            name=op.f("ck_cases_state"),
        ),
        sa.CheckConstraint("type IN ('exchange','reissue','return_refund','refund_only')", name=op.f("ck_cases_type")),
        sa.CheckConstraint("refund_fen >= 0", name=op.f("ck_cases_refund")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_cases_version")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_cases_buyer_id")),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_cases_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_cases_parent_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id", "shop_id"], ["policies.id", "policies.shop_id"], name=op.f("fk_cases_policy_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_cases_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_cases")),
        sa.UniqueConstraint("case_no", "shop_id", name=op.f("uq_cases_case_no_shop_id")),
    )
    op.create_index("ix_cases_buyer", "cases", ["buyer_id", "updated_at", "id"], unique=False)
    op.create_index(
        "ix_cases_closed",
        "cases",
        ["shop_id", "updated_at", "id"],
        unique=False,
        sqlite_where=sa.text(
            "state NOT IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed')"
        ),
        postgresql_where=sa.text(
            "state NOT IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed')"
        ),
    )
    op.create_index(
        "ix_cases_completed",
        "cases",
        ["shop_id", "updated_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'completed'"),
        postgresql_where=sa.text("state = 'completed'"),
    )
    op.create_index(
        "ix_cases_due_at",
        "cases",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_finishing",
        "cases",
        ["finish_by"],
        unique=False,
        sqlite_where=sa.text(
            "finish_by IS NOT NULL AND overdue_at IS NULL AND state NOT IN ('completed','closed','withdrawn','converted')"
        ),
        postgresql_where=sa.text(
            "finish_by IS NOT NULL AND overdue_at IS NULL AND state NOT IN ('completed','closed','withdrawn','converted')"
        ),
    )
    op.create_index(
        "ix_cases_mediated",
        "cases",
        ["stage", "queue_at", "id"],
        unique=False,
        sqlite_where=sa.text("escalated"),
        postgresql_where=sa.text("escalated"),
    )
    op.create_index(
        "ix_cases_mediated_shop",
        "cases",
        ["shop_id", "queue_at", "id"],
        unique=False,
        sqlite_where=sa.text("escalated"),
        postgresql_where=sa.text("escalated"),
    )
    op.create_index(
        "ix_cases_open",
        "cases",
        ["shop_id", "queue_at", "id"],
        unique=False,
        sqlite_where=sa.text("state NOT IN ('completed','closed','withdrawn','converted')"),
        postgresql_where=sa.text("state NOT IN ('completed','closed','withdrawn','converted')"),
    )
    op.create_index("ix_cases_order_id", "cases", ["order_id"], unique=False)
    op.create_index(
        "ix_cases_parent_id",
        "cases",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_provisional",
        "cases",
        ["id"],
        unique=False,
        sqlite_where=sa.text("finish_provisional"),
        postgresql_where=sa.text("finish_provisional"),
    )
    op.create_index("ix_cases_queue", "cases", ["shop_id", "state", "queue_at", "id"], unique=False)
    op.create_index(
        "ix_cases_remind_at",
        "cases",
        ["remind_at"],
        unique=False,
        sqlite_where=sa.text("remind_at IS NOT NULL"),
        postgresql_where=sa.text("remind_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_waits_for_buyer",
        "cases",
        ["buyer_id", "due_at"],
        unique=False,
        sqlite_where=sa.text(
            "state IN ('proposed','revising','returning','disputed','paying','confirming') AND NOT problem_open AND NOT countered AND NOT escalated"
        ),
        postgresql_where=sa.text(
            "state IN ('proposed','revising','returning','disputed','paying','confirming') AND NOT problem_open AND NOT countered AND NOT escalated"
        ),
    )
    op.create_table(
        "conversations",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("last_words", sa.String(length=120), nullable=False),
        sa.Column("last_message_id", BigId, nullable=False),
        sa.Column("buyer_unread", BigId, nullable=False),
        sa.Column("seller_unread", BigId, nullable=False),
        sa.Column("buyer_read_id", BigId, nullable=False),
        sa.Column("seller_read_id", BigId, nullable=False),
        sa.Column("waiting_since", Moment(), nullable=True),
        sa.CheckConstraint("buyer_unread >= 0 AND seller_unread >= 0", name=op.f("ck_conversations_unread")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_conversations_buyer_id")),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_conversations_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_conversations_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("order_id", "shop_id", name=op.f("uq_conversations_order_id_shop_id")),
    )
    op.create_index("ix_conversations_buyer", "conversations", ["buyer_id", "last_message_id"], unique=False)
    op.create_index(
        "ix_conversations_buyer_unread",
        "conversations",
        ["buyer_id"],
        unique=False,
        sqlite_where=sa.text("buyer_unread > 0"),
        postgresql_where=sa.text("buyer_unread > 0"),
    )
    op.create_index("ix_conversations_shop", "conversations", ["shop_id", "last_message_id"], unique=False)
    op.create_index(
        "ix_conversations_shop_unread",
        "conversations",
        ["shop_id"],
        unique=False,
        sqlite_where=sa.text("seller_unread > 0"),
        postgresql_where=sa.text("seller_unread > 0"),
    )
    op.create_index(
        "ix_conversations_waiting",
        "conversations",
        ["shop_id", "waiting_since", "id"],
        unique=False,
        sqlite_where=sa.text("waiting_since IS NOT NULL"),
        postgresql_where=sa.text("waiting_since IS NOT NULL"),
    )
    op.create_table(
        "drafts",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_drafts_buyer_id")),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_drafts_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_drafts_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("order_id", "shop_id", name=op.f("uq_drafts_order_id_shop_id")),
    )
    op.create_index("ix_drafts_buyer_id", "drafts", ["buyer_id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("line_key", sa.String(length=500), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("unit_price_fen", BigId, nullable=False),
        sa.Column("quantity_milli", BigId, nullable=False),
        sa.Column("claimed_milli", BigId, nullable=False),
        sa.Column("refunded_fen", BigId, nullable=False),
        sa.Column("refunded_milli", BigId, nullable=False),
        sa.Column("cargo_no", sa.String(length=80), nullable=False),
        sa.Column("offer_id", sa.String(length=40), nullable=False),
        sa.Column("sku_id", sa.String(length=40), nullable=False),
        sa.Column("guarantees", sa.String(length=200), nullable=False),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("unfit_confirmed_at", Moment(), nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.CheckConstraint("claimed_milli BETWEEN 0 AND quantity_milli", name=op.f("ck_order_lines_ledger")),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_order_lines_quantity")),
        sa.CheckConstraint(
            "refunded_fen >= 0 AND refunded_milli BETWEEN 0 AND quantity_milli", name=op.f("ck_order_lines_refunded")
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_order_lines_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"],
            ["products.id", "products.shop_id"],
            name=op.f("fk_order_lines_product_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_lines_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "line_key", "shop_id", name=op.f("uq_order_lines_order_id_line_key_shop_id")),
    )
    op.create_index("ix_order_lines_product_id", "order_lines", ["product_id"], unique=False)
    op.create_table(
        "order_links",
        sa.Column("downstream_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("upstream_id", BigId, nullable=False),
        sa.Column("upstream_shop_id", BigId, nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("created_by", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_order_links_created_by")),
        sa.ForeignKeyConstraint(
            ["downstream_id", "shop_id"],
            ["orders.id", "orders.shop_id"],
            name=op.f("fk_order_links_downstream_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_links_shop_id")),
        sa.ForeignKeyConstraint(["upstream_shop_id"], ["shops.id"], name=op.f("fk_order_links_upstream_shop_id")),
        sa.PrimaryKeyConstraint("downstream_id", "shop_id", name=op.f("pk_order_links")),
    )
    op.create_index("ix_order_links_shop", "order_links", ["shop_id", "downstream_id"], unique=False)
    op.create_index("ix_order_links_upstream_id", "order_links", ["upstream_id"], unique=False)
    op.create_table(
        "order_versions",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_order_versions_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_versions_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_order_versions")),
    )
    op.create_index("ix_order_versions_order", "order_versions", ["shop_id", "order_id", "id"], unique=False)
    op.create_table(
        "order_watches",
        sa.Column("order_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_order_watches_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_watches_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_order_watches_user_id")),
        sa.PrimaryKeyConstraint("order_id", "shop_id", name=op.f("pk_order_watches")),
    )
    op.create_table(
        "skus",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("sku_key", sa.String(length=200), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("price_fen", BigId, nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"], ["products.id", "products.shop_id"], name=op.f("fk_skus_product_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_skus_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_skus")),
        sa.UniqueConstraint("product_id", "sku_key", "shop_id", name=op.f("uq_skus_product_id_sku_key_shop_id")),
    )
    op.create_table(
        "access_links",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("order_id", BigId, nullable=True),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.Column("used_at", Moment(), nullable=True),
        sa.CheckConstraint("(case_id IS NULL) <> (order_id IS NULL)", name=op.f("ck_access_links_one_thing")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_access_links_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_access_links_created_by")),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_access_links_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_access_links_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_access_links")),
        sa.UniqueConstraint("token_hash", "shop_id", name=op.f("uq_access_links_token_hash_shop_id")),
    )
    op.create_index("ix_access_links_case_id", "access_links", ["case_id"], unique=False)
    op.create_index("ix_access_links_expires_at", "access_links", ["expires_at"], unique=False)
    op.create_table(
        "case_events",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=8), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("before_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("actor IN ('buyer','seller','clock','mediator')", name=op.f("ck_case_events_actor")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_case_events_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_events_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_case_events_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_case_events")),
        sa.UniqueConstraint("case_id", "version", "shop_id", name=op.f("uq_case_events_case_id_version_shop_id")),
    )
    op.create_index(
        "ix_case_events_mediator",
        "case_events",
        ["actor", "at", "id"],
        unique=False,
        sqlite_where=sa.text("actor = 'mediator'"),
        postgresql_where=sa.text("actor = 'mediator'"),
    )
    op.create_table(
        "case_lines",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("quantity_milli", BigId, nullable=False),
        sa.Column("received_milli", BigId, nullable=True),
        sa.Column("accepted_milli", BigId, nullable=False),
        sa.Column("shipped_milli", BigId, nullable=False),
        sa.Column("condition", sa.String(length=24), nullable=False),
        sa.Column("inspection_note", sa.String(length=500), nullable=False),
        sa.Column("moved_milli", BigId, nullable=False),
        sa.Column("wanted_price_fen", BigId, nullable=True),
        sa.Column("sku_id", BigId, nullable=True),
        sa.Column("wanted_spec", sa.String(length=300), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "accepted_milli BETWEEN 0 AND coalesce(received_milli, quantity_milli)", name=op.f("ck_case_lines_accepted")
        ),
        sa.CheckConstraint("moved_milli BETWEEN 0 AND quantity_milli", name=op.f("ck_case_lines_moved")),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_case_lines_quantity")),
        sa.CheckConstraint(
            "received_milli IS NULL OR received_milli BETWEEN 0 AND quantity_milli", name=op.f("ck_case_lines_received")
        ),
        sa.CheckConstraint("shipped_milli BETWEEN 0 AND accepted_milli", name=op.f("ck_case_lines_shipped")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_case_lines_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id", "shop_id"],
            ["order_lines.id", "order_lines.shop_id"],
            name=op.f("fk_case_lines_order_line_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_lines_shop_id")),
        sa.ForeignKeyConstraint(
            ["sku_id", "shop_id"], ["skus.id", "skus.shop_id"], name=op.f("fk_case_lines_sku_id_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_case_lines")),
        sa.UniqueConstraint(
            "case_id", "order_line_id", "shop_id", name=op.f("uq_case_lines_case_id_order_line_id_shop_id")
        ),
    )
    op.create_index("ix_case_lines_order_line_id", "case_lines", ["order_line_id"], unique=False)
    op.create_table(
        "case_links",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("downstream_id", BigId, nullable=False),
        sa.Column("upstream_id", BigId, nullable=False),
        sa.Column("upstream_shop_id", BigId, nullable=False),
        sa.Column("route_back", sa.String(length=6), nullable=False),
        sa.Column("route_out", sa.String(length=6), nullable=False),
        sa.Column("freight_back_fen", BigId, nullable=False),
        sa.Column("freight_back_payer", sa.String(length=12), nullable=False),
        sa.Column("freight_out_fen", BigId, nullable=False),
        sa.Column("freight_out_payer", sa.String(length=12), nullable=False),
        sa.Column("created_by", BigId, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("alarmed_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "freight_back_payer IN ('distributor','supplier','consumer') AND freight_out_payer IN ('distributor','supplier','consumer')",
            name=op.f("ck_case_links_payers"),
        ),
        sa.CheckConstraint("route_back IN ('direct','via')", name=op.f("ck_case_links_route_back")),
        sa.CheckConstraint("route_out IN ('direct','via')", name=op.f("ck_case_links_route_out")),
        sa.CheckConstraint("downstream_id <> upstream_id", name=op.f("ck_case_links_two")),
        sa.CheckConstraint("freight_back_fen >= 0 AND freight_out_fen >= 0", name=op.f("ck_case_links_freight")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_case_links_created_by")),
        sa.ForeignKeyConstraint(
            ["downstream_id", "shop_id"],
            ["cases.id", "cases.shop_id"],
            name=op.f("fk_case_links_downstream_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_links_shop_id")),
        sa.ForeignKeyConstraint(["upstream_shop_id"], ["shops.id"], name=op.f("fk_case_links_upstream_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_case_links")),
        sa.UniqueConstraint(
            "downstream_id", "upstream_id", "shop_id", name=op.f("uq_case_links_downstream_id_upstream_id_shop_id")
        ),
    )
    op.create_index("ix_case_links_shop", "case_links", ["shop_id", "id"], unique=False)
    op.create_index(
        "uq_case_links_downstream_live",
        "case_links",
        ["downstream_id", "shop_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_case_links_upstream_live",
        "case_links",
        ["upstream_id", "shop_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "intakes",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
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
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_intakes_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_intakes_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_intakes_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("shop_id", "number", name=op.f("uq_intakes_shop_id_number")),
    )
    op.create_index("ix_intakes_shop_user", "intakes", ["shop_id", "user_id", "at"], unique=False)
    op.create_index(
        "ix_intakes_unidentified",
        "intakes",
        ["shop_id", "at", "id"],
        unique=False,
        sqlite_where=sa.text("case_id IS NULL"),
        postgresql_where=sa.text("case_id IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("conversation_id", BigId, nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('text','photo','order','draft','offer','case')", name=op.f("ck_messages_kind")),
        sa.CheckConstraint("side IN ('buyer','seller','system')", name=op.f("ck_messages_side")),
        sa.ForeignKeyConstraint(
            ["conversation_id", "shop_id"],
            ["conversations.id", "conversations.shop_id"],
            name=op.f("fk_messages_conversation_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_messages_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_conversation_id", "messages", ["conversation_id", "id"], unique=False)
    op.create_table(
        "money_entries",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", BigId, nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=12), server_default="", nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("tries", BigId, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", BigId, nullable=True),
        sa.Column("approved_at", Moment(), nullable=True),
        sa.Column("approved_by", BigId, nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("settled_by", BigId, nullable=True),
        sa.Column("exported_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('refund','difference_back','difference_return','freight','compensation','difference')",
            name=op.f("ck_money_entries_kind"),
        ),
        sa.CheckConstraint("route IN ('original','bank','offline')", name=op.f("ck_money_entries_route")),
        sa.CheckConstraint("state <> 'settled' OR settled_at IS NOT NULL", name=op.f("ck_money_entries_settled")),
        sa.CheckConstraint(
            "state IN ('waiting','due','failed','declared','settled','cancelled')", name=op.f("ck_money_entries_state")
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_money_entries_amount")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_money_entries_approved_by")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_money_entries_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_money_entries_made_by")),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_money_entries_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_money_entries_settled_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_money_entries_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_money_entries")),
        sa.UniqueConstraint("key", "shop_id", name=op.f("uq_money_entries_key_shop_id")),
    )
    op.create_index("ix_money_entries_case_id", "money_entries", ["case_id"], unique=False)
    op.create_index(
        "ix_money_entries_open",
        "money_entries",
        ["shop_id", "made_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting','due','failed','declared')"),
        postgresql_where=sa.text("state IN ('waiting','due','failed','declared')"),
    )
    op.create_index("ix_money_entries_shop", "money_entries", ["shop_id", "made_at", "id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("href", sa.String(length=200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.CheckConstraint("case_id IS NULL OR shop_id IS NOT NULL", name=op.f("ck_notices_shop")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_notices_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_notices_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notices_dedupe_key")),
    )
    op.create_index("ix_notices_case_id", "notices", ["case_id"], unique=False)
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["user_id", "id"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notices_user", "notices", ["user_id", "id"], unique=False)
    op.create_table(
        "parcels",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("leg", sa.String(length=8), nullable=False),
        sa.Column("round", BigId, nullable=False),
        sa.Column("carrier", sa.String(length=16), nullable=False),
        sa.Column("carrier_name", sa.String(length=60), nullable=False),
        sa.Column("tracking_no", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("shipped_at", Moment(), nullable=False),
        sa.Column("shipped_by", BigId, nullable=False),
        sa.Column("traced_at", Moment(), nullable=True),
        sa.Column("signed_at", Moment(), nullable=True),
        sa.Column("lost_at", Moment(), nullable=True),
        sa.Column("voided_at", Moment(), nullable=True),
        sa.CheckConstraint("leg IN ('back','out','refused')", name=op.f("ck_parcels_leg")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_parcels_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shipped_by"], ["users.id"], name=op.f("fk_parcels_shipped_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_parcels_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_parcels")),
    )
    op.create_index("ix_parcels_case_id", "parcels", ["case_id"], unique=False)
    op.create_index("ix_parcels_tracking_no", "parcels", ["tracking_no"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("goods_back", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("amount_fen", BigId, nullable=False),
        sa.Column("compensation_fen", BigId, nullable=False),
        sa.Column("freight_payer", sa.String(length=12), nullable=False),
        sa.Column("difference_fen", BigId, nullable=False),
        sa.Column("difference_waived", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", BigId, nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("answered_by", BigId, nullable=True),
        sa.CheckConstraint("freight_payer IN ('buyer','seller')", name=op.f("ck_proposals_freight_payer")),
        sa.CheckConstraint("side IN ('buyer','seller')", name=op.f("ck_proposals_side")),
        sa.CheckConstraint(
            "state IN ('open','accepted','declined','lapsed','replaced')", name=op.f("ck_proposals_state")
        ),
        sa.CheckConstraint(
            "type IN ('exchange','reissue','return_refund','refund_only')", name=op.f("ck_proposals_type")
        ),
        sa.CheckConstraint("amount_fen >= 0 AND compensation_fen >= 0", name=op.f("ck_proposals_amounts")),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_proposals_answered_by")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_proposals_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_proposals_made_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_proposals_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("case_id", "version", "shop_id", name=op.f("uq_proposals_case_id_version_shop_id")),
    )
    op.create_index(
        "uq_proposals_open",
        "proposals",
        ["case_id", "shop_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "bank_consents",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("answer", sa.String(length=3), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.CheckConstraint("answer = 'yes' OR withdrawn_at IS NULL", name=op.f("ck_bank_consents_withdrawn")),
        sa.CheckConstraint("answer IN ('yes','no')", name=op.f("ck_bank_consents_answer")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_bank_consents_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id", "shop_id"],
            ["money_entries.id", "money_entries.shop_id"],
            name=op.f("fk_bank_consents_entry_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_bank_consents_owner_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_bank_consents_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_bank_consents")),
    )
    op.create_index("ix_bank_consents_entry_id", "bank_consents", ["entry_id"], unique=False)
    op.create_index("ix_bank_consents_owner_id", "bank_consents", ["owner_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("notice_id", BigId, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", BigId, nullable=False),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("dedupe_key", sa.String(length=140), nullable=False),
        sa.CheckConstraint("state IN ('waiting','sent','given_up')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_deliveries_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_deliveries_dedupe_key")),
    )
    op.create_index(
        "ix_deliveries_next_at",
        "deliveries",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("order_id", BigId, nullable=True),
        sa.Column("draft_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("event_version", BigId, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("thumb_key", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("thumb_sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", BigId, nullable=False),
        sa.Column("width", BigId, nullable=False),
        sa.Column("height", BigId, nullable=False),
        sa.Column("thumb_width", BigId, nullable=False),
        sa.Column("thumb_height", BigId, nullable=False),
        sa.Column("taken_note", sa.String(length=40), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_evidence_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "shop_id"], ["drafts.id", "drafts.shop_id"], name=op.f("fk_evidence_draft_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id", "shop_id"], ["messages.id", "messages.shop_id"], name=op.f("fk_evidence_message_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_evidence_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_evidence_owner_id")),
        sa.ForeignKeyConstraint(
            ["product_id", "shop_id"], ["products.id", "products.shop_id"], name=op.f("fk_evidence_product_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_evidence_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("public_id", "shop_id", name=op.f("uq_evidence_public_id_shop_id")),
    )
    op.create_index("ix_evidence_case_id", "evidence", ["case_id"], unique=False)
    op.create_index("ix_evidence_draft_id", "evidence", ["draft_id"], unique=False)
    op.create_index("ix_evidence_message_id", "evidence", ["message_id"], unique=False)
    op.create_index("ix_evidence_owner_id", "evidence", ["owner_id"], unique=False)
    op.create_table(
        "parcel_lines",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("parcel_id", BigId, nullable=False),
        sa.Column("case_line_id", BigId, nullable=False),
        sa.Column("quantity_milli", BigId, nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_parcel_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["case_line_id", "shop_id"],
            ["case_lines.id", "case_lines.shop_id"],
            name=op.f("fk_parcel_lines_case_line_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id", "shop_id"], ["parcels.id", "parcels.shop_id"], name=op.f("fk_parcel_lines_parcel_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_parcel_lines_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_parcel_lines")),
        sa.UniqueConstraint(
            "parcel_id", "case_line_id", "shop_id", name=op.f("uq_parcel_lines_parcel_id_case_line_id_shop_id")
        ),
    )
    op.create_table(
        "parcel_traces",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("parcel_id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("origin", sa.String(length=10), server_default="", nullable=False),
        sa.Column("doubt", sa.String(length=10), server_default="", nullable=False),
        sa.Column("delivering", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "status IN ('picked','transit','station','signed','exception','returned','lost')",
            name=op.f("ck_parcel_traces_status"),
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id", "shop_id"], ["parcels.id", "parcels.shop_id"], name=op.f("fk_parcel_traces_parcel_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_parcel_traces_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_parcel_traces")),
        sa.UniqueConstraint(
            "parcel_id", "at", "words", "shop_id", name=op.f("uq_parcel_traces_parcel_id_at_words_shop_id")
        ),
    )
    op.create_table(
        "shipments",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("track_id", BigId, nullable=True),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("parcel_id", BigId, nullable=True),
        sa.Column("carrier", sa.String(length=16), nullable=False),
        sa.Column("carrier_name", sa.String(length=60), nullable=False),
        sa.Column("tracking_no", sa.String(length=40), nullable=False),
        sa.Column("since_at", Moment(), nullable=False),
        sa.Column("last_at", Moment(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("signed_at", Moment(), nullable=True),
        sa.Column("lost_at", Moment(), nullable=True),
        sa.Column("faulty", sa.Boolean(), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("failing", sa.Boolean(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("(parcel_id IS NULL) = (case_id IS NULL)", name=op.f("ck_shipments_parcel")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_shipments_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_shipments_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id", "shop_id"], ["parcels.id", "parcels.shop_id"], name=op.f("fk_shipments_parcel_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_shipments_shop_id")),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_shipments_track_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("parcel_id", "shop_id", name=op.f("uq_shipments_parcel_id_shop_id")),
    )
    op.create_index("ix_shipments_carriers", "shipments", ["shop_id", "carrier", "since_at", "faulty"], unique=False)
    op.create_index(
        "ix_shipments_denied",
        "shipments",
        ["shop_id", "last_at", "id"],
        unique=False,
        sqlite_where=sa.text("denied"),
        postgresql_where=sa.text("denied"),
    )
    op.create_index(
        "ix_shipments_failing",
        "shipments",
        ["shop_id", "since_at", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND failing"),
        postgresql_where=sa.text("ended_at IS NULL AND failing"),
    )
    op.create_index(
        "ix_shipments_gone",
        "shipments",
        ["shop_id", "status", "last_at", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND status IN ('returned','lost')"),
        postgresql_where=sa.text("ended_at IS NULL AND status IN ('returned','lost')"),
    )
    op.create_index(
        "ix_shipments_never_scanned",
        "shipments",
        ["shop_id", "since_at", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND last_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND last_at IS NULL"),
    )
    op.create_index("ix_shipments_number", "shipments", ["shop_id", "tracking_no"], unique=False)
    op.create_index("ix_shipments_order_id", "shipments", ["order_id"], unique=False)
    op.create_index(
        "ix_shipments_scanned",
        "shipments",
        ["shop_id", "last_at", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND last_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND last_at IS NOT NULL"),
    )
    op.create_index("ix_shipments_track_id", "shipments", ["track_id"], unique=False)
    op.create_index(
        "ix_shipments_under_way",
        "shipments",
        ["shop_id", "since_at", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "bank_accounts",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("consent_id", BigId, nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("erase_after", Moment(), nullable=True),
        sa.Column("erased_at", Moment(), nullable=True),
        sa.CheckConstraint("erased_at IS NULL OR (last4 = '' AND key_id = '')", name=op.f("ck_bank_accounts_erased")),
        sa.CheckConstraint("(erased_at IS NULL) = (sealed IS NOT NULL)", name=op.f("ck_bank_accounts_sealed")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_bank_accounts_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["consent_id", "shop_id"],
            ["bank_consents.id", "bank_consents.shop_id"],
            name=op.f("fk_bank_accounts_consent_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id", "shop_id"],
            ["money_entries.id", "money_entries.shop_id"],
            name=op.f("fk_bank_accounts_entry_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_bank_accounts_owner_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_bank_accounts_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_bank_accounts")),
        sa.UniqueConstraint("consent_id", "shop_id", name=op.f("uq_bank_accounts_consent_id_shop_id")),
    )
    op.create_index("ix_bank_accounts_case_id", "bank_accounts", ["case_id"], unique=False)
    op.create_index(
        "ix_bank_accounts_erase_after",
        "bank_accounts",
        ["erase_after"],
        unique=False,
        sqlite_where=sa.text("erased_at IS NULL"),
        postgresql_where=sa.text("erased_at IS NULL"),
    )
    op.create_index("ix_bank_accounts_owner_id", "bank_accounts", ["owner_id", "id"], unique=False)
    op.create_index(
        "uq_bank_accounts_live",
        "bank_accounts",
        ["entry_id", "shop_id"],
        unique=True,
        sqlite_where=sa.text("erased_at IS NULL"),
        postgresql_where=sa.text("erased_at IS NULL"),
    )
    op.create_table(
        "receipt_claims",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shipment_id", BigId, nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("said_at", Moment(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("until_at", Moment(), nullable=False),
        sa.Column("objected_at", Moment(), nullable=True),
        sa.Column("objection", sa.String(length=200), nullable=False),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.CheckConstraint("side IN ('buyer','seller')", name=op.f("ck_receipt_claims_side")),
        sa.ForeignKeyConstraint(
            ["shipment_id", "shop_id"],
            ["shipments.id", "shipments.shop_id"],
            name=op.f("fk_receipt_claims_shipment_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_receipt_claims_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_receipt_claims")),
        sa.UniqueConstraint(
            "shop_id", "shipment_id", "said_at", name=op.f("uq_receipt_claims_shop_id_shipment_id_said_at")
        ),
    )
    op.create_index(
        "ix_receipt_claims_due",
        "receipt_claims",
        ["until_at"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL AND objected_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL AND objected_at IS NULL"),
    )
    op.create_index("ix_receipt_claims_shipment", "receipt_claims", ["shipment_id", "id"], unique=False)
    op.create_table(
        "shipment_traces",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("shipment_id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "status IN ('picked','transit','delivering','station','signed','exception','returned','lost')",
            name=op.f("ck_shipment_traces_status"),
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id", "shop_id"],
            ["shipments.id", "shipments.shop_id"],
            name=op.f("fk_shipment_traces_shipment_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_shipment_traces_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_shipment_traces")),
        sa.UniqueConstraint(
            "shipment_id", "at", "words", "shop_id", name=op.f("uq_shipment_traces_shipment_id_at_words_shop_id")
        ),
    )
    op.create_table(
        "bank_views",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "shop_id"],
            ["bank_accounts.id", "bank_accounts.shop_id"],
            name=op.f("fk_bank_views_account_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_bank_views_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_bank_views_owner_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_bank_views_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bank_views_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_bank_views")),
        sa.UniqueConstraint("user_id", "key", "shop_id", name=op.f("uq_bank_views_user_id_key_shop_id")),
    )
    op.create_index("ix_bank_views_owner_id", "bank_views", ["owner_id", "id"], unique=False)
