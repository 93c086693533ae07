"""One JSON line a request, where PORTAL_LOG asks for it."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import datetime

from flask import Flask, Response, g, request

from portal.calendar import clock

_KEY = "portal_request_log"


def install(app: Flask) -> None:
    """Write a line for each request of this app, to where standard error is now."""
    log = logging.Logger("portal.requests", logging.INFO)  # the app's own: another in the process has another
    log.addHandler(logging.StreamHandler(sys.stderr))
    app.extensions[_KEY] = log

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
    log: logging.Logger | None = app.extensions.get(_KEY)
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
    log.info(json.dumps(line))
