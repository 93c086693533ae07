"""What was sold and what was wrong with it, line by line and counted by week.

Revision ID: 0044
Revises: 0043
Create Date: 2026-11-28 22:20:00
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.extensions import BigId, Moment

revision = "0044"
down_revision = "0043"
branch_labels = depends_on = None

_PLACE = ("shop_id", "product_id", "spec", "batch_id", "week")
_OF_REASON = {
    "damaged": "broken",
    "colour": "colour",
    "size": "size",
    "defect": "defect",
    "fake": "unlabelled",
    "wrong_item": "wrong",
    "missing_item": "missing",
    "empty_parcel": "missing",
    "not_delivered": "undelivered",
}
_MANY = 1000


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, BigId, autoincrement=False, nullable=False)


def _place() -> list[sa.Column[Any]]:
    return [_key("shop_id"), _key("product_id"), sa.Column("spec", sa.String(300), nullable=False), _key("batch_id")]


def upgrade() -> None:
    op.execute("ALTER TABLE products ADD COLUMN kind VARCHAR(8) DEFAULT '' NOT NULL")
    op.create_table(
        "sold_lines",
        _key("order_line_id"),
        _key("shop_id"),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("spec", sa.String(300), nullable=False),
        sa.Column("batch_id", BigId, server_default="0", nullable=False),
        sa.Column("week", BigId, nullable=False),
        sa.Column("milli", BigId, nullable=False),
        sa.CheckConstraint("milli > 0", name=op.f("ck_sold_lines_milli")),
        sa.ForeignKeyConstraint(
            ["order_line_id", "shop_id"],
            ["order_lines.id", "order_lines.shop_id"],
            name=op.f("fk_sold_lines_order_line_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_sold_lines_shop_id")),
        sa.PrimaryKeyConstraint("order_line_id", "shop_id", name=op.f("pk_sold_lines")),
    )
    op.create_index("ix_sold_lines_product", "sold_lines", ["shop_id", "product_id", "week"])
    _make_fault_lines()
    op.create_table(
        "sold_weeks",
        *_place(),
        _key("week"),
        sa.Column("lines", BigId, nullable=False),
        sa.Column("milli", BigId, nullable=False),
        sa.CheckConstraint("lines >= 0 AND milli >= 0", name=op.f("ck_sold_weeks_numbers")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_sold_weeks_shop_id")),
        sa.PrimaryKeyConstraint(*_PLACE, name=op.f("pk_sold_weeks")),
    )
    op.create_index("ix_sold_weeks_week", "sold_weeks", ["shop_id", "week"])
    op.create_table(
        "fault_weeks",
        *_place(),
        _key("week"),
        sa.Column("fault", sa.String(16), nullable=False),
        sa.Column("cases", BigId, nullable=False),
        sa.Column("milli", BigId, nullable=False),
        sa.CheckConstraint("cases >= 0 AND milli >= 0", name=op.f("ck_fault_weeks_numbers")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_fault_weeks_shop_id")),
        sa.PrimaryKeyConstraint(*_PLACE, "fault", name=op.f("pk_fault_weeks")),
    )
    op.create_index("ix_fault_weeks_week", "fault_weeks", ["shop_id", "week"])
    _count_what_there_is()


def _make_fault_lines() -> None:
    op.create_table(
        "fault_lines",
        _key("case_line_id"),
        _key("shop_id"),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("fault", sa.String(16), nullable=False),
        sa.Column("milli", BigId, nullable=False),
        sa.Column("counted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("set_by", BigId, nullable=True),
        sa.Column("set_at", Moment(), nullable=False),
        sa.CheckConstraint("NOT counted OR fault <> ''", name=op.f("ck_fault_lines_counted")),
        *(
            sa.ForeignKeyConstraint(
                [column, "shop_id"],
                [f"{table}.id", f"{table}.shop_id"],
                name=op.f(f"fk_fault_lines_{column}_shop_id"),
            )
            for column, table in (
                ("case_line_id", "case_lines"),
                ("order_line_id", "order_lines"),
                ("case_id", "cases"),
            )
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_fault_lines_shop_id")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_fault_lines_set_by")),
        sa.PrimaryKeyConstraint("case_line_id", "shop_id", name=op.f("pk_fault_lines")),
    )
    op.create_index("ix_fault_lines_case", "fault_lines", ["shop_id", "case_id"])
    op.create_index("ix_fault_lines_order_line", "fault_lines", ["shop_id", "order_line_id"])


def _table(name: str, *columns: str, moment: str = "") -> sa.TableClause:
    made = [sa.column(each, Moment()) if each == moment else sa.column(each) for each in columns]
    return sa.table(name, *made)


def _insert(table: sa.TableClause, rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), _MANY):
        op.get_bind().execute(sa.insert(table), rows[first : first + _MANY])


def _count_what_there_is() -> None:
    orders = _table(
        "orders", "id", "shop_id", "status", "cancelled_at", "case_count", "ordered_at", moment="ordered_at"
    )
    lines = _table("order_lines", "id", "shop_id", "order_id", "product_id", "spec", "quantity_milli")
    chosen = (
        sa.select(lines.c.id, lines.c.shop_id, lines.c.product_id, lines.c.spec, lines.c.quantity_milli)
        .add_columns(orders.c.status, orders.c.cancelled_at, orders.c.case_count, orders.c.ordered_at)
        .join_from(lines, orders, (orders.c.id == lines.c.order_id) & (orders.c.shop_id == lines.c.shop_id))
        .where(lines.c.product_id.is_not(None), orders.c.status != "unpaid")
    )
    sold: dict[tuple[int, int], dict[str, Any]] = {}
    for row in op.get_bind().execute(chosen):
        if row.status == "cancelled" and (row.cancelled_at is not None or not row.case_count):
            continue
        day = (row.ordered_at + timedelta(hours=8)).date()  # in Beijing
        sold[row.id, row.shop_id] = {
            "order_line_id": row.id,
            "shop_id": row.shop_id,
            "product_id": row.product_id,
            "spec": row.spec,
            "batch_id": 0,
            "week": (day.toordinal() - 1) // 7,
            "milli": row.quantity_milli,
        }
    _insert(_table("sold_lines", "order_line_id", *_PLACE, "milli"), list(sold.values()))
    _insert(_table("sold_weeks", *_PLACE, "lines", "milli"), _sum(list(sold.values()), _PLACE, "lines"))
    _count_faults(sold)


def _count_faults(sold: dict[tuple[int, int], dict[str, Any]]) -> None:
    cases = _table("cases", "id", "shop_id", "reason", "state", "parent_id", "opened_at", moment="opened_at")
    lines = _table("case_lines", "id", "shop_id", "case_id", "order_line_id", "quantity_milli")
    chosen = (
        sa.select(lines.c.id, lines.c.shop_id, lines.c.case_id, lines.c.order_line_id, lines.c.quantity_milli)
        .add_columns(cases.c.reason, cases.c.state, cases.c.parent_id, cases.c.opened_at)
        .join_from(lines, cases, (cases.c.id == lines.c.case_id) & (cases.c.shop_id == lines.c.shop_id))
    )
    rows, counted = [], []
    for row in op.get_bind().execute(chosen):
        fault = _OF_REASON.get(row.reason, "")
        place = sold.get((row.order_line_id, row.shop_id))
        counts = bool(fault and place and row.parent_id is None and row.state not in ("closed", "withdrawn"))
        rows.append(
            {
                "case_line_id": row.id,
                "shop_id": row.shop_id,
                "case_id": row.case_id,
                "order_line_id": row.order_line_id,
                "fault": fault,
                "milli": row.quantity_milli,
                "counted": counts,
                "set_at": row.opened_at,
            }
        )
        if counts and place:
            counted.append({name: place[name] for name in _PLACE} | {"fault": fault, "milli": row.quantity_milli})
    names = ("case_line_id", "shop_id", "case_id", "order_line_id", "fault", "milli", "counted", "set_at")
    _insert(_table("fault_lines", *names, moment="set_at"), rows)
    _insert(_table("fault_weeks", *_PLACE, "fault", "cases", "milli"), _sum(counted, (*_PLACE, "fault"), "cases"))


def _sum(rows: list[dict[str, Any]], names: tuple[str, ...], number: str) -> list[dict[str, Any]]:
    many: Counter[tuple[Any, ...]] = Counter()
    milli: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        key = tuple(row[name] for name in names)
        many[key] += 1
        milli[key] += row["milli"]
    return [dict(zip(names, key, strict=True)) | {number: many[key], "milli": milli[key]} for key in many]


def downgrade() -> None:
    for name in ("fault_weeks", "sold_weeks", "fault_lines", "sold_lines"):
        op.drop_table(name)
    op.execute("ALTER TABLE products DROP COLUMN kind")
