"""待我处理 goes on by key: nothing that waits is cut off, doubled or out of its place."""

from __future__ import annotations

from typing import Any

import pytest

from portal.cases import buyer_inbox, failed
from tests.cast import Cast
from tests.inbox import fill_coming, fill_refused, fill_waiting

MANY = 250


@pytest.mark.parametrize("size", [1, 7, buyer_inbox.PAGE, MANY])
def test_everything_that_waits_comes_once_by_deadline(cast_both: Cast, size: int) -> None:
    cast = cast_both
    wanted = fill_waiting(cast, MANY)
    refused = fill_refused(cast, 5)
    assert len(wanted) == MANY and read_all(cast.buyer, "waiting", size) == wanted
    assert read_all(cast.buyer, "refused", size) == refused
    inbox = buyer_inbox.read_inbox(cast.buyer)
    assert [case.case_no for case in inbox.waiting] == wanted[:3]
    assert [case.case_no for case in inbox.refused] == refused[:3] and inbox.more_refused
    assert buyer_inbox.count_waiting(cast.buyer) == MANY
    assert buyer_inbox.list_page(cast.buyer2) == ([], None)


def test_everything_refused_and_everything_that_comes_home_is_listed(cast_both: Cast) -> None:
    refused, coming = fill_refused(cast_both, MANY), fill_coming(cast_both, MANY)
    assert read_all(cast_both.buyer, "refused", buyer_inbox.PAGE) == refused
    found: list[str] = []
    rows, key = failed.list_coming(cast_both.buyer)
    while True:
        found += [row.case_no for row in rows]
        if key is None:
            break
        rows, key = failed.list_coming(cast_both.buyer, key)
    assert found == coming and len(found) == MANY


def read_all(buyer_id: int, which: str, size: int) -> list[str]:
    """The numbers of all pages, one after the other."""
    found: list[Any] = []
    key = None
    while True:
        rows, key = buyer_inbox.list_page(buyer_id, which, key, size)
        assert len(rows) <= size
        found += rows
        if key is None:
            return [row.case_no for row in found]
