"""A Debian of one test's own in a folder: made by debootstrap, its systemd started in namespaces of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NEEDS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container"}
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
WITHIN = 900.0  # seconds for a step: a slow mirror
# systemd from 256 on starts in the groups of an older kernel only when it is told so; others don't know the words.
BOOTED = ("systemd.unified_cgroup_hierarchy=0", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1", "quiet")

_OPERATOR = """[Unit]
Description=What the operator types
After=basic.target dbus.service

[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/bash -eux /srv/typed
ExecStopPost=/bin/sh -c 'echo ended with $EXIT_STATUS'
ExecStopPost=/bin/systemctl poweroff --force --no-block
StandardOutput=append:/srv/said
StandardError=inherit
TimeoutStartSec=600
"""


def check_needs() -> None:
    """Skip where a Debian can't be made."""
    if os.getuid() != 0:
        pytest.skip("a system in a folder can only be made by root")
    for program, package in NEEDS.items():
        if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            pytest.skip(f"{program} isn't installed here (Debian: {package})")


class Debian:
    """One system below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self, release: str, *packages: str) -> None:
        """The smallest system of a release that starts, and these packages."""
        inside = ",".join(("systemd-sysv", "dbus", "ca-certificates", *packages))
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={inside}", release, str(self.root)],
            capture_output=True,
            text=True,
            timeout=WITHIN,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        self.write("usr/sbin/policy-rc.d", "#!/bin/sh\n[ -d /run/systemd/system ] || exit 101\n", 0o755)
        if CERTIFICATES.exists():  # where this machine reaches the packages through a proxy of its own
            shutil.copy(CERTIFICATES, self.root / "etc/here.crt")

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def type(self, script: str) -> str:
        """Run a script with this machine's network, before systemd has started; what it said. It must succeed."""
        self.write("srv/typed", script)
        words = ["systemd-nspawn", "--quiet", f"--directory={self.root}", "--register=no", "--keep-unit", "--pipe"]
        words += ["--as-pid2", "--setenv=HOME=/root", "--setenv=DEBIAN_FRONTEND=noninteractive"]
        words += ["--setenv=PIP_ROOT_USER_ACTION=ignore", "--setenv=PIP_CERT=/etc/here.crt", "/bin/bash", "-eux"]
        done = subprocess.run(
            [*words, "/srv/typed"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WITHIN,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def type_booted(self, script: str) -> str:
        """Start the system, with a network of its own, run a script, switch off; what it said. It must succeed."""
        (self.root / "srv/said").unlink(missing_ok=True)
        self.write("srv/typed", script)
        self.write("etc/systemd/system/operator.service", _OPERATOR)
        wanted = self.root / "etc/systemd/system/multi-user.target.wants/operator.service"
        wanted.unlink(missing_ok=True)
        wanted.symlink_to("/etc/systemd/system/operator.service")
        words = ["systemd-nspawn", "--quiet", f"--directory={self.root}", "--register=no", "--keep-unit"]
        legacy = [] if Path("/sys/fs/cgroup/cgroup.controllers").exists() else list(BOOTED)
        words += ["--private-network", "--boot", *legacy]
        console = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN)
        path = self.root / "srv/said"
        said = path.read_text("utf-8") if path.exists() else console.stdout[-3000:] + console.stderr[-3000:]
        assert "\nended with 0\n" in said, said[-8000:]
        return said

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
