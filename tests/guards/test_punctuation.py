"""Chinese text has full-width punctuation: in templates, in sentences of the code, in scripts."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HAN = "\u4e00-\u9fff"
HALF_WIDTH = re.compile(rf"(?<=[{HAN}」』）])(?:[,;?!]|:(?!//)|\((?=[{HAN}])(?!元\)))|[,;](?=[{HAN}「『（])")

# What others write is read as they write it: carriers' sentences, headings of exports, what a member types.
FROM_OTHERS = {
    "portal/parcels/wording.py",
    "portal/parcels/pasting.py",
    "portal/parcels/carriers.py",
    "portal/orders/export_format/headings.py",
    "portal/searching.py",
    "portal/rights/guarantees.py",
    "portal/money/accounts/agreed_words.py",  # words that people agreed to never change
    "portal/config.py",  # notes in English beside names
}
FOLDERS = ("portal/demo/", "portal/deployment/")


def find_half_width(text: str) -> list[str]:
    """Each half-width mark beside a Chinese character, with what stands around it."""
    return [text[max(0, hit.start() - 8) : hit.end() + 8] for hit in HALF_WIDTH.finditer(text)]


def read_sentences(source: str) -> Iterator[str]:
    """The texts of a module: no docstrings, patterns or names of SQL."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string
        if token.type != tokenize.STRING or '"""' in text[:5] or "r" in text[:2].lower():
            continue
        if "(?" not in text and "[^" not in text:
            yield text


def strip_code(template: str) -> str:
    """A template without comments, styles and the names in its expressions."""
    return re.sub(r"\{#.*?#\}|<style.*?</style>", "", template, flags=re.S)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请修改,再提交", 1),
        ("还剩 3 天;请寄回", 1),
        ("退款(运费", 1),
        ("运单号:", 1),
        ("共 1,000 件", 0),
        ("21:30 前", 0),
        ("https://例子://", 0),
        ("申请，再提交（含运费）", 0),
    ],
)
def test_the_guard_sees_what_it_looks_for(text: str, found: int) -> None:
    assert len(find_half_width(text)) == found


def test_sentences_of_the_code_are_full_width() -> None:
    wrong = []
    for path in sorted((ROOT / "portal").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name in FROM_OTHERS or name.startswith(FOLDERS):
            continue
        wrong += [(name, hit) for text in read_sentences(path.read_text()) for hit in find_half_width(text)]
    assert not wrong, wrong[:30]


def test_templates_and_scripts_are_full_width() -> None:
    paths = [*(ROOT / "templates").rglob("*.*"), *(ROOT / "static" / "js").glob("*.js")]
    wrong = [(path.name, hit) for path in sorted(paths) for hit in find_half_width(strip_code(path.read_text()))]
    assert not wrong, wrong[:30]
