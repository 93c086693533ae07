"""What one page, one case and one connection cost on PostgreSQL: CPU of portal and database, disk, log, memory."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from portal.evidence.imaging import IncomingFile, prepare
from portal.extensions import db
from tests.bench import measure
from tests.bench.pages import PAGES
from tests.bench.scene import Scene
from tests.cast import Cast
from tests.pictures import photo
from tests.postgres import server

CASES, EVENTS_OF_CASE = 60, 5  # applied, agreed, sent back, checked, sent again, confirmed: five steps after the first
PAGE_BYTES = 6_000  # of an answer as it travels, about; the first visit's files are kept by browsers


@dataclass(frozen=True)
class Costs:
    """Milliseconds of CPU, bytes."""

    pages: dict[str, tuple[float, float]]  # portal, database
    step: tuple[float, float]  # one step of a case
    case_bytes: int  # rows and indexes of a whole case with its order
    log_bytes: int  # write-ahead log of a whole case
    photo: float  # taking one in, by the clock
    photo_bytes: int
    worker_bytes: int  # memory of this process, with everything loaded
    connection_bytes: int  # memory of the database for one connection that has worked


def measure_costs(scene: Scene, *, turns: int = 12, requests: int = 6) -> Costs:
    """Measure everything; takes about half a minute."""
    pids = scene.list_database_processes()
    pages = {}
    for page in PAGES:
        if page.kind == "html":
            ask = measure.call(scene.app, scene.environ(page.who, page.url.format(**vars(scene))), 200)
        elif page.kind == "poll":
            ask = measure.call(scene.app, scene.environ(page.who, page.url.format(**vars(scene))), 204)
        else:
            continue
        ask()
        pages[page.name] = _measure_both(ask, pids, turns, requests)
    step, case_bytes, log_bytes = _measure_cases(scene)
    taken, sizes = _measure_photos()
    return Costs(
        pages, step, case_bytes, log_bytes, taken, sizes, _read_memory(os.getpid()), max(map(_read_memory, pids))
    )


def _measure_both(ask: measure.Work, pids: list[int], turns: int, requests: int) -> tuple[float, float]:
    portal, database = [], []
    for _ in range(turns):
        before, beside = time.process_time_ns(), sum(map(measure.read_cpu, pids))
        for _ in range(requests):
            ask()
        portal.append((time.process_time_ns() - before) / requests / 1e6)
        database.append((sum(map(measure.read_cpu, pids)) - beside) / requests / 1e6)
    return median(portal), median(database)


def _measure_cases(scene: Scene) -> tuple[tuple[float, float], int, int]:
    """CPU of a step, and what a case with its order leaves behind."""
    with scene.app.app_context():
        cast = Cast.of_app(scene.app)
        cast.until("completed", order=cast.order())
        db.session.rollback()
        pids = scene.list_database_processes()
        size, log = _read_sizes(scene)
        before, beside = time.process_time_ns(), sum(map(measure.read_cpu, pids))
        for _ in range(CASES):
            cast.until("completed", order=cast.order())
        portal = (time.process_time_ns() - before) / 1e6
        database = (sum(map(measure.read_cpu, pids)) - beside) / 1e6
        db.session.remove()
    more, further = _read_sizes(scene)
    many = CASES * (EVENTS_OF_CASE + 1)
    return (portal / many, database / many), (more - size) // CASES, (further - log) // CASES


def _read_sizes(scene: Scene) -> tuple[int, int]:
    """Bytes of all tables with their indexes, and the place in the log."""
    name = scene.app.extensions["portal_settings"].database_url.rpartition("/")[2]
    with server().connect(name) as connection:
        asked = "SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'"
        size, log = connection.execute(asked).fetchone() or (0, 0)
    return int(size), int(log)


def _measure_photos() -> tuple[float, int]:
    """Milliseconds by the clock, the quickest of three: the decoder is another process; and bytes."""
    taken, sizes = [], []
    for number in range(3):
        picture = photo((3000, 4000))
        before = time.perf_counter()
        made = prepare([IncomingFile(f"{number}.jpg", picture)])
        taken.append((time.perf_counter() - before) * 1000)
        sizes.append(sum(len(each.full) + len(each.thumb) for each in made))
    return min(taken), int(mean(sizes))


def _read_memory(pid: int) -> int:
    """Bytes that only this process holds, and its share of what it holds with others."""
    try:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, PermissionError):
        return 0
    return next(int(line.split()[1]) * 1024 for line in said.splitlines() if line.startswith("Pss:"))
