"""The README's generated parts are fresh. `python -m tests.guards.test_readme` writes them."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from portal import flow
from portal.config import Settings

README = Path(__file__).parents[2] / "README.md"


def settings_table() -> str:
    rows = ["| variable | default | what for |", "| --- | --- | --- |"]
    for setting in fields(Settings):
        default = str(setting.default) or "–"
        rows.append(f"| `PORTAL_{setting.name.upper()}` | `{default}` | {setting.metadata['why']} |")
    return "\n".join(rows)


def generated() -> dict[str, str]:
    return {"settings": settings_table(), "diagram": f"```mermaid\n{flow.diagram()}\n```"}


def fresh(text: str) -> str:
    for name, part in generated().items():
        text = re.sub(
            rf"<!-- {name} -->.*?<!-- /{name} -->",
            lambda _, name=name, part=part: f"<!-- {name} -->\n{part}\n<!-- /{name} -->",
            text,
            flags=re.S,
        )
    return text


def test_the_readme_is_fresh() -> None:
    text = README.read_text()
    assert fresh(text) == text


def test_every_row_of_the_flow_is_in_the_diagram() -> None:
    text = README.read_text()
    for step in flow.STEPS:
        assert f"--> {step.target}: {step.actor} · {step.name}" in text


if __name__ == "__main__":
    README.write_text(fresh(README.read_text()))
