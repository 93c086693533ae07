"""One JSON line a request, where PORTAL_LOG asks for it."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import datetime

from flask import Flask, Response, g, request

from portal.calendar import clock
from portal.web.security import settings_of

_log = logging.getLogger("portal.requests")


def install(app: Flask) -> None:
    """Write a line for each request of this app."""
    _log.addHandler(logging.StreamHandler(sys.stderr))
    _log.setLevel(logging.INFO)

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
    """One line, if this app's settings ask for a log. ``started``: time.perf_counter() then."""
    if settings_of(app).log != "1":
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
    _log.info(json.dumps(line))
