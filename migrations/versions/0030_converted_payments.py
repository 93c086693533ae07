"""A case that has become another one may be opened again for a payment that hasn't arrived."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_ENDED = (
    "OLD.state IN ('completed','closed','withdrawn','converted') "
    "AND (NEW.state <> OLD.state OR NEW.version <> OLD.version)"
)
BEFORE = f"{_ENDED} AND NOT (OLD.state = 'completed' AND NEW.state IN ('completed','refunding') AND NEW.version = OLD.version + 1)"
AFTER = f"{_ENDED} AND NOT (OLD.state IN ('completed','converted') AND NEW.state IN (OLD.state,'refunding') AND NEW.version = OLD.version + 1)"


def upgrade() -> None:
    _guard(AFTER)


def downgrade() -> None:
    _guard(BEFORE)


def _guard(condition: str) -> None:
    head = "CREATE TRIGGER cases_final BEFORE UPDATE ON cases"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER cases_final")
        op.execute(f"{head} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'a final state is left by nobody'); END")
    else:
        op.execute("DROP TRIGGER cases_final ON cases")
        op.execute(f"{head} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION cases_final()")
