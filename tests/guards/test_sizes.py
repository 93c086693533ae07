"""A module is one noun: at most 300 lines. Lists (the flow's table, the catalogues) may be longer. No template line
is wider than a screen."""

from __future__ import annotations

from pathlib import Path

import portal

TOP = Path(portal.__file__).parent
MOST_LINES = 300
MOST_CHARACTERS = 160
TEMPLATES = TOP.parent / "templates"
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
