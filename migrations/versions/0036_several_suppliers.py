"""A consumer's case may hang on several cases, one for each purchase that its goods came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

LIVE = sa.text("ended_at IS NULL")
COLUMNS = ["downstream_id", "shop_id"]


def upgrade() -> None:
    op.drop_index("uq_case_links_downstream_live", "case_links")
    op.create_index("ix_case_links_downstream_live", "case_links", COLUMNS, sqlite_where=LIVE, postgresql_where=LIVE)


def downgrade() -> None:
    op.drop_index("ix_case_links_downstream_live", "case_links")
    op.execute(
        "UPDATE case_links SET ended_at = created_at WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM case_links o "
        "WHERE o.downstream_id = case_links.downstream_id AND o.shop_id = case_links.shop_id "
        "AND o.ended_at IS NULL AND o.id < case_links.id)"
    )
    op.create_index(
        "uq_case_links_downstream_live", "case_links", COLUMNS, unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
