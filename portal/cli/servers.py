"""Processes that serve: what must be true before they listen, starting them, keeping them together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from portal.config import Settings, SettingsError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


LEAST_KEY = 32


MOST_KILLS = 5  # a minute


PR_SET_PDEATHSIG = 1  # linux/prctl.h


def refuse_taken_port(host: str, port: int) -> None:
    """Raises OSError, saying why, when the server couldn't listen there."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return
    except OSError as error:
        raise OSError(f"{host}:{port} can't be listened at: {error.strerror}") from error


def start_server(host: str, port: int, workers: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """granian on portal.serving; in a session of its own, so that all its processes can be ended together."""
    top = Path(__file__).resolve().parents[2]
    words = [
        sys.executable,
        "-m",
        "granian",
        "portal.serving.app:front",
        "--interface",
        "rsgi",
        "--no-ws",
        "--http",
        "1",
    ]
    words += ["--host", host, "--port", str(port), "--workers", str(workers), "--respawn-failed-workers"]
    counters = Path(tempfile.mkdtemp(prefix="portal-metrics-"))  # the workers' counters, added up by /metrics
    env = env | {"PROMETHEUS_MULTIPROC_DIR": str(counters)}
    words += ["--http1-header-read-timeout", "10000", "--workers-kill-timeout", "25", "--log-level", "warning"]
    words += ["--http1-buffer-size", "65536"]  # most that the headers of a connection may hold in memory
    return subprocess.Popen(  # noqa: S603  (our own words)
        words,
        env=env,
        cwd=top,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )


def _end_with_parent() -> None:
    """On Linux a server whose command was killed ends too: else it would go on alone and hold the port."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def refuse_open_qa(settings: Settings, host: str) -> None:
    if settings.qa == "1" and host not in LOOPBACK:
        raise SettingsError("PORTAL_QA=1 is refused on an address that others reach; say PORTAL_QA=anywhere to open it")


def refuse_weak_settings(settings: Settings, host: str) -> None:
    """Raises SettingsError for a server that strangers could make their own."""
    key = settings.secret_key
    if len(key) < LEAST_KEY or len(set(key)) < LEAST_KEY // 4:
        raise SettingsError(
            f"PORTAL_SECRET_KEY is weak: it needs {LEAST_KEY} random characters, such as those of: openssl rand -hex 32"
        )
    if settings.https == "1" and not settings.proxies:
        raise SettingsError("PORTAL_HTTPS=1 means a proxy in front: PORTAL_PROXIES must say how many there are")
    if settings.qa == "1" and settings.proxies:
        raise SettingsError("PORTAL_QA=1 is refused behind a proxy: everybody would seem to be on this machine")
    if settings.store and not settings.bank_keys and (settings.data / "bank-keys").exists():
        raise SettingsError("PORTAL_STORE means several nodes: PORTAL_BANK_KEYS must hold the same keys on each")
    if host in LOOPBACK:
        return
    if not settings.address and settings.https == "1" and "," in settings.trusted_hosts:
        raise SettingsError("PORTAL_ADDRESS is missing: there are several trusted hosts, links need one")
    if not settings.trusted_hosts:
        raise SettingsError("PORTAL_TRUSTED_HOSTS is missing: an open address answers to its own names only")
    if not settings.https:
        raise SettingsError("plain http on an open address: put a proxy with https in front, or say PORTAL_HTTPS=0")


Start = Callable[[], "subprocess.Popen[bytes]"]


def keep_together(starts: list[Start], meanwhile: Iterable[object] = ()) -> None:
    """Run until one ends or somebody says stop; then end all. What is killed is said and started again.

    ``meanwhile``: short pieces of work that are done while they run.
    """

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    children = [start() for start in starts]
    kills: list[float] = []
    work = iter(meanwhile)
    try:
        while all(
            child.poll() is None or _start_again(children, at, starts[at], kills) for at, child in enumerate(children)
        ):
            if next(work, None) is None:
                time.sleep(0.3)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
    sys.exit(max(abs(child.returncode or 0) for child in children))


def _start_again(children: list[subprocess.Popen[bytes]], at: int, start: Start, kills: list[float]) -> bool:
    """Replace a process that a signal killed; False when it ended by itself, or is killed too often."""
    child = children[at]
    if child.returncode >= 0:
        return False
    kills[:] = [*(moment for moment in kills if moment > time.monotonic() - 60), time.monotonic()]
    again = len(kills) <= MOST_KILLS
    ends = "it is started again" if again else "that is too often, the portal ends"
    click.echo(f"portal: process {child.pid} was killed by signal {-child.returncode}: {ends}", err=True)
    with contextlib.suppress(ProcessLookupError):  # its workers outlive it and hold the port
        os.killpg(child.pid, signal.SIGKILL)
    if again:
        children[at] = start()
    return again
