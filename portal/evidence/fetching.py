"""A picture fetched from a public address, once, because somebody asked for it.

The name is looked up here and the connection goes to the very address that was judged, so that a name that changes its
answer leads nowhere else. Nothing on this machine or in a private network is ever asked.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urljoin, urlsplit

MOST_BYTES = 10 * 1024 * 1024
SECONDS = 10.0  # for everything
MOST_REDIRECTS = 3
_CHUNK = 64 * 1024


class FetchRefused(Exception):
    """Why there is no picture, as a sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    found = ipaddress.ip_address(address)
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)


def fetch_picture(
    address: str, allowed: tuple[str, ...] = ("https",), judge: Callable[[str], bool] = is_public
) -> bytes:
    """The bytes behind an address. Raises FetchRefused. ``allowed``: schemes; ``judge``: which IP addresses may be."""
    end = time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        parts = _read_address(address, allowed)
        try:
            found = _ask(parts, end, judge)
        except (OSError, HTTPException, ValueError) as problem:
            raise FetchRefused("没有取到图片，请确认地址可以打开，或下载后上传") from problem
        if isinstance(found, bytes):
            return found
        address = urljoin(address, found)
    raise FetchRefused("图片地址转了太多次，请填写图片本身的地址")


def _read_address(address: str, allowed: tuple[str, ...]) -> SplitResult:
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError as problem:
        raise FetchRefused("请填写完整的图片地址，以 https:// 开头") from problem
    if parts.scheme not in allowed or not parts.hostname or parts.username or parts.password:
        raise FetchRefused("请填写完整的图片地址，以 https:// 开头")
    if "https" in allowed and len(allowed) == 1 and port not in (None, 443):
        raise FetchRefused("图片地址不能带端口号")
    return parts


def find_address(host: str, port: int, judge: Callable[[str], bool] = is_public) -> str:
    """A public IP address of a host; all that its name leads to must be public. Raises FetchRefused."""
    found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not found or not all(judge(each.partition("%")[0]) for each in found):
        raise FetchRefused("这个地址不在公开的网络上，请下载图片后上传")
    return sorted(found)[0]


def _ask(parts: SplitResult, end: float, judge: Callable[[str], bool]) -> bytes | str:
    """The picture, or where the address leads on to."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    line = socket.create_connection((find_address(host, port, judge), port), timeout=_left(end))
    connection = HTTPSConnection(host, port) if secure else HTTPConnection(host, port)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(line, server_hostname=host) if secure else line
        where = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", where, headers={"Accept": "image/*", "User-Agent": "portal"})
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308):
            return answer.headers.get("Location") or ""
        if answer.status != 200 or not answer.headers.get_content_type().startswith("image/"):
            raise FetchRefused("这个地址不是图片，请填写图片本身的地址")
        return _read(answer, line, end)
    finally:
        connection.close()
        line.close()


def _read(answer: HTTPResponse, line: socket.socket, end: float) -> bytes:
    found = bytearray()
    while chunk := answer.read1(_CHUNK):
        found += chunk
        if len(found) > MOST_BYTES:
            raise FetchRefused("图片超过 10 MB，请换一张小一些的")
        line.settimeout(_left(end))
    return bytes(found)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
