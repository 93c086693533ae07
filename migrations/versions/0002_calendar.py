"""calendar"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from portal.calendar import holidays
from portal.extensions import BigId, Moment
from portal.rights import resale
from portal.rights import rules as public_rules

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "users": [sa.Column("operator", sa.Boolean(), nullable=False, server_default=sa.false())],
        "orders": [
            sa.Column("consumer", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("apply_from", Moment(), nullable=True),
            sa.Column("apply_by", Moment(), nullable=True),
            sa.Column("apply_provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
        ],
        "order_lines": [sa.Column("unfit_confirmed_at", Moment(), nullable=True)],
        "products": [sa.Column("no_reason_excluded", sa.String(12), nullable=False, server_default="")],
        "cases": [
            sa.Column("finish_by", Moment(), nullable=True),
            sa.Column("finish_provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("overdue_at", Moment(), nullable=True),
        ],
    }


_INDEXES = {
    "ix_orders_to_promise": (
        "orders",
        ["id"],
        "(is_dropship OR downstream_order_no <> '' OR downstream_channel <> '') AND apply_from IS NULL",
    ),
    "ix_orders_provisional": ("orders", ["id"], "apply_provisional"),
    "ix_cases_finishing": (
        "cases",
        ["finish_by"],
        "finish_by IS NOT NULL AND overdue_at IS NULL AND state NOT IN ('completed','closed','withdrawn','converted')",
    ),
    "ix_cases_provisional": ("cases", ["id"], "finish_provisional"),
}


def _write_first_version() -> str:
    rule = resale.get_rule()
    return public_rules.write_first_version(rule.start, rule.apply_days, rule.finish_days)


_UNCHANGED = ("rules_unchanged", "UPDATE"), ("rules_kept", "DELETE")


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    for name, (table, columns, where) in _INDEXES.items():
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    years = op.create_table(
        "calendar_years",
        sa.Column("year", BigId, nullable=False, autoincrement=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("changed_by", BigId, nullable=True),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_calendar_years_year")),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_calendar_years_changed_by")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    rules = op.create_table(
        "rule_versions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("published_by", BigId, nullable=True),
        sa.Column("effective_at", Moment(), nullable=False),
        sa.Column("exception", sa.Text(), nullable=False),
        sa.CheckConstraint("effective_at >= published_at", name=op.f("ck_rule_versions_effective")),
        sa.ForeignKeyConstraint(["published_by"], ["users.id"], name=op.f("fk_rule_versions_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_versions")),
        sa.UniqueConstraint("version", name=op.f("uq_rule_versions_version")),
    )
    begin = datetime(2025, 12, 31, 16, tzinfo=UTC)  # the year begins in Beijing
    op.bulk_insert(
        years,
        [
            {
                "year": year,
                "source": f"国务院办公厅关于{year}年部分节假日安排的通知",
                "changed_at": begin,
                "changed_by": None,
                "days": [[str(each.day), each.off, each.name] for each in holidays.shipped(year)],
            }
            for year in range(2018, 2027)
        ],
    )
    op.bulk_insert(
        rules,
        [
            {
                "version": 1,
                "words": _write_first_version(),
                "changes": "首次公布",
                "published_at": begin,
                "published_by": None,
                "effective_at": begin,
                "exception": "",
            }
        ],
    )
    for name, verb in _UNCHANGED:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON rule_versions BEGIN SELECT RAISE(ABORT, 'rules are never changed'); END"
            )
        else:
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'rules are never changed'; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON rule_versions FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    for name, _ in _UNCHANGED:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON rule_versions")
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("rule_versions")
    op.drop_table("calendar_years")
    for name, (table, *_) in _INDEXES.items():
        op.drop_index(name, table_name=table)
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name)
