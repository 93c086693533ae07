"""One question about each case that came to an end; those that have ended before are not asked about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment
from portal.models.keys import make_id

revision = "0031"
down_revision = "0030"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("no_questions", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "ratings",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("shop_id", BigId, autoincrement=False, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("buyer_id", BigId, nullable=False),
        sa.Column("ended_at", Moment(), nullable=False),
        sa.Column("asks", BigId, nullable=False),
        sa.Column("next_ask_at", Moment(), nullable=True),
        sa.Column("stars", BigId, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by_link", sa.Boolean(), nullable=False),
        sa.Column("rated_at", Moment(), nullable=True),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("follow_state", sa.String(length=6), nullable=False),
        sa.Column("follow_note", sa.Text(), nullable=False),
        sa.Column("follow_by", BigId, nullable=True),
        sa.Column("follow_at", Moment(), nullable=True),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_ratings_stars")),
        sa.CheckConstraint("(stars IS NULL) = (rated_at IS NULL)", name=op.f("ck_ratings_rated")),
        sa.CheckConstraint("asks BETWEEN 0 AND 2", name=op.f("ck_ratings_asks")),
        sa.CheckConstraint("stars IS NULL OR next_ask_at IS NULL", name=op.f("ck_ratings_asked_after")),
        sa.CheckConstraint("(answered_at IS NULL) = (answer = '')", name=op.f("ck_ratings_answered")),
        sa.CheckConstraint("answered_at IS NULL OR stars IS NOT NULL", name=op.f("ck_ratings_answered_what")),
        sa.CheckConstraint("follow_state IN ('','open','done')", name=op.f("ck_ratings_follow_state")),
        sa.CheckConstraint("follow_state = '' OR stars <= 2", name=op.f("ck_ratings_follow_stars")),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_ratings_case_id_shop_id")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["users.id"], name=op.f(f"fk_ratings_{name}"))
            for name in ("buyer_id", "staff_id", "answered_by", "follow_by")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_ratings_shop_id")),
        sa.PrimaryKeyConstraint("id", "shop_id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("case_id", "shop_id", name=op.f("uq_ratings_case_id_shop_id")),
    )
    for name, columns, held in (
        ("ix_ratings_next_ask_at", ["next_ask_at"], "next_ask_at IS NOT NULL"),
        ("ix_ratings_rated", ["shop_id", "rated_at", "id"], "stars IS NOT NULL"),
        ("ix_ratings_follow", ["shop_id", "rated_at", "id"], "follow_state = 'open'"),
    ):
        only = sa.text(held)
        op.create_index(name, "ratings", columns, sqlite_where=only, postgresql_where=only)
    op.create_index("ix_ratings_buyer_id", "ratings", ["buyer_id"])
    _remember_ended()


def _remember_ended() -> None:
    link = op.get_bind()
    columns = [sa.column(name) for name in ("id", "shop_id", "buyer_id", "state")]
    cases = sa.table("cases", *columns, sa.column("updated_at", Moment()))
    ratings = sa.table(
        "ratings",
        *(sa.column(name) for name in ("id", "shop_id", "case_id", "buyer_id", "asks", "words", "by_link", "answer")),
        sa.column("follow_state"),
        sa.column("follow_note"),
        sa.column("ended_at", Moment()),
    )
    ended = sa.select(*cases.columns).where(cases.c.state.in_(("completed", "closed"))).order_by(cases.c.updated_at)
    empty = {"asks": 0, "words": "", "by_link": False, "answer": "", "follow_state": "", "follow_note": ""}
    rows = [
        {
            "id": make_id(), "shop_id": row.shop_id, "case_id": row.id, "buyer_id": row.buyer_id,
            "ended_at": row.updated_at, **empty,
        }
        for row in link.execute(ended)
    ]  # fmt: skip
    for first in range(0, len(rows), 1000):
        link.execute(sa.insert(ratings), rows[first : first + 1000])


def downgrade() -> None:
    op.drop_table("ratings")
    op.drop_column("users", "no_questions")
