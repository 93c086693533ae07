"""The tests' own PostgreSQL: shared by all workers, and gone with the last of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.postgres import (  # noqa: F401
    Server,
    drop_database,
    fresh_database,
    place_of,
    postgres_server,
    postgres_url,
)

PROJECT = Path(__file__).parents[2]
JOIN = """
import time
from tests.postgres import server
print(server().port, flush=True)
time.sleep(600)
"""


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        return connection.execute(query).fetchall()


def tables(url: str) -> list[tuple[object, ...]]:
    return rows(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


def one_table(url: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute("CREATE TABLE parcel (number text)")


def test_a_fresh_database_is_empty_and_knows_chinese(postgres_url: str) -> None:  # noqa: F811
    assert postgres_url.startswith("postgresql+psycopg://")
    assert tables(postgres_url) == []
    assert rows(postgres_url, "SELECT lower('换货ABC'), length('换货'), '换' ~ '^\\w$'") == [("换货abc", 2, True)]
    assert rows(postgres_url, "SHOW server_encoding") == [("UTF8",)]


def test_databases_are_apart_and_can_be_dropped() -> None:
    first, second = fresh_database(), fresh_database()
    one_table(first)
    assert tables(first) == [("parcel",)]
    assert tables(second) == []
    drop_database(first)
    with pytest.raises(psycopg.OperationalError):
        tables(first)
    drop_database(second)


def test_a_template_is_filled_once_and_copied() -> None:
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        one_table(url)

    name = f"t{uuid4().hex[:8]}"
    copies = [fresh_database(name, prepare=fill) for _ in range(3)]
    assert [tables(url) for url in copies] == [[("parcel",)]] * 3
    assert len(filled) == 1
    for url in copies:
        drop_database(url)


def test_a_template_that_failed_is_filled_again() -> None:
    def fail(url: str) -> None:
        raise ZeroDivisionError

    name = f"t{uuid4().hex[:8]}"
    with pytest.raises(ZeroDivisionError):
        fresh_database(name, prepare=fail)
    url = fresh_database(name, prepare=one_table)
    assert tables(url) == [("parcel",)]
    drop_database(url)


def test_workers_share_a_server_that_goes_with_the_last_of_them() -> None:
    run = f"selftest-{uuid4().hex}"
    place = place_of(run)
    environment = {**os.environ, "PYTEST_XDIST_TESTRUNUID": run, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", JOIN]
    workers = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        ports = {worker.stdout.readline().strip() for worker in workers if worker.stdout}
        assert len(ports) == 1
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait()
        time.sleep(0.5)
        server = Server(int(ports.pop()))
        server.connect().close()  # the other one still needs it
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            if worker.stdout:
                worker.stdout.close()
    give_up = time.monotonic() + 20
    while place.exists() and time.monotonic() < give_up:
        time.sleep(0.1)
    assert not place.exists()
    with pytest.raises(psycopg.OperationalError):
        server.connect()
