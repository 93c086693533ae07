"""The units for systemd: taken by systemd without a word, and each as shut in as the portal bears."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.cli import portal
from portal.config import Settings

WORST = 2.0  # systemd's exposure level, 0 to 10: "OK" ends at 4.9; without any setting a service has 9.6


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    done = CliRunner().invoke(portal, ["write-deployment", str(tmp_path), "--host", "portal.example"])
    assert done.exit_code == 0, done.output
    return sorted(path for path in tmp_path.iterdir() if path.suffix in (".service", ".timer"))


def ask_systemd(*words: str | Path) -> str:
    """What `systemd-analyze` says; it must be content. Skips where there is no systemd."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze isn't installed here")
    done = subprocess.run([program, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_takes_the_units_without_a_warning(units: list[Path]) -> None:
    assert len(units) == 4
    said = ask_systemd("verify", *units)
    assert not [line for line in said.splitlines() if "portal" in line], said


def test_the_services_are_shut_in(units: list[Path]) -> None:
    services = [path for path in units if path.suffix == ".service"]
    said = ask_systemd("security", "--offline=true", "--no-pager", *services)
    levels = dict(re.findall(r"Overall exposure level for (\S+): ([0-9.]+)", said))
    print(levels)
    assert levels.keys() == {path.name for path in services}
    assert all(float(level) <= WORST for level in levels.values()), levels


def test_all_services_are_shut_in_alike(units: list[Path]) -> None:
    """A line that shuts one of them in stands in all: what the clock or the backup may do is no more."""
    said = {path.name: set(path.read_text("utf-8").splitlines()) for path in units if path.suffix == ".service"}
    begins = ("Protect", "Private", "Restrict", "Capability", "SystemCall", "NoNew", "Lock", "UMask", "User=")
    shut = {name: {line for line in lines if line.startswith(begins)} for name, lines in said.items()}
    assert len({frozenset(lines) for lines in shut.values()}) == 1, shut
    assert len(shut["portal.service"]) > 15


def test_secrets_may_come_from_systemd(units: list[Path], tmp_path: Path) -> None:
    """As credentials, which no other process sees and which are in no environment; what is set in plain goes first."""
    unit = next(path for path in units if path.name == "portal.service")
    (more := unit.with_name("portal.service.d")).mkdir()
    lines = "LoadCredentialEncrypted=PORTAL_SECRET_KEY\nLoadCredential=PORTAL_DATABASE_URL\n"  # as the README says
    (more / "secrets.conf").write_text(f"[Service]\n{lines}")
    said = ask_systemd("verify", unit)
    assert not [line for line in said.splitlines() if "portal" in line], said
    (tmp_path / "PORTAL_SECRET_KEY").write_text("of the credential\n")
    (tmp_path / "PORTAL_THREADS").write_text("7")
    given = {"CREDENTIALS_DIRECTORY": str(tmp_path), "PORTAL_SECRET_KEY": ""}
    settings = Settings.from_env(given)
    assert (settings.secret_key, settings.threads, settings.database_url) == ("of the credential", 7, "")
    assert Settings.from_env({**given, "PORTAL_SECRET_KEY": "plain"}).secret_key == "plain"
    assert Settings.from_env({"CREDENTIALS_DIRECTORY": "/nowhere"}).secret_key == ""
    (tmp_path / "PORTAL_SECRET_KEY").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="PORTAL_SECRET_KEY can't be read"):
        Settings.from_env(given)
