"""``python -m tests.bench.year``: CPU of the quality pages beside their controls, for a shop with a year of orders.

``--orders`` of tests/year.py (100,000), ``--postgresql`` on PostgreSQL. Takes some minutes to make the year.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from portal import create_app, database
from portal.calendar import clock
from portal.config import Settings
from portal.extensions import db
from portal.models import Batch, User
from portal.people import sessions
from tests.bench.__main__ import SECRET, show
from tests.bench.pages import Page, measured
from tests.bench.scene import Scene
from tests.cast import Cast
from tests.postgres import fresh_database
from tests.year import ORDERS, PLANTED, Year

LIMIT_MS = 60  # of a board page


@contextlib.contextmanager
def scene(orders: int, url: str = "") -> Iterator[tuple[Scene, list[Page]]]:
    """The shop after its year, and the pages that are measured."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), secret_key=SECRET, log="0", database_url=url))
        with app.app_context():
            database.upgrade_schema()
            database.join_files(app.extensions["portal_store"])
            now = clock.now()
            year = Year(Cast.make(now), 14, orders)
            for _ in year.go_by():
                pass
            seller = db.session.scalars(db.select(User).where(User.member_name == "seller")).one()
            cookies = {"seller": sessions.sign_in(seller, now=now)}
            product = year.products[PLANTED[0].product]
            batches = db.select(Batch.id).where(Batch.product_id == product).order_by(Batch.from_at)
            batch = db.session.scalars(batches).all()[1]
            db.session.remove()
        cell = f"/seller/quality/{product}/{PLANTED[0].fault}"
        pages = [
            Page("quality board", "seller", "/seller/quality", LIMIT_MS, in_ms=True),
            Page("one fault, week by week", "seller", cell, LIMIT_MS, in_ms=True),
            Page(
                "cases behind a batch's number", "seller", f"/seller/quality/cases?batch={batch}", LIMIT_MS, in_ms=True
            ),
            Page("batches", "seller", "/seller/batches", LIMIT_MS, in_ms=True),
        ]
        yield Scene(app, cookies, "", "", "", 0, 0), pages


def main() -> None:
    """Make the year and print the table."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench.year", description=__doc__)
    asked.add_argument("--orders", type=int, default=ORDERS)
    asked.add_argument("--turns", type=int, default=7)
    asked.add_argument("--postgresql", action="store_true")
    given = asked.parse_args()
    with scene(given.orders, fresh_database() if given.postgresql else "") as (made, pages):
        rows = [measured(made, page, turns=given.turns, requests=2) for page in pages]
        show(rows, "postgresql" if given.postgresql else "sqlite")


if __name__ == "__main__":
    main()
