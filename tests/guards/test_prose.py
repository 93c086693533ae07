"""No sentence has a length of time typed into it: deadlines can be set, so words are worked out from them. The end of a
term is written as one: 24:00 of its last day, never 00:00 of the next."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
LENGTH = re.compile(r"(?<![\w{])(\d+) ?(小时|天|个工作日)")
# What isn't one of the flow's deadlines: a right's name, what the law says, fixed windows of a list or a duty.
FIXED = re.compile(
    r"7天无理由|7天/15天包换|近 90 天|1 至 3 个工作日|15 天内(处理|答复)"
    r"|7 至 (30|180) 天|收到商品后 7 天内|1 至 30 天|7 天之后"
)
COMMENT = re.compile(r"\{#.*?#\}", re.S)
NOT_PROSE = {"portal/rights/guarantees.py": "names of guarantees"}


def lengths_in(text: str) -> list[str]:
    return [found[0] for found in LENGTH.finditer(FIXED.sub("", text))]


def sentences() -> list[tuple[str, str]]:
    """Every template, and every string of the portal that isn't a docstring, with its file."""
    found = [(path, COMMENT.sub("", path.read_text())) for path in sorted((PROJECT / "templates").rglob("*.html"))]
    for path in sorted((PROJECT / "portal").rglob("*.py")):
        tree = ast.parse(path.read_text())
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        found += [
            (path, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ]
    return [(str(path.relative_to(PROJECT)), text) for path, text in found]


def test_the_check_finds_a_typed_length() -> None:
    assert lengths_in("请在 72 小时内发出;7天无理由;近 90 天") == ["72 小时"]
    assert lengths_in('请在 {{ length_of("seller_reship") }}内发出') == []


def test_no_sentence_has_a_length_typed_into_it() -> None:
    found = {f"{path}: {length}" for path, text in sentences() if path not in NOT_PROSE for length in lengths_in(text)}
    assert sorted(found) == []


# What names the end of a term, written as any other moment.
_END = "(?:due_at|until_at|until|expires_at)"
AS_A_MOMENT = re.compile(rf"{_END}\)?\|moment|(?:ui|words)\.moment\([\w.]*{_END}\b")


def test_the_check_finds_an_end_written_as_a_moment() -> None:
    for wrong in ("{{ case.due_at|moment }}", "{{ ui.moment(view.again_until) }} 前", "words.moment(claim.until_at)"):
        assert AS_A_MOMENT.search(wrong), wrong
    assert not AS_A_MOMENT.search("{{ row.due_at|end }} {{ ui.moment(row.opened_at) }} words.end(until)")


def test_the_end_of_a_term_is_written_as_one() -> None:
    files = [*(PROJECT / "templates").rglob("*.html"), *(PROJECT / "portal").rglob("*.py")]
    found = {
        f"{path.relative_to(PROJECT)}: {hit[0]}" for path in files for hit in AS_A_MOMENT.finditer(path.read_text())
    }
    assert sorted(found) == []


HE = re.compile(r"\b(he|his|him|she|hers?)\b|_(he|his|him|she|her)(?=_|\b)", re.I)


def test_people_are_they() -> None:
    files = [
        path
        for pattern in (
            "portal/**/*.py",
            "tests/**/*.py",
            "migrations/**/*.py",
            "templates/**/*.html",
            "*.md",
            ".readme/*.md",
        )
        for path in PROJECT.glob(pattern)
        if path != Path(__file__)
    ]
    assert len(files) > 1000
    found = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if HE.search(line) and not re.search(r"[\"']he[\"']|zh-Hans|he-", line)
    ]
    assert not found, found
