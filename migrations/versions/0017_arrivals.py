"""Payments that didn't arrive: what the buyer says of one that was recorded, and what the case says of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.extensions import Moment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BEFORE = {
    "state": "state IN ('waiting','due','failed','declared','settled','cancelled')",
    "settled": "state <> 'settled' OR settled_at IS NOT NULL",
}
_AFTER = {
    "state": "state IN ('waiting','due','failed','declared','settled','cancelled','contested')",
    "settled": "state NOT IN ('settled','contested') OR settled_at IS NOT NULL",
    "arrival": "arrival IN ('','missing','shown','arrived','decided','unopposed')",
}
_OPEN = "state IN ('waiting','due','failed','declared'{})"

# What nobody may change any more: (on, verb, condition, what it says). A payment that was made keeps its number and its
# moment; a case that completed is left only for a payment that didn't arrive.
_MONEY = "NEW.key <> OLD.key OR NEW.kind <> OLD.kind OR NEW.amount_fen <> OLD.amount_fen"
_ENDED = "OLD.state IN ('completed','closed','withdrawn','converted') AND (NEW.state <> OLD.state OR NEW.version <> OLD.version)"
_KEPT_PAYMENT = ("money_kept", "money_entries", "DELETE", "1=1", "payments are never deleted")
_GUARDS_BEFORE = (
    ("money_final", "money_entries", "UPDATE", f"OLD.state IN ('settled','cancelled') OR {_MONEY}",
     "a payment that was made is never changed"),
    _KEPT_PAYMENT,
    ("cases_final", "cases", "UPDATE", _ENDED, "a final state is left by nobody"),
)  # fmt: skip
_GUARDS_AFTER = (
    ("money_final", "money_entries", "UPDATE",
     f"OLD.state = 'cancelled' OR {_MONEY} OR OLD.state = 'settled' AND NOT (NEW.state IN ('settled','contested') "
     "AND NEW.reference = OLD.reference AND NEW.settled_at = OLD.settled_at AND NEW.arrival <> '')",
     "a payment that was made is never changed"),
    _KEPT_PAYMENT,
    ("cases_final", "cases", "UPDATE",
     f"{_ENDED} AND NOT (OLD.state = 'completed' AND NEW.state IN ('completed','refunding') "
     "AND NEW.version = OLD.version + 1)",
     "a final state is left by nobody"),
)  # fmt: skip


def _drop_guards() -> None:
    for name, table, *_ in _GUARDS_BEFORE:
        op.execute(f"DROP TRIGGER {name}" if _is_sqlite() else f"DROP TRIGGER {name} ON {table}")


def _guard(guards: tuple[tuple[str, str, str, str, str], ...]) -> None:
    for name, table, verb, condition, says in guards:
        head = f"CREATE TRIGGER {name} BEFORE {verb} ON {table}"
        if _is_sqlite():
            op.execute(f"{head} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{says}'); END")
        else:
            op.execute(f"{head} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _constrain(old: dict[str, str], new: dict[str, str], more: str, *, add: bool) -> None:
    """Other checks and another index of open payments; the columns are added with them or dropped."""
    op.drop_index("ix_money_entries_open", "money_entries")
    with op.batch_alter_table("money_entries") as table:
        for name in old:
            table.drop_constraint(op.f(f"ck_money_entries_{name}"), type_="check")
        if add:
            table.add_column(sa.Column("arrival", sa.String(length=12), server_default="", nullable=False))
            table.add_column(sa.Column("arrival_at", Moment(), nullable=True))
        else:
            table.drop_column("arrival_at")
            table.drop_column("arrival")
        for name, said in new.items():
            table.create_check_constraint(op.f(f"ck_money_entries_{name}"), said)
    op.create_index(
        "ix_money_entries_open", "money_entries", ["shop_id", "made_at", "id"],
        sqlite_where=sa.text(_OPEN.format(more)), postgresql_where=sa.text(_OPEN.format(more)),
    )  # fmt: skip


def upgrade() -> None:
    _drop_guards()
    _constrain(_BEFORE, _AFTER, ",'contested'", add=True)
    op.add_column("cases", sa.Column("payment_claim", sa.String(length=8), server_default="", nullable=False))
    op.add_column("cases", sa.Column("claimed_at", Moment(), nullable=True))
    _guard(_GUARDS_AFTER)


def downgrade() -> None:
    """A payment that is contested is again what was recorded of it."""
    _drop_guards()
    op.drop_column("cases", "claimed_at")
    op.drop_column("cases", "payment_claim")
    op.execute("UPDATE money_entries SET state = 'settled' WHERE state = 'contested'")
    _constrain(_AFTER, _BEFORE, "", add=False)
    _guard(_GUARDS_BEFORE)
