"""security"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users"))


def upgrade() -> None:
    op.add_column("sessions", sa.Column("address", sa.String(length=45), server_default="", nullable=False))
    op.add_column("users", sa.Column("password_at", Moment(), nullable=True))
    op.create_table(
        "audit_events",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        _of_user("audit_events"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_user_id", "audit_events", ["user_id", "id"])
    op.create_index("ix_audit_events_name", "audit_events", ["name", "id"])
    op.create_table(
        "password_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        _of_user("password_links"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_password_links")),
    )
    op.create_index("ix_password_links_user_id", "password_links", ["user_id"])
    op.create_table(
        "totp_factors",
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("confirmed_at", Moment(), nullable=True),
        sa.Column("last_step", BigId, nullable=False),
        _of_user("totp_factors"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        _of_user("recovery_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.create_table(
        "half_sign_ins",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        _of_user("half_sign_ins"),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_half_sign_ins")),
    )
    op.create_table(
        "staff_invitations",
        sa.Column("id", BigId, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("member_name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("made_by", BigId, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "answer IN ('','accepted','declined','withdrawn')", name=op.f("ck_staff_invitations_answer")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_staff_invitations_made_by_users")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_staff_invitations_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invitations")),
    )
    op.create_index(
        "ix_staff_invitations_open", "staff_invitations", ["shop_id", "member_name"], unique=True,
        sqlite_where=sa.text("answer = ''"), postgresql_where=sa.text("answer = ''"),
    )  # fmt: skip
    op.create_index("ix_staff_invitations_member_name", "staff_invitations", ["member_name"])


def downgrade() -> None:
    for table in (
        "staff_invitations", "half_sign_ins", "recovery_codes", "totp_factors", "password_links", "audit_events"
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_column("users", "password_at")
    op.drop_column("sessions", "address")
