"""A refusal that stands has a term and words of its own.

Revision ID: 0057
Revises: 0056
Create Date: 2026-11-29 05:00:00
"""

from __future__ import annotations

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = depends_on = None


def upgrade() -> None:
    op.execute("""
        UPDATE cases SET origin = '{"refused": true}' WHERE state = 'revising' AND 'reject' = (
            SELECT step FROM case_events
            WHERE case_events.case_id = cases.id AND case_events.shop_id = cases.shop_id AND source <> target
            ORDER BY case_events.version DESC LIMIT 1
        )
    """)
    op.execute("""
        UPDATE cases SET due_rule = 'refusal_answer' WHERE due_rule = 'buyer_modify' AND 'reject' = (
            SELECT step FROM case_events
            WHERE case_events.case_id = cases.id AND case_events.shop_id = cases.shop_id AND source <> target
            ORDER BY case_events.version DESC LIMIT 1
        )
    """)


def downgrade() -> None:
    op.execute("UPDATE cases SET due_rule = 'buyer_modify' WHERE due_rule = 'refusal_answer'")
    op.execute("UPDATE cases SET origin = '{}' WHERE state = 'revising'")
