"""The README's recipes work: what they say is added to a copy of the project, and the copy is asked."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
ASKED = """
import sys
from pathlib import Path
from portal import create_app
from portal.config import Settings
from portal.flow import CaseType, State, Actor, find
from portal.people import roles
from portal.rights import reasons

step = find(CaseType.EXCHANGE, State.RETURNING, Actor.SELLER, "remind_to_send")
print(step.button, [role for role in ("agent", "warehouse", "finance") if roles.may_take(role, step.name)])
print(reasons.reason("smell").zh, reasons.reason("smell").leads_to)
app = create_app(Settings(data=Path(sys.argv[1]), secret_key="x"))
print([rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == "seller.hours"])
print(app.jinja_env.get_template("seller/hours.html").name)
"""


def snippet(start: str) -> str:
    """What the README shows in backticks that begins so."""
    [found] = re.findall(rf"`({re.escape(start)}[^`]*)`", README)
    return found


def insert(path: Path, after: str, text: str) -> None:
    old = path.read_text()
    assert old.count(after) == 1, (path, after)
    path.write_text(old.replace(after, f"{after}\n    {text}"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project without its environment and tests."""
    for name in ("portal", "templates", "static", "migrations"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_step_a_reason_and_a_page_are_added_as_the_readme_says(copy: Path) -> None:
    insert(copy / "portal/flow/table.py", "ROWS: tuple[Step, ...] = (", snippet('Step("remind_to_send"'))
    insert(copy / "portal/rights/reasons.py", "REASONS: Final[tuple[Reason, ...]] = (", snippet('Reason("smell"'))
    route, function = snippet('@bp.get("/hours")'), snippet("def hours()")
    (copy / "portal/seller/hours.py").write_text(
        "from flask.typing import ResponseReturnValue\n\nfrom portal.seller import bp\n"
        f"from portal.web.pages import page\n\n\n{route}\n{function}\n"
    )
    face = copy / "portal/seller/__init__.py"
    face.write_text(face.read_text().replace("    handling,\n", "    handling,\n    hours,\n"))
    (copy / "templates/seller/hours.html").write_text('{% extends "seller/base.html" %}')
    asked = subprocess.run(
        [sys.executable, "-c", ASKED, str(copy / "data")],
        cwd=copy,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": "."},
    )
    assert asked.stderr == ""
    assert asked.stdout.splitlines() == [
        "提醒寄回 ['agent']",
        "有异味 exchange",
        "['/seller/hours']",
        "seller/hours.html",
    ]
