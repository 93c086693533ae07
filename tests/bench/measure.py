"""CPU of a request: the thing and its controls in turn, in one process, and the medians of many turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from wsgiref.types import WSGIApplication

Work = Callable[[], object]


def call(app: WSGIApplication, environ: Mapping[str, Any], status: int) -> Work:
    """One request as a server makes it, with the answer read to its end. Raises AssertionError for another status."""

    def work() -> bytes:
        said: list[str] = []

        def start(line: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
            said.append(line)
            return said.append  # type: ignore[return-value]

        answer: Iterable[bytes] = app(dict(environ), start)
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", bool)()
        assert said[0].startswith(str(status)), said[0]
        return body

    return work


def read_cpu(pid: int) -> int:
    """Nanoseconds that all threads of a process have run; 0 when it has ended."""
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return 0


def cpu(
    works: Mapping[str, Work], *, turns: int, requests: int, beside: Callable[[], int] = lambda: 0
) -> dict[str, float]:
    """Milliseconds of CPU one piece of work takes, by name: A B C A B C, the median turn of each.

    ``beside``: nanoseconds that another process has run for this one, a database's.
    """
    spent: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for turn in range(turns):
        for name, work in works.items() if turn % 2 == 0 else reversed(list(works.items())):
            before = time.process_time_ns() + beside()
            for _ in range(requests):
                work()
            spent[name].append((time.process_time_ns() + beside() - before) / requests / 1e6)
    return {name: median(numbers) for name, numbers in spent.items()}
