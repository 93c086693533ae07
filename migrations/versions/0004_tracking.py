"""tracking"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _only(words: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(words), "postgresql_where": sa.text(words)}


# What was on its way before anything was followed.
_BEGIN = (
    "INSERT INTO tracks (carrier, tracking_no, phone_tail, since_at, next_at, failures, error) "
    "SELECT p.carrier, p.tracking_no, '', max(p.shipped_at), max(p.shipped_at), 0, '' FROM parcels p "
    "WHERE p.voided_at IS NULL AND p.signed_at IS NULL AND p.tracking_no <> '' "
    "AND p.carrier NOT IN ('SELF', 'FREIGHT_OTHER') "
    "GROUP BY p.carrier, p.tracking_no",
    "INSERT INTO shipments (track_id, shop_id, order_id, case_id, parcel_id, carrier, carrier_name, tracking_no, "
    "since_at, last_at, status, signed_at, lost_at, faulty, denied, failing, ended_at) "
    "SELECT t.id, c.shop_id, c.order_id, c.id, p.id, p.carrier, p.carrier_name, p.tracking_no, p.shipped_at, "
    "p.traced_at, CASE WHEN p.signed_at IS NOT NULL THEN 'signed' WHEN p.lost_at IS NOT NULL THEN 'lost' ELSE '' END, "
    "p.signed_at, p.lost_at, p.lost_at IS NOT NULL, 1 = 0, 1 = 0, CASE WHEN p.signed_at IS NOT NULL THEN p.signed_at "
    "WHEN c.state IN ('completed', 'closed', 'withdrawn', 'converted') THEN c.updated_at END FROM parcels p "
    "JOIN cases c ON c.id = p.case_id LEFT JOIN tracks t ON t.carrier = p.carrier AND t.tracking_no = p.tracking_no "
    "WHERE p.voided_at IS NULL",
)


def upgrade() -> None:
    op.create_table(
        "tracks",
        sa.Column("id", _id(), nullable=False),
        sa.Column("carrier", sa.String(length=16), nullable=False),
        sa.Column("tracking_no", sa.String(length=40), nullable=False),
        sa.Column("phone_tail", sa.String(length=4), nullable=False),
        sa.Column("since_at", Moment(), nullable=False),
        sa.Column("next_at", Moment(), nullable=True),
        sa.Column("tried_at", Moment(), nullable=True),
        sa.Column("checked_at", Moment(), nullable=True),
        sa.Column("failures", _id(), nullable=False),
        sa.Column("error", sa.String(length=12), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("next_at IS NULL OR ended_at IS NULL", name=op.f("ck_tracks_ended")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_tracks_failures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
        sa.UniqueConstraint("carrier", "tracking_no", name=op.f("uq_tracks_carrier_tracking_no")),
    )
    op.create_index("ix_tracks_next_at", "tracks", ["next_at"], **_only("next_at IS NOT NULL"))
    op.create_index("ix_tracks_tried_at", "tracks", ["tried_at"])
    op.create_table(
        "shipments",
        sa.Column("id", _id(), nullable=False),
        sa.Column("track_id", _id(), nullable=True),
        sa.Column("shop_id", _id(), nullable=False),
        sa.Column("order_id", _id(), nullable=False),
        sa.Column("case_id", _id(), nullable=True),
        sa.Column("parcel_id", _id(), nullable=True),
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
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_shipments_case_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcels.id"], name=op.f("fk_shipments_parcel_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_shipments_shop_id")),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_shipments_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("parcel_id", name=op.f("uq_shipments_parcel_id")),
    )
    op.create_index("ix_shipments_carriers", "shipments", ["shop_id", "carrier", "since_at", "faulty"])
    op.create_index("ix_shipments_denied", "shipments", ["shop_id", "last_at", "id"], **_only("denied"))
    op.create_index(
        "ix_shipments_failing", "shipments", ["shop_id", "since_at", "id"], **_only("ended_at IS NULL AND failing")
    )
    op.create_index(
        "ix_shipments_gone",
        "shipments",
        ["shop_id", "status", "last_at", "id"],
        **_only("ended_at IS NULL AND status IN ('returned','lost')"),
    )
    op.create_index(
        "ix_shipments_never_scanned",
        "shipments",
        ["shop_id", "since_at", "id"],
        **_only("ended_at IS NULL AND last_at IS NULL"),
    )
    op.create_index("ix_shipments_number", "shipments", ["shop_id", "tracking_no"])
    op.create_index("ix_shipments_order_id", "shipments", ["order_id"])
    op.create_index(
        "ix_shipments_scanned",
        "shipments",
        ["shop_id", "last_at", "id"],
        **_only("ended_at IS NULL AND last_at IS NOT NULL"),
    )
    op.create_index("ix_shipments_track_id", "shipments", ["track_id"])
    op.create_index("ix_shipments_under_way", "shipments", ["shop_id", "since_at", "id"], **_only("ended_at IS NULL"))
    op.create_table(
        "shipment_traces",
        sa.Column("id", _id(), nullable=False),
        sa.Column("shipment_id", _id(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "status IN ('picked','transit','delivering','station','signed','exception','returned','lost')",
            name=op.f("ck_shipment_traces_status"),
        ),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_traces_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_traces")),
        sa.UniqueConstraint("shipment_id", "at", "words", name=op.f("uq_shipment_traces_shipment_id_at_words")),
    )
    op.create_table(
        "order_watches",
        sa.Column("order_id", _id(), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_watches_order_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_order_watches_user_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_watches")),
    )
    op.create_table(
        "trace_files",
        sa.Column("id", _id(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("shop_id", _id(), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.CheckConstraint("state IN ('checked','done')", name=op.f("ck_trace_files_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_trace_files_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_trace_files_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_files")),
        sa.UniqueConstraint("public_id", name=op.f("uq_trace_files_public_id")),
    )
    op.create_index("ix_trace_files_shop", "trace_files", ["shop_id", "id"])
    for column in (
        sa.Column("origin", sa.String(length=10), server_default="", nullable=False),
        sa.Column("doubt", sa.String(length=10), server_default="", nullable=False),
        sa.Column("delivering", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("parcel_traces", column)
    op.add_column("orders", sa.Column("followed_text", sa.String(length=600), server_default="", nullable=False))
    op.create_index(
        "ix_orders_unfollowed", "orders", ["id"], **_only("status = 'in_transit' AND tracking_text <> followed_text")
    )
    for statement in _BEGIN:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_orders_unfollowed", "orders")
    op.drop_column("orders", "followed_text")
    for name in ("delivering", "doubt", "origin"):
        op.drop_column("parcel_traces", name)
    op.drop_table("trace_files")
    op.drop_table("order_watches")
    op.drop_table("shipment_traces")
    op.drop_table("shipments")
    op.drop_table("tracks")
