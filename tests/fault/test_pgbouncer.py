"""PgBouncer in transaction mode between the portal and PostgreSQL: three connections there carry everybody."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import create_app, database, doctor, sweeping
from portal.config import Settings
from portal.extensions import db
from portal.flow import Actor
from portal.models import CaseEvent, Message
from tests.cast import Cast, sign_in, token_of
from tests.conftest import BANK_KEYS, NOW, Clock
from tests.fault.cluster import find_free_port, wait_until_listening
from tests.postgres import drop_database, fresh_database

VISITORS, TURNS, CONNECTIONS = 6, 12, 3
INI = """[databases]
* = host=127.0.0.1 port={server} user=portal
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 100
"""


@pytest.fixture
def pooled() -> Iterator[str]:
    """The address of an empty database, through the pooler."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("PgBouncer isn't installed here")
    url, port = fresh_database(), find_free_port()
    [server] = re.findall(r":(\d+)/", url)
    folder = Path(tempfile.mkdtemp(prefix="portal-pgbouncer-", dir="/tmp"))  # another user gets there
    ini = folder / "pgbouncer.ini"
    ini.write_text(INI.format(server=server, port=port, connections=CONNECTIONS))
    as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    for place in (
        ini,
        *[each for each in (folder, *folder.parents) if each.owner() == ini.owner() and each != Path("/")],
    ):
        place.chmod(place.stat().st_mode | 0o055)
    running = subprocess.Popen([program, "-q", str(ini)], **as_user)  # type: ignore[call-overload]
    wait_until_listening(port)
    yield url.replace(f":{server}/", f":{port}/")
    running.terminate()
    running.wait(10)
    shutil.rmtree(folder)
    drop_database(url)


@pytest.fixture
def app(tmp_path: Path, pooled: str) -> Iterator[Flask]:
    settings = Settings(data=tmp_path, secret_key="test", database_url=pooled, pooler="1", bank_keys=BANK_KEYS)
    made = create_app(settings)
    made.testing = True
    with made.app_context():
        database.upgrade_schema()
        yield made
        db.session.remove()
        db.engine.dispose()


def test_pages_steps_sweeps_and_checks(app: Flask, now: Clock) -> None:
    cast = Cast.make(NOW)
    orders = [cast.order().order_no for _ in range(VISITORS)]
    due = [cast.open_case().id for _ in range(4)]
    cookie = sign_in(app, "buyer").get_cookie("sid")
    assert cookie is not None
    db.session.remove()
    wrong: list[object] = []

    def visit(order_no: str) -> None:
        browser = app.test_client()
        browser.set_cookie("sid", cookie.value)
        url = f"/orders/{order_no}/contact"
        for turn in range(TURNS):
            page = browser.get(url)
            answers = [page, browser.get("/orders"), browser.get("/me")]
            wrong.extend(answer.status for answer in answers if answer.status_code != 200)
            if turn % 4 == 0:
                sent = browser.post(url, data=token_of(page) | {"words": f"第 {turn} 句"})
                wrong.extend([sent.status] if sent.status_code != 303 else [])

    threads = [threading.Thread(target=visit, args=(order_no,)) for order_no in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert db.session.scalar(select(func.count()).select_from(Message)) == VISITORS * len(range(0, TURNS, 4))
    cast.until("completed")
    now.forward(days=6)
    assert sweeping.sweep() >= len(due)
    events = select(func.count()).where(CaseEvent.case_id.in_(due), CaseEvent.actor == str(Actor.CLOCK))
    assert db.session.scalar(events) == len(due)
    db.session.rollback()
    assert not any(doctor.findings())


def test_two_nodes_make_the_schema_at_once(app: Flask, tmp_path: Path, pooled: str) -> None:
    database.make_anew()
    failed: list[Exception] = []

    def make(name: str) -> None:
        other = create_app(Settings(data=tmp_path / name, secret_key="test", database_url=pooled, pooler="1"))
        with other.app_context():
            try:
                database.upgrade_schema()
            except Exception as error:
                failed.append(error)
            db.session.remove()
            db.engine.dispose()

    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    threads = [threading.Thread(target=make, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert database.is_current()
