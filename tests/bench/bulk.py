"""``python -m tests.bench.bulk``: how long 200 homogeneous 同意 take, from the press to the last case.

On both databases. The run is made, begun and worked off by the portal's own functions; what the sweep waits before it
looks again isn't counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from portal.cases import bulk, bulk_work
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import BulkRun
from tests.bench.__main__ import scene
from tests.bench.scene import Scene
from tests.cast import Cast
from tests.postgres import fresh_database

CASES, GOAL = 200, 10.0  # seconds
Made = TypeVar("Made")


class Taken(NamedTuple):
    """Seconds by the clock, and how many cases came through. ``cpu``: of this process, in all three."""

    preview: float
    begin: float
    work: float
    cpu: float
    done: int

    @property
    def whole(self) -> float:
        """From the press on 同意 in the list to the last case, without the wait for the sweep."""
        return self.preview + self.begin + self.work


def agree_to_many(made: Scene, number: int = CASES) -> Taken:
    """Apply for so many alike, then agree to all of them as the desk does."""
    with made.app.app_context():
        cast = Cast.of_app(made.app)
        order = cast.order(milli=number * 10_000)
        ids = [cast.open_case(order, milli=1_000).id for _ in range(number)]
        db.session.rollback()
        by, cpu = cast.by(Actor.SELLER), time.process_time()
        preview, run_id = _measure(lambda: bulk.make_run(cast.shop, "agree", ids, by=by, query="", now=cast.now))
        begin, _ = _measure(lambda: bulk.start(_find(run_id, cast.shop), {"address_id": None}, cast.now))
        began, done = time.perf_counter(), 0
        while _find(run_id, cast.shop).state == "running":
            db.session.rollback()
            done += bulk_work.work_off(cast.now)
        taken = Taken(preview, begin, time.perf_counter() - began, time.process_time() - cpu, done)
        db.session.remove()
        return taken


def _measure(work: Callable[[], Made]) -> tuple[float, Made]:
    began = time.perf_counter()
    with writing():
        answer = work()
    return time.perf_counter() - began, answer


def _find(run_id: int, shop_id: int) -> BulkRun:
    query = db.select(BulkRun).where(BulkRun.id == run_id, BulkRun.shop_id == shop_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bulk", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--no-postgresql", action="store_true", help="on SQLite alone")
    chosen = parser.parse_args()
    names = f"{'preview':>10}{'begin':>9}{'work':>8}{'whole':>9}{'cpu':>7}{'done':>6}"
    print(f"{f'{chosen.cases}, seconds':<14}{names}")
    for name in ("sqlite",) if chosen.no_postgresql else ("sqlite", "postgresql"):
        with scene(fresh_database() if name == "postgresql" else "") as made:
            taken = agree_to_many(made, chosen.cases)
        mark = " " if taken.whole <= GOAL else "!"
        print(
            f"{name:<14}{taken.preview:>10.2f}{taken.begin:>9.2f}{taken.work:>8.2f}{taken.whole:>9.2f}{mark}"
            f"{taken.cpu:>6.2f}{taken.done:>6}"
        )


if __name__ == "__main__":
    main()
