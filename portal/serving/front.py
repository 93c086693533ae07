"""What granian calls (RSGI). Connections, headers and bodies wait in its event loop, however slow they are.

A thread gets a request only when the whole of it is here: two hundred slow clients keep no thread from the others. A
body that takes longer than BODY_WITHIN, or is larger than MOST_BODY, ends in 408 or 413.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any
from urllib.parse import unquote_to_bytes

BODY_WITHIN = 60.0  # seconds; photos of 12 MB over 1.6 Mbit/s
MOST_BODY = 101 * 1024 * 1024  # an order export; the app's own limits are far below for everything else
IN_MEMORY = 1024 * 1024
AT_ONCE = 512  # bodies on their way and requests that wait for a thread, of one worker

Answer = tuple[int, list[tuple[str, str]], bytes]


class Front:
    """One WSGI app behind granian's RSGI interface."""

    def __init__(self, app: Callable[..., Iterable[bytes]], threads: int) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._inside = 0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Take in one request, have it worked on, send the answer."""
        if scope.proto != "http":
            return
        if self._inside >= AT_ONCE:
            protocol.response_empty(503, [("retry-after", "5")])
            return
        self._inside += 1
        body: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)
        try:
            size = 0
            if scope.method not in ("GET", "HEAD") or "content-length" in scope.headers:
                size = await asyncio.wait_for(_take_in(protocol, body), BODY_WITHIN)
            if size > MOST_BODY:
                protocol.response_empty(413, [("connection", "close")])
                return
            environ = _make_environ(scope, body, size)
            status, headers, content = await asyncio.get_running_loop().run_in_executor(self._pool, self._run, environ)
            protocol.response_bytes(status, headers, content)
        except TimeoutError:
            protocol.response_empty(408, [("connection", "close")])
        finally:
            self._inside -= 1
            body.close()

    def _run(self, environ: dict[str, Any]) -> Answer:
        """The app's whole answer. In a thread of the pool."""
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _problem: object = None) -> Callable[[bytes], object]:
            said[:] = [int(status[:3]), [(name.lower(), value) for name, value in headers]]
            return parts.append

        parts: list[bytes] = []
        answer = self._app(environ, start)
        try:
            parts.extend(answer)
        finally:
            if (close := getattr(answer, "close", None)) is not None:
                close()
        content = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(parts)
        return said[0], said[1], content


async def _take_in(protocol: Any, body: IO[bytes]) -> int:
    """Read what the client sends; stops when it is too much. Returns the bytes."""
    size = 0
    async for piece in protocol:
        size += len(piece)
        if size > MOST_BODY:
            return size
        body.write(piece)
    body.seek(0)
    return size


def _make_environ(scope: Any, body: IO[bytes], size: int) -> dict[str, Any]:
    host, _, port = scope.server.rpartition(":")
    client, _, client_port = scope.client.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]") or "localhost",
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client.strip("[]"),
        "REMOTE_PORT": client_port,
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        name = name.upper().replace("-", "_")
        if name == "CONTENT_TYPE":
            environ[name] = value
        elif name not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            name = f"HTTP_{name}"
            environ[name] = (
                f"{environ[name]}{';' if name == 'HTTP_COOKIE' else ','}{value}" if name in environ else value
            )
    return environ
