"""Over HTTP: the production server with two workers, and kept-alive connections that ask one after the other."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from portal.web import compiled
from tests.bench.measure import read_cpu
from tests.bench.scene import Scene

TOP = Path(__file__).parents[2]
WORKERS = 2


@dataclass(frozen=True)
class Load:
    """What one run came to. ``cores``: CPU of the server, and of the database beside it, for each second."""

    per_second: float
    cores: float
    p50: float  # milliseconds
    p99: float
    shares: list[float]  # of the CPU, by worker

    @property
    def starves(self) -> bool:
        """Whether a worker did less than half of its share."""
        return min(self.shares) < 0.5 / len(self.shares)


@dataclass
class _Client:
    """One connection that is never closed: what is still to come of the answer."""

    socket: socket.socket
    asked: float = 0.0
    got: bytearray = field(default_factory=bytearray)

    def ask(self, request: bytes) -> None:
        self.got.clear()
        self.asked = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Take what has come; whether the answer is whole. Raises AssertionError for another one than 200."""
        piece = self.socket.recv(65536)
        assert piece, "the server closed a connection"
        self.got += piece
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found:
            return False
        assert head.startswith(b"HTTP/1.1 200"), bytes(head[:60])
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return len(body) >= int(length.partition(b":")[2])


@contextmanager
def served(scene: Scene) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The port and the process of `portal serve` on the scene's data, some time after its start."""
    list(compiled.compile_all(scene.app))  # else the server does it during the first run
    settings = scene.app.extensions["portal_settings"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {**os.environ, "PORTAL_DATA": str(settings.data), "PORTAL_DATABASE_URL": settings.database_url}
    environ |= {"PORTAL_SECRET_KEY": settings.secret_key, "PORTAL_LOG": "", "PORTAL_QA": ""}
    words = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), "--workers", str(WORKERS)]
    with subprocess.Popen(words, env=environ, cwd=TOP) as server:
        try:
            while not _answers(port):
                assert server.poll() is None, "the server ended"
                time.sleep(0.1)
            yield port, server
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


def load(scene: Scene, who: str, url: str, *, connections: int, seconds: float) -> Load:
    """Ask for one page over so many kept-alive connections for so long."""
    request = (
        f"GET {url} HTTP/1.1\r\nHost: localhost\r\nCookie: sid={scene.cookies[who]}\r\nAccept-Encoding: br\r\n\r\n"
    ).encode()
    with served(scene) as (port, server):
        _ask_for(port, request, connections, 1.0)  # everything is loaded, compiled and connected
        workers, database = find_workers(server.pid), scene.list_database_processes()
        before = [read_cpu(pid) for pid in (*workers, *database)]
        began = time.perf_counter()
        took = _ask_for(port, request, connections, seconds)
        wall = time.perf_counter() - began
        spent = [read_cpu(pid) - was for pid, was in zip((*workers, *database), before, strict=True)]
    assert len(took) > 1, "nothing was answered"
    hundredths = quantiles(took, n=100)
    cores = sum(spent) / 1e9 / wall
    shares = [each / sum(spent[: len(workers)]) for each in spent[: len(workers)]]
    return Load(len(took) / wall, cores, hundredths[49] * 1000, hundredths[98] * 1000, shares)


def _ask_for(port: int, request: bytes, connections: int, seconds: float) -> list[float]:
    """Seconds that each answer took."""
    took: list[float] = []
    with selectors.DefaultSelector() as selector:
        clients = [_Client(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(connections)]
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.ask(request)
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            for key, _ in selector.select(end - now):
                if key.data.read():
                    took.append(time.perf_counter() - key.data.asked)
                    key.data.ask(request)
        for client in clients:
            client.socket.close()
    return took


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in client.recv(100)
    except OSError:
        return False


def find_workers(pid: int) -> list[int]:
    """The server's processes that have no children of their own: those that work."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [leaf for child in children for leaf in (find_workers(child) or [child])]
