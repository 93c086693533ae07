"""chains: orders and cases of 铺货 that hang on each other, and the consumer's links"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_live = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "order_links",
        sa.Column("downstream_id", _id, autoincrement=False, nullable=False),
        sa.Column("upstream_id", _id, nullable=False),
        sa.Column("shop_id", _id, nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("created_by", _id, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["downstream_id"], ["orders.id"], name=op.f("fk_order_links_downstream_id")),
        sa.ForeignKeyConstraint(["upstream_id"], ["orders.id"], name=op.f("fk_order_links_upstream_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_links_shop_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_order_links_created_by")),
        sa.PrimaryKeyConstraint("downstream_id", name=op.f("pk_order_links")),
    )
    op.create_index("ix_order_links_upstream_id", "order_links", ["upstream_id"])
    op.create_index("ix_order_links_shop", "order_links", ["shop_id", "downstream_id"])
    op.create_table(
        "case_links",
        sa.Column("id", _id, nullable=False),
        sa.Column("downstream_id", _id, nullable=False),
        sa.Column("upstream_id", _id, nullable=False),
        sa.Column("shop_id", _id, nullable=False),
        sa.Column("route_back", sa.String(length=6), nullable=False),
        sa.Column("route_out", sa.String(length=6), nullable=False),
        sa.Column("freight_back_fen", _id, nullable=False),
        sa.Column("freight_back_payer", sa.String(length=12), nullable=False),
        sa.Column("freight_out_fen", _id, nullable=False),
        sa.Column("freight_out_payer", sa.String(length=12), nullable=False),
        sa.Column("created_by", _id, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("alarmed_at", Moment(), nullable=True),
        sa.CheckConstraint("downstream_id <> upstream_id", name=op.f("ck_case_links_two")),
        sa.CheckConstraint("route_back IN ('direct','via')", name=op.f("ck_case_links_route_back")),
        sa.CheckConstraint("route_out IN ('direct','via')", name=op.f("ck_case_links_route_out")),
        sa.CheckConstraint("freight_back_fen >= 0 AND freight_out_fen >= 0", name=op.f("ck_case_links_freight")),
        sa.CheckConstraint(
            "freight_back_payer IN ('distributor','supplier','consumer') "
            "AND freight_out_payer IN ('distributor','supplier','consumer')",
            name=op.f("ck_case_links_payers"),
        ),
        sa.ForeignKeyConstraint(["downstream_id"], ["cases.id"], name=op.f("fk_case_links_downstream_id")),
        sa.ForeignKeyConstraint(["upstream_id"], ["cases.id"], name=op.f("fk_case_links_upstream_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_case_links_shop_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_case_links_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sa.UniqueConstraint("downstream_id", "upstream_id", name=op.f("uq_case_links_downstream_id_upstream_id")),
    )
    op.create_index("ix_case_links_shop", "case_links", ["shop_id", "id"])
    for side in ("downstream", "upstream"):
        op.create_index(
            f"uq_case_links_{side}_live",
            "case_links",
            [f"{side}_id"],
            unique=True,
            sqlite_where=_live,
            postgresql_where=_live,
        )
    op.create_table(
        "access_links",
        sa.Column("id", _id, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("case_id", _id, nullable=True),
        sa.Column("order_id", _id, nullable=True),
        sa.Column("created_by", _id, nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.Column("used_at", Moment(), nullable=True),
        sa.CheckConstraint("(case_id IS NULL) <> (order_id IS NULL)", name=op.f("ck_access_links_one_thing")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_access_links_case_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_access_links_order_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_access_links_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_links_token_hash")),
    )
    op.create_index("ix_access_links_case_id", "access_links", ["case_id"])
    op.create_index("ix_access_links_expires_at", "access_links", ["expires_at"])


def downgrade() -> None:
    op.drop_table("access_links")
    op.drop_table("case_links")
    op.drop_table("order_links")
