"""Complaints of everybody: with photos, a date by which they are answered, and what looking into them came to.

What was said as 意见反馈 becomes a complaint with the number that its receipt has.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0027"
down_revision = "0026"
branch_labels = depends_on = None

_ANSWERED_WITHIN = timedelta(days=15)
_BECOMES = {"problem": "opinion", "wish": "opinion", "praise": "opinion", "privacy": "privacy", "false": "false_info"}
_KEPT = ("not_mine", "false_goods", "pestering", "other")
_COLUMNS = (
    "number", "user_id", "kind", "shop_id", "order_id", "case_id", "words", "state", "answer", "answered_by",
)  # fmt: skip


def _columns(*more: str) -> list[sa.ColumnClause[object]]:
    moments: list[sa.ColumnClause[object]] = [sa.column(name, Moment()) for name in ("answered_at", "at")]
    return [*(sa.column(name) for name in (*_COLUMNS, *more)), *moments]


def upgrade() -> None:
    link = op.get_bind()
    old = sa.table("complaints", sa.column("id"), *_columns())
    rows = [dict(row) for row in link.execute(sa.select(*_columns()).select_from(old).order_by("id")).mappings()]
    said = sa.table(
        "feedback", sa.column("number"), sa.column("user_id"), sa.column("kind"), sa.column("words"),
        sa.column("at", Moment()),
    )  # fmt: skip
    for row in link.execute(sa.select(*said.columns).order_by("at")).mappings():
        rows.append(dict(row) | {"kind": _BECOMES[row["kind"]], "state": "open", "answer": ""})
    rows.sort(key=lambda row: row["at"])
    op.drop_table("complaints")
    op.drop_table("feedback")
    _make_complaints()
    new = sa.table("complaints", *_columns("contact", "about", "outcome"), sa.column("due_at", Moment()))
    empty = {"shop_id": None, "order_id": None, "case_id": None, "answered_by": None, "answered_at": None}
    for row in rows:
        more = {"contact": "", "about": "", "due_at": row["at"] + _ANSWERED_WITHIN}
        more["outcome"] = "noted" if row["state"] == "answered" else ""
        link.execute(sa.insert(new).values(**empty | row | more))
    op.execute(
        f"ALTER TABLE evidence ADD COLUMN complaint_id {'BIGINT' if link.dialect.name == 'postgresql' else 'INTEGER'} "
        "CONSTRAINT fk_evidence_complaint_id REFERENCES complaints (id)"
    )
    held = sa.text("complaint_id IS NOT NULL")
    op.create_index("ix_evidence_complaint_id", "evidence", ["complaint_id"], sqlite_where=held, postgresql_where=held)


def _make_complaints() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("contact", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("shop_id", BigId, nullable=True),
        sa.Column("order_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("escalated_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('not_mine','false_goods','pestering','other',"
            "'false_info','infringement','privacy','shop','opinion')",
            name=op.f("ck_complaints_kind"),
        ),
        sa.CheckConstraint("state IN ('open','looking','answered')", name=op.f("ck_complaints_state")),
        sa.CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_complaints_answered")),
        sa.CheckConstraint("outcome IN ('','upheld','part','no','noted')", name=op.f("ck_complaints_outcome")),
        sa.CheckConstraint("state = 'answered' OR outcome = ''", name=op.f("ck_complaints_outcome_answered")),
        sa.CheckConstraint(
            "shop_id IS NOT NULL OR (order_id IS NULL AND case_id IS NULL)", name=op.f("ck_complaints_shop")
        ),
        sa.CheckConstraint("(user_id IS NULL) <> (token_hash IS NULL)", name=op.f("ck_complaints_whose")),
        *_keys(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_complaints_token_hash")),
    )
    op.create_index("ix_complaints_state", "complaints", ["state", "due_at", "id"])
    op.create_index("ix_complaints_user_id", "complaints", ["user_id", "id"])
    upheld = sa.text("outcome IN ('upheld','part')")
    op.create_index(
        "ix_complaints_upheld",
        "complaints",
        ["shop_id", "answered_at"],
        sqlite_where=upheld,
        postgresql_where=upheld,
    )


def _keys() -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["order_id", "shop_id"], ["orders.id", "orders.shop_id"], name=op.f("fk_complaints_order_id_shop_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "shop_id"], ["cases.id", "cases.shop_id"], name=op.f("fk_complaints_case_id_shop_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_complaints_user_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_complaints_shop_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_complaints_answered_by")),
    ]


def downgrade() -> None:
    """The reports of shops stay; what else was said of the portal goes back to 意见反馈 where it has a member."""
    link = op.get_bind()
    table = sa.table("complaints", sa.column("id"), *_columns())
    rows = [dict(row) for row in link.execute(sa.select(*_columns()).select_from(table).order_by("id")).mappings()]
    op.drop_index("ix_evidence_complaint_id", table_name="evidence")
    with op.batch_alter_table("evidence") as batch:
        batch.drop_column("complaint_id")
    op.drop_table("complaints")
    _make_old()
    reports = sa.table("complaints", *_columns())
    said = sa.table(
        "feedback", sa.column("number"), sa.column("user_id"), sa.column("kind"), sa.column("words"),
        sa.column("at", Moment()),
    )  # fmt: skip
    for row in rows:
        if row["kind"] in _KEPT:
            link.execute(sa.insert(reports).values(**row))
        elif row["user_id"] is not None:
            kind = {"privacy": "privacy", "false_info": "false", "infringement": "false"}.get(row["kind"], "problem")
            kept = {name: row[name] for name in ("number", "user_id", "words", "at")}
            link.execute(sa.insert(said).values(kind=kind, **kept))


def _make_old() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('problem','wish','privacy','false','praise')", name=op.f("ck_feedback_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_feedback_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("number", name=op.f("uq_feedback_number")),
    )
    op.create_table(
        "complaints",
        sa.Column("id", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("shop_id", BigId, nullable=True),
        sa.Column("order_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('not_mine','false_goods','pestering','other')", name=op.f("ck_complaints_kind")),
        sa.CheckConstraint("state IN ('open','looking','answered')", name=op.f("ck_complaints_state")),
        sa.CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_complaints_answered")),
        sa.CheckConstraint(
            "shop_id IS NOT NULL OR (order_id IS NULL AND case_id IS NULL)", name=op.f("ck_complaints_shop")
        ),
        *_keys(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
    )
    op.create_index("ix_complaints_state", "complaints", ["state", "id"])
    op.create_index("ix_complaints_user_id", "complaints", ["user_id", "id"])
