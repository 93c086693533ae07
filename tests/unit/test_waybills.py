"""Tracking numbers as cells hold them: several, in blocks, with the suffixes of packages."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.inputs import InputRefused
from portal.orders.export_format.ids import read_tracking
from portal.orders.export_format.refusals import CellRefused
from portal.parcels.numbers import check_number
from portal.waybills import (
    cut_package,
    find_whole,
    fold_number,
    is_doubtful,
    is_run_together,
    join_numbers,
    split_numbers,
)

numbers = st.one_of(
    st.from_regex(r"SF[0-9]{13}", fullmatch=True),
    st.from_regex(r"7[5-8][0-9]{12}", fullmatch=True),
    st.from_regex(r"YT[0-9]{13}", fullmatch=True),
    st.from_regex(r"JT[0-9]{13}", fullmatch=True),
    st.from_regex(r"JDVA[0-9]{11}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{11,14}", fullmatch=True),
).filter(str.isascii)
posts = st.from_regex(r"[CELR][A-Z][0-9]{9}CN", fullmatch=True).filter(str.isascii)  # nine digits, and whole
gaps = st.sampled_from([" ", "  ", "-", " - ", "/", " / ", "\t", "\n", "\N{IDEOGRAPHIC SPACE}", "－", "—", ";", "("])
tails = st.tuples(gaps, st.from_regex(r"[0-9]{1,9}", fullmatch=True), st.sampled_from(["", "件", "箱", "-", ")"]))
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


@given(st.lists(st.one_of(numbers, posts), min_size=1, max_size=5, unique=True), st.sampled_from(SEPARATORS))
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


@settings(derandomize=True)
@given(
    st.one_of(numbers, posts),
    st.sampled_from([" ", "-", " - ", " -", "- ", " — ", "－", "\t", "\N{IDEOGRAPHIC SPACE}-"]),
    st.from_regex(r"[0-9]{1,9}( [0-9]{1,9})?", fullmatch=True).filter(str.isascii),
)
def test_digits_behind_a_whole_number_are_kept_and_asked_about(number: str, gap: str, more: str) -> None:
    """Neither its own nor another number, whatever stands between: nothing of the text is lost."""
    assume(cut_package(fold_number(f"{number}{gap}{more}")) != number)  # 京东 counts its packages so
    [found] = split_numbers(f"{number}{gap}{more}")
    assert re.sub(r"[^0-9A-Z]", "", fold_number(found)) == re.sub(" ", "", number + more)
    assert found.startswith(number) and is_doubtful(found)
    with pytest.raises(InputRefused, match=r"多出一段|几个运单号"):
        check_number(f"{number}{gap}{more}")


@given(st.one_of(numbers, posts), st.sampled_from([" - ", " -", " — ", " "]), st.one_of(numbers, posts))
def test_a_whole_number_behind_another_loses_neither(first: str, gap: str, second: str) -> None:
    assert split_numbers(f"{first}{gap}{second}") == list(dict.fromkeys((first, second)))


@given(
    st.sampled_from(["", "SF", "YT"]),
    st.lists(st.from_regex(r"[0-9]{7,9}", fullmatch=True).filter(str.isascii), min_size=2, max_size=3),
    st.sampled_from([" ", "-", " - ", "  "]),
)
def test_blocks_as_long_as_short_numbers_are_asked_about(prefix: str, blocks: list[str], gap: str) -> None:
    """Two numbers of eight digits, or one of sixteen in two blocks: nobody can say."""
    [found] = split_numbers(prefix + gap.join(blocks))
    assert is_doubtful(found) and all(block in found for block in blocks)


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


@settings(derandomize=True)
@given(numbers, st.lists(tails, min_size=1, max_size=3))
def test_digits_are_never_glued_to_a_whole_number(number: str, more: list[tuple[str, str, str]]) -> None:
    """What a number is followed by is cut, said to be doubtful or refused; it never makes another number."""
    text = number + "".join("".join(each) for each in more)
    for each in split_numbers(text):
        own = each == number or each.startswith(f"{number}-")
        other = not re.sub(r"[^0-9A-Z]", "", fold_number(each)).startswith(number)  # blocks behind it, say
        assert own or other or is_doubtful(each)
    try:
        kept = check_number(text)
    except InputRefused:
        return
    assert kept == number or kept.startswith(f"{number}-")  # 德邦's further parcels


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("75484863576596 2/3", ["75484863576596 2"]),
        ("75484863576596 2", ["75484863576596 2"]),
        ("75484863576596 1件", ["75484863576596 1件"]),
        ("YT1234567890123 1 2", ["YT1234567890123 1 2"]),
        ("SF 1234567890123 2", ["SF1234567890123 2"]),
        ("YT1234567890123 SF1234567890123 2", ["YT1234567890123", "SF1234567890123 2"]),
        ("LA123456789CN-1", ["LA123456789CN-1"]),
        ("LA123456789CN 2", ["LA123456789CN 2"]),
        ("EA123456789CN-1-1-", ["EA123456789CN-1-1-"]),
        ("SF123456789-1-1-", ["SF123456789-1-1-"]),
        ("12345678 12345679", ["12345678 12345679"]),
        ("12345678-12345679", ["12345678-12345679"]),
        ("75484863576596-123456", ["75484863576596-123456"]),
    ],
)
def test_more_digits_are_asked_about(text: str, split: list[str]) -> None:
    assert split_numbers(text) == split
    assert is_doubtful(split[-1])
    joined, note = read_tracking(text)
    assert joined == join_numbers(split) and "不像一个运单号" in note
    with pytest.raises(InputRefused, match=r"多出一段|几个运单号"):
        check_number(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("JDVA01234567890-1-1-", "JDVA01234567890"),
        ("SF1234567890123-1-1-", "SF1234567890123"),
        ("75484863576596(2件)", "75484863576596"),
        ("RA 123 456 789 CN", "RA123456789CN"),
        ("LA123456789CN-", "LA123456789CN"),
        ("7548 4863 5765 96", "75484863576596"),
        ("UPS 1Z999AA10123456784", "1Z999AA10123456784"),
        ("EMS: EA123456789CN", "EA123456789CN"),
        ("ZTO 75484863576596", "75484863576596"),
        ("DHL 1234567890", "1234567890"),
        ("SF 1234567890123", "SF1234567890123"),
        ("YT 1234567890123", "YT1234567890123"),
    ],
)
def test_what_is_known_around_a_number_goes(text: str, number: str) -> None:
    assert check_number(text) == number


@pytest.mark.parametrize("text", ["7.54848635765960E+13", "7.5484863576596e13", "7E+13", "７.54848635765960E+13"])
def test_a_number_that_a_spreadsheet_counted_is_refused(text: str) -> None:
    with pytest.raises(InputRefused, match="科学计数"):
        check_number(text)
    with pytest.raises(CellRefused):
        read_tracking(text)
    with pytest.raises(CellRefused):
        read_tracking(f"{text};SF1234567890123")


def test_a_mobile_number_is_asked_about() -> None:
    assert is_doubtful("13800138000")
    assert read_tracking("13800138000") == ("13800138000", "「13800138000」不像一个运单号，请核对")
    with pytest.raises(InputRefused, match="手机号"):
        check_number("13800138000")
