"""How many requests, how long they took and how they ended, by route: counted for Prometheus, never by person or id.

Several workers write into a folder that they share (PROMETHEUS_MULTIPROC_DIR, set by `portal serve`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

_KEY = "portal_metrics"
_STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ROUTE = "portal.route"  # in the WSGI environment: which rule answered


class Meter:
    """The counters of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "portal_request_seconds",
            "Time until the answer began, by route and class of status",
            ("route", "status"),
            buckets=_STEPS,
            registry=self.registry,
        )
        self.security = Counter(
            "portal_security_events_total", "Security events, by name", ("name",), registry=self.registry
        )
        self.lists = Counter(
            "portal_lists_total", "Lists that a replica may answer, by who did", ("by",), registry=self.registry
        )


class Metered:
    """WSGI around everything but static files."""

    def __init__(self, inner: WSGIApplication, meter: Meter) -> None:
        self._inner, self._meter = inner, meter

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            taken = time.perf_counter() - started
            self._meter.seconds.labels(environ.get(ROUTE, "-"), f"{status[0]}xx").observe(taken)
            return start_response(status, headers, *rest)

        return self._inner(environ, begin)


def install(app: Flask) -> Meter:
    """Count this app's requests from now on."""
    meter: Meter = app.extensions.setdefault(_KEY, Meter())

    @app.before_request
    def name_route() -> None:
        request.environ[ROUTE] = str(request.url_rule or "-")
        g.meter = meter

    app.wsgi_app = Metered(app.wsgi_app, meter)  # type: ignore[method-assign]
    return meter


def meter_of(app: Flask) -> Meter:
    """The counters of an app."""
    meter: Meter = app.extensions[_KEY]
    return meter
