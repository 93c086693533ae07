"""What the rule found owed and nobody did stays with the platform, in a stage of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BEFORE = "stage IN ('','evidence','deciding','overdue') AND escalated = (stage <> '')"
AFTER = "stage IN ('','evidence','deciding','overdue','unfulfilled') AND escalated = (stage <> '')"


def upgrade() -> None:
    op.add_column("cases", sa.Column("ruled", sa.Boolean(), server_default=sa.false(), nullable=False))
    _replace(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("UPDATE cases SET stage = 'overdue' WHERE stage = 'unfulfilled'")
    _replace(AFTER, BEFORE)
    op.drop_column("cases", "ruled")


def _replace(old: str, new: str) -> None:
    """Another CHECK on the stage; SQLite's text is changed in place: no row is rewritten, and none can break it."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_cases_stage"), "cases", type_="check")
        op.create_check_constraint(op.f("ck_cases_stage"), "cases", new)
        return
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    done = bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'cases'", (old, new)
    )
    if done.rowcount != 1:
        raise RuntimeError("the table of cases isn't there")
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")
