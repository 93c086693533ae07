"""A tag broken in its template is one line of the page; nothing else changes."""

from __future__ import annotations

import pytest

from portal.web.one_line_tags import join_tags


@pytest.mark.parametrize(
    ("written", "joined"),
    [
        ('<a\n  class="x"\n  href="/y">z</a>', '<a class="x" href="/y">z</a>'),
        ("</a\n>", "</a >"),
        ("<p>\n  text\n</p>\n", "<p>\n  text\n</p>\n"),
        ("1 <\n2, a < b\nc", "1 <\n2, a < b\nc"),
        ("<a title=\"one\n  two\" 'a\n  b'>", "<a title=\"one\n  two\" 'a\n  b'>"),
        ("<a{% if x %}\n class='y'{% endif %}\n>", "<a{% if x %}\n class='y'{% endif %}\n>"),
        ('<a href="{{ x\n    if y > 1 else "<b" }}"\n  rel="z">', '<a href="{{ x\n    if y > 1 else "<b" }}" rel="z">'),
        ("{# <a\n  b #}\n<i\n    id=1>", "{# <a\n  b #}\n<i id=1>"),
        ("{% set x = '<a' %}\nb\n  c", "{% set x = '<a' %}\nb\n  c"),
        ("{ <b\n  {{ x }}>", "{ <b {{ x }}>"),
    ],
)
def test_tags_are_joined(written: str, joined: str) -> None:
    assert join_tags(written) == joined
    assert join_tags(joined) == joined
