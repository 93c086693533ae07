"""What people put into a search box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.searching import MOST_NUMBERS, Typed, read_typed, split_typed

NUMBER = "3905403692550747597"
LABELS = ["", "订单编号:", "订单编号：", "订单号 ", "运单号：", "单号", "订单编号 是 ", "【订单编号】", "NO.", "编号＝"]


@given(
    st.text("0123456789", min_size=9, max_size=24),
    st.sampled_from(LABELS),
    st.sampled_from(["", " ", "-", "\N{IDEOGRAPHIC SPACE}", "\u200b", "\N{NO-BREAK SPACE}"]),
    st.booleans(),
    st.sampled_from(["", " ", "。", "\n", "\u202c"]),
)
def test_a_number_is_found_however_it_was_pasted(number: str, label: str, gap: str, wide: bool, end: str) -> None:
    text = gap.join(number[at : at + 4] for at in range(0, len(number), 4))
    if wide:
        text = text.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})

    typed = read_typed(label + text + end)

    assert (typed.number, typed.is_tail) == (number, False)


@given(
    st.text("0123456789", min_size=4, max_size=8),
    st.sampled_from(["", "尾号", "尾号:", "后四位 ", "最后4位是", "*", "…"]),
)
def test_the_last_digits_are_a_tail(tail: str, before: str) -> None:
    assert read_typed(before + tail)[:2] == (tail, True)


@given(st.text(max_size=300))
def test_anything_may_be_typed(text: str) -> None:
    typed = read_typed(text)
    assert len(typed.words) <= 200
    assert not typed.is_tail or 4 <= len(typed.number) <= 8


@pytest.mark.parametrize(
    ("raw", "typed"),
    [
        ("李雯", Typed("", False, "李雯")),
        ("红色 2026 新款", Typed("", False, "红色 2026 新款")),
        (f"订单号是{NUMBER}的换货", Typed(NUMBER, False, f"订单号是{NUMBER}的换货")),
        (f'="{NUMBER}"', Typed(NUMBER, False, f'="{NUMBER}"')),
        ("JDVA01234567890-1-1-", Typed("JDVA01234567890", False, "JDVA01234567890-1-1-")),
        ("sf1385 6287 16739", Typed("SF1385628716739", False, "sf1385 6287 16739")),
        ("HH-539", Typed("HH539", False, "HH-539")),
        ("单号", Typed("", False, "单号")),
        ("", Typed("", False, "")),
    ],
)
def test_forms(raw: str, typed: Typed) -> None:
    assert read_typed(raw) == typed


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from([" ", "-", ""]))
def test_a_mobile_number_is_found_with_the_country_s(mobile: str, gap: str) -> None:
    written = gap.join([mobile[:3], mobile[3:7], mobile[7:]])
    for before in ("+86", "+86 ", "+86-", "0086", "0086-", "86-", "86 ", "手机号：+86 "):
        assert read_typed(before + written)[:2] == (mobile, False)


@given(st.text("李王张雯一二ab", min_size=2, max_size=6))
def test_quoted_words_are_the_words(words: str) -> None:
    for quoted in (f"「{words}」", f"“{words}”", f'"{words}"', f"【{words}】", f" '{words}' "):
        assert read_typed(quoted).words == words


WHOLE = st.text("0123456789", min_size=10, max_size=20) | st.from_regex(r"(?:SF|YT|JD|HH)[0-9]{10,15}", fullmatch=True)


@given(
    st.lists(WHOLE, min_size=2, max_size=MOST_NUMBERS, unique=True),
    st.sampled_from([" ", "\n", "\r\n", "\t", "、", ",", "，", "；", " / ", "\N{IDEOGRAPHIC SPACE}"]),
    st.sampled_from(["", "运单号：", "订单编号:"]),
)
def test_several_numbers_pasted_together_stay_several(numbers: list[str], gap: str, label: str) -> None:
    assert split_typed(gap.join(label + number for number in numbers)) == numbers


@given(WHOLE, st.sampled_from([" ", "-"]), st.sampled_from(LABELS))
def test_one_number_in_groups_stays_one(number: str, gap: str, label: str) -> None:
    raw = label + gap.join(number[at : at + 4] for at in range(0, len(number), 4))
    assert split_typed(raw) == [raw]


@pytest.mark.parametrize(
    "raw",
    ["", "李雯", "红色 2026 新款", f"袜子 {NUMBER}", f"{NUMBER} 尾号8000", "138 0013 8000", "JDVA01234567890-1-1-"],
)
def test_one_thing_stays_one(raw: str) -> None:
    assert split_typed(raw) == [raw]


@given(st.text(max_size=3_000))
def test_anything_may_be_pasted(text: str) -> None:
    assert 1 <= len(split_typed(text)) <= MOST_NUMBERS
