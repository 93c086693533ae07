"""What is claimed for the way back has a sum, one of six fates, and isn't left open by a case that ends.

Revision ID: 0062
Revises: 0061
Create Date: 2026-11-29 10:40:00
"""

from __future__ import annotations

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = depends_on = None

HELD = (
    "freight_claim IN ('','open','accepted','declined','dropped','carried') "
    "AND freight_fen BETWEEN 0 AND 50000 AND (freight_claim = '') = (freight_fen = 0) "
    "AND (freight_claim <> 'open' OR state NOT IN ('completed','closed','withdrawn','converted'))"
)
REFUND = "CONSTRAINT ck_cases_refund CHECK (refund_fen >= 0)"


def upgrade() -> None:
    op.execute(
        "UPDATE cases SET freight_claim = CASE WHEN state = 'converted' THEN 'carried' ELSE 'dropped' END "
        "WHERE freight_claim = 'open' AND state IN ('completed','closed','withdrawn','converted')"
    )
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(REFUND, f"{REFUND}, \n\tCONSTRAINT ck_cases_freight CHECK ({HELD})")
    else:
        op.create_check_constraint(op.f("ck_cases_freight"), "cases", HELD)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(f"{REFUND}, \n\tCONSTRAINT ck_cases_freight CHECK ({HELD})", REFUND)
    else:
        op.drop_constraint(op.f("ck_cases_freight"), "cases", type_="check")


def _rewrite(old: str, new: str) -> None:
    """SQLite's text is changed in place: no row is rewritten, and the UPDATE before it leaves none that breaks it."""
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    done = bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = 'cases' AND instr(sql, ?) > 0",
        (old, new, old),
    )
    if done.rowcount != 1:
        raise RuntimeError("the table cases isn't as expected")
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")
