"""Files that can't be read: refused in one sentence, in little memory."""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from portal.orders.export_format import Export, ExportRefused, read
from tests import exports
from tests.exports import FEW, line, order, table
from tests.unit.order_exports import refused

# Files that are no order export at all


def zip_of(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def locked(path: Path) -> Path:
    """A zip whose parts are encrypted."""
    content = bytearray(exports.workbook(path, exports.few_rows()).read_bytes())
    for magic, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = content.find(magic)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(magic, at + 1)
    path.write_bytes(content)
    return path


def wrote(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def cut(path: Path, share: float) -> Path:
    whole = exports.xlsx(path, table([order()])).read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def spoilt(path: Path) -> Path:
    """A workbook with a byte of its sheet changed."""
    content = bytearray(exports.workbook(path, exports.few_rows()).read_bytes())
    at = content.find(b"xl/worksheets/sheet1.xml") + 60
    content[at] ^= 0x55
    path.write_bytes(content)
    return path


DTD = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
EMPTY = "文件是空的，请重新导出后再上传"
DAMAGED = "文件已损坏或不完整，请重新导出后再上传"
LOCKED = "文件有密码保护，请去掉密码后再上传"
NO_TABLE = "这不是订单表格，请上传从后台导出的 .xlsx 或 .csv 文件"
PICTURE = "这是图片，不是表格，请上传从后台导出的 .xlsx 或 .csv 文件"
ARCHIVE = "这是压缩包，请先解压，再上传里面的表格"
UNSAFE = "文件里有不安全的内容（DTD），请用 Excel 或 WPS 另存为 .xlsx 后再上传"
TOO_LARGE = "文件解压后过大，请按时间分批导出，或另存为 CSV 后再导入"

BROKEN: dict[str, tuple[Any, str]] = {
    "empty": (lambda path: wrote(path, b""), EMPTY),
    "only blanks": (lambda path: wrote(path, b"\r\n  \r\n"), EMPTY),
    "only a byte order mark": (lambda path: wrote(path, b"\xef\xbb\xbf"), EMPTY),
    "only a UTF-16 mark": (lambda path: wrote(path, b"\xff\xfe"), EMPTY),
    "headings only": (lambda path: exports.xlsx(path, table([])), "只有表头，没有订单"),
    "headings and blank rows": (lambda path: exports.text(path, [FEW, ["", " ", ""], []]), "只有表头，没有订单"),
    "a sheet without rows": (
        lambda path: exports.xlsx(path, []),
        refused_headings
        := "没有找到表头，请上传后台「导出订单」得到的文件，其中应有「订单编号」「货品标题」「数量」「单价(元)」「订单状态」等列",  # noqa: E501
    ),
    "prose": (lambda path: wrote(path, "从前有座山,山里有座庙".encode()), refused_headings),
    "noise": (lambda path: wrote(path, bytes(range(1, 256)) * 40), refused_headings),
    "noughts": (lambda path: wrote(path, bytes(5_000)), refused_headings),
    "a PNG": (lambda path: wrote(path, b"\x89PNG\r\n\x1a\n" + bytes(500)), PICTURE),
    "a JPEG": (lambda path: wrote(path, b"\xff\xd8\xff\xe0" + bytes(500)), PICTURE),
    "a PDF": (lambda path: wrote(path, b"%PDF-1.7\n"), "这是 PDF，不是表格，请上传从后台导出的 .xlsx 或 .csv 文件"),
    "a page": (
        lambda path: wrote(path, b"\xef\xbb\xbf <HTML><table><tr><td>1"),
        "文件已损坏或不完整，请重新导出后再上传",
    ),
    "an old .xls without its tables": (lambda path: exports.ole(path, "Workbook"), DAMAGED),
    "with a password": (lambda path: exports.ole(path, "EncryptionInfo", "EncryptedPackage"), LOCKED),
    "a locked zip": (locked, LOCKED),
    "a zip of tables": (lambda path: zip_of(path, **{"订单.xlsx": b"PK"}), ARCHIVE),
    "a rar": (lambda path: wrote(path, b"Rar!\x1a\x07\x00"), ARCHIVE),
    "a zip of anything": (lambda path: zip_of(path, **{"a.txt": b"a"}), NO_TABLE),
    "an .ods": (lambda path: zip_of(path, **{"content.xml": b"<a/>"}), "这是 .ods 文件，请另存为 .xlsx 后再上传"),
    "an .xlsb": (
        lambda path: zip_of(path, **{"xl/workbook.bin": b"a"}),
        "这是 .xlsb 文件，请在 Excel 里另存为 .xlsx 后再上传",
    ),
    "half a zip": (lambda path: cut(path, 0.5), DAMAGED),
    "a zip without its end": (lambda path: cut(path, 0.97), DAMAGED),
    "a changed byte": (spoilt, DAMAGED),
    "only the beginning of a zip": (lambda path: wrote(path, b"PK\x03\x04"), DAMAGED),
    "no sheet behind the name": (lambda path: zip_of(path, **{"xl/workbook.xml": b"<workbook/>"}), DAMAGED),
    "rows without end": (
        lambda path: exports.workbook(path, f'<?xml version="1.0"?><w><sheetData>{exports.few_rows()}<row r="3">'),
        DAMAGED,
    ),
    "no sheetData": (lambda path: exports.workbook(path, '<?xml version="1.0"?><w></w>'), DAMAGED),
    "a text that isn't there": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3" t="s"><v>9</v></c></row>'),
        DAMAGED,
    ),
    "a text before the first": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3" t="s"><v>-1</v></c></row>'),
        DAMAGED,
    ),
    "crossed tags": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3"><v>1</c></v></row>'),
        DAMAGED,
    ),
    "an unknown entity": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3" t="str"><v>&a;</v></c></row>'),
        DAMAGED,
    ),
    "a sheet in UTF-16": (
        lambda path: exports.workbook(path, '<?xml version="1.0" encoding="utf-16"?><w><sheetData></sheetData></w>'),
        DAMAGED,
    ),
    "entities in a sheet": (lambda path: exports.workbook(path, DTD + "<x><sheetData>&b;</sheetData></x>"), UNSAFE),
    "entities in the texts": (
        lambda path: exports.workbook(path, exports.few_rows(), texts=DTD + "<sst>&b;</sst>"),
        UNSAFE,
    ),
    "entities from outside": (
        lambda path: exports.workbook(path, exports.few_rows(), book=OUTSIDE + "<x>&a;</x>"),
        UNSAFE,
    ),
    "a bomb": (
        lambda path: exports.workbook(path, exports.few_rows(), **{"xl/media/a.bin": bytes(60_000_000)}),  # type: ignore[arg-type]
        TOO_LARGE,
    ),
    "a length that lies upwards": (
        lambda path: exports.lie_about_size(
            exports.workbook(path, exports.few_rows()), "xl/worksheets/sheet1.xml", 2**31
        ),
        TOO_LARGE,
    ),
    "a length that lies downwards": (
        lambda path: exports.lie_about_size(
            exports.workbook(path, exports.few_rows()), "xl/worksheets/sheet1.xml", 300
        ),
        DAMAGED,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    make, sentence = BROKEN[name]
    assert refused(make(tmp_path / "订单.xlsx")) == sentence


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "a.xlsx").startswith("文件打不开：")
    assert refused(tmp_path).startswith("文件打不开：")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = exports.xlsx(tmp_path / "a.xlsx", table(exports.many(6_000)))
    with read(path) as export, pytest.raises(ExportRefused):
        found = export.orders()
        next(found)
        path.write_bytes(path.read_bytes()[:20_000])
        for _ in found:
            pass


def test_any_bytes_are_refused_or_read_and_never_raise_anything_else(tmp_path: Path) -> None:
    import random

    chance = random.Random(7)
    good = exports.xlsx(tmp_path / "a.xlsx", table([order(), line()])).read_bytes()
    plain = exports.workbook(tmp_path / "b.xlsx", exports.few_rows()).read_bytes()
    with zipfile.ZipFile(tmp_path / "b.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    text = exports.text(tmp_path / "a.csv", table([order(), line()])).read_bytes()
    path = tmp_path / "x"
    for number in range(400):
        source = (good, plain, text)[number % 3]
        if number % 4 == 3:  # the XML itself, with a valid checksum around it
            at, end = sorted(chance.randrange(len(sheet)) for _ in range(2))
            exports.workbook(
                path, '<?xml version="1.0"?>' + sheet[:at] + chance.choice(["", "<", "&", "]]>"]) + sheet[end:]
            )
        else:
            changed = bytearray(source)
            for _ in range(chance.randrange(1, 20)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            path.write_bytes(changed)
        try:
            with read(path) as export:
                list(export.orders())
        except ExportRefused as problem:
            assert problem.sentence


# Size


@pytest.mark.parametrize("kind", ["shared", "inline", "csv"])
def test_thousands_of_lines_take_little_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("a.csv" if kind == "csv" else "a.xlsx")
    rows = table(exports.many(8_000))
    exports.text(path, rows) if kind == "csv" else exports.xlsx(path, rows, inline=kind == "inline")
    script = (
        "import sys\n"
        "from portal.orders.export_format import OrderRows, read\n"
        "def most():\n"  # not ru_maxrss: it begins with the size of the process that started this one
        "    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "before = most()\n"
        "with read(sys.argv[1]) as export:\n"
        "    lines = sum(len(each.lines) for each in export.orders() if isinstance(each, OrderRows))\n"
        "print(lines, (most() - before) // 1024)\n"
    )
    project = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script, path], cwd=project, capture_output=True, text=True, check=True)
    lines, grown = (int(word) for word in done.stdout.split())
    assert lines == 8_000
    assert grown < 30  # MB


def test_an_export_may_be_read_again(tmp_path: Path) -> None:
    with read(exports.SAMPLE) as export:
        assert isinstance(export, Export)
        assert list(export.orders()) == list(export.orders())


def test_the_limit_of_the_csv_module_is_ours() -> None:
    assert csv.field_size_limit() == 1_000_000
