"""Facts and the rule's decision are the same by the lines that a page has read as by the database."""

from __future__ import annotations

import pytest

from portal import flow
from portal.cases import case_facts, rulings
from portal.cases.view_statements import LINES
from portal.extensions import db
from portal.models import Case
from tests.cast import Cast


@pytest.mark.parametrize("state", [state for state in flow.State if state not in flow.FINAL])
def test_lines_that_were_read_say_the_same(state: flow.State, cast_both: Cast) -> None:
    made = cast_both.until(state, order=cast_both.order(lines=3), lines=3)
    case = db.session.get_one(Case, (made.id, made.shop_id))
    lines = LINES.list_rows(case_id=case.id, shop_id=case.shop_id)
    facts = case_facts.collect_facts(case, cast_both.now)
    assert case_facts.collect_facts(case, cast_both.now, lines=lines) == facts
    assert rulings.list_decidable(case, lines) == rulings.list_decidable(case)
    read = rulings.add_ruling(case, facts, lines)
    assert read == rulings.add_ruling(case, facts)
    assert read.decidable_fen > 0
