"""Each rule suggests when it should, and the first one wins."""

from __future__ import annotations

import pytest

from portal.rights.solutions import RULES, Application, suggest


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("unshipped", {"type": "refund_only", "reason": "late_ship", "goods_state": "unshipped"}),
        ("short promise", {"type": "reissue", "reason": "missing_item", "guarantees": frozenset({"shbp"})}),
        ("broken promise", {"type": "exchange", "reason": "damaged", "photos": 2, "guarantees": frozenset({"psbj"})}),
        ("negotiated", {"type": "exchange", "reason": "dislike", "negotiated": True}),
        ("no proof", {"type": "exchange", "reason": "damaged"}),
        ("own fault", {"type": "exchange", "reason": "colour", "photos": 1}),
        ("own fault", {"type": "reissue", "reason": "missing_item", "photos": 1}),
        ("buyer's fault", {"type": "return_refund", "reason": "over_qty"}),
        ("else", {"type": "exchange", "reason": "delay"}),
        ("else", {"type": "exchange", "reason": "no such reason"}),
    ],
)
def test_the_first_rule_that_holds(rule: str, facts: dict[str, object]) -> None:
    found = suggest(Application(**{"photos": 0, **facts}))  # type: ignore[arg-type]
    assert found.rule == rule
    assert found.what and found.why


def test_every_rule_has_its_case() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
