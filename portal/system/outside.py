"""Connections to addresses that somebody else chose: only to the public internet, and to the address that was judged.

The name is looked up here and the connection goes to that very address, so that a name that changes its answer leads
nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import SplitResult

Judge = Callable[[str], bool]


class NotOutside(ValueError):
    """The address leads to this machine or into a private network."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    found = ipaddress.ip_address(address)
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)


def find_address(host: str, port: int, judge: Judge = is_public) -> str:
    """A public IP address of a host; all that its name leads to must be public. Raises NotOutside, or OSError."""
    found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not found or not all(judge(each.partition("%")[0]) for each in found):
        raise NotOutside(host)
    return sorted(found)[0]


def connect(parts: SplitResult, end: float, judge: Judge = is_public) -> tuple[HTTPConnection, socket.socket]:
    """A connection to the host of an address, open until ``end`` of time.monotonic(), and its socket."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    line = socket.create_connection((find_address(host, port, judge), port), timeout=tell_left(end))
    connection = HTTPSConnection(host, port) if secure else HTTPConnection(host, port)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(line, server_hostname=host) if secure else line
    except BaseException:
        line.close()
        raise
    return connection, line


def tell_left(end: float) -> float:
    """Seconds until ``end``. Raises TimeoutError when it has passed."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
