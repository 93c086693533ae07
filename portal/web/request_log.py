"""One JSON line a request, where PORTAL_LOG asks for it."""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime
from typing import TextIO

from flask import Flask, Response, g, request

from portal.calendar import clock

_KEY = "portal_request_log"


def install(app: Flask) -> None:
    """Write a line for each request of this app, to where standard error is now."""
    app.extensions[_KEY] = (sys.stderr, threading.Lock())

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def finish(answer: Response) -> Response:
        who, route = g.get("who"), str(request.url_rule or "-")
        started, request_id = g.get("started", time.perf_counter()), g.get("request_id", "")
        user_id = who.user_id if who else None
        write(app, request.method, route, answer.status_code, started, request_id, user_id, clock.now())
        return answer


def write(
    app: Flask,
    method: str,
    route: str,
    status: int,
    started: float,
    request_id: str,
    user_id: int | None,
    now: datetime,
) -> None:
    """One line, if this app has a log. ``started``: time.perf_counter() then."""
    log: tuple[TextIO, threading.Lock] | None = app.extensions.get(_KEY)
    if log is None:
        return
    line = {
        "at": now.isoformat(timespec="milliseconds"),
        "request_id": request_id,
        "method": method,
        "route": route,
        "status": status,
        "ms": round((time.perf_counter() - started) * 1000, 1),
        "user": user_id,
    }
    stream, turn = log
    try:
        with turn:
            stream.write(json.dumps(line) + "\n")
            stream.flush()
    except (OSError, ValueError):  # nobody reads it any more: no reason to answer nobody
        return
