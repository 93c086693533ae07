"""Pictures from addresses: only of the public internet, however the name or a redirect tries to lead elsewhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.evidence import fetching
from portal.evidence.fetching import FetchRefused, fetch_picture
from portal.system import outside
from portal.system.outside import is_public

PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
    *("::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "224.0.0.1", "::"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_nothing_of_this_machine_or_a_private_network_is_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="127.0.0.0/8"))
def test_no_private_address_is_public(address: Any) -> None:
    assert not is_public(str(address)) and not is_public(f"::ffff:{address}")


def test_public_addresses_are() -> None:
    assert is_public("1.1.1.1") and is_public("2606:4700:4700::1111")


@pytest.mark.parametrize(
    "address",
    [
        *("http://a.example/x.jpg", "ftp://a.example/x", "file:///etc/passwd", "https://", "x", "", "https://[::1/"),
        *("https://user:word@a.example/x.jpg", "https://a.example:8443/x.jpg", "https://a.example:x/", "//a.example/x"),
        *("https://127.0.0.1/x.jpg", "https://[::1]/x.jpg", "https://2130706433/", "https://localhost/x.jpg"),
        *("https://0x7f000001/", "https://[::ffff:10.0.0.1]/"),
    ],
)
def test_addresses_that_are_never_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any, **__: Any) -> Any:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchRefused):
        fetch_picture(address)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(0, 0, 0, "", ("1.1.1.1", 443)), (0, 0, 0, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(outside.NotOutside):
        outside.find_address("a.example", 443)


class Shop(BaseHTTPRequestHandler):
    """A shop's pictures, and what pretends to be one."""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/inside.jpg")
            self.end_headers()
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
            self.end_headers()
        else:
            self.send_response(404 if self.path == "/gone" else 200)
            self.send_header("Content-Type", "text/html" if self.path == "/page" else "image/jpeg")
            self.end_headers()
            size = fetching.MOST_BYTES + 1 if self.path == "/large" else 5
            self.wfile.write(b"x" * size)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(address: str) -> bytes:
    return fetch_picture(address, ("http",), lambda found: found == "127.0.0.1" or is_public(found))


def test_a_picture_is_fetched(shop: str) -> None:
    assert ask(f"{shop}/a.jpg") == b"xxxxx"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/away", "不在公开的网络"),
        ("/round", "太多次"),
        ("/page", "不是图片"),
        ("/gone", "不是图片"),
        ("/large", "10 MB"),
    ],
)
def test_what_is_no_picture_says_why(shop: str, path: str, said: str) -> None:
    with pytest.raises(FetchRefused, match=said):
        ask(shop + path)


def test_a_shop_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FetchRefused, match="没有取到"):
        ask(f"http://127.0.0.1:{silent.getsockname()[1]}/a.jpg")
