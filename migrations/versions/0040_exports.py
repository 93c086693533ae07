"""Lists written as tables in the background.

Revision ID: 0040
Revises: 0039
Create Date: 2026-11-28 17:00:00
"""

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0040"
down_revision = "0039"
branch_labels = depends_on = None


def upgrade() -> None:
    still = sa.text("state IN ('waiting','running')")
    op.create_table(
        "exports",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("row_count", BigId, nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=True),
        sa.Column("done_at", Moment(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.CheckConstraint("state IN ('waiting','running','done','failed')", name=op.f("ck_exports_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_exports_shop_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_exports_user_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_open", "exports", ["id"], sqlite_where=still, postgresql_where=still)
    op.create_index("ix_exports_person", "exports", ["shop_id", "user_id", "id"])
    op.create_index("ix_exports_expiry", "exports", ["expires_at"])


def downgrade() -> None:
    op.drop_table("exports")
