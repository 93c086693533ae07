"""Finding people and receivers by a part of their name, in the words of the indexes that hold those parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, literal_column, or_, text

from portal.models.keys import HEAD, INNER, cut_inner, is_longer

PEOPLE = {"member_head": "member_name", "company_head": "company_name"}  # parts of a person's names, and of what


def list_conditions(words: str, table: Any, cut: Mapping[str, str]) -> list[Any]:
    """Conditions that one of the names of ``table`` has the words in it: at its beginning, or from one of INNER on."""
    if len(words) < HEAD:
        return []
    head, found = words[:HEAD], []
    for name, source in cut.items():
        whole = str(table[source])
        found.append((table[name] == head) & _stands(table[source], 1, words))
        for place in list_places(source, words):  # in the words of the index, so that it is read
            by_index = (text(is_longer(whole, place)), literal_column(cut_inner(whole, place)) == head)
            found.append(and_(*by_index, _stands(table[source], place, words)))
    return found


def _stands(column: Any, place: int, words: str) -> Any:
    return func.substr(column, place, len(words)) == words


def is_named(column: Any, word: str) -> Any:
    """Condition that a name has a word in it, wherever the indexes would find it."""
    return or_(*(_stands(column, place, word) for place in (1, *list_places(column.name, word))))


def list_places(source: str, words: str) -> tuple[int, ...]:
    """Where words may stand in a name beside its beginning; nobody looks for digits inside of one."""
    return () if words.isdecimal() else INNER[source]
