"""One question by HTTPS: no redirects, a small answer, and an end in time whatever the other side does."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from portal.config import may_carry_keys

MOST_BYTES = 512 * 1024
LONGEST = 3  # times the waiting time: how long a whole answer may take that drips in


class Problem(StrEnum):
    """Why there was no answer."""

    SLOW = "slow"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # key or signature
    LIMIT = "limit"  # asked too often, or the quota is used up
    PHONE = "phone"  # the carrier wants another telephone number
    NOT_FOUND = "not_found"  # the carrier doesn't know the number (yet)
    GARBLED = "garbled"


class AskFailed(Exception):
    """No scans; ``problem`` says why, the message what the service said, for the log."""

    def __init__(self, problem: Problem, said: str = "") -> None:
        super().__init__(f"{problem}: {said}"[:200])
        self.problem = problem


def post(url: str, fields: Mapping[str, str], wait: float) -> dict[str, object]:
    """Send a form and read a JSON object. ``wait``: seconds for each part of the answer. Raises AskFailed."""
    if not may_carry_keys(url):
        raise AskFailed(Problem.REFUSED, "the address must begin with https://")
    body = _send(url, urlencode(fields).encode(), wait)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AskFailed(Problem.GARBLED, "no JSON") from error
    if not isinstance(answer, dict):
        raise AskFailed(Problem.GARBLED, "no object")
    return answer


def _send(url: str, form: bytes, wait: float) -> bytes:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=wait)
    ended = threading.Event()
    lines: list[socket.socket] = []  # the connection itself lets go of its own when the answer ends with it

    def end() -> None:
        ended.set()
        for line in lines:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                line.close()

    watch = threading.Timer(wait * LONGEST, end)
    watch.daemon = True
    watch.start()
    try:
        connection.connect()
        lines.append(connection.sock)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "POST",
            path,
            form,
            {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "Accept-Encoding": ""},
        )
        answer = connection.getresponse()
        if answer.status in (401, 403):
            raise AskFailed(Problem.REFUSED, f"answered {answer.status}")
        if answer.status == 429:
            raise AskFailed(Problem.LIMIT, "answered 429")
        if answer.status != 200:
            raise AskFailed(Problem.UNREACHABLE, f"answered {answer.status}")
        body = answer.read(MOST_BYTES + 1)
    except TimeoutError as error:
        raise AskFailed(Problem.SLOW, f"nothing for {wait} s") from error
    except (HTTPException, OSError) as error:
        raise AskFailed(Problem.SLOW if ended.is_set() else Problem.UNREACHABLE, str(error)) from error
    finally:
        watch.cancel()
        connection.close()
    if ended.is_set():
        raise AskFailed(Problem.SLOW, f"not done after {wait * LONGEST} s")
    if len(body) > MOST_BYTES:
        raise AskFailed(Problem.GARBLED, "too long")
    return body
