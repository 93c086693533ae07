"""A sum in a sentence is 18.00 元; ¥18.00 is a figure: beside its name, in a table, on a chip, standing alone.

Both are written by one function, or a page says ¥1520.00 above and ¥1,520.00 below.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MARKS = re.compile("[，。；！？]")
INLINE = re.compile(r"</?(?:strong|span|b|small|br|em)\b[^>]*>")
BLOCK = re.compile(r"<[^>]+>")


def read_texts(source: str) -> Iterator[str]:
    """The texts of a module as they are put together; 0 for what is filled in."""
    tree = ast.parse(source)
    parts = {id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for value in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "0" for each in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def read_blocks(template: str) -> Iterator[str]:
    """What stands in one block of a template, a paragraph or a cell; 0 for what is filled in."""
    text = re.sub(r"\{#.*?#\}", "", template, flags=re.S)
    text = re.sub(r"\{\{\s*ui\.money\(.*?\}\}", "¥0", text, flags=re.S)
    text = re.sub(r"\{\{.*?\}\}", "0", text, flags=re.S)
    text = INLINE.sub("", re.sub(r"\{%.*?%\}", "", text, flags=re.S))
    yield from BLOCK.split(text)


def is_sentence(text: str) -> bool:
    return "¥0" in text and bool(MARKS.search(text))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("按通过的 1 双退款 ¥0，不能撤回", True),
        ("¥0", False),
        ("垫付的退回运费：¥0", False),
        ("退款 0 元，不能撤回", False),
    ],
)
def test_what_a_sentence_is(text: str, wrong: bool) -> None:
    assert is_sentence(text) is wrong


def test_a_sentence_of_the_code_says_yuan() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {text[:60]}"
        for path in sorted((ROOT / "portal").rglob("*.py"))
        for text in read_texts(path.read_text())
        if is_sentence(text)
    ]
    assert not found, found


def test_a_sentence_of_a_page_says_yuan() -> None:
    pages = sorted((ROOT / "templates").rglob("*.html"))
    assert len(pages) > 200
    found = [
        f"{path.relative_to(ROOT)}: {' '.join(block.split())[:80]}"
        for path in pages
        for block in read_blocks(path.read_text())
        if is_sentence(block.replace("¥ 0", "¥0"))
    ]
    assert not found, found


def formats_itself(node: ast.AST) -> bool:
    """Whether something is written with two decimals right here: an f-string's .2f, or "%.2f"."""
    if isinstance(node, ast.FormattedValue):
        return node.format_spec is not None and ".2f" in ast.unparse(node.format_spec)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "%.2f" in node.value


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("f'{fen / 100:.2f} 元'", True),
        ("f'{fen / 100:,.2f}'", True),
        ("'%.2f' % (fen / 100)", True),
        ("f'{fen:.1f}'", False),
    ],
)
def test_what_formats_itself(code: str, wrong: bool) -> None:
    assert any(map(formats_itself, ast.walk(ast.parse(code)))) is wrong


def test_sums_are_written_by_one_function() -> None:
    """The demo writes files of an exporting programme, which knows no separators."""
    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', '')}"
        for path in sorted((ROOT / "portal").rglob("*.py"))
        if "demo" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if formats_itself(node)
    ]
    found += [
        f"{path.relative_to(ROOT)}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if "%.2f" in path.read_text()
    ]
    assert not found, found
