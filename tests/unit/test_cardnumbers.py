"""Card numbers are hidden however they are written, and what only looks like one stays."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.talk import card_numbers, card_shapes

CARD = "6222021234567890128"  # 19 digits, the check digit holds
TYPO = "6222021234567890123"  # the same with a wrong last digit
SIXTEEN = "6225880137706868"
VISA, MASTER, AMEX, DINERS, JCB = (
    "4111111111111111",
    "5555555555554444",
    "378282246310005",
    "30569309025904",
    "3530111333300000",
)


def wide(digits: str) -> str:
    return digits.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})


def grouped(digits: str, between: str, size: int = 4) -> str:
    return between.join(digits[at : at + size] for at in range(0, len(digits), size))


# the words, and the last four digits that may be left
HIDDEN = [
    (CARD, "0128"),
    (TYPO, "0123"),
    (SIXTEEN, "6868"),
    (f"我的卡号{CARD},工行", "0128"),
    (f"请退到{CARD}谢谢", "0128"),
    (grouped(CARD, " "), "0128"),
    (grouped(TYPO, " "), "0123"),
    (grouped(CARD, "-"), "0128"),
    (grouped(CARD, " - "), "0128"),
    (grouped(CARD, "."), "0128"),
    (grouped(CARD, "·"), "0128"),
    (grouped(CARD, "—"), "0128"),
    (grouped(CARD, "/"), "0128"),
    (grouped(CARD, "_"), "0128"),
    (grouped(CARD, "\n"), "0128"),
    (grouped(CARD, "\r\n"), "0128"),
    (grouped(CARD, "\u3000"), "0128"),
    (grouped(CARD, "\u00a0"), "0128"),
    (grouped(CARD, ","), "0128"),
    (grouped(CARD, "、"), "0128"),
    (grouped(CARD, "\u200b"), "0128"),
    (grouped(CARD, "\u200b", 1), "0128"),
    (grouped(CARD, "\u2060\ufeff"), "0128"),
    (grouped(CARD, " ", 1), "0128"),
    (grouped(CARD, "-", 2), "0128"),
    (grouped(SIXTEEN, " ", 8), "6868"),
    ("622588 0137706868", "6868"),
    ("6225880137706 868", "6868"),
    (wide(CARD), "0128"),
    (wide(grouped(CARD, "－")), "0128"),
    ("６222０21２34５67890128", "0128"),
    ("٦٢٢٢٠٢١٢٣٤٥٦٧٨٩٠١٢٨", "0128"),
    ("六二二二零二一二三四五六七八九零一二八", "0128"),
    ("六二二二〇二一二三四五六七八九〇一二八", "0128"),
    ("⑥②②②⓪②①②③④⑤⑥⑦⑧⑨⓪①②⑧", "0128"),
    (f"第一{CARD}", "0128"),
    (f"2张 {grouped(CARD, ' ')}", "0128"),
    (f"电话13425059650 {CARD}", "0128"),
    (f"{CARD}\n13425059650", "0128"),
    (f"ICBC{CARD}", "0128"),
    (f"card:{TYPO}", "0123"),
    (f"订单里的卡是{CARD}", "0128"),
    (VISA, "1111"),
    (grouped(VISA, " "), "1111"),
    (MASTER, "4444"),
    (AMEX, "0005"),
    ("3782 822463 10005", "0005"),
    (DINERS, "5904"),
    (JCB, "0000"),
    ("9558801234567890123", "0123"),
    ("账号 1234567890123", "0123"),  # a company's account: no check digit
    ("银行账户:120912345678901", "8901"),
    ("卡号 1209 1234 5678 901", "8901"),
]

STAYS = [
    "75484863576596",
    "YT8962646785389",
    "运单号 75484863576596 已寄出",
    "SF1234567890123",
    "JD0123456789012",
    "JDVA01234567890",
    "DPK364112047425-1-2",
    "4312345678903",  # thirteen digits of a carrier
    "EA123456789CN",
    "售后单 HH26112268568369",
    "HH36112268568369",
    "13425059650",
    "13425059650 13800138000",
    "13425059650、13800138000、15912345678",
    "+86 134 2505 9650",
    "0571-88886666",
    "0571-88886666-8001",
    "400-123-4567, 400-765-4321",
    "2026-11-23 10:00:00 2026-11-24 11:00:00",
    "2026112310000000",
    "20261123100000",
    "2026年11月23日 18点30分",
    "1,234,567.50 元，共 12,345,678.90",
    "单价 12.50 数量 1000 金额 12500.00",
    "62 63 64 65 66 67 68 69",
    "6201 6202 6203 6204",
    "6200、6300、6400、6500",
    "尺码 36 37 38 39 40 41 42 43",
    "6901234567892",  # EAN-13
    "货号 4900392655487",
    "4900392655487712345",  # an order number in nineteen digits
    "2156873498712345678",
    "110101199003074578",
    "0000000000000000",
    "1111 1111 1111 1111",
    "**** **** **** 1234",
    "**** **** **** 1234 5678 9012",
    "共 16 位数字",
    "六二二二",
    "",
    "1" * 40,
    f"1{CARD}9",  # twenty-one digits in one piece are no card
]


@pytest.mark.parametrize(("words", "last"), HIDDEN)
def test_hidden_but_for_the_last_four(words: str, last: str) -> None:
    masked = card_numbers.mask_numbers(words)
    assert masked.count("**** **** **** ") == 1
    assert f"**** **** **** {last}" in masked
    digits = "".join(char for char in masked.replace("13425059650", "") if char.isdigit())
    assert digits.removeprefix("2") in (last, f"第一{last}")
    assert len(card_numbers.find_numbers(words)) == 1


@pytest.mark.parametrize("words", STAYS)
def test_what_only_looks_like_a_card_stays(words: str) -> None:
    assert card_numbers.mask_numbers(words) == words
    assert card_numbers.find_numbers(words) == []


def test_there_are_enough_of_each() -> None:
    assert len(HIDDEN) > 40
    assert len(STAYS) > 40


def test_only_the_number_goes() -> None:
    assert card_numbers.mask_numbers(f"我的卡 {grouped(CARD, ' ')},户名李雯") == "我的卡 **** **** **** 0128,户名李雯"
    assert card_numbers.mask_numbers(f"{CARD} {VISA}") == "**** **** **** 0128 **** **** **** 1111"
    assert card_numbers.mask_numbers(f"{grouped(CARD, ' ')} 10 双") == "**** **** **** 0128 10 双"


@pytest.mark.parametrize("number", [CARD, f"A{CARD}", grouped(CARD, "-"), TYPO])
def test_a_known_number_stays(number: str) -> None:
    """The order's own number may look like anything."""
    for words in (number, f"订单{number}", f"卡号 {number}", grouped(card_numbers.mask_numbers("") + TYPO, " ")):
        assert card_numbers.mask_numbers(words, [number, TYPO]) == words


def test_known_numbers_stay_beside_cards() -> None:
    order_no = "6212345678901234567"
    words = f"订单 {order_no} 的钱请退到 {grouped(CARD, ' ')}"
    assert card_numbers.mask_numbers(words, [order_no]) == f"订单 {order_no} 的钱请退到 **** **** **** 0128"
    assert card_numbers.mask_numbers(f"{order_no} {CARD}", [order_no]) == f"{order_no} **** **** **** 0128"
    assert card_numbers.mask_numbers(f"{grouped(order_no, ' ')} {CARD}", [order_no]).endswith(
        "1234 567 **** **** **** 0128"
    )


def test_the_table_of_prefixes_is_tidy() -> None:
    for prefix, lengths in (*card_shapes._SURE, *card_shapes._CHECKED):
        assert prefix.isdigit()
        assert lengths <= set(range(card_shapes.LEAST, card_shapes.MOST + 1))


CHARS = st.sampled_from("0123456789 -.\n,、零一六二０６\u200b\u3000*卡号订单card①A\x00\ud800")


@given(st.one_of(st.text(max_size=120), st.text(CHARS, max_size=120)))
@example(f"{CARD} 4567 8901 2345")
@example(f"卡号 {CARD} 4567 8901 2345 6789 0123")
@example("卡号" + "6" * 200)
def test_any_text_is_taken(text: str) -> None:
    masked = card_numbers.mask_numbers(text)
    assert card_numbers.mask_numbers(masked) == masked
    assert card_numbers.find_numbers(masked) == []
    assert len(masked) <= len(text) + 6 * (len(text) // card_shapes.LEAST + 1)
    if not card_numbers.find_numbers(text):
        assert masked == text


@given(st.text(st.sampled_from("的是在 ,。!"), max_size=20), st.sampled_from(["", " ", "-", "\u3000", "\u200b"]))
def test_a_card_between_any_words_is_hidden(words: str, between: str) -> None:
    masked = card_numbers.mask_numbers(f"{words}号{grouped(CARD, between)}号{words}")
    assert "678" not in masked
    assert masked == f"{words}号**** **** **** 0128号{words}"


def test_much_text_takes_little_time() -> None:
    import time

    for text in ("6 " * 100_000, "6222" * 50_000, ("13425059650 " * 20_000), "卡号" * 100_000, "一" * 200_000):
        begun = time.perf_counter()
        card_numbers.mask_numbers(text)
        assert time.perf_counter() - begun < 5
