"""Finding a part of a name: every index that holds two of its characters is offered to the database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models import Case, Order, User
from portal.models.keys import HEAD, INNER, cut_inner
from portal.orders import naming

CUTS = (
    (Order.__table__.c, {"receiver_head": "receiver_name"}),
    (Case.__table__.c, {"receiver_head": "receiver_name"}),
    (User.__table__.c, naming.PEOPLE),
)


@pytest.mark.parametrize("words", ["李文", "李文平", "欧阳建国", "李文 黑色", "义乌市第一针织厂", "138"])
@pytest.mark.parametrize(("table", "cut"), CUTS)
def test_each_index_that_holds_a_part_is_offered(table: object, cut: dict[str, str], words: str) -> None:
    """A surname and a common character begin six thousand names of a large shop; the next two are of a few hundred."""
    found = [str(select(each)) for each in naming.list_conditions(words, table, cut)]
    for name, source in cut.items():
        column = getattr(table, source)
        for place in (1, *naming.list_places(source, words)):
            offered = {place + start for start in range(len(words) - HEAD + 1)} & set(INNER[source])
            said = {each for each in INNER[source] if f"{cut_inner(str(column), each)} =" in found[0]}
            assert said == offered, (name, place)
            found.pop(0)
    assert not found


def test_one_character_is_offered_no_index() -> None:
    assert naming.list_conditions("李", Order.__table__.c, {"receiver_head": "receiver_name"}) == []
