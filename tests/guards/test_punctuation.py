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
HALF_WIDTH = re.compile(rf"(?<=[{HAN}」』）])(?:[,;?!]|:(?!//))|[,;](?=[{HAN}「『（])")
BRACKET = re.compile(rf"(?<=[{HAN}」』）])[()]|[()](?=[{HAN}「『])")
NAMES = re.compile(
    r"\(元\)|\([A-Z]{2,}\)|\(新\)|\(晚发必赔\)"
)  # of columns, carriers and services, as others write them
JOINED = re.compile(r"""join\(["'][,;:]["']\)""")  # a list in a sentence of a template

FILLED = re.compile(r"\$\{\w+\}[:;,!?]\$\{\w+\}")

# What others write is read as they write it: carriers' sentences, headings of exports, what a member types.
FROM_OTHERS = {
    "portal/parcels/wording.py",
    "portal/parcels/otherwise.py",
    "portal/parcels/pretended.py",
    "portal/parcels/pasting.py",
    "portal/parcels/carriers.py",
    "portal/orders/export_format/headings.py",
    "portal/orders/export_format/ids.py",
    "portal/searching.py",
    "portal/rights/guarantees.py",
    "portal/money/accounts/agreed_words.py",  # words that people agreed to never change
    "portal/config.py",  # notes in English beside names
}
FOLDERS = ("portal/demo/", "portal/deployment/")


def find_half_width(text: str) -> list[str]:
    """Each half-width mark beside a Chinese character, with what stands around it."""
    plain = NAMES.sub("", text)
    return [
        part[max(0, hit.start() - 8) : hit.end() + 8]
        for part, pattern in ((text, HALF_WIDTH), (plain, BRACKET))
        for hit in pattern.finditer(part)
    ]


def read_sentences(source: str) -> Iterator[str]:
    """The texts of a module: no docstrings, patterns or names of SQL."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string
        if token.type != tokenize.STRING or '"""' in text[:5] or "r" in text[:2].lower():
            continue
        if not any(mark in text for mark in ("(?", "[^", "()", "|")):
            yield text


def strip_code(template: str) -> str:
    """A template without comments and styles."""
    return re.sub(r"\{#.*?#\}|<style.*?</style>", "", template, flags=re.S)


def show_text(template: str) -> str:
    """What a template says, an expression as a Chinese character: what stands in brackets is hardly anything else."""
    text = re.sub(r"<script.*?</script>", "", strip_code(template), flags=re.S)
    text = re.sub(r"\{\{-?.*?-?\}\}", "值", text, flags=re.S)
    return re.sub(r"\{%.*?%\}|<[^<>]*>", "", text, flags=re.S)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请修改,再提交", 1),
        ("还剩 3 天;请寄回", 1),
        ("退款(运费", 1),
        ("运单号:", 1),
        ("以前的方案(3)", 1),
        ("(还剩 1 天)", 2),
        ("11月30日 24:00(还剩 1 天)前", 2),
        ("中通快递(ZTO)", 0),
        ("运费(元)", 0),
        ("（还剩 1 天）", 0),
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
    assert not wrong, wrong[:60]


def test_templates_and_scripts_are_full_width() -> None:
    paths = [*(ROOT / "templates").rglob("*.*"), *(ROOT / "static" / "js").glob("*.js")]
    wrong = [(path.name, hit) for path in sorted(paths) for hit in find_half_width(strip_code(path.read_text()))]
    for path in (ROOT / "static" / "js").glob("*.js"):  # what is filled in may be Chinese: `${title}:${sentence}`
        wrong += [(path.name, hit[0]) for hit in FILLED.finditer(path.read_text())]
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if path.parent.name == "qa":  # its words are English
            continue
        wrong += [(path.name, hit) for hit in find_half_width(show_text(path.read_text()))]
        wrong += [(path.name, hit[0]) for hit in JOINED.finditer(path.read_text())]
    assert not wrong, wrong[:60]
