"""What stands before the app in `portal serve`: how much of a body is kept before anybody was asked who they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from portal.seller.imports import MOST_SENT
from portal.serving import front
from portal.serving.front import Front
from portal.web.guards import list_large

MB = 1024 * 1024


class Headers(dict[str, str]):
    """Several of one name aren't asked for here."""


@dataclass
class Scope:
    """What granian says of a request."""

    path: str
    method: str = "POST"
    headers: Headers = field(default_factory=Headers)
    proto: str = "http"
    query_string: str = ""
    server: str = "127.0.0.1:8000"
    client: str = "192.0.2.7:40000"
    http_version: str = "1.1"
    scheme: str = "http"


@dataclass
class Client:
    """Sends pieces of a megabyte, waits before the last when it is told to, and keeps the answer."""

    pieces: int
    last: asyncio.Event | None = None
    sent: int = 0
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number in range(self.pieces):
            if self.last is not None and number == self.pieces - 1:
                await self.last.wait()
            self.sent += 1
            yield b"x" * MB
            await asyncio.sleep(0)

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.status, self.answered = status, dict(headers)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.status, self.answered, self.content = status, dict(headers), content


@dataclass
class Inside:
    """An app that notes what it is given."""

    seen: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.seen.append({**environ, "body": len(environ["wsgi.input"].read())})
        start("200 OK", [])
        return [b"seen"]


def send(made: Front, scope: Scope, pieces: int) -> Client:
    client = Client(pieces)
    asyncio.run(made.__rsgi__(scope, client))
    return client


def test_headers_with_an_underscore_are_nobodys() -> None:
    """A proxy overwrites X-Forwarded-For, not X_Forwarded_For: for the app both would be one."""
    inside = Inside()
    headers = Headers({"x-forwarded-for": "192.0.2.7", "x_forwarded_for": "10.0.0.1", "content_type": "text/evil"})
    send(Front(inside, 1), Scope("/", "GET", headers), 0)
    assert inside.seen[0]["HTTP_X_FORWARDED_FOR"] == "192.0.2.7"
    assert "CONTENT_TYPE" not in inside.seen[0]


def test_only_where_exports_are_sent_to_is_much_kept() -> None:
    inside = Inside()
    made = Front(inside, 1, {"/large"})
    for path, kept in (("/large", 15 * MB), ("/usual", 0)):
        assert send(made, Scope(path), 15).status == 200
        assert (inside.seen[-1]["CONTENT_LENGTH"], inside.seen[-1]["body"]) == (str(15 * MB), kept)
    assert send(made, Scope("/usual"), 12).content == b"seen"
    assert inside.seen[-1]["body"] == 12 * MB


def test_what_is_announced_too_large_is_not_read() -> None:
    for announced in (str(10**12), "many", "-1"):
        client = send(
            Front(Inside(), 1, {"/large"}), Scope("/large", headers=Headers({"content-length": announced})), 3
        )
        assert (client.status, client.sent) == (413, 0)


@pytest.mark.parametrize("announced", ["", str(14 * MB)], ids=["as it grows", "as announced"])
def test_few_large_ones_at_once_and_they_keep_no_usual_one_out(announced: str) -> None:
    def ask(path: str = "/large") -> Scope:
        return Scope(path, headers=Headers({"content-length": announced} if announced else {}))

    async def go() -> list[int]:
        inside, go_on = Inside(), asyncio.Event()
        made = Front(inside, 1, {"/large"})
        first = [Client(15, go_on) for _ in range(front.LARGE_AT_ONCE)]
        tasks = [asyncio.create_task(made.__rsgi__(ask(), client)) for client in first]
        await asyncio.sleep(0.1)
        more, usual, other = Client(15), Client(12), Client(15)
        await made.__rsgi__(ask(), more)
        await made.__rsgi__(Scope("/large"), usual)
        await made.__rsgi__(ask("/usual"), other)
        go_on.set()
        await asyncio.gather(*tasks)
        again = Client(15)
        await made.__rsgi__(ask(), again)
        return [more.status, usual.status, other.status, again.status, *(client.status for client in first)]

    assert asyncio.run(go()) == [503, 200, 200, 200, *[200] * front.LARGE_AT_ONCE]


def test_all_bodies_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "MOST_WAITING", 10 * MB)

    async def go() -> list[int]:
        go_on, made = asyncio.Event(), Front(Inside(), 1)
        holds, too_much, small = Client(7, go_on), Client(6), Client(1)
        task = asyncio.create_task(made.__rsgi__(Scope("/"), holds))
        await asyncio.sleep(0.05)
        for client in (too_much, small):
            await made.__rsgi__(Scope("/"), client)
        go_on.set()
        await task
        after = Client(9)
        await made.__rsgi__(Scope("/"), after)
        return [too_much.status, small.status, holds.status, after.status, made._waiting]

    assert asyncio.run(go()) == [503, 200, 200, 200, 0]


def test_no_room_for_a_body_is_said_by_the_app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda _: open("/dev/full", "r+b"))
    made = Front(app, 1)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    form = Headers({"content-type": "multipart/form-data; boundary=b", "host": "localhost"})
    client = send(made, Scope("/login", headers=form), 2)
    assert client.status == 507
    assert "存储空间不足" in client.content.decode()
    monkeypatch.undo()
    assert send(made, Scope("/login", headers=form), 2).status == 413  # it is read again, and is no form


def test_too_large_is_said_by_the_app(app: Flask) -> None:
    form = Headers({"content-type": "multipart/form-data; boundary=b", "host": "localhost"})
    client = send(Front(app, 1, list_large(app)), Scope("/login", headers=form), 14)
    assert client.status == 413
    assert "<h1" in client.content.decode()


def test_what_the_app_takes_fits(app: Flask) -> None:
    assert app.config["MAX_CONTENT_LENGTH"] < front.MOST_BODY
    assert MOST_SENT <= front.MOST_LARGE
    assert "/seller/import" in list_large(app)
