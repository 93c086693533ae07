"""The reader of statements: what names its shop, and what doesn't."""

from __future__ import annotations

import re

import pytest

from tests.shards import LEFT_OUT, MAY_NOT, NOT_YET, ROOT, find_unnamed


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT cases.id FROM cases WHERE cases.shop_id = ? AND cases.id = ?",
        "SELECT id FROM cases c WHERE c.id = 1 AND c.shop_id = 2",
        "SELECT id FROM cases WHERE shop_id = 2",
        "SELECT u.id FROM users u WHERE u.id = 1",
        "SELECT c.id FROM cases AS c JOIN orders AS o ON o.id = c.order_id AND o.shop_id = c.shop_id",
        "SELECT (SELECT max(m.id) FROM messages m WHERE m.shop_id = v.shop_id) FROM conversations v WHERE shop_id = 1",
        "INSERT INTO case_lines (id, shop_id, case_id) VALUES (?, ?, ?)",
        "INSERT INTO case_lines (id, shop_id) VALUES (1, 2) ON CONFLICT (id, shop_id) DO UPDATE SET title = 'x'",
        "UPDATE cases SET state = 'x' WHERE cases.id = ? AND cases.shop_id = ?",
        "DELETE FROM drafts WHERE drafts.id = ? AND drafts.shop_id = ?",
        "SELECT 1 FROM cases WHERE shop_id = 1 UNION ALL SELECT 1 FROM orders WHERE orders.shop_id = 1",
        "SELECT id FROM order_heads WHERE order_no = ?",  # what says where an order is
        "SELECT 'FROM cases'",
        'SELECT "cases".id FROM "cases" WHERE "cases"."shop_id" = 1',
        "SELECT id FROM cases WHERE shop_id = 1 FOR UPDATE SKIP LOCKED",
    ],
)
def test_a_statement_that_names_the_shop(statement: str) -> None:
    assert find_unnamed(statement) == ()


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("SELECT id, shop_id FROM cases WHERE id = ?", ("cases",)),
        ("SELECT id FROM cases WHERE id = ? ORDER BY shop_id", ("cases",)),
        ("SELECT shop_id, count(*) FROM cases GROUP BY shop_id", ("cases",)),
        ("SELECT c.id FROM cases c JOIN orders o ON o.id = c.order_id WHERE c.shop_id = 1", ("orders",)),
        ("SELECT c.id FROM cases c, orders o WHERE o.shop_id = 1", ("cases",)),
        (
            "SELECT id FROM cases WHERE shop_id = 1 AND id IN (SELECT case_id FROM case_lines WHERE id = 2)",
            ("case_lines",),
        ),
        ("SELECT id FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE orders.buyer_id = users.id)", ("orders",)),
        ("UPDATE cases SET shop_id = 1 WHERE id = 2", ("cases",)),
        ("DELETE FROM drafts WHERE id = 1", ("drafts",)),
        ("INSERT INTO case_lines (id, case_id) VALUES (?, ?)", ("case_lines",)),
        ("SELECT 1 FROM cases WHERE shop_id = 1 UNION ALL SELECT 1 FROM orders WHERE id = 1", ("orders",)),
        ("WITH x AS (SELECT id FROM orders) SELECT * FROM x", ("orders",)),
    ],
)
def test_a_statement_that_doesnt(statement: str, tables: tuple[str, ...]) -> None:
    assert find_unnamed(statement) == tables


@pytest.mark.parametrize("place", LEFT_OUT)
def test_what_is_left_out_is_there(place: str) -> None:
    module, _, function = place.partition(":")
    path = ROOT / "portal" / module
    assert path.exists()
    assert not function or re.search(rf"^ *def {function}", path.read_text("utf-8"), re.MULTILINE)


STATED = (*MAY_NOT, *NOT_YET)


def test_nothing_is_left_out_twice() -> None:
    twice = [(one, other) for one in STATED for other in STATED if one != other and one.startswith(other)]
    assert twice == [] and len(LEFT_OUT) == len(set(LEFT_OUT))
