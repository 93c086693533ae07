"""An include whose name stands in the template becomes a part of the page when that is compiled.

Jinja looks an included template up at each request, copies all names for it and passes its parts on one by one: a case
page has some twenty. Here the included body is a scope of the page itself: it sees the same names, and what it sets
ends with it. Names that the including template sets only afterwards are the one difference; tests/guards/test_inlined
finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import cast

from jinja2 import BaseLoader, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

_within: ContextVar[tuple[str, ...]] = ContextVar("portal_inlined", default=())
_TAG = "portal_inlined"


class Inlined(Extension):
    """Takes the place of the tag ``include`` where its template is a constant."""

    tags = {_TAG}  # noqa: RUF012  (as jinja2 has it)

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """``{% include "name" %}`` under this extension's own name, which Jinja lets it read."""
        held: list[Token] = []
        for token in stream:
            held.append(token)
            kinds = [each.type for each in held]
            if kinds == ["block_begin", "name", "string", "block_end"]:
                held[1] = Token(held[1].lineno, "name", _TAG)
            elif kinds == ["block_begin", "name", "string"] or kinds == ["block_begin"]:
                continue
            elif kinds == ["block_begin", "name"] and token.value == "include":
                continue
            yield from held
            held = []
        yield from held

    def parse(self, parser: Parser) -> nodes.Node:
        """The body of the named template in a scope of its own."""
        line = next(parser.stream).lineno
        name = str(parser.stream.expect("string").value)
        named = nodes.Const(name, lineno=line)
        if not self.environment.auto_reload and name not in _within.get():
            body = self._read(name, (*_within.get(), parser.name or ""))
            if not any(body.find_all((nodes.Extends, nodes.Block))):
                return nodes.Scope(body.body, lineno=line)
        return nodes.Include(named, True, False, lineno=line)

    def _read(self, name: str, within: tuple[str, ...]) -> nodes.Template:
        source, file, _ = cast(BaseLoader, self.environment.loader).get_source(self.environment, name)
        token = _within.set(within)
        try:
            return self.environment.parse(source, name, file)
        finally:
            _within.reset(token)
