"""receipt claims: 签收 reported by who sent a parcel, and the other side's time to object"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_open = sa.text("settled_at IS NULL AND objected_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "receipt_claims",
        sa.Column("id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
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
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_receipt_claims_shop_id_shops")),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_receipt_claims_shipment_id_shipments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_claims")),
        sa.UniqueConstraint(
            "shop_id", "shipment_id", "said_at", name=op.f("uq_receipt_claims_shop_id_shipment_id_said_at")
        ),
    )
    op.create_index("ix_receipt_claims_due", "receipt_claims", ["until_at"], sqlite_where=_open, postgresql_where=_open)
    op.create_index("ix_receipt_claims_shipment", "receipt_claims", ["shipment_id", "id"])


def downgrade() -> None:
    op.drop_table("receipt_claims")
