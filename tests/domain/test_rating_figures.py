"""The figures of 满意度 equal what is counted by hand, on both databases, and say nothing of few."""

from __future__ import annotations

import random
from datetime import timedelta

from portal.extensions import db, writing
from portal.models import Case, Order
from portal.service import figures, ratings
from tests.cast import Cast


def test_figures_equal_a_count_by_hand(cast_both: Cast) -> None:
    cast, dice, stars = cast_both, random.Random(7), []
    months = figures.find_months(cast.now)
    for number in range(figures.LEAST):
        case_id = cast.until("withdrawn" if number < 2 else "completed").id
        with writing():
            case = db.session.get_one(Case, case_id)
            if case.state == "completed":
                stars.append(dice.randint(1, 5))
                ratings.rate(case, stars[-1], "", [], by_link=False, now=cast.now)
    assert figures.draw_trend(figures.list_answers(cast.shop, figures.begin_of(months[0])), months)[-1].mean is None
    for _ in range(4):
        case_id = cast.until("completed").id
        stars.append(dice.randint(1, 5))
        with writing():
            ratings.rate(db.session.get_one(Case, case_id), stars[-1], "", [], by_link=False, now=cast.now)
    answers = figures.list_answers(cast.shop, figures.begin_of(months[0]))
    last = figures.draw_trend(answers, months)[-1]
    assert (last.name, last.number, last.mean) == ("2026-11", 12, round(sum(stars) / len(stars), 1))
    staff, left_out = figures.group_answers(answers, "staff")
    assert ([row.name for row in staff], left_out) == (["seller"], 0)
    assert [row.name for row in figures.group_answers(answers, "goods")[0]] == ["HH-100"]
    assert [row.name for row in figures.group_answers(answers, "reason")[0]] == ["damaged"]
    assert figures.measure_first_response(cast.shop, cast.now).number == 12
    first = db.session.scalars(db.select(Case.order_id).where(Case.state == "completed").order_by(Case.id)).first()
    cast.open_case(db.session.get_one(Order, first), now=cast.now + timedelta(days=29))
    assert figures.measure_settled(cast.shop, cast.now + timedelta(days=31)) == (12, 11)
    assert figures.measure_settled(cast.shop, cast.now + timedelta(days=29)).percent is None  # not ended long enough
    cast.order(ordered_at=cast.now + timedelta(days=80))
    assert figures.measure_returning(cast.shop, cast.now + timedelta(days=91)) == (1, 1)
    assert figures.measure_returning(cast.shop, cast.now + timedelta(days=91)).percent is None  # one buyer is too few
