"""Small tables known by their headings: which heading counts, what is refused, and what each row says."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.sheets import SheetRefused
from portal.sheets.headed import read_headed

NAMES = {"运单号": "number", "快递单号": "number", "时间": "at", "内容": "words"}


def read(folder: Path, text: str, *, most: int = 10) -> list[tuple[int, dict[str, str]]]:
    file = folder / "a.csv"
    file.write_text(text, encoding="utf-8")
    rows = read_headed(
        file, NAMES, suffices=lambda names: {"number", "at"} <= set(names), needed="没有", most=most, empty="空的"
    )
    return [(row.number, cells) for row, cells in rows]


def test_the_heading_that_names_most_counts(tmp_path: Path) -> None:
    text = "运单号,备注,\n快递单号,备注,时间\nYT1,x,昨天\n,y,\nYT2,,今天\n"
    assert read(tmp_path, text) == [(3, {"number": "YT1", "at": "昨天"}), (5, {"number": "YT2", "at": "今天"})]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("运单号,备注\nYT1,x\n", "没有"),
        ("甲,乙\n1,2\n", "没有"),
        ("运单号,快递单号,时间\n1,2,3\n", "「快递单号」这一列出现了不止一次，请只保留一列后再上传"),
        ("运单号,时间\n", "空的"),
        ("运单号,时间\n,\n , \n", "空的"),
        ("运单号,时间\n1,2\n3,4\n5,6\n", "一次最多 2 行，请分成几个文件上传"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SheetRefused) as refused:
        read(tmp_path, text, most=2)
    assert refused.value.sentence == sentence
