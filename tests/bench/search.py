"""``python -m tests.bench.search``: what the one search takes, from the call to its hits, by what was typed.

On both databases, of a shop that has four fifths of so many cases. ``--cases`` 200,000 (a million takes some minutes).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from portal import create_app, database
from portal.cases import search
from portal.config import Settings
from portal.extensions import db
from tests.crowd import Crowd, gather
from tests.postgres import fresh_database

CASES, GOAL, TURNS = 200_000, 50.0, 7  # milliseconds; the median of so many turns
KINDS = {
    "one number": ("390000000000000077", "HH777"),
    "end of a telephone": ("9303", "尾号 5212"),
    "one word": ("藏青", "李文", "member70", "袜"),
    "rare and common": ("藏青 袜", "李 藏青", "李文平 袜", "member70 袜", "member70 李", "李洋芳 黑色"),
    "two common": ("李 袜", "李文 黑色", "member1 王", "member 袜", "黑色 袜"),
    "not together": (
        "李文平 藏青",
        "member70 藏青",
        "member7 没有",
        "没有 袜",
        "李 没有",
        "member 不是",
        "欧 member70",
    ),
}


def measure(crowd: Crowd, needle: str) -> tuple[float, float, search.Found]:
    """The median and the longest of some turns, in milliseconds, and what was found."""
    times = []
    for _ in range(TURNS):
        began = time.perf_counter()
        found = search.search(crowd.shop, needle)
        times.append((time.perf_counter() - began) * 1_000)
        db.session.rollback()
    return statistics.median(times), max(times), found


def show(url: str, many: int) -> None:
    """Make a crowd and print a row for each needle."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), secret_key="bench", log="1", database_url=url))
        with app.app_context():
            database.upgrade_schema()
            db.session.remove()
            crowd = gather(many, called=True)
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE" if not url else "VACUUM ANALYZE")
            print(f"{db.engine.dialect.name + f', {many:,} cases':<40}{'median ms':>10}{'most':>8}  cases, orders")
            for kind, needles in KINDS.items():
                for needle in needles:
                    median, most, found = measure(crowd, needle)
                    hits = f"{len(found.cases)}, {len(found.orders)}{' cut' if found.cut else ''}"
                    print(
                        f"{f'{kind}: {needle}':<40}{median:>10.1f}{most:>8.1f}{'' if median <= GOAL else '!':<2}{hits}"
                    )
            db.session.remove()
            db.engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--no-sqlite", action="store_true", help="on PostgreSQL alone")
    parser.add_argument("--no-postgresql", action="store_true", help="on SQLite alone")
    chosen = parser.parse_args()
    if not chosen.no_postgresql:
        show(fresh_database(), chosen.cases)
    if not chosen.no_sqlite:
        show("", chosen.cases)


if __name__ == "__main__":
    main()
