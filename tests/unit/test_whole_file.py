"""Files that several processes write at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portal.web.assets import Assets
from portal.whole_file import write_whole

START = "import sys, pathlib; print('ready', flush=True); sys.stdin.readline()\n"
BUILD = "from portal.web.assets import Assets\n" + START + "Assets(*map(pathlib.Path, sys.argv[1:])).build()"
TURN = (
    "from portal.whole_file import write_whole\n"
    + START
    + """
path, letter = pathlib.Path(sys.argv[1]), sys.argv[2].encode()
for _ in range(300):
    write_whole(path, letter * 5000)
    seen = path.read_bytes()
    assert len(seen) == 5000 and len(set(seen)) == 1, len(seen)
"""
)


def run_together(*commands: tuple[str | Path, ...]) -> list[int]:
    """Start all, let them go at the same moment; their exit codes."""
    started = [
        subprocess.Popen([sys.executable, "-c", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    for process in started:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate(timeout=100)
    return [process.returncode for process in started]


def read_all(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_processes_that_start_on_an_empty_folder_all_build(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    for number in range(40):  # many and small: the turns of the processes cross often
        (static / f"{number}.css").write_text(f".c{number} {{ color: red }}\n" * 20)
    assert run_together(*[(BUILD, static, tmp_path / "built")] * 3) == [0, 0, 0]
    alone = Assets(static, tmp_path / "alone")
    alone.build()
    assert len(read_all(tmp_path / "alone")) == 120
    assert read_all(tmp_path / "built") == read_all(tmp_path / "alone")


def test_readers_see_one_writers_content_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert run_together(*((TURN, path, letter) for letter in "abc")) == [0, 0, 0]
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").write_bytes(b"kept")
    with pytest.raises(OSError):
        write_whole(tmp_path / "folder", b"new")
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["folder", "kept"]
