"""A database that can't be used is said in one line at the start; it is left as it is, and no new one is made."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
COMMANDS = {
    "serve": ["serve", "--port", "0"],
    "sweep": ["sweep", "--once"],
    "doctor": ["doctor"],
    "create-user": ["create-user", "somebody"],
    "import-orders": ["import-orders", str(TOP / "tests/data/orders-export.xlsx")],
}
# Root may read and write everything; without these two powers it is as anybody else.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    with closing(sqlite3.connect(sqlite_template / "portal.db")) as template:
        with closing(sqlite3.connect(made / "portal.db")) as copy:
            template.backup(copy)
    return made


def portal(folder: Path, command: str, *, first: list[str] | None = None) -> tuple[int, str, str]:
    """The exit code, and what was said on both."""
    environ = {
        **os.environ,
        "PORTAL_DATA": str(folder),
        "PORTAL_SECRET_KEY": "0123456789abcdef" * 2,
        "PORTAL_DATABASE_URL": "",
    }
    words = [*(first or []), sys.executable, "-m", "portal.cli", *COMMANDS[command]]
    run = subprocess.run(
        words, env=environ, cwd=TOP, input="correct-horse-7\n", capture_output=True, text=True, timeout=60, check=False
    )
    return run.returncode, run.stdout, run.stderr


def said(folder: Path, command: str, **more: list[str]) -> str:
    """The one line on standard error with which the command ends, and nothing has changed."""
    database = folder / "portal.db"
    before = content(database)
    code, out, err = portal(folder, command, **more)
    assert code == 1, (out, err)
    assert "Traceback" not in err
    [line] = err.splitlines()
    assert line.startswith("portal: ")
    assert content(database) == before
    return line


def content(database: Path) -> bytes | int | None:
    """The bytes, or when they were written for who may not read them."""
    if not database.is_file():
        return None
    return database.read_bytes() if os.access(database, os.R_OK) else database.stat().st_mtime_ns


def noise(database: Path) -> None:
    database.write_bytes(bytes(range(256)) * 400)


def half(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2])


def flipped(database: Path) -> None:
    content = bytearray(database.read_bytes())
    for at in range(4_096, len(content), 50):
        content[at] ^= 0xFF
    database.write_bytes(content)


def head(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[:16] = b"not a database \0"
    database.write_bytes(content)


@pytest.mark.parametrize("damage", [noise, half, flipped, head], ids=lambda damage: damage.__name__)
def test_damaged_bytes(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder / "portal.db")
    assert "the database can't be used" in said(folder, "serve")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "serve"])
def test_every_command_says_so(folder: Path, command: str) -> None:
    noise(folder / "portal.db")
    assert "the database can't be used: file is not a database" in said(folder, command)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "data" / "portal.db").mkdir(parents=True)
    assert "unable to open database file" in said(tmp_path / "data", "serve")


@pytest.mark.skipif(bool(AS_ANYBODY) and shutil.which("setpriv") is None, reason="root needs setpriv to be nobody")
@pytest.mark.parametrize(("mode", "words"), [(0o000, "unable to open"), (0o400, "readonly")])
def test_wrong_permissions(folder: Path, mode: int, words: str) -> None:
    database = folder / "portal.db"
    database.chmod(mode)
    try:
        assert words in said(folder, "create-user", first=AS_ANYBODY)
    finally:
        database.chmod(0o600)


@pytest.mark.parametrize("command", ["serve", "create-user", "import-orders"])
def test_a_newer_database(folder: Path, command: str) -> None:
    """Made by a portal that knows more: this one keeps its hands off."""
    with closing(sqlite3.connect(folder / "portal.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    line = said(folder, command)
    assert "made by a newer portal (revision 9999)" in line


@pytest.mark.parametrize("gone", ["missing", "empty"])
def test_a_lost_database_is_no_new_one(folder: Path, gone: str) -> None:
    """Photos are there and their database isn't: whoever starts the portal then must hear of it."""
    name = "ab" + "0" * 30
    photo = folder / "evidence" / "ab" / f"{name}.webp"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"x")
    (folder / "portal.db").unlink()
    (folder / "portal.db").write_bytes(b"")
    if gone == "missing":
        (folder / "portal.db").unlink()
    code, out, err = portal(folder, "serve")
    assert (code, out) == (1, "")
    assert "photos of an earlier one" in err and len(err.splitlines()) == 1
    with closing(sqlite3.connect(folder / "portal.db")) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert photo.exists()


@pytest.mark.parametrize("command", ["doctor", "sweep", "serve", "import-orders"])
def test_looking_makes_no_tables(tmp_path: Path, command: str) -> None:
    code, out, err = portal(tmp_path / "nowhere", command)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "there is no database yet" in err


def test_a_whole_one_is_used(folder: Path) -> None:
    code, out, err = portal(folder, "doctor")
    assert (code, err) == (0, "")
    assert "BAD" not in out
