"""What may stand in the repository: known places at the top, small files, nothing of anybody's machine."""

from __future__ import annotations

import hashlib
import re
import subprocess
from functools import cache
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import pytest

PROJECT = Path(__file__).parents[2]

TOP = {"portal", "templates", "static", "migrations", "tests"}
TOP_FILES = {"wsgi.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "run"}
LARGEST = 1024 * 1024  # bytes
LOCK_FILES = {"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "Pipfile.lock"}

MACHINE_PATH = re.compile(r"(?<![\w.:~/{}<-])/(?:root|home|Users|work)/\w|\b[A-Z]:\\Users\\")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:com|org)|yarnpkg\.com|jsdelivr|unpkg\.com|cdnjs"
    r"|--(?:extra-)?index-url|--find-links"
)


@cache
def files() -> tuple[PurePosixPath, ...]:
    """Every file that is, or would be, in the repository."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout.decode()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is not a git work tree")
    return tuple(PurePosixPath(name) for name in listed.split("\0") if name and (PROJECT / name).is_file())


def is_vendored(path: PurePosixPath) -> bool:
    return "vendor" in path.parts


def belongs_at_the_top(path: PurePosixPath) -> bool:
    if len(path.parts) > 1:
        return path.parts[0] in TOP or path.parts[0].startswith(".")
    return path.name in TOP_FILES or path.name.startswith(".") or bool(re.fullmatch(r"requirements.*\.txt", path.name))


def is_lock_file(path: PurePosixPath) -> bool:
    return path.suffix == ".lock" or path.name in LOCK_FILES


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """file:line of every match in the repository's own text files, apart from this one."""
    found = []
    for path in files():
        if is_vendored(path) or (PROJECT / path) == Path(__file__).resolve():
            continue
        content = (PROJECT / path).read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path}:{number}: {line.strip()[:120]}")
    return found


@pytest.mark.parametrize("text", ["open('/home/ann/x')", "PATH=/root/bin", 'cd "/Users/ann"', "C:\\Users\\ann"])
def test_a_machine_path_is_found(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://a.example/home/x", "templates/home/a.html", "./work/a", "/orders/1"])
def test_other_paths_are_no_machine_paths(text: str) -> None:
    assert not MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://pypi,org/simple", "--index-url x", "registry,npmjs,org", "cdn,jsdelivr,net"])
def test_a_registry_is_found(text: str) -> None:
    assert REGISTRY.search(text.replace(",", "."))


def test_no_paths_of_a_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_no_addresses_of_package_registries() -> None:
    assert lines_with(REGISTRY) == []


def test_no_lock_files() -> None:
    assert is_lock_file(PurePosixPath("uv.lock"))
    assert [str(path) for path in files() if is_lock_file(path)] == []


def test_no_large_files() -> None:
    assert [str(p) for p in files() if not is_vendored(p) and (PROJECT / p).stat().st_size > LARGEST] == []


def test_only_known_places_at_the_top() -> None:
    assert not belongs_at_the_top(PurePosixPath("utils.py"))
    assert not belongs_at_the_top(PurePosixPath("scripts/a.py"))
    assert [str(path) for path in files() if not belongs_at_the_top(path)] == []


def test_every_pin_has_a_hash() -> None:
    for name in ("requirements.txt", "requirements-test.txt"):
        text = (PROJECT / name).read_text()
        pins = re.split(r"\n(?=\S)", text.strip())
        assert pins
        assert [pin for pin in pins if not re.match(r"[\w.-]+==\S+.*--hash=sha256:[0-9a-f]{64}", pin, re.DOTALL)] == []


def test_what_runs_in_tests_is_what_runs() -> None:
    """The tests' pins hold every pin of the portal at the same version."""
    portal, tests = (
        set(re.findall(r"^[\w.-]+==\S+", (PROJECT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-test.txt")
    )
    assert portal - tests == set()


@pytest.mark.parametrize("folder", ["static/vendor", "tests/e2e/vendor"])
def test_vendored_files_are_unmodified(folder: str) -> None:
    noted = dict(line.split("  ")[::-1] for line in (PROJECT / folder / "CHECKSUMS").read_text().splitlines())
    present = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (PROJECT / folder).iterdir()
        if path.name != "CHECKSUMS"
    }
    assert present == noted
    assert any(name.endswith("LICENSE") for name in present)


def test_icons_are_symbols_that_take_the_colour_of_the_text() -> None:
    svg = "{http://www.w3.org/2000/svg}"
    symbols = ElementTree.parse(PROJECT / "static/icons.svg").getroot().findall(f"{svg}symbol")
    names = [symbol.get("id", "") for symbol in symbols]
    assert len(names) == len(set(names)) > 40
    assert {(symbol.get("viewBox"), symbol.get("stroke"), symbol.get("fill")) for symbol in symbols} == {
        ("0 0 24 24", "currentColor", "none")
    }
    assert (PROJECT / "static/icons-LICENSE").read_text().startswith("MIT License")


def test_every_icon_that_a_template_names_exists() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (PROJECT / "static/icons.svg").read_text()))
    named: dict[str, str] = {}
    for path in sorted((PROJECT / "templates").rglob("*.html")):
        for name in re.findall(r"\bicon\(\s*[\"']([\w-]+)[\"']|icons\.svg#([\w-]+)", path.read_text()):
            named[name[0] or name[1]] = path.name
    assert {name: file for name, file in named.items() if name not in sprite} == {}
