"""``python -m tests.bench``: what a request costs beside its control on each database, what the production server does
with many connections, and what a first visit weighs. Takes some minutes; ``--no-http`` takes one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from portal import create_app, database
from portal.config import Settings
from portal.extensions import db
from tests.bench import http
from tests.bench.pages import PAGES, Row, measured
from tests.bench.scene import Scene, fill
from tests.bench.weight import first_visit
from tests.postgres import fresh_database

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"
ON_POSTGRES = 1.5  # most CPU of a page there, server and database together, for each on SQLite
CORES, SPREAD = 1.85, 3.0  # least cores used of two; most p99 for each p50


@contextlib.contextmanager
def scene(url: str = "") -> Iterator[Scene]:
    """The filled app, every layer on; its log goes nowhere. ``url``: an empty PostgreSQL database, else SQLite."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        with contextlib.redirect_stderr(nowhere):
            app: Flask = create_app(Settings(data=Path(folder), secret_key=SECRET, log="1", database_url=url))
        with app.app_context():
            database.upgrade_schema()
            database.join_files(app.extensions["portal_store"])
            db.session.remove()
        made = fill(app)
        if url:
            with app.app_context():
                db.session.connection().exec_driver_sql("ANALYZE")
                db.session.remove()
        yield made


def mark(held: bool) -> str:
    return " " if held else "!"


def show(rows: list[Row], name: str = "sqlite") -> None:
    """The table of CPU."""
    print(
        f"{f'CPU of a request, ms, {name}':<38}{'page':>8}{'control':>9}{'ratio':>8}{'goal':>9}   "
        f"{'constant':>8}{'statements':>12}"
    )
    for row in rows:
        goal = f"+{row.goal:.2f}ms" if row.in_ms else f"{row.goal:.2f}"
        print(
            f"{row.name:<38}{row.page:>8.2f}{row.control:>9.2f}{row.ratio:>8.2f}{goal:>9}{mark(row.held)}  "
            f"{row.constant:>8.2f}{row.statements:>12}   {row.against}"
        )


def compare(sqlite: list[Row], postgresql: list[Row]) -> None:
    """What each page costs on PostgreSQL, database included, for what it costs on SQLite."""
    print(f"\n{'CPU on PostgreSQL / on SQLite':<38}{'ratio':>8}{'goal':>9}")
    for one, other in zip(sqlite, postgresql, strict=True):
        ratio = other.page / one.page
        print(f"{one.name:<38}{ratio:>8.2f}{ON_POSTGRES:>9.2f}{mark(ratio <= ON_POSTGRES)}")


def show_loads(made: Scene, name: str, *, only: str, seconds: float) -> None:
    """The table of requests over HTTP; each page with one connection and with sixteen."""
    print(
        f"\n{f'16 kept-alive connections, {name}':<38}{'a second':>9}{'cores':>7}{'p50 ms':>8}{'p99 ms':>8}"
        f"{'p99/p50':>9}{'least work':>12}   goal: >= {CORES} cores, <= {SPREAD:.0f} x, no worker starves"
    )
    for page in PAGES:
        if page.kind != "html" or only not in page.name:
            continue
        found = http.load(made, page.who, page.url.format(**vars(made)), connections=16, seconds=seconds)
        held = found.cores >= CORES and found.p99 <= SPREAD * found.p50 and not found.starves
        print(
            f"{page.name:<38}{found.per_second:>9.0f}{found.cores:>7.2f}{found.p50:>8.1f}{found.p99:>8.1f}"
            f"{found.p99 / found.p50:>9.2f}{min(found.shares):>12.0%}{mark(held)}"
        )


def show_weight(made: Scene) -> None:
    files = first_visit(made, "buyer", "/orders")
    print(f"\n{'a first visit to my orders, brotli':<46}{'bytes':>8}{'goal':>9}")
    goals = {"text/html": 5 * 1024, "text/css": 10 * 1024}
    for file in files:
        print(f"{file.url:<46}{file.bytes:>8}{goals.get(file.type, ''):>9}")
    print(f"{f'{len(files)} requests (goal: 4)':<46}{sum(file.bytes for file in files):>8}{45 * 1024:>9}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--turns", type=int, default=40, help="how often each is measured")
    parser.add_argument("--requests", type=int, default=8, help="requests in a turn")
    parser.add_argument("--seconds", type=float, default=8, help="of each run over HTTP")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--no-http", action="store_true", help="without the runs over HTTP")
    parser.add_argument("--no-postgresql", action="store_true", help="on SQLite alone")
    chosen = parser.parse_args()
    pages = [page for page in PAGES if chosen.only in page.name]
    tables: list[list[Row]] = []
    for name in ("sqlite",) if chosen.no_postgresql else ("sqlite", "postgresql"):
        with scene(fresh_database() if name == "postgresql" else "") as made:
            tables.append([measured(made, page, turns=chosen.turns, requests=chosen.requests) for page in pages])
            show(tables[-1], name)
            if not chosen.no_http:
                show_loads(made, name, only=chosen.only, seconds=chosen.seconds)
            if name == "sqlite":
                show_weight(made)
        print()
    if len(tables) == 2:
        compare(*tables)


if __name__ == "__main__":
    main()
