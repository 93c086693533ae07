"""Notices that go out: written with their step, sent once, tried again, given up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask

from portal.extensions import db
from portal.models import Delivery, Notice
from portal.notices import notices as notices_notices
from portal.notices import outbox
from tests.cast import Cast
from tests.conftest import NOW

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver(BaseHTTPRequestHandler):
    answer = 204
    taken: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(type(self).answer)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    kind = type("Fresh", (Receiver,), {"taken": [], "answer": 204})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", kind
    server.shutdown()
    server.server_close()


@pytest.fixture
def channel() -> None:
    """Notices also take the webhook; stands behind ``app`` or ``both`` among a test's arguments."""
    notices_notices.set_channels("webhook")


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Delivery.state).order_by(Delivery.id)))


def test_a_step_writes_its_notices_and_their_deliveries_together(both: Flask, cast_both: Cast, channel: None) -> None:
    cast_both.until("returning")
    notices = db.session.scalar(db.select(db.func.count()).select_from(Notice))
    assert notices and states() == ["waiting"] * notices


def test_without_a_channel_nothing_waits(app: Flask, cast: Cast) -> None:
    cast.until("returning")
    assert states() == []


def test_what_is_sent_is_signed_and_sent_once(
    both: Flask, cast_both: Cast, channel: None, receiver: tuple[str, type[Receiver]]
) -> None:
    url, kind = receiver
    case = cast_both.until("returning")
    assert outbox.send_due(url, SECRET, NOW) == 2
    assert outbox.send_due(url, SECRET, NOW) == 0
    assert states() == ["sent", "sent"] and len(kind.taken) == 2
    headers, body = kind.taken[-1]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{right}"
    data = json.loads(body)["data"]
    assert (data["kind"], data["member_name"], data["case_no"]) == ("agree", "buyer", case.case_no)


@pytest.mark.parametrize("answer", [500, 404, 302])
def test_a_refusal_is_tried_again_later_and_given_up_in_the_end(
    app: Flask, cast: Cast, channel: None, receiver: tuple[str, type[Receiver]], answer: int
) -> None:
    url, kind = receiver
    kind.answer = answer
    cast.open_case()
    now = NOW
    for pause in outbox.PAUSES:
        assert outbox.send_due(url, SECRET, now) == 0
        assert outbox.send_due(url, SECRET, now + pause - timedelta(seconds=1)) == 0
        now += pause
    assert states() == ["waiting"]
    outbox.send_due(url, SECRET, now)
    assert states() == ["given_up"]
    assert len(kind.taken) == len(outbox.PAUSES) + 1
    assert len({headers["webhook-id"] for headers, _ in kind.taken}) == 1


def test_a_receiver_that_is_down_is_left_alone_after_five(app: Flask, cast: Cast, channel: None) -> None:
    for _ in range(8):
        cast.open_case()
    tried: list[str] = []

    def down(_url: str, _body: bytes, headers: dict[str, str]) -> None:
        tried.append(headers["webhook-id"])
        raise outbox.Unreachable("refused")

    assert outbox.send_due("http://127.0.0.1:9/", SECRET, NOW, send=down) == 0
    assert len(tried) == outbox.MOST_FAILURES


def test_what_a_killed_sender_had_taken_is_sent_by_the_next(app: Flask, cast: Cast, channel: None) -> None:
    cast.open_case()

    class Killed(BaseException):
        pass

    def killed(*_args: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        outbox.send_due("http://127.0.0.1:9/", SECRET, NOW, send=killed)
    db.session.rollback()
    sent: list[str] = []
    good = lambda _url, _body, headers: sent.append(headers["webhook-id"])  # noqa: E731
    assert outbox.send_due("http://127.0.0.1:9/", SECRET, NOW, send=good) == 0
    assert outbox.send_due("http://127.0.0.1:9/", SECRET, NOW + outbox.TAKEN_FOR, send=good) == 1


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!"])
def test_nothing_is_sent_unsigned(app: Flask, secret: str) -> None:
    with pytest.raises(ValueError, match="PORTAL_WEBHOOK_SECRET"):
        outbox.send_due("http://127.0.0.1:9/", secret, NOW)
