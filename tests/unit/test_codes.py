"""The waybill read off a photo of its label: pictures as hands take them, bad ones, and which code is the waybill."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image

from portal.evidence import imaging, imaging_child
from portal.evidence.imaging import ImageRefused, IncomingFile, read_codes
from portal.parcels import reading
from tests.labels_photographed import draw_label, take_photo
from tests.pictures import PICTURES, Picture
from tests.unit.test_imaging import leaves_nothing

assert leaves_nothing  # no process and no file is left here either

NUMBER = "SF1234567890123"
HANDS: list[dict[str, Any]] = [
    {},
    *({"turned": degrees} for degrees in (8, 20, 33, 45, 56, 70, 90, 135, 180, 270)),
    {"skewed": 0.3},
    {"skewed": 0.2, "turned": 15},
    {"noise": 60},
    {"blurred": 2, "quality": 40},
    {"quality": 15},
    {"format": "PNG"},
    {"format": "WEBP"},
    {"size": (4000, 3000)},
    {"size": (4000, 3000), "turned": 50},
    {"size": (8000, 6000)},
]


def read(photo: bytes) -> list[str]:
    return read_codes(IncomingFile("label.jpg", photo))


@pytest.mark.parametrize("hand", HANDS, ids=str)
def test_a_label_is_read_however_it_was_held(hand: dict[str, Any]) -> None:
    assert NUMBER in read(take_photo(draw_label(NUMBER), **hand))


def test_each_carriers_number_is_read() -> None:
    for number in ("YT1234567890123", "JT0001234567890", "JDVA01234567890", "75486357659612", "DPK364112047425"):
        assert read(take_photo(draw_label(number))) == [number]


def test_a_qr_code_and_several_bars_are_all_read() -> None:
    found = read(take_photo(draw_label(NUMBER, "YT1234567890123", qr="https://x.example/?no=1"), (2400, 2400)))
    assert set(found) == {NUMBER, "YT1234567890123", "https://x.example/?no=1"}


def test_bars_askew_are_looked_for_although_a_qr_code_was_read() -> None:
    assert NUMBER in read(take_photo(draw_label(NUMBER, qr="https://x.example"), (2400, 2400), turned=45))


def test_a_photo_without_codes_says_nothing() -> None:
    assert read(take_photo(Image.new("L", (600, 400), 255))) == []
    noise = Image.effect_noise((1200, 900), 120)
    out = io.BytesIO()
    noise.save(out, "JPEG")
    assert reading.find_waybills(read(out.getvalue())) == []


def test_what_a_code_says_is_one_line_and_bounded() -> None:
    long = "一" * 300 + "\n" + "A" * 600
    [text] = read(take_photo(draw_label(qr=long), (2400, 2400)))
    assert "\n" not in text and len(text) <= imaging_child.LONGEST_CODE


@pytest.mark.parametrize("picture", [pytest.param(each, id=each.id) for each in PICTURES])
def test_whatever_the_gate_for_photos_gets_is_read_or_refused_in_words(picture: Picture) -> None:
    try:
        found = read_codes(IncomingFile(picture.name, picture.build()))
    except ImageRefused as refused:
        assert refused.sentence.startswith("第 1 张照片")
    else:
        assert found == [] and not picture.refused


def test_half_a_photo_is_refused_or_read() -> None:
    whole = take_photo(draw_label(NUMBER))
    cut = random.Random(3)
    for _ in range(8):
        try:
            assert set(read(whole[: cut.randrange(20, len(whole))])) <= {NUMBER}
        except ImageRefused:
            pass


def test_a_decoder_that_dies_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent")
    with pytest.raises(ImageRefused, match="处理不了"):
        read(take_photo(draw_label(NUMBER), (900, 600)))
    assert imaging.CHILDREN == 2


def test_which_code_is_the_waybill() -> None:
    def found(*texts: str, own: tuple[str, ...] = ()) -> list[str]:
        return [each.number for each in reading.find_waybills(texts, own)]

    assert found("SF1234567890123") == ["SF1234567890123"]
    assert found(" sf1234567890123 ", "SF1234567890123") == ["SF1234567890123"]
    assert found("JDVA01234567890-1-1-") == ["JDVA01234567890"]
    assert found("MMM={'k1':'755W','k5':'SF1234567890123','k7':'9a'}") == ["SF1234567890123"]
    assert found("https://x.example/t?no=YT1234567890123&k=2") == ["YT1234567890123"]
    assert found("https://x.example/q/20261128") == []
    assert found("13812345678") == []  # a telephone
    assert found("HH20261128000001") == []  # a case of ours
    assert found("2233445566778899", "SF1234567890123", own=("2233445566778899",)) == ["SF1234567890123"]
    assert found("ABC00012345678") == ["ABC00012345678"]  # nobody's shape, but the only bars
    assert found("ABC00012345678", "SF1234567890123") == ["SF1234567890123"]
    several = [f"YT{1234567890123 + n}" for n in range(9)]
    assert found(*several) == several[: reading.MOST_OFFERED]
    assert reading.find_waybills(["SF1234567890123"])[0].carriers == ["顺丰速运"]


def test_what_the_warehouse_is_given() -> None:
    assert reading.find_scannable(["SF1234567890123"]) == ["SF1234567890123"]
    assert reading.find_scannable(["SF1234567890123", "HH20261128000001"]) == ["HH20261128000001"]
    assert reading.find_scannable(["https://x.example/q"]) == []
    assert reading.find_scannable(["A-1234"]) == ["A-1234"]
