"""What granian calls (RSGI). Connections, headers and bodies wait in its event loop, however slow they are.

A thread gets a request only when the whole of it is here: two hundred slow clients keep no thread from the others. A
body that takes longer than BODY_WITHIN ends in 408, one larger than MOST_LARGE in 413. What is larger than its address
takes is read to its end and thrown away, so that the browser sees the app's page about it. What doesn't fit in memory
lies on the disk until it is worked on: of LARGE_AT_ONCE larger than MOST_BODY, and MOST_WAITING bytes of all, so that
nobody fills a disk before anything has asked who they are. A few slow large files keep none of the usual size out.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from portal.web.security import NOT_KEPT

BODY_WITHIN = 60.0  # seconds; photos of 12 MB over 1.6 Mbit/s
MOST_BODY = 13 * 1024 * 1024  # the app's own limits are below
MOST_LARGE = 101 * 1024 * 1024  # where an order export is sent to
LARGE_AT_ONCE = 4  # of one worker
MOST_WAITING = 512 * 1024 * 1024  # bytes of bodies on the disk, of one worker
IN_MEMORY = 1024 * 1024
AT_ONCE = 512  # bodies on their way and requests that wait for a thread, of one worker

Answer = tuple[int, list[tuple[str, str]], bytes]


class _Refused(Exception):
    """The body isn't taken in; the status says why."""

    def __init__(self, status: int) -> None:
        self.status = status


class _Body:
    """What came of a body: in memory, then on the disk; nothing of one that is larger than ``most``."""

    def __init__(self, most: int) -> None:
        self.size = self.on_disk = 0  # bytes
        self.has_place = False  # one of those for large ones
        self.most = most
        self._kept: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)
        self.failed: OSError | None = None

    def add(self, piece: bytes) -> None:
        """Keep a piece, or only count it."""
        self.size += len(piece)
        if self.failed or self.size > self.most:
            self._forget()
            return
        try:
            self._kept.write(piece)
        except OSError as error:
            self.failed = error
            self._forget()
            return
        self.on_disk = self.size if self.size > IN_MEMORY else 0

    def to_read(self) -> IO[bytes]:
        """The body from its beginning; nothing of one that couldn't be kept."""
        try:
            self._kept.seek(0)  # writes what is still buffered
        except OSError as error:
            self.failed = error
        return io.BytesIO() if self.failed else self._kept

    def close(self) -> None:
        """Give the room back."""
        with contextlib.suppress(OSError):  # closing writes what is still buffered
            self._kept.close()

    def _forget(self) -> None:
        if self.on_disk:
            self.close()
            self._kept, self.on_disk = io.BytesIO(), 0


class Front:
    """One WSGI app behind granian's RSGI interface. ``large``: the paths that take bodies of MOST_LARGE."""

    def __init__(self, app: Callable[..., Iterable[bytes]], threads: int, large: Collection[str] = ()) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._inside = 0
        self._large = frozenset(large)
        self._large_inside = 0  # bodies larger than MOST_BODY
        self._waiting = 0  # bytes of bodies that are on the disk

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Take in one request, have it worked on, send the answer."""
        if scope.proto != "http":
            return
        if self._inside >= AT_ONCE:
            protocol.response_empty(503, [("retry-after", "5")])
            return
        self._inside += 1
        is_large = scope.path in self._large and scope.method not in ("GET", "HEAD")
        body = _Body(MOST_LARGE if is_large else MOST_BODY)
        try:
            announced = scope.headers.get("content-length") or "0"
            if not announced.isdecimal() or int(announced) > MOST_LARGE:
                raise _Refused(413)
            self._find_place(body, int(announced))
            if scope.method not in ("GET", "HEAD") or "content-length" in scope.headers:
                await asyncio.wait_for(self._take_in(protocol, body), BODY_WITHIN)
            environ = _make_environ(scope, body.to_read(), body.size)
            environ[NOT_KEPT] = body.failed
            status, headers, content = await asyncio.get_running_loop().run_in_executor(self._pool, self._run, environ)
            protocol.response_bytes(status, headers, content)
        except _Refused as refused:
            again = [("retry-after", "5")] if refused.status == 503 else []
            protocol.response_empty(refused.status, [("connection", "close"), *again])
        except TimeoutError:
            protocol.response_empty(408, [("connection", "close")])
        finally:
            self._inside -= 1
            self._large_inside -= body.has_place
            self._waiting -= body.on_disk
            body.close()

    async def _take_in(self, protocol: Any, body: _Body) -> None:
        """Read what the client sends. Raises _Refused when it is too much, of this one or of all together."""
        async for piece in protocol:
            before = body.on_disk
            self._find_place(body, body.size + len(piece))
            body.add(piece)
            self._waiting += body.on_disk - before
            if body.size > MOST_LARGE:
                raise _Refused(413)
            if self._waiting > MOST_WAITING:
                raise _Refused(503)

    def _find_place(self, body: _Body, size: int) -> None:
        """A place for a body that is kept and larger than usual. Raises _Refused when all are taken."""
        if body.has_place or not MOST_BODY < size <= body.most:
            return
        if self._large_inside >= LARGE_AT_ONCE:
            raise _Refused(503)
        self._large_inside += 1
        body.has_place = True

    def _run(self, environ: dict[str, object]) -> Answer:
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


def _make_environ(scope: Any, body: IO[bytes], size: int) -> dict[str, object]:
    host, _, port = scope.server.rpartition(":")
    client, _, client_port = scope.client.rpartition(":")
    environ: dict[str, object] = {
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
        if "_" in name:  # X_Forwarded_For would become what a proxy says in X-Forwarded-For
            continue
        name = name.upper().replace("-", "_")
        if name == "CONTENT_TYPE":
            environ[name] = value
        elif name not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            name = f"HTTP_{name}"
            environ[name] = (
                f"{environ[name]}{';' if name == 'HTTP_COOKIE' else ','}{value}" if name in environ else value
            )
    return environ
