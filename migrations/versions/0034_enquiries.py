"""Enquiries before the purchase, answers that are shown to the next one, promises that stand in later cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0034"
down_revision = "0033"
branch_labels = depends_on = None


def _table(name: str, *parts: sa.Column[object] | sa.Constraint, people: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        *parts,
        *(sa.ForeignKeyConstraint([each], ["users.id"], name=op.f(f"fk_{name}_{each}")) for each in people),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f(f"fk_{name}_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f(f"pk_{name}")),
    )


def _refer(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column, "shop_id"], [f"{to}.id", f"{to}.shop_id"], name=op.f(f"fk_{table}_{column}_shop_id")
    )


def upgrade() -> None:
    _table(
        "enquiries",
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("last_message_id", BigId, nullable=False),
        sa.Column("last_words", sa.String(length=120), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("waiting_since", Moment(), nullable=True),
        sa.Column("handler_id", BigId, nullable=True),
        sa.Column("handed_note", sa.String(length=200), nullable=False),
        _refer("enquiries", "product_id", "products"),
        sa.UniqueConstraint("product_id", "buyer_id", "shop_id", name=op.f("uq_enquiries_product_id_buyer_id_shop_id")),
        people=("buyer_id", "handler_id"),
    )
    op.create_index("ix_enquiries_shop", "enquiries", ["shop_id", "last_message_id"])
    op.create_index("ix_enquiries_buyer", "enquiries", ["buyer_id", "last_message_id"])
    waits = sa.text("waiting_since IS NOT NULL")
    op.create_index(
        "ix_enquiries_waiting",
        "enquiries",
        ["shop_id", "waiting_since", "id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    _table(
        "enquiry_messages",
        sa.Column("enquiry_id", BigId, nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        _refer("enquiry_messages", "enquiry_id", "enquiries"),
        sa.CheckConstraint("side IN ('buyer','seller')", name=op.f("ck_enquiry_messages_side")),
        people=("user_id",),
    )
    op.create_index("ix_enquiry_messages_enquiry_id", "enquiry_messages", ["enquiry_id", "id"])
    _make_faqs()
    _table(
        "promises",
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("said_at", Moment(), nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("pinned_at", Moment(), nullable=False),
        _refer("promises", "product_id", "products"),
        _refer("promises", "message_id", "enquiry_messages"),
        sa.UniqueConstraint("message_id", "shop_id", name=op.f("uq_promises_message_id_shop_id")),
        sa.CheckConstraint("side IN ('buyer','seller')", name=op.f("ck_promises_side")),
        people=("buyer_id",),
    )
    op.create_index("ix_promises_buyer", "promises", ["shop_id", "buyer_id", "product_id"])
    with op.batch_alter_table("evidence") as batch:
        batch.add_column(sa.Column("enquiry_message_id", BigId, nullable=True))
        batch.create_foreign_key(
            op.f("fk_evidence_enquiry_message_id_shop_id"),
            "enquiry_messages",
            ["enquiry_message_id", "shop_id"],
            ["id", "shop_id"],
        )
    held = sa.text("enquiry_message_id IS NOT NULL")
    op.create_index(
        "ix_evidence_enquiry_message_id",
        "evidence",
        ["enquiry_message_id"],
        sqlite_where=held,
        postgresql_where=held,
    )


def _make_faqs() -> None:
    _table(
        "faqs",
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("question", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("made_by", BigId, nullable=False),
        sa.Column("looked_by", BigId, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("useful", BigId, nullable=False),
        sa.Column("useless", BigId, nullable=False),
        sa.Column("wrong", BigId, nullable=False),
        _refer("faqs", "product_id", "products"),
        sa.CheckConstraint("state IN ('draft','shown','removed')", name=op.f("ck_faqs_state")),
        sa.CheckConstraint("useful >= 0 AND useless >= 0 AND wrong >= 0", name=op.f("ck_faqs_counts")),
        people=("made_by", "looked_by"),
    )
    op.create_index("ix_faqs_product_id", "faqs", ["product_id", "state", "id"])
    _table(
        "faq_votes",
        sa.Column("faq_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("vote", sa.String(length=8), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        _refer("faq_votes", "faq_id", "faqs"),
        sa.UniqueConstraint("faq_id", "user_id", "shop_id", name=op.f("uq_faq_votes_faq_id_user_id_shop_id")),
        sa.CheckConstraint("vote IN ('useful','useless','wrong')", name=op.f("ck_faq_votes_vote")),
        people=("user_id",),
    )
    op.create_index("ix_faq_votes_user_id", "faq_votes", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_evidence_enquiry_message_id", table_name="evidence")
    with op.batch_alter_table("evidence") as batch:
        batch.drop_column("enquiry_message_id")
    for name in ("promises", "faq_votes", "faqs", "enquiry_messages", "enquiries"):
        op.drop_table(name)
