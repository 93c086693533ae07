"""A module is one noun: at most 300 lines. Lists (the flow's table, the catalogues) may be longer. No template line
is wider than a screen. The formatter lays out every file, but for the rows of two tables."""

from __future__ import annotations

import tokenize
from pathlib import Path

import portal

TOP = Path(portal.__file__).parent
MOST_LINES = 300
MOST_CHARACTERS = 160
TEMPLATES = TOP.parent / "templates"
TABLES = {"portal/flow/table.py", "portal/news.py"}  # a row is a line, so that columns are read downwards
LISTS = {"flow/table.py", "words.py", "rights/reasons.py", "parcels/carriers.py", "doctor.py"}


def test_no_module_outgrows_its_noun() -> None:
    lines = {
        str(path.relative_to(TOP)): len(path.read_text("utf-8").splitlines()) for path in sorted(TOP.rglob("*.py"))
    }
    longer = {name: count for name, count in lines.items() if count > MOST_LINES and name not in LISTS}
    assert not longer, f"split by noun: {longer}"


def test_no_template_line_runs_off_the_screen() -> None:
    files = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
    assert files, "no templates found"
    wide = [
        f"{path.relative_to(TEMPLATES)}:{number} has {len(line)}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > MOST_CHARACTERS
    ]
    assert not wide, f"break after a statement, inside an expression or between attributes: {wide}"


def test_the_formatter_lays_out_all_but_tables() -> None:
    project = TOP.parent
    left_alone = set()
    for path in [*sorted(TOP.rglob("*.py")), *sorted((project / "tests").rglob("*.py"))]:
        with tokenize.open(path) as lines:
            comments = [
                each.string for each in tokenize.generate_tokens(lines.readline) if each.type == tokenize.COMMENT
            ]
        if any(each.lstrip("# ").startswith("fmt:") for each in comments):
            left_alone.add(str(path.relative_to(project)))
    assert left_alone == TABLES
