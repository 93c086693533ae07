"""first"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_FINAL = "('completed','closed','withdrawn','converted')"
# table: (on, condition in terms of OLD/NEW, what it says)
_GUARDS = {
    "case_events_unchanged": ("case_events", "UPDATE", "1=1", "events are never changed"),
    "case_events_kept": ("case_events", "DELETE", "1=1", "events are never deleted"),
    "policies_unchanged": ("policies", "UPDATE", "1=1", "policy versions are never changed"),
    "policies_kept": ("policies", "DELETE", "1=1", "policy versions are never deleted"),
    "cases_final": (
        "cases",
        "UPDATE",
        f"OLD.state IN {_FINAL} AND (NEW.state <> OLD.state OR NEW.version <> OLD.version)",
        "a final state is left by nobody",
    ),
    "money_final": (
        "money_entries",
        "UPDATE",
        "OLD.state IN ('settled','cancelled') OR NEW.key <> OLD.key OR NEW.kind <> OLD.kind OR NEW.amount_fen <> OLD.amount_fen",
        "a payment that was made is never changed",
    ),
    "money_kept": ("money_entries", "DELETE", "1=1", "payments are never deleted"),
    "proposals_frozen": ("proposals", "UPDATE", "OLD.state <> 'open'", "a proposal that was answered is never changed"),
    "proposals_kept": ("proposals", "DELETE", "1=1", "proposals are never deleted"),
    "cases_kept": ("cases", "DELETE", "1=1", "cases are never deleted"),
    "bank_views_unchanged": ("bank_views", "UPDATE", "1=1", "who saw an account is never changed"),
    "bank_views_kept": ("bank_views", "DELETE", "1=1", "who saw an account is never deleted"),
    "bank_consents_kept": ("bank_consents", "DELETE", "1=1", "consents are never deleted"),
}


def _triggers() -> list[str]:
    """What constraints can't hold: rows that nobody may change any more."""
    statements = []
    for name, (table, verb, condition, says) in _GUARDS.items():
        if op.get_bind().dialect.name == "sqlite":
            statements.append(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{says}'); END"
            )
        else:
            statements.append(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{says}'; END $$"
            )
            statements.append(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW WHEN ({condition}) "
                f"EXECUTE FUNCTION {name}()"
            )
    return statements


def _drops() -> list[str]:
    statements = []
    for name, (table, *_) in reversed(_GUARDS.items()):
        if op.get_bind().dialect.name == "sqlite":
            statements.append(f"DROP TRIGGER {name}")
        else:
            statements += [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"]
    return statements


def upgrade() -> None:
    op.create_table(
        "rate_counts",
        sa.Column("bucket", sa.String(length=120), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_rate_counts")),
    )
    with op.batch_alter_table("rate_counts", schema=None) as batch_op:
        batch_op.create_index("ix_rate_counts_until", ["until"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_name", sa.String(length=64), nullable=False),
        sa.Column("company_name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("disabled_at", Moment(), nullable=True),
        sa.Column("mediator", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("member_name", name=op.f("uq_users_member_name")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('problem','wish','privacy','false','praise')", name=op.f("ck_feedback_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_feedback_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("number", name=op.f("uq_feedback_number")),
    )
    op.create_table(
        "form_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_form_keys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_keys")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_form_keys_user_id_key")),
    )
    with op.batch_alter_table("form_keys", schema=None) as batch_op:
        batch_op.create_index("ix_form_keys_at", ["at"], unique=False)

    op.create_table(
        "kept_forms",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kept_forms_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_forms")),
    )
    with op.batch_alter_table("kept_forms", schema=None) as batch_op:
        batch_op.create_index("ix_kept_forms_user_id", ["user_id", "path"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("proved_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("ix_sessions_expires_at", ["expires_at"], unique=False)
        batch_op.create_index("ix_sessions_user_id", ["user_id"], unique=False)

    op.create_table(
        "shops",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("approval_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bank_data", sa.Boolean(), nullable=False),
        sa.Column("opens", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name=op.f("ck_shops_office_hours")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_shops_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shops")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_shops_owner_id")),
    )
    op.create_table(
        "case_tallies",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_case_tallies_number")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_tallies_shop_id")),
        sa.PrimaryKeyConstraint("shop_id", "state", name=op.f("pk_case_tallies")),
    )
    op.create_table(
        "customer_notes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_customer_notes_buyer_id")),
        sa.ForeignKeyConstraint(["by"], ["users.id"], name=op.f("fk_customer_notes_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_customer_notes_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_notes")),
    )
    with op.batch_alter_table("customer_notes", schema=None) as batch_op:
        batch_op.create_index("ix_customer_notes_shop_buyer", ["shop_id", "buyer_id", "id"], unique=False)

    op.create_table(
        "import_jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("rows_done", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rows_all", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_jobs")),
        sa.UniqueConstraint("public_id", name=op.f("uq_import_jobs_public_id")),
    )
    with op.batch_alter_table("import_jobs", schema=None) as batch_op:
        batch_op.create_index("ix_import_jobs_shop_id", ["shop_id", "id"], unique=False)
        batch_op.create_index("ix_import_jobs_state", ["state"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_no", sa.String(length=40), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("status_text", sa.String(length=60), nullable=False),
        sa.Column("ordered_at", Moment(), nullable=False),
        sa.Column("paid_at", Moment(), nullable=True),
        sa.Column("received_at", Moment(), nullable=True),
        sa.Column("goods_total_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("freight_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("adjustment_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receiver_name", sa.String(length=100), nullable=False),
        sa.Column("receiver_phone", sa.String(length=40), nullable=False),
        sa.Column("receiver_address", sa.String(length=400), nullable=False),
        sa.Column("carrier_text", sa.String(length=300), nullable=False),
        sa.Column("tracking_text", sa.String(length=600), nullable=False),
        sa.Column("buyer_note", sa.Text(), nullable=False),
        sa.Column("downstream_channel", sa.String(length=60), nullable=False),
        sa.Column("downstream_order_no", sa.String(length=80), nullable=False),
        sa.Column("is_dropship", sa.Boolean(), nullable=False),
        sa.Column("more", sa.JSON(), nullable=False),
        sa.Column("case_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "status IN ('unpaid','unshipped','in_transit','delivered','completed','cancelled','refunding','unknown')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name=op.f("ck_orders_refunded")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_orders_buyer_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_orders_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_no", name=op.f("uq_orders_order_no")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_orders_buyer_cases",
            ["buyer_id", "ordered_at", "id"],
            unique=False,
            sqlite_where=sa.text("case_count > 0"),
            postgresql_where=sa.text("case_count > 0"),
        )
        batch_op.create_index("ix_orders_buyer_ordered", ["buyer_id", "ordered_at", "id"], unique=False)
        batch_op.create_index(
            "ix_orders_buyer_receiving",
            ["buyer_id", "ordered_at", "id"],
            unique=False,
            sqlite_where=sa.text("status IN ('in_transit','delivered')"),
            postgresql_where=sa.text("status IN ('in_transit','delivered')"),
        )
        batch_op.create_index("ix_orders_buyer_status", ["buyer_id", "status", "ordered_at", "id"], unique=False)
        batch_op.create_index("ix_orders_shop_buyer", ["shop_id", "buyer_id", "ordered_at"], unique=False)
        batch_op.create_index("ix_orders_shop_ordered", ["shop_id", "ordered_at", "id"], unique=False)

    op.create_table(
        "payout_files",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("row_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('batch','results')", name=op.f("ck_payout_files_kind")),
        sa.CheckConstraint("state IN ('made','checked','done')", name=op.f("ck_payout_files_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_payout_files_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payout_files_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_files")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payout_files_public_id")),
    )
    with op.batch_alter_table("payout_files", schema=None) as batch_op:
        batch_op.create_index("ix_payout_files_shop_id", ["shop_id", "id"], unique=False)

    op.create_table(
        "policies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("window_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hidden_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("special_freight", sa.String(length=12), nullable=False),
        sa.Column("guarantees", sa.String(length=200), nullable=False),
        sa.Column("types", sa.String(length=60), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "special_freight IN ('buyer','seller','negotiated')", name=op.f("ck_policies_special_freight")
        ),
        sa.CheckConstraint("hidden_days BETWEEN 7 AND 180", name=op.f("ck_policies_hidden")),
        sa.CheckConstraint("window_days BETWEEN 7 AND 30", name=op.f("ck_policies_window")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_policies_created_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_policies_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("shop_id", "version", name=op.f("uq_policies_shop_id_version")),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_key", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("cargo_no", sa.String(length=80), nullable=False),
        sa.Column("picture", sa.String(length=60), nullable=True),
        sa.Column("exchangeable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_products_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("shop_id", "product_key", name=op.f("uq_products_shop_id_product_key")),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index("ix_products_shop_title", ["shop_id", "title"], unique=False)

    op.create_table(
        "return_addresses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_return_addresses_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_addresses")),
    )
    with op.batch_alter_table("return_addresses", schema=None) as batch_op:
        batch_op.create_index("ix_return_addresses_shop_id", ["shop_id"], unique=False)
        batch_op.create_index(
            "uq_return_addresses_default",
            ["shop_id"],
            unique=True,
            sqlite_where=sa.text("is_default AND removed_at IS NULL"),
            postgresql_where=sa.text("is_default AND removed_at IS NULL"),
        )

    op.create_table(
        "staff",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.CheckConstraint("role IN ('owner','agent','warehouse','finance')", name=op.f("ck_staff_role")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_staff_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_staff")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index("ix_staff_shop_id", ["shop_id"], unique=False)

    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_no", sa.String(length=24), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("policy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("queue_at", Moment(), sa.Computed("coalesce(due_at, entered_at)", persisted=True), nullable=False),
        sa.Column("due_rule", sa.String(length=24), nullable=False),
        sa.Column("remind_at", Moment(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("paused_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("stage_at", Moment(), nullable=True),
        sa.Column("escalated_at", Moment(), nullable=True),
        sa.Column("evidence_round", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("heard", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.JSON(), nullable=False),
        sa.Column("countered", sa.Boolean(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("granted_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("objected", sa.Boolean(), nullable=False),
        sa.Column("problem_open", sa.Boolean(), nullable=False),
        sa.Column("nudged_at", Moment(), nullable=True),
        sa.Column("round", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("applications", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("freight_payer", sa.String(length=12), nullable=False),
        sa.Column("negotiated", sa.Boolean(), nullable=False),
        sa.Column("goods_state", sa.String(length=12), nullable=False),
        sa.Column("refund_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("difference_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("difference_waived", sa.Boolean(), nullable=False),
        sa.Column("receiver_name", sa.String(length=100), nullable=False),
        sa.Column("receiver_phone", sa.String(length=40), nullable=False),
        sa.Column("receiver_address", sa.String(length=400), nullable=False),
        sa.Column("return_name", sa.String(length=60), nullable=False),
        sa.Column("return_phone", sa.String(length=30), nullable=False),
        sa.Column("return_address", sa.String(length=300), nullable=False),
        sa.Column("return_note", sa.String(length=200), nullable=False),
        sa.Column("goods", sa.String(length=300), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("wanted_spec", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("photo_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_cases_order_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["cases.id"], name=op.f("fk_cases_parent_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_cases_policy_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_cases_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("case_no", name=op.f("uq_cases_case_no")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_buyer", ["buyer_id", "updated_at", "id"], unique=False)
        batch_op.create_index(
            "ix_cases_closed",
            ["shop_id", "updated_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "state NOT IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed')"
            ),
            postgresql_where=sa.text(
                "state NOT IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed')"
            ),
        )
        batch_op.create_index(
            "ix_cases_completed",
            ["shop_id", "updated_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'completed'"),
            postgresql_where=sa.text("state = 'completed'"),
        )
        batch_op.create_index(
            "ix_cases_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_cases_mediated",
            ["stage", "queue_at", "id"],
            unique=False,
            sqlite_where=sa.text("escalated"),
            postgresql_where=sa.text("escalated"),
        )
        batch_op.create_index(
            "ix_cases_mediated_shop",
            ["shop_id", "queue_at", "id"],
            unique=False,
            sqlite_where=sa.text("escalated"),
            postgresql_where=sa.text("escalated"),
        )
        batch_op.create_index(
            "ix_cases_open",
            ["shop_id", "queue_at", "id"],
            unique=False,
            sqlite_where=sa.text("state NOT IN ('completed','closed','withdrawn','converted')"),
            postgresql_where=sa.text("state NOT IN ('completed','closed','withdrawn','converted')"),
        )
        batch_op.create_index("ix_cases_order_id", ["order_id"], unique=False)
        batch_op.create_index(
            "ix_cases_parent_id",
            ["parent_id"],
            unique=False,
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        )
        batch_op.create_index("ix_cases_queue", ["shop_id", "state", "queue_at", "id"], unique=False)
        batch_op.create_index(
            "ix_cases_remind_at",
            ["remind_at"],
            unique=False,
            sqlite_where=sa.text("remind_at IS NOT NULL"),
            postgresql_where=sa.text("remind_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_cases_waits_for_buyer",
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
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("last_words", sa.String(length=120), nullable=False),
        sa.Column("last_message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_unread", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_unread", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_read_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_read_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("waiting_since", Moment(), nullable=True),
        sa.CheckConstraint("buyer_unread >= 0 AND seller_unread >= 0", name=op.f("ck_conversations_unread")),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_conversations_buyer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_conversations_order_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_conversations_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("order_id", name=op.f("uq_conversations_order_id")),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index("ix_conversations_buyer", ["buyer_id", "last_message_id"], unique=False)
        batch_op.create_index(
            "ix_conversations_buyer_unread",
            ["buyer_id"],
            unique=False,
            sqlite_where=sa.text("buyer_unread > 0"),
            postgresql_where=sa.text("buyer_unread > 0"),
        )
        batch_op.create_index("ix_conversations_shop", ["shop_id", "last_message_id"], unique=False)
        batch_op.create_index(
            "ix_conversations_shop_unread",
            ["shop_id"],
            unique=False,
            sqlite_where=sa.text("seller_unread > 0"),
            postgresql_where=sa.text("seller_unread > 0"),
        )
        batch_op.create_index(
            "ix_conversations_waiting",
            ["shop_id", "waiting_since", "id"],
            unique=False,
            sqlite_where=sa.text("waiting_since IS NOT NULL"),
            postgresql_where=sa.text("waiting_since IS NOT NULL"),
        )

    op.create_table(
        "drafts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_drafts_buyer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_drafts_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("order_id", name=op.f("uq_drafts_order_id")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index("ix_drafts_buyer_id", ["buyer_id"], unique=False)

    op.create_table(
        "order_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_key", sa.String(length=500), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claimed_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refunded_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cargo_no", sa.String(length=80), nullable=False),
        sa.Column("offer_id", sa.String(length=40), nullable=False),
        sa.Column("sku_id", sa.String(length=40), nullable=False),
        sa.Column("guarantees", sa.String(length=200), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.CheckConstraint("claimed_milli BETWEEN 0 AND quantity_milli", name=op.f("ck_order_lines_ledger")),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_order_lines_quantity")),
        sa.CheckConstraint(
            "refunded_fen >= 0 AND refunded_milli BETWEEN 0 AND quantity_milli", name=op.f("ck_order_lines_refunded")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_order_lines_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "line_key", name=op.f("uq_order_lines_order_id_line_key")),
    )
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.create_index("ix_order_lines_product_id", ["product_id"], unique=False)

    op.create_table(
        "skus",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sku_key", sa.String(length=200), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.Column("price_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_skus_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skus")),
        sa.UniqueConstraint("product_id", "sku_key", name=op.f("uq_skus_product_id_sku_key")),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_case_events_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_case_events_case_id_version")),
    )
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_case_events_mediator",
            ["actor", "at", "id"],
            unique=False,
            sqlite_where=sa.text("actor = 'mediator'"),
            postgresql_where=sa.text("actor = 'mediator'"),
        )

    op.create_table(
        "case_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("accepted_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shipped_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("condition", sa.String(length=24), nullable=False),
        sa.Column("inspection_note", sa.String(length=500), nullable=False),
        sa.Column("moved_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wanted_price_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sku_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_lines_case_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_lines.id"], name=op.f("fk_case_lines_order_line_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_case_lines_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_lines")),
        sa.UniqueConstraint("case_id", "order_line_id", name=op.f("uq_case_lines_case_id_order_line_id")),
    )
    with op.batch_alter_table("case_lines", schema=None) as batch_op:
        batch_op.create_index("ix_case_lines_order_line_id", ["order_line_id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('text','photo','order','draft','offer','case')", name=op.f("ck_messages_kind")),
        sa.CheckConstraint("side IN ('buyer','seller','system')", name=op.f("ck_messages_side")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_conversation_id", ["conversation_id", "id"], unique=False)

    op.create_table(
        "money_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", Moment(), nullable=True),
        sa.Column("approved_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("settled_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_money_entries_case_id")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_money_entries_made_by")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_money_entries_order_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["users.id"], name=op.f("fk_money_entries_settled_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_money_entries_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_entries")),
        sa.UniqueConstraint("key", name=op.f("uq_money_entries_key")),
    )
    with op.batch_alter_table("money_entries", schema=None) as batch_op:
        batch_op.create_index("ix_money_entries_case_id", ["case_id"], unique=False)
        batch_op.create_index(
            "ix_money_entries_open",
            ["shop_id", "made_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting','due','failed','declared')"),
            postgresql_where=sa.text("state IN ('waiting','due','failed','declared')"),
        )
        batch_op.create_index("ix_money_entries_shop", ["shop_id", "made_at", "id"], unique=False)

    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("href", sa.String(length=200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notices_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notices_dedupe_key")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_case_id", ["case_id"], unique=False)
        batch_op.create_index(
            "ix_notices_unread",
            ["user_id", "id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.create_index("ix_notices_user", ["user_id", "id"], unique=False)

    op.create_table(
        "parcels",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("leg", sa.String(length=8), nullable=False),
        sa.Column("round", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("carrier", sa.String(length=16), nullable=False),
        sa.Column("carrier_name", sa.String(length=60), nullable=False),
        sa.Column("tracking_no", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("shipped_at", Moment(), nullable=False),
        sa.Column("shipped_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("traced_at", Moment(), nullable=True),
        sa.Column("signed_at", Moment(), nullable=True),
        sa.Column("lost_at", Moment(), nullable=True),
        sa.Column("voided_at", Moment(), nullable=True),
        sa.CheckConstraint("leg IN ('back','out','refused')", name=op.f("ck_parcels_leg")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_parcels_case_id")),
        sa.ForeignKeyConstraint(["shipped_by"], ["users.id"], name=op.f("fk_parcels_shipped_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcels")),
    )
    with op.batch_alter_table("parcels", schema=None) as batch_op:
        batch_op.create_index("ix_parcels_case_id", ["case_id"], unique=False)
        batch_op.create_index("ix_parcels_tracking_no", ["tracking_no"], unique=False)

    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("goods_back", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("compensation_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("freight_payer", sa.String(length=12), nullable=False),
        sa.Column("difference_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("difference_waived", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_proposals_case_id")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_proposals_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_proposals_case_id_version")),
    )
    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.create_index(
            "uq_proposals_open",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("dedupe_key", sa.String(length=140), nullable=False),
        sa.CheckConstraint("state IN ('waiting','sent','given_up')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_deliveries_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_deliveries_dedupe_key")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries_next_at",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("event_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("thumb_key", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("thumb_sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("width", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("height", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thumb_width", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thumb_height", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_note", sa.String(length=40), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evidence_case_id")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_evidence_draft_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_evidence_message_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_evidence_order_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_evidence_owner_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_evidence_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_evidence_public_id")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index("ix_evidence_case_id", ["case_id"], unique=False)
        batch_op.create_index("ix_evidence_draft_id", ["draft_id"], unique=False)
        batch_op.create_index("ix_evidence_message_id", ["message_id"], unique=False)
        batch_op.create_index("ix_evidence_owner_id", ["owner_id"], unique=False)

    op.create_table(
        "parcel_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parcel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("spec", sa.String(length=300), nullable=False),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_parcel_lines_quantity")),
        sa.ForeignKeyConstraint(["case_line_id"], ["case_lines.id"], name=op.f("fk_parcel_lines_case_line_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcels.id"], name=op.f("fk_parcel_lines_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel_lines")),
        sa.UniqueConstraint("parcel_id", "case_line_id", name=op.f("uq_parcel_lines_parcel_id_case_line_id")),
    )
    op.create_table(
        "parcel_traces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parcel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "status IN ('picked','transit','station','signed','exception','returned','lost')",
            name=op.f("ck_parcel_traces_status"),
        ),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcels.id"], name=op.f("fk_parcel_traces_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel_traces")),
        sa.UniqueConstraint("parcel_id", "at", "words", name=op.f("uq_parcel_traces_parcel_id_at_words")),
    )
    op.create_table(
        "bank_consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answer", sa.String(length=3), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.CheckConstraint("answer IN ('yes','no')", name=op.f("ck_bank_consents_answer")),
        sa.CheckConstraint("answer = 'yes' OR withdrawn_at IS NULL", name=op.f("ck_bank_consents_withdrawn")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_bank_consents_case_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["money_entries.id"], name=op.f("fk_bank_consents_entry_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_bank_consents_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_consents")),
    )
    with op.batch_alter_table("bank_consents", schema=None) as batch_op:
        batch_op.create_index("ix_bank_consents_entry_id", ["entry_id"], unique=False)
        batch_op.create_index("ix_bank_consents_owner_id", ["owner_id"], unique=False)

    op.create_table(
        "bank_accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("erase_after", Moment(), nullable=True),
        sa.Column("erased_at", Moment(), nullable=True),
        sa.CheckConstraint("(erased_at IS NULL) = (sealed IS NOT NULL)", name=op.f("ck_bank_accounts_sealed")),
        sa.CheckConstraint("erased_at IS NULL OR (last4 = '' AND key_id = '')", name=op.f("ck_bank_accounts_erased")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_bank_accounts_case_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["bank_consents.id"], name=op.f("fk_bank_accounts_consent_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["money_entries.id"], name=op.f("fk_bank_accounts_entry_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_bank_accounts_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_accounts")),
        sa.UniqueConstraint("consent_id", name=op.f("uq_bank_accounts_consent_id")),
    )
    with op.batch_alter_table("bank_accounts", schema=None) as batch_op:
        batch_op.create_index("ix_bank_accounts_case_id", ["case_id"], unique=False)
        batch_op.create_index(
            "ix_bank_accounts_erase_after",
            ["erase_after"],
            unique=False,
            sqlite_where=sa.text("erased_at IS NULL"),
            postgresql_where=sa.text("erased_at IS NULL"),
        )
        batch_op.create_index("ix_bank_accounts_owner_id", ["owner_id", "id"], unique=False)
        batch_op.create_index(
            "uq_bank_accounts_live",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("erased_at IS NULL"),
            postgresql_where=sa.text("erased_at IS NULL"),
        )

    op.create_table(
        "bank_views",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["bank_accounts.id"], name=op.f("fk_bank_views_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_bank_views_case_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_bank_views_owner_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bank_views_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_views")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_bank_views_user_id_key")),
    )
    with op.batch_alter_table("bank_views", schema=None) as batch_op:
        batch_op.create_index("ix_bank_views_owner_id", ["owner_id", "id"], unique=False)

    for statement in _triggers():
        op.execute(statement)


def downgrade() -> None:
    for statement in _drops():
        op.execute(statement)
    with op.batch_alter_table("bank_views", schema=None) as batch_op:
        batch_op.drop_index("ix_bank_views_owner_id")

    op.drop_table("bank_views")
    with op.batch_alter_table("bank_accounts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_bank_accounts_live",
            sqlite_where=sa.text("erased_at IS NULL"),
            postgresql_where=sa.text("erased_at IS NULL"),
        )
        batch_op.drop_index("ix_bank_accounts_owner_id")
        batch_op.drop_index(
            "ix_bank_accounts_erase_after",
            sqlite_where=sa.text("erased_at IS NULL"),
            postgresql_where=sa.text("erased_at IS NULL"),
        )
        batch_op.drop_index("ix_bank_accounts_case_id")

    op.drop_table("bank_accounts")
    with op.batch_alter_table("bank_consents", schema=None) as batch_op:
        batch_op.drop_index("ix_bank_consents_owner_id")
        batch_op.drop_index("ix_bank_consents_entry_id")

    op.drop_table("bank_consents")
    op.drop_table("parcel_traces")
    op.drop_table("parcel_lines")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index("ix_evidence_owner_id")
        batch_op.drop_index("ix_evidence_message_id")
        batch_op.drop_index("ix_evidence_draft_id")
        batch_op.drop_index("ix_evidence_case_id")

    op.drop_table("evidence")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_deliveries_next_at",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.drop_table("deliveries")
    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_proposals_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    op.drop_table("proposals")
    with op.batch_alter_table("parcels", schema=None) as batch_op:
        batch_op.drop_index("ix_parcels_tracking_no")
        batch_op.drop_index("ix_parcels_case_id")

    op.drop_table("parcels")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("ix_notices_user")
        batch_op.drop_index(
            "ix_notices_unread", sqlite_where=sa.text("read_at IS NULL"), postgresql_where=sa.text("read_at IS NULL")
        )
        batch_op.drop_index("ix_notices_case_id")

    op.drop_table("notices")
    with op.batch_alter_table("money_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_money_entries_shop")
        batch_op.drop_index(
            "ix_money_entries_open",
            sqlite_where=sa.text("state IN ('waiting','due','failed','declared')"),
            postgresql_where=sa.text("state IN ('waiting','due','failed','declared')"),
        )
        batch_op.drop_index("ix_money_entries_case_id")

    op.drop_table("money_entries")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_conversation_id")

    op.drop_table("messages")
    with op.batch_alter_table("case_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_case_lines_order_line_id")

    op.drop_table("case_lines")
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_case_events_mediator",
            sqlite_where=sa.text("actor = 'mediator'"),
            postgresql_where=sa.text("actor = 'mediator'"),
        )

    op.drop_table("case_events")
    op.drop_table("skus")
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_order_lines_product_id")

    op.drop_table("order_lines")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_index("ix_drafts_buyer_id")

    op.drop_table("drafts")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_conversations_waiting",
            sqlite_where=sa.text("waiting_since IS NOT NULL"),
            postgresql_where=sa.text("waiting_since IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_conversations_shop_unread",
            sqlite_where=sa.text("seller_unread > 0"),
            postgresql_where=sa.text("seller_unread > 0"),
        )
        batch_op.drop_index("ix_conversations_shop")
        batch_op.drop_index(
            "ix_conversations_buyer_unread",
            sqlite_where=sa.text("buyer_unread > 0"),
            postgresql_where=sa.text("buyer_unread > 0"),
        )
        batch_op.drop_index("ix_conversations_buyer")

    op.drop_table("conversations")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_cases_waits_for_buyer",
            sqlite_where=sa.text(
                "state IN ('proposed','revising','returning','disputed','paying','confirming') AND NOT problem_open AND NOT countered AND NOT escalated"
            ),
            postgresql_where=sa.text(
                "state IN ('proposed','revising','returning','disputed','paying','confirming') AND NOT problem_open AND NOT countered AND NOT escalated"
            ),
        )
        batch_op.drop_index(
            "ix_cases_remind_at",
            sqlite_where=sa.text("remind_at IS NOT NULL"),
            postgresql_where=sa.text("remind_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_cases_queue")
        batch_op.drop_index(
            "ix_cases_parent_id",
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_cases_order_id")
        batch_op.drop_index(
            "ix_cases_open",
            sqlite_where=sa.text("state NOT IN ('completed','closed','withdrawn','converted')"),
            postgresql_where=sa.text("state NOT IN ('completed','closed','withdrawn','converted')"),
        )
        batch_op.drop_index(
            "ix_cases_mediated_shop", sqlite_where=sa.text("escalated"), postgresql_where=sa.text("escalated")
        )
        batch_op.drop_index(
            "ix_cases_mediated", sqlite_where=sa.text("escalated"), postgresql_where=sa.text("escalated")
        )
        batch_op.drop_index(
            "ix_cases_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_cases_completed",
            sqlite_where=sa.text("state = 'completed'"),
            postgresql_where=sa.text("state = 'completed'"),
        )
        batch_op.drop_index(
            "ix_cases_closed",
            sqlite_where=sa.text(
                "state NOT IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed')"
            ),
            postgresql_where=sa.text(
                "state NOT IN ('applied','proposed','revising','returning','inspecting','disputed','paying','reshipping','confirming','refunding','refund_failed','completed')"
            ),
        )
        batch_op.drop_index("ix_cases_buyer")

    op.drop_table("cases")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_shop_id")

    op.drop_table("staff")
    with op.batch_alter_table("return_addresses", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_return_addresses_default",
            sqlite_where=sa.text("is_default AND removed_at IS NULL"),
            postgresql_where=sa.text("is_default AND removed_at IS NULL"),
        )
        batch_op.drop_index("ix_return_addresses_shop_id")

    op.drop_table("return_addresses")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index("ix_products_shop_title")

    op.drop_table("products")
    op.drop_table("policies")
    with op.batch_alter_table("payout_files", schema=None) as batch_op:
        batch_op.drop_index("ix_payout_files_shop_id")

    op.drop_table("payout_files")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_shop_ordered")
        batch_op.drop_index("ix_orders_shop_buyer")
        batch_op.drop_index("ix_orders_buyer_status")
        batch_op.drop_index(
            "ix_orders_buyer_receiving",
            sqlite_where=sa.text("status IN ('in_transit','delivered')"),
            postgresql_where=sa.text("status IN ('in_transit','delivered')"),
        )
        batch_op.drop_index("ix_orders_buyer_ordered")
        batch_op.drop_index(
            "ix_orders_buyer_cases", sqlite_where=sa.text("case_count > 0"), postgresql_where=sa.text("case_count > 0")
        )

    op.drop_table("orders")
    with op.batch_alter_table("import_jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_import_jobs_state")
        batch_op.drop_index("ix_import_jobs_shop_id")

    op.drop_table("import_jobs")
    with op.batch_alter_table("customer_notes", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_notes_shop_buyer")

    op.drop_table("customer_notes")
    op.drop_table("case_tallies")
    op.drop_table("shops")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_sessions_user_id")
        batch_op.drop_index("ix_sessions_expires_at")

    op.drop_table("sessions")
    with op.batch_alter_table("kept_forms", schema=None) as batch_op:
        batch_op.drop_index("ix_kept_forms_user_id")

    op.drop_table("kept_forms")
    with op.batch_alter_table("form_keys", schema=None) as batch_op:
        batch_op.drop_index("ix_form_keys_at")

    op.drop_table("form_keys")
    op.drop_table("feedback")
    op.drop_table("users")
    with op.batch_alter_table("rate_counts", schema=None) as batch_op:
        batch_op.drop_index("ix_rate_counts_until")

    op.drop_table("rate_counts")
