"""channel"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("money_entries", sa.Column("channel", sa.String(length=12), server_default="", nullable=False))
    # Cards of steps were counted as messages that are unread and wait for an answer; they are neither.
    for side, other in (("buyer", "seller"), ("seller", "buyer")):
        op.execute(
            f"UPDATE conversations SET {side}_unread = (SELECT count(*) FROM messages m WHERE "  # noqa: S608
            f"m.conversation_id = conversations.id AND m.side = '{other}' AND m.kind <> 'case' "
            f"AND m.id > conversations.{side}_read_id)"
        )
    last = (
        "coalesce((SELECT m.side FROM messages m WHERE m.conversation_id = conversations.id AND m.side <> 'system' "
        "AND m.kind <> 'case' ORDER BY m.id DESC LIMIT 1), '')"
    )
    op.execute(f"UPDATE conversations SET waiting_since = NULL WHERE {last} <> 'buyer'")  # noqa: S608
    op.execute(
        "UPDATE conversations SET waiting_since = (SELECT max(m.at) FROM messages m WHERE "  # noqa: S608
        "m.conversation_id = conversations.id AND m.side = 'buyer' AND m.kind <> 'case') "
        f"WHERE waiting_since IS NULL AND {last} = 'buyer'"
    )


def downgrade() -> None:
    op.drop_column("money_entries", "channel")
