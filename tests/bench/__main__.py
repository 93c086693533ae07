"""``python -m tests.bench``: what a request costs beside its control, and what a first visit weighs. Takes a minute."""

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
from tests.bench.pages import PAGES, Row, measured
from tests.bench.scene import Scene, fill
from tests.bench.weight import first_visit


@contextlib.contextmanager
def scene() -> Iterator[Scene]:
    """The filled app, every layer on; its log goes nowhere."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        with contextlib.redirect_stderr(nowhere):
            app: Flask = create_app(Settings(data=Path(folder), secret_key="bench", log="1"))
        with app.app_context():
            database.upgrade_schema()
        yield fill(app)


def show(rows: list[Row]) -> None:
    """The table of CPU."""
    print(f"{'CPU of a request, ms':<34}{'page':>8}{'control':>9}{'ratio':>8}{'goal':>7}   {'constant':>8}")
    for row in rows:
        mark = " " if row.ratio <= row.goal else "!"
        print(
            f"{row.name:<34}{row.page:>8.2f}{row.control:>9.2f}{row.ratio:>8.2f}{row.goal:>6.2f}{mark}   "
            f"{row.constant:>8.2f}   {row.against}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--turns", type=int, default=40, help="how often each is measured")
    parser.add_argument("--requests", type=int, default=8, help="requests in a turn")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    chosen = parser.parse_args()
    with scene() as made:
        show(
            [
                measured(made, page, turns=chosen.turns, requests=chosen.requests)
                for page in PAGES
                if chosen.only in page.name
            ]
        )
        files = first_visit(made, "buyer", "/orders")
    print(f"\n{'a first visit to my orders, brotli':<46}{'bytes':>8}{'goal':>9}")
    goals = {"text/html": 5 * 1024, "text/css": 10 * 1024}
    for file in files:
        print(f"{file.url:<46}{file.bytes:>8}{goals.get(file.type, ''):>9}")
    print(f"{f'{len(files)} requests (goal: 4)':<46}{sum(file.bytes for file in files):>8}{45 * 1024:>9}")


if __name__ == "__main__":
    main()
