"""The image's description: true to the repository and its commands, and built and started out of a bare Debian.

The last takes minutes, a network and buildah: ``python -m tests.fault --long --only image``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portal.cli import portal
from tests.fault.cluster import find_free_port
from tests.fault.debian import Debian, check_needs

TOP = Path(__file__).parents[2]
FILE = TOP / "portal/deployment/Containerfile"
PASSWORD = "seventeen blue parcels"


def read_steps() -> list[tuple[str, str]]:
    """Each step's verb and words, in order."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", FILE.read_text("utf-8"), flags=re.M)).splitlines()
    return [(verb, words.strip()) for verb, _, words in (line.partition(" ") for line in lines if line)]


def test_all_that_runs_is_copied() -> None:
    """What a wheel is made of, and the pins."""
    copied = {source for verb, words in read_steps() if verb == "COPY" for source in words.split()[:-1]}
    made_of: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    beside = {files[0].partition("/")[0] for files in made_of["tool"]["setuptools"]["data-files"].values()}
    licences = set(made_of["project"]["license-files"])
    assert copied == {"portal", "pyproject.toml", "requirements.txt"} | beside | licences
    assert all((TOP / name).exists() for name in copied)
    kept = {line[1:] for line in (TOP / ".containerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert kept == copied


def test_it_is_installed_as_the_readme_says() -> None:
    """With the pins' hashes, and by the same words."""
    ran = " ".join(words for verb, words in read_steps() if verb == "RUN").replace(" --no-cache-dir", "")
    readme = (TOP / "README.md").read_text("utf-8")
    pip = re.findall(r"\.venv/bin/(pip install [^&\n]+?)\s*(?:&&|$)", readme, re.M)
    assert len(pip) == 2
    assert all(words in ran for words in pip)


def test_it_starts_a_command_that_there_is_as_nobody_special() -> None:
    steps = dict(read_steps())  # the last of each verb
    assert steps["USER"] == "portal"
    assert steps["ENTRYPOINT"] == '["portal"]'
    words = shlex.split(steps["CMD"].strip("[]").replace(",", " "))
    done = CliRunner().invoke(portal, [words[0], "--help"])
    assert done.exit_code == 0
    assert all(word in done.output for word in words if word.startswith("--"))
    assert words[words.index("--port") + 1] == steps["EXPOSE"]
    assert f"PORTAL_DATA={steps['VOLUME']}" in steps["ENV"]


class Builder:
    """buildah with a place of its own; without a daemon, and without privileges but root's."""

    def __init__(self, place: Path) -> None:
        self.words = ["buildah", "--storage-driver=vfs", f"--root={place / 'store'}", f"--runroot={place / 'run'}"]

    def do(self, *words: str | Path, said: str = "") -> str:
        """A command of buildah's; what it printed. It must succeed."""
        done = subprocess.run([*self.words, *map(str, words)], input=said, capture_output=True, text=True, cwd=TOP)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout.strip()


@pytest.fixture
def builder() -> Iterator[tuple[Builder, str]]:
    """Where images are made, and the name of one that is a bare Debian: here no registry of images is reached."""
    check_needs()
    if shutil.which("buildah") is None:
        pytest.skip("buildah isn't installed here (Debian: buildah)")
    place = Path(tempfile.mkdtemp(prefix="portal-image-"))
    debian = Debian(place / "base")
    made = Builder(place)
    try:
        debian.make("bookworm")
        bare = made.do("from", "scratch")
        made.do("add", "--quiet", bare, debian.root)
        if (debian.root / "etc/here.crt").exists():
            made.do("config", "--env", "PIP_CERT=/etc/here.crt", bare)
        made.do("commit", "--quiet", "--rm", bare, "bare")
        debian.remove()
        yield made, "localhost/bare"
    finally:
        subprocess.run([*made.words, "rm", "--all"], capture_output=True)
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_it_is_built_and_answers(builder: tuple[Builder, str]) -> None:
    buildah, base = builder
    words = ["build", "--isolation=chroot", "--pull=never", "--quiet", f"--build-arg=BASE={base}", "--tag=portal"]
    buildah.do(*words, "--file", FILE, TOP)
    there = buildah.do("from", "--pull=never", "localhost/portal")
    port = find_free_port()
    env = [f"--env=PORTAL_SECRET_KEY={os.urandom(32).hex()}"]
    run = ["run", "--isolation=chroot", *env, there, "--"]
    assert "uid=990(portal)" in buildah.do(*run, "id")
    assert "not found" in buildah.do(*run, "sh", "-c", "git --version 2>&1 || true")  # nothing that only builds
    buildah.do(*run, "portal", "create-user", "owner", said=f"{PASSWORD}\n")
    serving = subprocess.Popen([*buildah.words, *run, "portal", "serve", "--port", str(port), "--workers", "1"])
    sweeping = subprocess.Popen([*buildah.words, *run, "portal", "sweep", "--every", "5"])
    try:
        assert wait_for(f"http://127.0.0.1:{port}/health/ready") == 200
        assert wait_for(f"http://127.0.0.1:{port}/login") == 200
    finally:
        for each in (serving, sweeping):
            each.terminate()
            each.wait(60)


def wait_for(address: str) -> int:
    """The status of an answer without an error; a minute at most."""
    give_up = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return int(answer.status)
        except OSError:
            assert time.monotonic() < give_up, address
            time.sleep(0.2)
