"""Carriers, and tracking numbers as people paste them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.inputs import InputRefused
from portal.parcels import carriers, naming, numbers
from portal.parcels.carriers import CARRIERS, Kind


def test_the_table_is_whole() -> None:
    codes = [carrier.code for carrier in CARRIERS]

    assert len(set(codes)) == len(codes) == 28
    for carrier in CARRIERS:
        assert re.fullmatch(r"[A-Z_]{2,16}", carrier.code) and carrier.name
        assert carriers.by_code(carrier.code) is carrier
        assert naming.from_text(carrier.name) is carrier
        assert all(re.compile(pattern) for pattern in (*carrier.strong, *carrier.weak))
    assert carriers.by_code("") is None
    assert "HTKY" in codes and "HTKY" not in [carrier.code for carrier in carriers.choices()]


@pytest.mark.parametrize(
    "raw",
    [
        "75484863576596 75484863576597",
        "SF1234567890123/SF1234567890124",
        "75484863576596、75484863576597",
        "7548486357659675484863576597",
        "75484863576596\n75484863576597",
    ],
)
def test_several_numbers_in_a_box_are_asked_about(raw: str) -> None:
    with pytest.raises(InputRefused, match="这里像是有几个运单号"):
        numbers.check_number(raw)


def test_an_unknown_suffix_is_asked_about_and_a_known_one_cut() -> None:
    with pytest.raises(InputRefused, match="后面多出一段"):
        numbers.check_number("75484863576596-001")
    assert numbers.check_number("JDVA01234567890-1-1-") == "JDVA01234567890"


def test_slow_and_traced() -> None:
    assert [code for code in ("SF", "YZPY", "ANE", "FREIGHT_OTHER", "SELF", "?") if carriers.slow(code)] == [
        "YZPY",
        "ANE",
        "FREIGHT_OTHER",
    ]
    assert [code for code in ("SF", "YZPY", "ANE", "FREIGHT_OTHER", "SELF", "?") if carriers.traced(code)] == [
        "SF",
        "YZPY",
        "ANE",
    ]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("SF1385628716739", "SF1385628716739"),
        ("sf 1385-6287 16739", "SF1385628716739"),
        ("运单号：ＳＦ１３８５６２８７１６７３９", "SF1385628716739"),
        ("快递单号: 75484863576596 请查收", "75484863576596"),
        ("NO.75484863576596", "75484863576596"),
        ("ZTO:75484863576596", "75484863576596"),
        ("中通快递 75484863576596", "75484863576596"),
        ("\ufeff7548\u200b4863·5765_96\n", "75484863576596"),
        ("7548—4863–5765−96", "75484863576596"),
        ("dpk364112047425-1-2", "DPK364112047425-1-2"),
        ("JDVA01234567890-1-1-", "JDVA01234567890"),
        ("jd0123456789012-2-3-", "JD0123456789012"),
        ("75484863576596 75484863576597", "75484863576596 75484863576597"),
        ("SF1234567890123/SF1234567890124", "SF1234567890123 SF1234567890124"),
        ("75484863576596-001", "75484863576596-001"),
        ("DPK364112047425－1－2", "DPK364112047425-1-2"),
        ("", ""),
        ("单号", ""),
    ],
)
def test_normalise(raw: str, plain: str) -> None:
    assert numbers.normalise(raw) == plain
    assert numbers.normalise(plain) == plain


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("SF1385628716739", ["SF", "SFKY"]),
        ("75484863576596", ["ZTO", "HTKY"]),
        ("73610555582883", ["ZTO", "HTKY"]),
        ("432542035598773", ["ZTO", "STO", "YUNDA"]),  # fifteen digits from 43: three carriers print such numbers
        ("YT8962646785389", ["YTO"]),
        ("773277027280336", ["STO", "SF", "YUNDA"]),
        ("77316523125896", ["STO", "ZTO", "HTKY"]),
        ("462598779470531", ["YUNDA", "ZTO", "SF"]),
        ("JT0006968326954", ["JTSD"]),
        ("1207119765021", ["EMS", "YZBK", "YUNDA"]),
        ("4309597495550", ["YZPY", "YUNDA"]),
        ("JDVA11408814483", ["JD"]),
        ("JDX024407261700", ["JD"]),
        ("DPK202252612836", ["DBL"]),
        ("DPK202252612836-1-2", ["DBL"]),
        ("300527476792", ["SF", "UC", "ANE"]),
        ("RA473124829CN", ["EMS"]),
        ("ABC", []),
        ("", []),
        ("13812345678", []),
    ],
)
def test_suggestions(number: str, codes: list[str]) -> None:
    assert [carrier.code for carrier in numbers.suggest(number)] == codes


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("SF1234567890123", "SF"),
        ("sf 1234 5678 9012 3", "SF"),
        ("YT1234567890123", "YTO"),
        ("JT1234567890123", "JTSD"),
        ("123456789012", None),  # three carriers count twelve digits
        ("431234567890123", None),
    ],
)
def test_a_number_in_the_shape_of_one_carrier_is_of_that_one(number: str, code: str | None) -> None:
    known, likely = numbers.recognise(number)
    assert (known.code if known else None) == code
    assert known is None or known in likely


def test_every_sure_shape_needs_no_person() -> None:
    """What carriers.suggest puts first by its own shape alone is never asked about."""
    for number in ("SF0000000000000", "SFA123456789012", "DPK123456789012"):
        known, likely = numbers.recognise(number)
        assert likely and known is likely[0]


def test_an_order_number_suggests_nothing() -> None:
    order_no = "612345678901234567"

    assert [carrier.code for carrier in numbers.suggest(order_no)] == ["YTO"]
    assert numbers.suggest(f" {order_no} ", {order_no}) == []


def test_the_check_digit_of_international_post() -> None:
    assert numbers.s10_holds("RA473124829CN") is True
    assert numbers.s10_holds("RA473124828CN") is False
    assert numbers.s10_holds("SF1385628716739") is None


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("", "请填写运单号"),
        (" \u3000", "请填写运单号"),
        ("138 1234 5678", "这是手机号，请填写快递面单上的运单号"),
        ("3921447520800012345", "这是订单编号，请填写快递面单上的运单号"),
        ("订单编号:3921447520800012345", "这是订单编号，请填写快递面单上的运单号"),
        ("123", "运单号是 4 到 40 位的字母和数字，请对照快递面单填写"),
        ("1" * 41, "运单号是 4 到 40 位的字母和数字，请对照快递面单填写"),
        ("1" * 5_000, "运单号是 4 到 40 位的字母和数字，请对照快递面单填写"),
        ("还没寄", "运单号是 4 到 40 位的字母和数字，请对照快递面单填写"),
        ("7548/4863", "运单号是 4 到 40 位的字母和数字，请对照快递面单填写"),
        ("754848\x0063576596", "运单号是 4 到 40 位的字母和数字，请对照快递面单填写"),
        ("٣٣٣٣٣٣", "运单号是 4 到 40 位的字母和数字，请对照快递面单填写"),
    ],
)
def test_what_is_no_tracking_number_is_refused(raw: str, sentence: str) -> None:
    with pytest.raises(InputRefused) as caught:
        numbers.check_number(raw, ["3921447520800012345"])
    assert caught.value.sentence == sentence


def test_tracking_numbers_are_kept_as_carriers_write_them() -> None:
    assert numbers.check_number("运单号：sf1385628716739") == "SF1385628716739"
    assert numbers.check_number("3921447520800012345") == "3921447520800012345"  # nobody's order
    assert numbers.check_number("AB99", carrier="SF") == "AB99"  # shapes suggest, they never refuse


def test_carriers_without_tracking_take_what_their_paper_says() -> None:
    assert numbers.check_number(" 沪—杭 0123 共2件 ", carrier="FREIGHT_OTHER") == "沪—杭 0123 共2件"
    assert numbers.check_number("", carrier="SELF") == ""
    with pytest.raises(InputRefused, match="货运单"):
        numbers.check_number(" ", carrier="FREIGHT_OTHER")
    with pytest.raises(InputRefused):
        numbers.check_number("长" * 41, carrier="FREIGHT_OTHER")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("中通快递(ZTO)", "ZTO"),
        ("中通快递(ZTO)", "ZTO"),
        ("中通", "ZTO"),
        (" zto express ", "ZTO"),
        ("ZTO", "ZTO"),
        ("极兔速递(HTKY)", "JTSD"),  # the export's code for 极兔 was 百世's: the name tells
        ("百世快递(HTKY)", "HTKY"),
        ("德邦物流(DBL)", "DBLKY"),
        ("德邦快递(DBKD)", "DBL"),
        ("某某公司(POSTB)", "YZPY"),
        ("圆通速递有限公司", "YTO"),
        ("佳吉物流", "FREIGHT_OTHER"),
        ("平邮", "YZPY"),
        ("EMS经济快递", "EMS"),
        ("买家自提", "SELF"),
        ("???", None),
        ("", None),
        ("(", None),
    ],
)
def test_from_text(text: str, code: str | None) -> None:
    found = naming.from_text(text)
    assert (found and found.code) == code


@given(st.one_of(st.text(max_size=60), st.text("0123456789ABCDEFSTYJPK-:.号 ", max_size=45)))
def test_whatever_is_pasted(raw: str) -> None:
    plain = numbers.normalise(raw)
    assert numbers.normalise(plain) == plain
    assert len(numbers.suggest(raw)) <= 3
    naming.from_text(raw)
    try:
        kept = numbers.check_number(raw)
    except InputRefused as refusal:
        assert refusal.sentence
    else:
        assert re.fullmatch(r"[0-9A-Z-]{4,40}", kept) and numbers.check_number(kept) == kept


def test_kinds() -> None:
    assert {carrier.kind for carrier in CARRIERS} == set(Kind)
