"""Web Push over the wire: a push service of the test's own, with TLS, that reads what a real one would read."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from portal.extensions import db, writing
from portal.models import Case, PushSubscription
from portal.notices import push
from tests.cast import Cast
from tests.certificates import make_certificate
from tests.web.test_push import KEY, decode, news, subscribed

HOST = "push.test"
CONTACT = "https://portal.example"


class Service:
    """What was asked of the service, and what it answers, one status after the other, then 201."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.port = 0

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.asked.append((handler.command, handler.path, dict(handler.headers.items()), body))
        handler.send_response(self.answers.pop(0) if self.answers else 201)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    certificate, key = make_certificate(HOST)
    chain = tmp_path / "service.pem"
    chain.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))  # whom the client trusts
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: look_up("127.0.0.1" if host == HOST else host, *a, **k)
    )
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.take(self)

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)


def listening(cast: Cast, service: Service, token: str = "a") -> None:
    """A browser of the buyer whose push service is this one."""
    row = subscribed(cast, token)
    with writing():
        address = f"https://{HOST}:{service.port}/send/{token}?v=1"
        db.session.execute(db.update(PushSubscription).where(PushSubscription.id == row.id).values(endpoint=address))


def send(cast: Cast) -> int:
    return push.send_due(KEY, CONTACT, cast.now, partial(push.post_empty, judge=lambda _: True))


def claims_of(headers: dict[str, str]) -> dict[str, Any]:
    """The claims of a request, once its signature was found to be of the portal's key."""
    scheme, _, said = headers["Authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in said.split(","))
    assert scheme == "vapid" and parts["k"] == push.tell_public_key(KEY)
    signed, _, signature = parts["t"].rpartition(".")
    raw = decode(signature)
    assert len(raw) == 64
    pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"]))
    point.verify(pair, signed.encode(), ec.ECDSA(hashes.SHA256()))
    head, _, claims = signed.partition(".")
    assert json.loads(decode(head))["alg"] == "ES256"
    found: dict[str, Any] = json.loads(decode(claims))
    return found


def test_a_service_gets_a_signed_empty_message(cast: Cast, service: Service) -> None:
    listening(cast, service)
    news(cast)
    assert send(cast) == 1
    [(method, path, headers, body)] = service.asked
    assert (method, path) == ("POST", "/send/a?v=1")
    claims = claims_of(headers)
    assert claims["aud"] == f"https://{HOST}:{service.port}" and claims["sub"] == CONTACT
    assert 0 < claims["exp"] - cast.now.timestamp() <= 24 * 3_600
    assert int(headers["TTL"]) > 0
    assert send(cast) == 0 and len(service.asked) == 1, "told once"
    assert body == b"" and headers["Content-Length"] == "0" and "Content-Encoding" not in headers
    case = db.session.scalars(db.select(Case)).first()
    assert case is not None
    said = f"{path} {headers} {decode(headers['Authorization'].split('.')[1]).decode()}"
    for private in (case.case_no, case.goods, "buyer", case.receiver_phone, case.receiver_name):
        assert private and private not in said, "nothing of the case goes out"
    with pytest.raises(Exception):  # noqa: B017  (whatever says that it isn't this key's)
        claims_of(headers | {"Authorization": headers["Authorization"].replace(".", ".e30", 1)})


@pytest.mark.parametrize("status", [404, 410])
def test_what_the_service_calls_gone_is_forgotten(cast: Cast, service: Service, status: int) -> None:
    listening(cast, service, "a")
    listening(cast, service, "b")
    news(cast)
    service.answers = [status]
    assert send(cast) == 1, "the other browser hears all the same"
    kept = db.session.scalars(db.select(PushSubscription.endpoint)).all()
    assert len(kept) == 1 and len(service.asked) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_in_trouble_gets_it_again(cast: Cast, service: Service, status: int) -> None:
    listening(cast, service)
    news(cast)
    service.answers = [status, status]
    assert [send(cast) for _ in range(4)] == [0, 0, 1, 0]
    assert len(service.asked) == 3
    assert db.session.scalar(db.select(PushSubscription.failures)) == 0


def test_a_service_that_nobody_vouches_for_gets_nothing(
    cast: Cast, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    listening(cast, service)
    news(cast)
    assert send(cast) == 0 and not service.asked
    assert db.session.scalar(db.select(PushSubscription.failures)) == 1


def test_by_itself_it_never_goes_inside(cast: Cast, service: Service) -> None:
    listening(cast, service)
    news(cast)
    assert push.send_due(KEY, CONTACT, cast.now) == 0 and not service.asked
