"""办理时效: stays in the states that are the shop's to leave; what the platform was called to is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.cases import handling
from portal.flow import Actor
from tests.cast import Cast

HOUR = timedelta(hours=1)
AT = datetime(2026, 11, 1, tzinfo=UTC)


def events(case: int, *rows: tuple[str, str, str, int]) -> list[tuple[int, str, str, str, datetime]]:
    return [(case, step, source, target, AT + hours * HOUR) for step, source, target, hours in rows]


def test_stays_are_counted_from_entering_to_leaving() -> None:
    spans: dict[str, list[timedelta]] = {}
    handling.measure_parts(
        [
            *events(
                1,
                ("apply", "", "applied", 0),
                ("modify", "applied", "applied", 1),
                ("agree", "applied", "returning", 5),
                ("ship_return", "returning", "inspecting", 20),
                ("accept_goods", "inspecting", "reshipping", 50),
                ("ship_replacement", "reshipping", "confirming", 53),
                ("confirm", "confirming", "completed", 60),
            ),
            *events(2, ("apply", "", "applied", 0), ("withdraw", "applied", "withdrawn", 2)),
            *events(
                3,
                ("apply", "", "applied", 0),
                ("escalate", "applied", "applied", 9),
                ("decide_return", "applied", "returning", 90),
                ("ship_return", "returning", "inspecting", 91),
                ("accept_goods", "inspecting", "reshipping", 95),
            ),
        ],
        spans,
    )
    assert spans == {
        "applied": [5 * HOUR, 2 * HOUR],
        "inspecting": [30 * HOUR, 4 * HOUR],
        "reshipping": [3 * HOUR],
        "all": [60 * HOUR],
    }


def test_what_took_longer_than_the_deadline_is_not_in_time() -> None:
    row = handling.summarise("审核申请", "seller_response", [HOUR, 48 * HOUR, 49 * HOUR])
    assert (row.number, row.median, row.most, row.within) == (3, 48 * HOUR, 49 * HOUR, 2)


def test_the_median_and_the_95th_are_values_that_were_measured(cast_both: Cast) -> None:
    cast = cast_both
    for hours in (*range(1, 20), 60):
        cast.take(cast.open_case(now=cast.now), "withdraw", Actor.BUYER, now=cast.now + hours * HOUR)
    rows, cases = handling.measure_shop(cast.shop, cast.now + 70 * HOUR)
    row = rows[0]
    assert (cases, len(rows), row.name, row.number) == (20, 1, "审核申请", 20)
    assert (row.median, row.most, row.target, row.within) == (
        10 * HOUR,
        19 * HOUR,
        48 * HOUR,
        20,
    )  # the clock agreed in time
    assert handling.measure_shop(cast.shop2, cast.now + 70 * HOUR) == ([], 0)
    assert handling.measure_shop(cast.shop, cast.now + 40 * 24 * HOUR) == ([], 0)
