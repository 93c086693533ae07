"""A case and its lines are made in one module, so that a new column has one place to be filled."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import portal

TOP = Path(portal.__file__).parent
MADE_IN = {"Case": "cases/making.py", "CaseLine": "cases/making.py"}


def list_calls(source: str, name: str) -> list[int]:
    """The lines on which ``name(...)`` or ``models.name(...)`` is called."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")) == name
    ]


@pytest.mark.parametrize("name", MADE_IN)
def test_made_in_one_module(name: str) -> None:
    found = {
        str(path.relative_to(TOP)): lines
        for path in sorted(TOP.rglob("*.py"))
        if (lines := list_calls(path.read_text("utf-8"), name))
    }
    assert list(found) == [MADE_IN[name]], found
    assert len(found[MADE_IN[name]]) == 1, found


def test_a_second_place_is_found() -> None:
    assert list_calls("x = Case(\n  id=1)\ny = models.Case(id=2)\nz: Case = Cases(1)\n", "Case") == [1, 3]
