"""Clients that never finish keep nobody waiting: headers and bodies that drip take no thread."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
HEAD = b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\na="
)


@pytest.mark.parametrize("begun", [HEAD, BODY], ids=["headers", "bodies"])
def test_two_hundred_slow_ones(tmp_path: Path, sqlite_template: Path, begun: bytes) -> None:
    import shutil

    shutil.copy(sqlite_template / "portal.db", tmp_path / "portal.db")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {**os.environ, "PORTAL_DATA": str(tmp_path), "PORTAL_SECRET_KEY": "0123456789abcdef" * 2}
    environ["PORTAL_DATABASE_URL"] = ""
    words = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), "--workers", "1"]
    with subprocess.Popen(words, env=environ, cwd=TOP) as server, ExitStack() as opened:
        try:
            while not ask(port):
                assert server.poll() is None
                time.sleep(0.1)
            for _ in range(200):
                opened.enter_context(socket.create_connection(("127.0.0.1", port), 10)).sendall(begun)
            for _ in range(20):  # each gets its answer, while all two hundred still hold their connection
                assert b" 200 " in ask(port).partition(b"\r\n")[0]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


def ask(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return client.recv(1000)
    except OSError:
        return b""
