"""Tracking numbers as cells hold them: several, in blocks, with the suffixes of packages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.waybills import find_whole, is_doubtful, is_run_together, join_numbers, split_numbers

numbers = st.one_of(
    st.from_regex(r"SF[0-9]{13}", fullmatch=True),
    st.from_regex(r"7[5-8][0-9]{12}", fullmatch=True),
    st.from_regex(r"YT[0-9]{13}", fullmatch=True),
    st.from_regex(r"JT[0-9]{13}", fullmatch=True),
    st.from_regex(r"JDVA[0-9]{11}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{11,14}", fullmatch=True),
).filter(str.isascii)
SEPARATORS = [
    ";",
    "；",
    ",",
    "，",
    "、",
    "/",
    "／",
    "|",
    "\n",
    "\r\n",
    " ",
    "  ",
    "\N{NO-BREAK SPACE}",
    " / ",
    "\t",
    "和",
    " + ",
]


@given(st.lists(numbers, min_size=1, max_size=5, unique=True), st.sampled_from(SEPARATORS))
def test_several_numbers_stay_several(several: list[str], separator: str) -> None:
    assert split_numbers(separator.join(several)) == several
    assert split_numbers(join_numbers(several)) == find_whole(separator.join(several)) == several


@given(numbers, st.sampled_from([" ", "-", "—", "－"]), st.integers(3, 6))
def test_a_number_in_blocks_is_one(number: str, gap: str, size: int) -> None:
    blocks = [number[at : at + size] for at in range(0, len(number), size)]
    assert split_numbers(gap.join(blocks)) == [number]


@given(numbers, st.integers(1, 99), st.integers(1, 99), st.sampled_from(["", "A1"]))
def test_package_suffixes_are_cut(number: str, which: int, of: int, end: str) -> None:
    assert split_numbers(f"{number}-{which}-{of}-{end}") == [number]


@given(st.from_regex(r"JD[0-9A-Z]{2}[0-9]{11}", fullmatch=True), st.sampled_from(["-1", "-1-1", "-1-1-", "-2-3-"]))
def test_every_form_of_jingdongs_suffix_is_cut(number: str, suffix: str) -> None:
    assert split_numbers(number + suffix) == [number]


@given(st.integers(7, 9), st.integers(1, 9), st.integers(1, 9), st.sampled_from(["-", ""]))
def test_a_package_s_suffix_never_becomes_digits(size: int, which: int, of: int, end: str) -> None:
    """Behind what is too short for a number of any carrier: it is kept as it stands, and asked about."""
    text = f"JDVB{'123456789'[:size]}-{which}-{of}{end}"
    assert split_numbers(text) == [text]
    assert is_doubtful(text)
    assert split_numbers(f"{text};75480000000001") == [text, "75480000000001"]


@given(numbers, numbers)
def test_two_numbers_without_anything_between_are_doubtful(first: str, second: str) -> None:
    assert is_doubtful(first + second)
    assert is_run_together(first + second)
    assert not is_doubtful(first) and not is_run_together(first)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("JDVA01234567890-1-1-", ["JDVA01234567890"]),
        ("JDVA01234567890-1-2-/JDVA01234567890-2-2-", ["JDVA01234567890"]),
        ("DPK364112047425-1-2", ["DPK364112047425-1-2"]),
        ("运单号：７５４８４８６３５７６５９６(2件)", ["75484863576596"]),
        ("中通75484863576596 顺丰SF1234567890123", ["75484863576596", "SF1234567890123"]),
        ("75484863576596-75484863576597", ["75484863576596", "75484863576597"]),
        ("\u202d75484863576596\u202c", ["75484863576596"]),
        ("75484863576596-001", ["75484863576596-001"]),
        ("754;755", ["754", "755"]),
        ("自提", ["自提"]),
        ("", []),
    ],
)
def test_forms(text: str, found: list[str]) -> None:
    assert split_numbers(text) == found


@pytest.mark.parametrize("number", ["自提", "75484863576596-001", "1", "7548486357659675484863576597"])
def test_what_no_carrier_prints_is_doubtful(number: str) -> None:
    assert is_doubtful(number)
