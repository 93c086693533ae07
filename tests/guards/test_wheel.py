"""A wheel, as pip and pipx install it, has everything that the repository has for running."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

TOP = Path(__file__).parents[2]
BESIDE = ("templates", "static", "migrations")  # what stands beside the package
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


def list_files(folder: Path) -> set[str]:
    """Every file below a folder, by its path from the top, but for what Python writes."""
    found = (path.relative_to(TOP) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if "__pycache__" not in path.parts}


def test_a_wheel_is_whole(tmp_path: Path) -> None:
    for name in ("portal", *BESIDE):
        shutil.copytree(TOP / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(TOP / name, tmp_path / name)
    done = subprocess.run([sys.executable, "-c", BUILD, "wheel"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = (tmp_path / "wheel").glob("*.whl")
    with zipfile.ZipFile(made) as wheel:
        inside = wheel.namelist()
    shared = "data/share/huanhuo-portal/"
    found = {name.partition(shared)[2] if shared in name else name for name in inside}
    missing = set.union(*(list_files(TOP / name) for name in ("portal", *BESIDE))) - found
    assert not missing
