"""Finding people and receivers by a part of their name, in the words of the indexes that hold those parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    and_,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy.sql.elements import KeyedColumnElement

from portal.models.keys import HEAD, INNER, cut_inner, is_longer

PEOPLE = {"member_head": "member_name", "company_head": "company_name"}  # parts of a person's names, and of what


def list_conditions(words: str, table: Any, cut: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """Conditions that one of the names of ``table`` has the words in it: at its beginning, or from one of INNER on.

    Each says of several indexes what they hold there: 王小明 is looked for by 王小 or by 小明, whatever fewer have.
    """
    if len(words) < HEAD:
        return []
    found = []
    for name, source in cut.items():
        found.append(and_(table[name] == words[:HEAD], *_list_inner(table[source], 1, words, 1)))
        for place in list_places(source, words):
            found.append(and_(*_list_inner(table[source], place, words)))
    return found


def _list_inner(
    column: KeyedColumnElement[str], place: int, words: str, first: int = 0
) -> list[ColumnExpressionArgument[bool]]:
    """That a name has words from a place on, and what its indexes by two characters hold then, in their own words."""
    found: list[ColumnExpressionArgument[bool]] = []
    whole = str(column)
    for start in range(first, len(words) - HEAD + 1):
        if place + start in INNER[column.name]:
            is_part = literal_column(cut_inner(whole, place + start)) == words[start : start + HEAD]
            found += [text(is_longer(whole, place + start)), is_part]
    return [*found, _stands(column, place, words)]


def _stands(column: ColumnElement[str], place: int, words: str) -> ColumnElement[bool]:
    return func.substr(column, place, len(words)) == words


def is_named(column: KeyedColumnElement[str], word: str) -> ColumnElement[bool]:
    """Condition that a name has a word in it, wherever the indexes would find it."""
    return or_(*(_stands(column, place, word) for place in (1, *list_places(column.name, word))))


def list_places(source: str, words: str) -> tuple[int, ...]:
    """Where words may stand in a name beside its beginning; nobody looks for digits inside of one."""
    return () if words.isdecimal() else INNER[source]
