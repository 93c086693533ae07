"""铺货: a consumer's order may rest on several purchases, and its applications may go to the supplier by themselves.

Revision ID: 0021
Revises: 0020
Create Date: 2026-11-28 13:20:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("order_links") as batch:
        batch.add_column(sa.Column("applies", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("route_back", sa.String(length=6), nullable=False, server_default="via"))
        batch.add_column(sa.Column("route_out", sa.String(length=6), nullable=False, server_default="via"))
        batch.drop_constraint("pk_order_links", type_="primary")
        batch.create_primary_key("pk_order_links", ["downstream_id", "shop_id", "upstream_id"])


def downgrade() -> None:
    op.execute(
        "DELETE FROM order_links WHERE EXISTS (SELECT 1 FROM order_links AS first "
        "WHERE first.shop_id = order_links.shop_id AND first.downstream_id = order_links.downstream_id "
        "AND first.upstream_id < order_links.upstream_id)"
    )
    with op.batch_alter_table("order_links") as batch:
        batch.drop_constraint("pk_order_links", type_="primary")
        batch.create_primary_key("pk_order_links", ["downstream_id", "shop_id"])
        for name in ("applies", "route_back", "route_out"):
            batch.drop_column(name)
