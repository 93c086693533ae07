"""A picture fetched from a public address, once, because somebody asked for it: bounded in time and size."""

from __future__ import annotations

import socket
import time
from http.client import HTTPException, HTTPResponse
from urllib.parse import SplitResult, urljoin, urlsplit

from portal.system import outside

MOST_BYTES = 10 * 1024 * 1024
SECONDS = 10.0  # for everything
MOST_REDIRECTS = 3
_CHUNK = 64 * 1024


class FetchRefused(Exception):
    """Why there is no picture, as a sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def fetch_picture(
    address: str, allowed: tuple[str, ...] = ("https",), judge: outside.Judge = outside.is_public
) -> bytes:
    """The bytes behind an address. Raises FetchRefused. ``allowed``: schemes; ``judge``: which IP addresses may be."""
    end = time.monotonic() + SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        parts = _read_address(address, allowed)
        try:
            found = _ask(parts, end, judge)
        except outside.NotOutside as inside:
            raise FetchRefused("这个地址不在公开的网络上，请下载图片后上传") from inside
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


def _ask(parts: SplitResult, end: float, judge: outside.Judge) -> bytes | str:
    """The picture, or where the address leads on to."""
    connection, line = outside.connect(parts, end, judge)
    try:
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
        line.settimeout(outside.tell_left(end))
    return bytes(found)
