"""The generated parts of the README and of the page on the flow are fresh.

`python -m tests.guards.test_readme` writes them.
"""

from __future__ import annotations

import re
from dataclasses import fields
from functools import partial
from pathlib import Path

from portal import flow, words
from portal.config import Settings
from portal.flow import CaseType

README = Path(__file__).parents[2] / "README.md"
FLOW = README.parent / ".readme/flow.md"


def settings_table() -> str:
    rows = ["| variable | default | what for |", "| --- | --- | --- |"]
    for setting in fields(Settings):
        default = str(setting.default) or "–"
        rows.append(f"| `PORTAL_{setting.name.upper()}` | `{default}` | {setting.metadata['why']} |")
    return "\n".join(rows)


def generated() -> dict[str, str]:
    diagrams = (f"### {words.TYPE[kind]}\n\n```mermaid\n{flow.diagram(kind)}\n```" for kind in CaseType)
    return {"settings": settings_table(), "diagram": "\n\n".join(diagrams)}


def _wrap(name: str, part: str, _found: re.Match[str]) -> str:
    return f"<!-- {name} -->\n{part}\n<!-- /{name} -->"


def fresh(text: str) -> str:
    for name, part in generated().items():
        text = re.sub(
            rf"<!-- {name} -->.*?<!-- /{name} -->",
            partial(_wrap, name, part),
            text,
            flags=re.S,
        )
    return text


def test_the_readme_is_fresh() -> None:
    assert "<!-- settings -->" in README.read_text() and "<!-- diagram -->" in FLOW.read_text()
    for page in (README, FLOW):
        text = page.read_text()
        assert fresh(text) == text


def test_every_row_of_the_flow_is_in_the_diagram() -> None:
    for kind in CaseType:
        diagram = flow.diagram(kind)
        assert diagram in FLOW.read_text()
        for step in flow.STEPS:
            if kind in step.types and step not in flow.OVERLAY:
                arrow = re.escape(f"{step.source or '[*]'} --> {step.target}: ")
                assert re.search(rf"{arrow}.*{step.actor} · [a-z_, ]*\b{step.name}\b", diagram), step


if __name__ == "__main__":
    for page in (README, FLOW):
        page.write_text(fresh(page.read_text()))
