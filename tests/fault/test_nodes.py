"""Two nodes on one PostgreSQL behind nginx: made at once, restarted under load, sweeping and importing together."""

from __future__ import annotations

import html
import io
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from flask import Flask
from moto.server import ThreadedMotoServer
from sqlalchemy import func, select

from portal import create_app, doctor, sweeping
from portal.calendar import clock
from portal.config import Settings
from portal.extensions import db
from portal.models import CaseEvent, Message, Notice, Order, User
from portal.people import sessions
from tests.cast import Cast, post, sign_in
from tests.conftest import BANK_KEYS
from tests.exports import order, table, text
from tests.fault.cluster import KEY, Front, Node, find_nginx, finish, make_node, wait_until_listening
from tests.postgres import drop_database, fresh_database

LEAST_ANSWERS = 40


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """Two nodes whose database two commands made at once."""
    find_nginx()
    service = ThreadedMotoServer(port=0)
    service.start()
    host, port = service.get_host_and_port()
    endpoint, url = f"http://{host}:{port}", fresh_database()
    store = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="nodes")
    store |= {"PORTAL_STORE": "s3://nodes/photos", "PORTAL_STORE_ENDPOINT": endpoint, "PORTAL_BANK_KEYS": BANK_KEYS}
    folder = tmp_path_factory.mktemp("nodes")
    made = [make_node(folder / name, url, **store) for name in ("a", "b")]
    begun = [node.begin("create-user", f"first-{node.folder.name}", said="correct horse 27\n") for node in made]
    for each in begun:
        assert "can sign in" in finish(each)
    yield made
    service.stop()
    drop_database(url)


@pytest.fixture(scope="module")
def here(nodes: list[Node]) -> Iterator[Flask]:
    """The same database in this process, with a cast."""
    env = nodes[0].env
    app = create_app(Settings(data=nodes[0].folder, secret_key=KEY, database_url=env["PORTAL_DATABASE_URL"]))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def cast(here: Flask) -> Cast:
    return Cast.make(clock.now() - timedelta(days=1))


@pytest.fixture(scope="module")
def front(nodes: list[Node], tmp_path_factory: pytest.TempPathFactory, cast: Cast) -> Iterator[Front]:
    for node in nodes:
        node.start()
    for node in nodes:
        wait_until_listening(node.port)
    made = Front(tmp_path_factory.mktemp("front") / "nginx", nodes)
    yield made
    made.stop()
    for node in nodes:
        node.stop()


def cookie_of(member_name: str) -> str:
    user = db.session.scalars(select(User).where(User.member_name == member_name)).one()
    return sessions.sign_in(user, now=clock.now())


def test_an_empty_database_is_made_once(nodes: list[Node], here: Flask) -> None:
    names = db.session.scalars(select(User.member_name).where(User.member_name.startswith("first-"))).all()
    assert sorted(names) == ["first-a", "first-b"]
    db.session.rollback()


class Visitor(threading.Thread):
    """Reads, and sends a sentence now and then, until told to stop; remembers each answer."""

    def __init__(self, front: Front, cookie: str, order_no: str) -> None:
        super().__init__()
        self.front, self.cookie, self.url = front, cookie, f"/orders/{order_no}/contact"
        self.stopped, self.sent = threading.Event(), 0
        self.answers: list[Any] = []

    def run(self) -> None:
        while not self.stopped.is_set():
            for path in ("/orders", "/me", self.url):
                status, text = self.front.ask(path, self.cookie)
                self.answers.append((path, status))
                time.sleep(0.05)
            if self.sent < 25 and status == 200:  # a person may send no more in a minute
                fields = re.findall(r'name="(csrf_token|form_key)" value="([^"]*)"', text)
                form = {name: html.unescape(value) for name, value in fields} | {"words": f"第 {self.sent} 句"}
                status, text = self.front.ask(self.url, self.cookie, form)
                self.answers.append(("POST", status))
                self.sent += status == 303


def test_nothing_is_lost_while_the_nodes_restart_in_turn(front: Front, cast: Cast, here: Flask) -> None:
    visitors = [
        Visitor(front, cookie_of(name), cast.order(buyer=buyer).order_no)
        for name, buyer in (("buyer", cast.buyer), ("buyer2", cast.buyer2))
    ]
    db.session.rollback()
    for visitor in visitors:
        visitor.start()
    try:
        for node in front.nodes:
            front.take_out(node)
            time.sleep(0.5)  # nginx's old workers hand out what they have
            node.stop()
            node.start()
            wait_until_listening(node.port)
            front.take_out(None)
    finally:
        for visitor in visitors:
            visitor.stopped.set()
            visitor.join()
    answers = [answer for visitor in visitors for answer in visitor.answers]
    assert {status for path, status in answers if path == "POST"} == {303}, answers
    assert {status for path, status in answers if path != "POST"} == {200}, answers
    assert len(answers) >= LEAST_ANSWERS
    assert db.session.scalar(select(func.count()).select_from(Message)) == sum(each.sent for each in visitors)
    db.session.rollback()


def test_what_two_sweeps_do_is_done_once(nodes: list[Node], cast: Cast, here: Flask) -> None:
    cases = [cast.open_case(now=clock.now() - timedelta(days=6)).id for _ in range(12)]
    db.session.rollback()
    said = [finish(begun) for begun in [node.begin("sweep", "--once") for node in nodes]]
    assert sum(int(re.findall(r"(\d+) cases moved", each)[0]) for each in said) >= len(cases), said
    events = select(CaseEvent.case_id, func.count()).where(CaseEvent.case_id.in_(cases)).group_by(CaseEvent.case_id)
    assert dict(db.session.execute(events).all()) == dict.fromkeys(cases, 2)  # applied, and what the clock took
    one = (Notice.case_id, Notice.user_id, Notice.kind)
    told = db.session.execute(select(*one, func.count()).where(Notice.case_id.in_(cases)).group_by(*one)).all()
    assert told
    assert {row[3] for row in told} == {1}
    db.session.rollback()
    assert not any(doctor.findings())


def test_an_export_that_one_node_got_is_taken_in_by_the_other(
    nodes: list[Node], cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = nodes
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, b.env[name])
    plain = {**b.env, "PORTAL_HTTPS": "", "PORTAL_PROXIES": "0", "PORTAL_TRUSTED_HOSTS": ""}
    numbers = [str(39 * 10**17 + number) for number in range(3)]
    export = text(tmp_path / "export.csv", table(order(each, 卖家会员名="seller") for each in numbers)).read_bytes()
    there, app = (create_app(Settings.from_env(plain | {"PORTAL_DATA": str(node.folder)})) for node in (b, a))

    def take_in() -> int:
        with app.app_context():
            taken = sweeping.take_in(sweeping.imports_of(app.extensions["portal_settings"]))
            db.session.remove()
            db.engine.dispose()
        return taken

    with there.app_context():
        seller = sign_in(there, "seller")
        sent = {"file": (io.BytesIO(export), "订单.csv")}
        address = post(seller, "/seller/import", sent, content_type="multipart/form-data").location.split("?")[0]
        db.session.remove()
        assert take_in() == 1
        assert "确认导入 3 张订单" in seller.get(address).text
        assert post(seller, address).status_code == 303
        db.session.remove()
        assert take_in() == 1
        assert "已导入" in seller.get(address).text
        assert db.session.scalar(select(func.count()).select_from(Order).where(Order.order_no.in_(numbers))) == 3
        db.session.remove()
        db.engine.dispose()
