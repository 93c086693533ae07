"""What people type: taken as it was meant, or refused with a sentence that helps."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal import inputs
from portal.inputs import InputRefused

BLUNT = ("无效", "非法", "错误", "不正确", "不合法")


def refused(call: Callable[[], object]) -> str:
    """The sentence of a refusal; it never blames."""
    with pytest.raises(InputRefused) as caught:
        call()
    assert caught.value.sentence == str(caught.value)
    assert not [word for word in BLUNT if word in caught.value.sentence]
    return caught.value.sentence


# ---------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("raw", "cleaned", "told"),
    [
        ("收到时外箱破损", "收到时外箱破损", False),
        ("  外箱\r\n破损\r里面\n也坏  ", "外箱\n破损\n里面\n也坏", False),
        ("一\t二", "一 二", False),
        ("caf" + "e\u0301", "caf\u00e9", False),
        ("e\u200b\u0301", "\u00e9", True),  # composed after the invisible character is gone
        ("改\u202e价\u2066格\ufeff", "改价格", True),
        ("\u200f\u200e\u200d\u200c\u200b", "", True),
        ("a\x07b\x1bc\x7fd\x85e\x9ff", "abcdef", True),
        ("１２ ²", "１２ ²", False),
        ("=1+1", "=1+1", False),
        ("<script>alert(1)</script>", "<script>alert(1)</script>", False),
        ("\u3164\u00ad\u2800", "", True),  # nothing to see
        (" \u3000\n ", "", False),
        ("", "", False),
        ("😀👍🏽🇨🇳", "😀👍🏽🇨🇳", False),
        ("👨\u200d👩\u200d👧 👩🏽\u200d🚀 🏳\ufe0f\u200d🌈", "👨\u200d👩\u200d👧 👩🏽\u200d🚀 🏳\ufe0f\u200d🌈", False),
        ("👨\u200b\u200d👩", "👨\u200d👩", True),
        ("👨\u200d", "👨", True),
        ("单\u200d号1\u200d2", "单号12", True),
    ],
)
def test_text_is_made_clean(raw: str, cleaned: str, told: bool) -> None:
    assert inputs.text(raw, limit=50) == cleaned
    assert inputs.was_cleaned(raw, cleaned) is told


@pytest.mark.parametrize("raw", ["a\x00b", "\x00", "\ud800", "好\udfff", "\ud83d"])
@pytest.mark.parametrize("read", [inputs.text, inputs.line])
def test_what_no_database_can_store_is_refused(read: Callable[..., str], raw: str) -> None:
    assert refused(lambda: read(raw, limit=50)) == "内容里有无法保存的特殊字符，请删除后重新输入"


@pytest.mark.parametrize("raw", [None, 5, 1.5, [], ["a"], {}, b"abc", True])
def test_what_is_no_text_is_refused(raw: object) -> None:
    assert refused(lambda: inputs.text(raw, limit=50)) == "请用文字填写"
    assert refused(lambda: inputs.line(raw, limit=50)) == "请用文字填写"


def test_limits_count_what_a_person_sees() -> None:
    assert inputs.text("👍🏽" * 500, limit=500) == "👍🏽" * 500
    assert refused(lambda: inputs.text("好" * 503, limit=500)) == "最多 500 个字，现在是 503 个字，请删减 3 个字"
    assert refused(lambda: inputs.text("好" * 100_000, limit=500)) == "最多 500 个字，现在的内容太长，请删减后再提交"


def test_a_few_graphemes_of_many_bytes_are_refused() -> None:
    tower = "a" + "\u0316" * 3_000

    assert inputs.graphemes(tower) == 1
    assert refused(lambda: inputs.text(tower, limit=50)) == "最多 50 个字，组合字符和表情会多占位置，请删减一些"
    assert inputs.text("e\u0316\u0323" * 10, limit=10)


def test_least_counts_only_what_can_be_seen() -> None:
    assert inputs.text("物流延误三天,已过节日", limit=500, least=10)
    assert refused(lambda: inputs.text("坏了", limit=500, least=10)) == "请至少填写 10 个字，现在是 2 个字"
    assert refused(lambda: inputs.text("坏" + "\u3164" * 20 + " " * 5 + "了", limit=500, least=10))
    assert refused(lambda: inputs.text("", limit=500, least=1)) == "请至少填写 1 个字，现在是 0 个字"


def test_a_line_has_one_line_and_fits_its_column() -> None:
    assert inputs.line("浙江省\r\n 杭州市 \u2028\t余杭区\n", limit=50) == "浙江省 杭州市 余杭区"
    assert inputs.line("一" * 20, limit=20) == "一" * 20
    assert refused(lambda: inputs.line("🇨🇳" * 11, limit=20)) == "最多 20 个字，组合字符和表情会多占位置，请删减一些"


@pytest.mark.parametrize(
    ("text", "seen", "visible"),
    [
        ("", 0, 0),
        ("好的", 2, 2),
        ("e\u0301", 1, 1),
        ("🇨🇳", 1, 1),
        ("👨‍👩‍👧", 1, 1),
        ("a\r\nb", 3, 2),
        ("\u3164 ", 2, 0),
    ],
)
def test_graphemes(text: str, seen: int, visible: int) -> None:
    assert inputs.graphemes(text) == seen
    assert inputs.visible(text) == visible


PERSON = st.sampled_from("👨👩🧑👧👦👁🏴🏳🐻❤⛓")
JOINED = st.lists(st.tuples(PERSON, st.sampled_from(["", "\ufe0f", "🏻", "🏿"])), min_size=2, max_size=5)


@given(JOINED, st.sampled_from(["", "破损", "1", " "]))
def test_joined_emoji_stay_whole(parts: list[tuple[str, str]], words: str) -> None:
    joined = "\u200d".join(picture + shade for picture, shade in parts)
    for read in (inputs.text, inputs.line):
        assert read(f"好{words}{joined}{words}好", limit=100) == f"好{words}{joined}{words}好"


@given(st.text(st.sampled_from("中a1 \u200d\u0e01\u0915"), max_size=20))
def test_a_joiner_that_joins_no_pictures_is_removed(raw: str) -> None:
    assert "\u200d" not in inputs.text(raw, limit=100)


ANY_TEXT = st.text(st.characters(codec=None), max_size=60)


@given(ANY_TEXT)
@example("\u0344\u200b\u0301")
@example("\u1100\u200d\u1161")
def test_clean_text_is_stable_and_storable(raw: str) -> None:
    for read in (inputs.text, inputs.line):
        try:
            cleaned = read(raw, limit=60)
        except InputRefused as refusal:
            assert refusal.sentence
            continue
        assert read(cleaned, limit=60) == cleaned
        assert cleaned == unicodedata.normalize("NFC", cleaned) == cleaned.strip()
        assert not [char for char in cleaned if unicodedata.category(char) in ("Cc", "Cs") and char != "\n"]
        assert not inputs.was_cleaned(cleaned, cleaned)
        cleaned.encode()


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=60))
def test_nothing_is_lost_from_what_can_be_seen(raw: str) -> None:
    cleaned = inputs.text("x" + raw, limit=100)

    assert cleaned == unicodedata.normalize("NFC", "x" + raw)
    assert not inputs.was_cleaned("x" + raw, cleaned)


def test_fold_touches_nothing_but_width() -> None:
    assert inputs.fold("ＳＦ１２．５（件）！　～") == "SF12.5(件)! ~"
    assert inputs.fold("²①٣½Ⅷ") == "²①٣½Ⅷ"


# ---------------------------------------------------------------- quantities

NOT_QUANTITIES: list[object] = [
    "-1",
    "−1",
    "-0",
    "0",
    "0.0",
    "0.000",
    "²",
    "٣",
    "५",
    "1_0",
    "+5",
    "1e3",
    "1E3",
    "NaN",
    "Infinity",
    "inf",
    "2**31",
    str(2**31),
    str(2**63),
    "1" + "0" * 100,
    "",
    " ",
    "\u3000",
    "1.",
    ".5",
    "1.2.3",
    "1,5",
    "0x10",
    "0b1",
    "Ⅷ",
    "½",
    "五",
    "1 0",
    "5件",
    "1\n2",
    "=1+1",
    "1;2",
    "../",
    "null",
    None,
    [],
    ["5"],
    {},
    5,
    5.0,
    True,
]


@pytest.mark.parametrize("raw", NOT_QUANTITIES, ids=repr)
def test_what_is_no_quantity_is_refused_with_the_range(raw: object) -> None:
    assert refused(lambda: inputs.quantity(raw, 10_000)) == "请填写 1 到 10 之间的整数，单位：件"
    ranged = "请填写 0.001 到 12.5 之间的数，最多三位小数，单位：米"
    assert refused(lambda: inputs.quantity(raw, 12_500, unit="米")) == ranged


@pytest.mark.parametrize("raw", ["\x005", "5\ud800"])
def test_a_number_that_cannot_be_stored_says_so(raw: str) -> None:
    assert refused(lambda: inputs.quantity(raw, 10_000)) == "内容里有无法保存的特殊字符，请删除后重新输入"


@pytest.mark.parametrize(
    ("raw", "most", "unit", "milli"),
    [
        ("1", 10_000, "件", 1_000),
        ("10", 10_000, "件", 10_000),
        (" 5 ", 10_000, "件", 5_000),
        ("１０", 10_000, "双", 10_000),
        ("5\u200b", 10_000, "个", 5_000),
        ("007", 10_000, "件", 7_000),
        ("999999", None, "件", 999_999_000),
        ("1.5", 12_500, "米", 1_500),
        ("１．５", 12_500, "米", 1_500),
        ("12.5", 12_500, "米", 12_500),
        ("0.001", 12_500, "千克", 1),
        ("0.5", 500, "件", 500),  # half a piece was bought, so half a piece can be asked for
        ("999999.999", None, "米", 999_999_999),
    ],
)
def test_quantities(raw: str, most: int | None, unit: str, milli: int) -> None:
    assert inputs.quantity(raw, most, unit=unit) == milli


@pytest.mark.parametrize(
    ("raw", "most", "unit", "sentence"),
    [
        ("11", 10_000, "件", "请填写 1 到 10 之间的整数，单位：件"),
        ("1.5", 10_000, "双", "请填写 1 到 10 之间的整数，单位：双"),
        ("1.0", 10_000, "双", "请填写 1 到 10 之间的整数，单位：双"),
        ("2", 1_000, "个", "请填写 1，单位：个"),
        ("12.501", 12_500, "米", "请填写 0.001 到 12.5 之间的数，最多三位小数，单位：米"),
        ("1.0005", 12_500, "米", "请填写 0.001 到 12.5 之间的数，最多三位小数，单位：米"),
        ("1000000", None, "件", "请填写 1 到 999999 之间的整数，单位：件"),
        ("1", 0, "件", "已没有可申请的数量，请在订单里查看已有的售后单"),
        ("1", -5, "件", "已没有可申请的数量，请在订单里查看已有的售后单"),
    ],
)
def test_quantities_out_of_range(raw: str, most: int | None, unit: str, sentence: str) -> None:
    assert refused(lambda: inputs.quantity(raw, most, unit=unit)) == sentence


def test_whole_overrides_the_unit() -> None:
    assert inputs.quantity("1.5", unit="件", whole=False) == 1_500
    assert refused(lambda: inputs.quantity("1.5", unit="米", whole=True)) == "请填写 1 到 999999 之间的整数，单位：米"


@pytest.mark.parametrize("unit", ["件", "双", "个", "套", "条", "箱", "包", "打", "只", "对", "台", "", "米粒", "?"])
def test_counted_units(unit: str) -> None:
    assert inputs.unit_is_whole(unit)


@pytest.mark.parametrize(
    "unit", ["米", "千克", "公斤", "斤", "KG", "ｋｇ", "千克/KG", "米(m)", "平方米", "㎡", "m³", " 吨 ", "升", "码"]
)
def test_measured_units(unit: str) -> None:
    assert not inputs.unit_is_whole(unit)


@given(st.integers(1, 999_999_999))
def test_a_quantity_survives_being_written_and_read(milli: int) -> None:
    assert inputs.quantity(inputs.quantity_text(milli), whole=False) == milli


@given(st.one_of(ANY_TEXT, st.text("0123456789.,+-eE_ ０１２９٣²\u200b", max_size=12)), st.integers(1, 2_000_000))
def test_a_quantity_is_in_range_or_refused(raw: str, most: int) -> None:
    try:
        milli = inputs.quantity(raw, most, whole=False)
    except InputRefused:
        return
    assert 0 < milli <= most


# ---------------------------------------------------------------- other numbers


@pytest.mark.parametrize(
    ("milli", "written"), [(1_000, "1"), (1_500, "1.5"), (1, "0.001"), (10_000, "10"), (0, "0"), (-2_050, "-2.05")]
)
def test_quantity_text(milli: int, written: str) -> None:
    assert inputs.quantity_text(milli) == written


@pytest.mark.parametrize(("fen", "written"), [(0, "0.00"), (5, "0.05"), (123_450, "1,234.50"), (-5, "-0.05")])
def test_money_text(fen: int, written: str) -> None:
    assert inputs.money_text(fen) == written
    assert inputs.money_typed(fen) == written.replace(",", "")


@pytest.mark.parametrize(
    ("raw", "fen"),
    [
        ("0", 0),
        ("12", 1_200),
        ("12.3", 1_230),
        ("12.34", 1_234),
        ("¥12.34", 1_234),
        ("￥ 12.34 元", 1_234),
        ("１２．３４", 1_234),
        ("1,234.50", 123_450),
        ("12，345", 1_234_500),
        ("99,999,999.99", 9_999_999_999),
        ("1234,567", None),
        ("99999999.99", 9_999_999_999),
        ("100000000", None),
        ("1,5", None),
        ("12.345", None),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("", None),
        ("元", None),
        (".5", None),
        ("1.", None),
        ("٣", None),
        ("²", None),
        ("NaN", None),
        ("12元5角", None),
        ("$5", None),
        (None, None),
        (5, None),
        ([], None),
    ],
)
def test_money(raw: object, fen: int | None) -> None:
    if fen is None:
        assert refused(lambda: inputs.money(raw)) == "请填写金额，最多两位小数，例如 1234.50"
    else:
        assert inputs.money(raw) == fen


def test_money_between_bounds() -> None:
    assert inputs.money("10", least=1, most=1_000) == 1_000
    for raw in ("0", "10.01", "x"):
        said = refused(lambda raw=raw: inputs.money(raw, least=1, most=1_000))  # type: ignore[misc]
        assert said == "请填写 0.01 到 10.00 元之间的金额，最多两位小数"


def test_whole_numbers() -> None:
    assert inputs.whole_number("１５", least=7, most=30) == 15
    assert inputs.whole_number("0") == 0
    for raw in ("6", "31", "1.5", "-7", "+7", "7_0", "٩", "1234567", "", None, 7):
        said = refused(lambda raw=raw: inputs.whole_number(raw, least=7, most=30))  # type: ignore[misc]
        assert said == "请填写 7 到 30 之间的整数"


def test_digits() -> None:
    assert inputs.digits(" 3921 4475-2080 ００１２ ", least=4) == "3921447520800012"
    assert refused(lambda: inputs.digits("12a")) == "请填写 1 到 40 位数字"
    assert refused(lambda: inputs.digits("12", least=6, most=6)) == "请填写 6 位数字"
    assert refused(lambda: inputs.digits("٣٣٣٣٣٣", least=6, most=6)) == "请填写 6 位数字"


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13812345678", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("１３８-1234-5678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("0086-13812345678", "13812345678"),
        ("13812345678-1234", "13812345678-1234"),
        ("13812345678转1234", "13812345678-1234"),
        ("0571-88886666", "0571-88886666"),
        ("(0571) 8888 6666", "0571-88886666"),
        ("+86 571 88886666", "0571-88886666"),
        ("010-66668888 分机 12", "010-66668888-12"),
        ("0755-2666777", "0755-2666777"),
        ("400-123-4567", "4001234567"),
        ("+86 400 123 4567", "4001234567"),
        ("+852 9123 4567", "+85291234567"),
        ("\u202d13812345678\u202c", "13812345678"),  # as copied from an address book
    ],
)
def test_phones(raw: str, number: str) -> None:
    assert inputs.phone(raw) == number
    assert inputs.phone(number) == number


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "12812345678",
        "1381234567",
        "138123456789",
        "88886666",
        "138****5678",
        "٣٨١٢٣٤٥٦٧٨٩",
        "电话",
        None,
        "1" * 500,
    ],
)
def test_what_is_no_phone_is_refused_with_an_example(raw: object) -> None:
    assert refused(lambda: inputs.phone(raw)) == "请填写 11 位手机号，或带区号的固定电话，例如 0571-88886666"


@given(st.one_of(ANY_TEXT, st.text("0123456789+-()转 ", max_size=20)))
def test_readers_answer_or_refuse(raw: str) -> None:
    for read in (inputs.money, inputs.whole_number, inputs.digits, inputs.phone):
        try:
            value = read(raw)
        except InputRefused as refusal:
            assert refusal.sentence
        else:
            assert value is not None
            assert not isinstance(value, str) or value.isascii()
