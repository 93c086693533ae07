"""The characters of placeholder pictures: lines of one brand can be told apart."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from portal.web.filters import first, tell_apart


def letters(*titles: str) -> list[str]:
    found = tell_apart([SimpleNamespace(title=title) for title in titles])
    return [found[title] for title in titles]


def test_lines_of_one_brand_differ() -> None:
    assert letters("浪莎连裤袜", "浪莎短袜", "浪莎 手套") == ["连", "短", "手"]
    assert letters("浪莎连裤袜", "南极人短袜") == ["浪", "南"]
    assert letters("浪莎连裤袜", "浪莎连裤袜") == ["浪", "浪"]  # the same goods in two specifications
    assert letters("【浪莎】短袜", "【浪莎】") == ["短", "浪"]
    assert letters("", "·") == ["货", "货"]


@given(st.lists(st.text("浪莎连裤短袜A1 【】", max_size=8), min_size=1, max_size=6))
def test_each_title_has_one_of_its_own_characters(titles: list[str]) -> None:
    for title, letter in zip(titles, letters(*titles), strict=True):
        assert len(letter) == 1 and (letter in title or letter == first(title))


@given(st.text("浪莎连裤", min_size=1, max_size=4), st.lists(st.sampled_from("短长中手围帽"), min_size=2, unique=True))
def test_what_differs_right_after_the_brand_differs_in_the_picture(brand: str, ends: list[str]) -> None:
    found = letters(*(brand + end + "袜" for end in ends))
    assert len(set(found)) == len(ends)
