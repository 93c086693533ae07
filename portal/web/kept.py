"""Pieces of pages that are kept rendered, by everything they are made of.

    {% kept card, late %}<article>{{ card.order.shop }}…</article>{% endkept %}

The piece is found again under the values between ``kept`` and ``%}`` themselves, not under a number that stands for
them: what changed has another key, and nobody gets what their own page doesn't say. So the piece may read nothing
else: another name in it is a syntax error, and so is a filter that reads the clock. Of the macros it may call those
that write what they are given and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from flask import g
from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from portal.words import BEIJING

MOST = 3000  # pieces of one worker; some 2 KB each
CONSTANT = frozenset({"words", "tell"})  # names that mean the same on every page
OF_THE_CLOCK = frozenset({"left"})  # filters
# Macros of ui.html that read their arguments, moments' year and what is the same on every page.
PLAIN = frozenset(
    {
        "copy",
        "desk_chip",
        "thumb",
        "goods",
        "text",
        "moment",
        "until",
        "facts",
        "gallery",
        "compare",
        "scan_list",
        "steps",
        "money",
        "quantity",
    }
)


class Kept(Extension):
    """The tag ``kept``. ``environment.kept_most`` says how many pieces are kept; 0: none, each is rendered anew."""

    tags = {"kept"}  # noqa: RUF012  (as jinja2 has it)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(kept_most=MOST)
        self._pieces: dict[object, Markup] = {}
        self._door = threading.Lock()

    def parse(self, parser: Parser) -> nodes.Node:
        """The piece as a call of ``_find``, after a look at what it reads."""
        line = next(parser.stream).lineno
        made_of = parser.parse_tuple()
        body = parser.parse_statements(("name:endkept",), drop_needle=True)
        parts = made_of.items if isinstance(made_of, nodes.Tuple) else [made_of]
        self._check(parser, parts, body, line)
        place = nodes.Const(f"{parser.name}:{line}")
        call = self.call_method("_find", [place, nodes.Tuple(list(parts), "load")])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _check(self, parser: Parser, parts: list[nodes.Expr], body: list[nodes.Node], line: int) -> None:
        known = {part.name for part in parts if isinstance(part, nodes.Name)} | CONSTANT
        whole = nodes.Output(list(body))  # any node: find_all looks below one
        names = list(whole.find_all(nodes.Name))
        known |= {name.name for name in names if name.ctx != "load"}
        macros = [each.attr for each in whole.find_all(nodes.Getattr) if _is_ui(each.node)]
        if set(macros) <= PLAIN and len(macros) == sum(map(_is_ui, names)):
            known.add("ui")
        if strange := {name.name for name in names} - known:
            parser.fail(f"a kept piece reads {', '.join(sorted(strange))}, which it isn't kept by", line)
        if clock := {each.name for each in whole.find_all(nodes.Filter)} & OF_THE_CLOCK:
            parser.fail(f"a kept piece asks the clock: {', '.join(sorted(clock))}", line)
        if any(whole.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Block))):
            parser.fail("a kept piece stands whole in its template", line)

    def _find(self, place: str, parts: tuple[object, ...], caller: Callable[[], Markup]) -> Markup:
        most = self.environment.kept_most  # type: ignore[attr-defined]
        if not most or self.environment.auto_reload:
            return caller()
        key: tuple[object, ...] = (
            place,
            g.now.astimezone(BEIJING).year,
            parts,
        )  # moments of another year are written with it
        try:
            found = self._pieces.get(key)
        except TypeError:  # rows with lists and dicts in them
            key = *key[:2], _freeze(parts)
            found = self._pieces.get(key)
        if found is None:
            found = caller()
            with self._door:
                if len(self._pieces) >= most:
                    for oldest in list(islice(self._pieces, most // 8 + 1)):
                        del self._pieces[oldest]
                self._pieces[key] = found
        return found


def _is_ui(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "ui"


_PLAIN_TYPES = frozenset({str, int, bool, type(None), datetime, Markup})  # most of what there is: nothing to look into


def _freeze(value: Any) -> Hashable:
    """What stands for a value in a key: its own words and numbers, in their order."""
    if type(value) in _PLAIN_TYPES:
        return value  # type: ignore[no-any-return]
    if isinstance(value, dict):
        return "dict", *[(name, type(each), _freeze(each)) for name, each in value.items()]
    if isinstance(value, list):
        return list, *_freeze_all(value)
    try:
        hash(value)
    except TypeError:  # a row with a dict or a list in it
        return type(value), *_freeze_all(value)
    return value  # type: ignore[no-any-return]


def _freeze_all(values: Iterable[Any]) -> list[Hashable]:
    return [each if type(each) in _PLAIN_TYPES else _freeze(each) for each in values]
