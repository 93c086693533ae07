"""What a module of the portal may import from outside; the direction inside is import-linter's (pyproject.toml)."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PORTAL = PROJECT / "portal"

# These can be read and tested with the standard library alone, and what stands beside their name.
PURE: dict[str, frozenset[str]] = {
    "flow": frozenset(),
    "rights.goods": frozenset(),
    "columns": frozenset(),
    "rights.windows": frozenset(),
    "rights.eligibility": frozenset(),
    "rights.asking": frozenset(),
    "rights.denied": frozenset(),
    "rights.standing": frozenset(),
    "rights.reasons": frozenset(),
    "rights.refusal_words": frozenset(),
    "rights.conditions": frozenset(),
    "rights.guarantees": frozenset(),
    "rights.phrases": frozenset(),
    "parcels.carriers": frozenset(),
    "parcels.numbers": frozenset(),
    "parcels.naming": frozenset(),
    "inputs": frozenset({"regex"}),
    "talk.card_numbers": frozenset(),
    "talk.card_shapes": frozenset(),
    "sheets": frozenset(),
    "phones": frozenset(),
    "waybills": frozenset(),
    "traditional": frozenset(),
    "searching": frozenset(),
    "orders.export_format": frozenset(),
}
WEB_LIBRARIES = {"flask", "flask_wtf", "wtforms", "werkzeug", "jinja2", "markupsafe"}
WEB_MODULES = {
    "__init__",
    "extensions",  # the database of the current app
    "per_app",  # values that belong to the current app
    "cli",
    "auth",
    "buyer",
    "seller",
    "mediation",
    "consumer",
    "operator",
    "qa",
    "files",
    "health",
    "metrics",
    "web",
    "database",
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


def place(path: Path) -> str:
    """The module or package directly under portal/ that a file belongs to."""
    return path.relative_to(PORTAL).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    """The name of a module below portal/: parcels.carriers."""
    return ".".join(path.relative_to(PORTAL).with_suffix("").parts).removesuffix(".__init__")


def is_within(name: str, places: Iterable[str]) -> bool:
    """Whether a module, or a name in it, is one of these modules or lies in one of these packages."""
    return any(name == each or name.startswith(f"{each}.") for each in places)


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Every name that a source imports, wherever it does so, with its line; `from portal import a` is portal.a."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "portal.relative"
            elif node.module and node.module.split(".")[0] == "portal":
                for alias in node.names:
                    yield node.lineno, f"{node.module}.{alias.name}"
            elif node.module:
                yield node.lineno, node.module


def impure(source: str, allowed: frozenset[str]) -> list[str]:
    """Imports that are neither the standard library, nor another pure module, nor allowed here."""
    found = []
    for line, name in imported(source):
        first, _, rest = name.partition(".")
        if first == "__future__" or first in sys.stdlib_module_names or first in allowed:
            continue
        if first == "portal" and is_within(rest, PURE):
            continue
        found.append(f"{line}: {name}")
    return found


def web_imports(source: str) -> list[str]:
    """Imports of the libraries that only the web's side may know."""
    return [f"{line}: {name}" for line, name in imported(source) if name.split(".")[0] in WEB_LIBRARIES]


def clock_readings(source: str) -> list[str]:
    """Calls that read the machine's time of day."""
    return [
        f"{node.lineno}: {node.func.value.id}.{node.func.attr}()"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCKS
    ]


def files() -> list[Path]:
    return sorted(PORTAL.rglob("*.py"))


def test_the_checks_find_what_is_forbidden() -> None:
    assert impure("import sqlalchemy", frozenset()) == ["1: sqlalchemy"]
    assert impure("from portal.calendar import clock\nfrom portal import flow", frozenset()) == [
        "1: portal.calendar.clock"
    ]
    assert impure("def f():\n    from portal.models import Case", frozenset()) == ["2: portal.models.Case"]
    assert impure("import regex\nfrom datetime import date\nfrom portal.flow import State", frozenset({"regex"})) == []
    assert web_imports("from flask import g\nimport wtforms.form\nimport alembic") == ["1: flask", "2: wtforms.form"]
    assert clock_readings("datetime.now(UTC)\nclock.now()\ntime.time()") == ["1: datetime.now()", "3: time.time()"]


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_stand_on_the_standard_library(name: str) -> None:
    paths = [path for path in files() if is_within(dotted(path), [name])]
    assert paths
    assert [found for path in paths for found in impure(path.read_text(), PURE[name])] == []


def test_the_domain_knows_nothing_of_the_web() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{found}"
        for path in files()
        if place(path) not in WEB_MODULES
        for found in web_imports(path.read_text())
    ]
    assert found == []


def test_only_the_clock_reads_the_clock() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{found}"
        for path in files()
        if dotted(path) != "calendar.clock"
        for found in clock_readings(path.read_text())
    ]
    assert found == []


def test_the_command_line_reaches_into_no_audience() -> None:
    """It makes the application, which knows them all; that is its only way to them."""
    audiences = {f"portal.{name}" for name in ("auth", "buyer", "seller", "mediation", "consumer", "qa", "files")}
    found = [
        f"{path.relative_to(PROJECT)}:{line}: {name}"
        for path in files()
        if place(path) == "cli"
        for line, name in imported(path.read_text())
        if ".".join(name.split(".")[:2]) in audiences
    ]
    assert found == []


def test_the_layers_are_checked_whole() -> None:
    """The contract covers every module, whatever its name, and none is exempt."""
    [contract] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert contract["exhaustive"] is True
    assert not {"ignore_imports", "exhaustive_ignores"} & set(contract)


def test_what_another_module_uses_has_a_public_name() -> None:
    files = [path for top in (PORTAL, PROJECT / "tests") for path in top.rglob("*.py")]
    private = [
        f"{path.relative_to(PROJECT)}: {node.module}.{name.name}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("portal", "tests"))
        for name in node.names
        if name.name.startswith("_")
    ]
    assert len(files) > 500
    assert not private, private
