"""``python -m tests.bench.load``: mixed load at a steady rate on the production server, beside a full database.

Nine of ten requests read (orders, an order, a case, the seller's queue with filters, search), one writes a sentence.
Requests come when they come, not when the last was answered, so that a stall is felt by all behind it. Afterwards every
sentence that was acknowledged has to stand once, and the doctor finds nothing new. Takes ``--minutes`` and some more.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import http.client
import queue
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote, urlencode

from sqlalchemy import func, select

from portal import create_app, database, doctor
from portal.calendar import clock
from portal.config import Settings
from portal.extensions import db, writing
from portal.models import Case, Message, Order, Staff, User
from portal.people import accounts, sessions
from tests.bench.__main__ import SECRET
from tests.bench.http import find_workers, served
from tests.bench.scene import Scene, fill
from tests.cast import PASSWORD, Cast
from tests.crowd import gather
from tests.postgres import fresh_database

CONNECTIONS = 16
WRITERS = 30  # people who write; each may send 30 sentences a minute
DESKS = 15  # people of the shop; each may search 60 times a minute
READS = (150.0, 400.0)  # goals in ms: p95, p99
GOALS = {
    "my orders": READS,
    "an order": READS,
    "a case": READS,
    "the shop's case": READS,
    "the queue": (200.0, 400.0),
    "search": (50.0, 400.0),
    "a sentence": (300.0, 1000.0),
}
RSS_GROWTH = 0.05
WARM_UP, WARM_RATE = (
    120.0,
    50.0,
)  # seconds at most, requests a second: each thread's connection keeps up to 8 MB of pages


@dataclass(frozen=True)
class Writer:
    """Who writes, and the conversation where."""

    cookie: str
    url: str


@dataclass(frozen=True)
class People:
    """Who writes, the cookies of the shop's people, and numbers that they look for."""

    writers: list[Writer]
    desks: list[str]
    numbers: list[str]


@dataclass
class Answers:
    """What came back: milliseconds from when a request was due, by page, every status, and each that was an error."""

    took: dict[str, list[float]] = field(default_factory=lambda: {page: [] for page in GOALS})
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[tuple[str, int]] = field(default_factory=Counter)
    written: list[str] = field(default_factory=list)
    broken: int = 0


@contextlib.contextmanager
def full_scene(url: str, orders: int) -> Iterator[tuple[Scene, People]]:
    """The scene beside so many orders and cases, and who looks at it."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), secret_key=SECRET, database_url=url))
        with app.app_context():
            database.upgrade_schema()
            database.join_files(app.extensions["portal_store"])
            gather(orders)
            db.session.remove()
        scene = fill(app)
        with app.app_context():
            cast = Cast.of_app(app)
            writers = [_make_writer(cast, number) for number in range(WRITERS)]
            desks = [_make_desk(cast, number) for number in range(DESKS)]
            numbers = list(db.session.scalars(select(Case.case_no).limit(200)))
            numbers += list(db.session.scalars(select(Order.order_no).limit(200)))
            db.session.connection().exec_driver_sql("ANALYZE")
            db.session.remove()
        yield scene, People(writers, desks, numbers)


def _make_writer(cast: Cast, number: int) -> Writer:
    with writing():
        user = accounts.create_user(f"writer{number}", now=cast.now, password=PASSWORD, weak_ok=True)
        order_no = cast.order(buyer=user.id).order_no
        cookie = sessions.sign_in(db.session.get_one(User, user.id), now=clock.now())
    return Writer(cookie, f"/orders/{order_no}/contact")


def _make_desk(cast: Cast, number: int) -> str:
    with writing():
        user = accounts.create_user(f"desk{number}", now=cast.now, password=PASSWORD, weak_ok=True)
        db.session.add(Staff(user_id=user.id, shop_id=cast.shop, role="agent", current=True))
        db.session.flush()
        return sessions.sign_in(user, now=clock.now())


class Visitors:
    """Threads with a kept-alive connection each, that take requests from one queue."""

    def __init__(self, port: int, scene: Scene, people: People, first: int) -> None:
        self.port, self.scene, self.people = port, scene, people
        self.due: queue.Queue[float | None] = queue.Queue()
        self.answers, self.lock = Answers(), threading.Lock()
        self.dice, self.number = random.Random(1), first
        self.tokens: dict[str, dict[str, str]] = {}

    def run(self, rate: float, seconds: float) -> None:
        threads = [threading.Thread(target=self._work) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            self.due.put(due)
        for _ in threads:
            self.due.put(None)
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while (due := self.due.get()) is not None:
            with self.lock:
                writes = self.dice.random() < 0.1
                page, who, url = self._choose() if not writes else ("a sentence", "", "")
                writer, desk = self.dice.choice(self.people.writers), self.dice.choice(self.people.desks)
                self.number += 1
                words = f"{self.number} 号"
            cookie = desk if who == "seller" else self.scene.cookies["buyer"]
            try:
                status = self._write(connection, writer, words) if writes else _get(connection, cookie, url)[0]
            except (OSError, http.client.HTTPException):
                connection.close()
                with self.lock:
                    self.answers.broken += 1
                continue
            with self.lock:
                self.answers.took[page].append((time.perf_counter() - due) * 1000)
                self.answers.statuses[status] += 1
                self.answers.errors[page, status] += status not in (200, 303)

    def _choose(self) -> tuple[str, str, str]:
        """(page, who, address) of a request that reads."""
        dice, scene = self.dice, self.scene
        tab = dice.choice(("", "&reason=damaged", "&q=" + quote("中筒袜"), "&type=exchange"))
        return dice.choice(
            (
                ("my orders", "buyer", "/orders"),
                ("an order", "buyer", f"/orders/{scene.order_no}"),
                ("a case", "buyer", f"/cases/{scene.case_no}"),
                ("the shop's case", "seller", f"/seller/cases/{scene.case_no}"),
                ("the queue", "seller", f"/seller?sort=due{tab}"),
                ("search", "seller", f"/seller/search?q={dice.choice(self.people.numbers)[-6:]}"),
            )
        )

    def _write(self, connection: http.client.HTTPConnection, writer: Writer, words: str) -> int:
        if writer.url not in self.tokens:
            page = _get(connection, writer.cookie, writer.url)[1]
            found = re.findall(r'name="(csrf_token|form_key)" value="([^"]*)"', page)
            self.tokens[writer.url] = {name: html.unescape(value) for name, value in found}
        form = self.tokens[writer.url] | {"words": words, "form_key": f"load{words[:-2]}"}
        headers = {"Cookie": f"sid={writer.cookie}", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", writer.url, urlencode(form), headers | {"Origin": f"http://127.0.0.1:{self.port}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 303:
            with self.lock:
                self.answers.written.append(words)
        return answer.status


def _get(connection: http.client.HTTPConnection, cookie: str, url: str) -> tuple[int, str]:
    connection.request("GET", url, headers={"Cookie": f"sid={cookie}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def read_rss(pids: list[int]) -> float:
    """MB of memory that these processes hold together."""
    said = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(int(each.split("VmRSS:")[1].split()[0]) for each in said) / 1024


def show(answers: Answers, rss: tuple[float, float]) -> bool:
    """Print what came back beside the goals; whether all were held."""
    held = not answers.broken and set(answers.statuses) == {200, 303}
    print(f"statuses {dict(answers.statuses)}, connections broken {answers.broken}")
    print(f"{'':<16}{'number':>8}{'p50 ms':>9}{'p95 ms':>9}{'goal':>7}{'p99 ms':>9}{'goal':>7}{'errors':>8}")
    for page, took in answers.took.items():
        if len(took) < 2:
            continue
        hundredths, (p95, p99) = quantiles(took, n=100), GOALS[page]
        errors = sum(count for (where, _), count in answers.errors.items() if where == page)
        fits = hundredths[94] <= p95 and hundredths[98] <= p99 and not errors
        held &= fits
        print(
            f"{page:<16}{len(took):>8}{hundredths[49]:>9.1f}{hundredths[94]:>9.1f}{p95:>7.0f}{hundredths[98]:>9.1f}"
            f"{p99:>7.0f}{errors:>8}{' ' if fits else ' !'}"
        )
    growth = rss[1] / rss[0] - 1
    print(f"memory of the workers {rss[0]:.0f} -> {rss[1]:.0f} MB, {growth:+.1%}, goal < {RSS_GROWTH:.0%}")
    return held and growth < RSS_GROWTH


def count_damage(scene: Scene) -> Counter[str]:
    """How much the doctor finds, by check. The crowd is written as rows, so that it finds some before any load."""
    with scene.app.app_context():
        found = Counter({check.name: sum(1 for _ in check.broken()) for check in doctor.CHECKS})
        found["files"] = sum(1 for _ in doctor.files(scene.app.extensions["portal_store"], copy=False))
        db.session.remove()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50, help="requests a second")
    parser.add_argument("--orders", type=int, default=200_000, help="orders and cases beside those that are looked at")
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    words = parser.parse_args()
    with full_scene(fresh_database() if words.postgresql else "", words.orders) as (scene, people):
        sound = count_damage(scene)
        answers, rss, lost = put_under_load(scene, people, words.rate, words.minutes * 60)
        held = show(answers, rss)
        print(f"{len(answers.written)} sentences acknowledged, {len(lost)} of them lost or doubled", flush=True)
        damage = count_damage(scene) - sound
    print(f"doctor: {dict(damage) or 'nothing'} that wasn't there before the load")
    sys.exit(0 if held and not lost and not damage else 1)


def put_under_load(
    scene: Scene, people: People, rate: float, seconds: float
) -> tuple[Answers, tuple[float, float], list[str]]:
    """What came back, the workers' memory before and after in MB, and the sentences that don't stand once."""
    with served(scene) as (port, server):
        pids = find_workers(server.pid)
        warm = Visitors(port, scene, people, 0)
        warm.run(max(rate, WARM_RATE), min(WARM_UP, seconds / 5))
        before = read_rss(pids)
        visitors = Visitors(port, scene, people, 10**6)
        visitors.run(rate, seconds)
        after = read_rss(pids)
    with scene.app.app_context():
        stand = dict(db.session.execute(select(Message.words, func.count()).group_by(Message.words)).all())
        lost = [said for said in warm.answers.written + visitors.answers.written if stand.get(said) != 1]
        db.session.remove()
    return visitors.answers, (before, after), lost


if __name__ == "__main__":
    main()
