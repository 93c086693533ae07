"""/metrics for Prometheus: requests, and what an operator must know of queues, clock, sweep, disk and alarms."""

from __future__ import annotations

import hmac
import os
import shutil
from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from portal.calendar import clock
from portal.config import Settings
from portal.extensions import db
from portal.health import list_problems
from portal.models import Case, Delivery, ImportJob
from portal.system import notes
from portal.web.metering import meter_of

bp = Blueprint("metrics", __name__)
MOST_COUNTED = 10_000
ALARMS = {"case": notes.STUCK_CASE, "part": notes.STUCK_PART, "file": notes.DAMAGED, "clock": notes.CLOCK}


@bp.get("/metrics")
def show_metrics() -> ResponseReturnValue:
    """For whoever has the token; without a token in the settings, for this machine alone."""
    settings: Settings = current_app.extensions["portal_settings"]
    if settings.metrics_token:
        sent = request.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {settings.metrics_token}".encode()):
            abort(404)
    elif request.remote_addr not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
        abort(404)
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry = meter_of(current_app).registry
    said = generate_latest(registry) + generate_latest(_State())
    return Response(said, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


class _State(Collector):
    """What is true at this moment, read when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        settings: Settings = current_app.extensions["portal_settings"]
        yield _gauge("portal_disk_free_bytes", "Room in the data folder", shutil.disk_usage(settings.data).free)
        try:
            problems = len(list_problems())
            yield from _read_database()
        except SQLAlchemyError:
            problems = 1
        yield _gauge("portal_ready", "1 when /health/ready would say so", float(not problems))


def _read_database() -> Iterator[GaugeMetricFamily]:
    now, real_now = clock.now(), clock.now() - clock.get_shift()
    due = select(Case.due_at).where(Case.due_at < now).order_by(Case.due_at).limit(MOST_COUNTED)
    late = db.session.scalars(due).all()
    yield _gauge("portal_overdue_cases", "Cases whose clock step is due and not yet taken", len(late))
    lag = (now - late[0]).total_seconds() if late and late[0] else 0
    yield _gauge("portal_deadline_lag_seconds", "How long the oldest due clock step has waited", lag)
    swept = notes.read(notes.SWEEP)
    if swept is not None:
        age = (real_now - swept.at).total_seconds()
        yield _gauge("portal_sweep_age_seconds", "Time since the sweep's last round", age)
    oldest = db.session.scalar(select(func.min(Delivery.next_at)).where(Delivery.next_at < now))
    waited = (now - oldest).total_seconds() if oldest else 0
    yield _gauge("portal_outbox_lag_seconds", "How long the oldest notice that may go out has waited", waited)
    waiting = select(ImportJob.id).where(ImportJob.state.in_(("waiting", "confirmed"))).limit(MOST_COUNTED)
    exports = len(db.session.scalars(waiting).all())
    yield _gauge("portal_imports_waiting", "Order exports that wait for a worker", exports)
    alarms = GaugeMetricFamily("portal_alarms", "Alarms that portal doctor explains", labels=["kind"])
    for name, kind in ALARMS.items():
        alarms.add_metric([name], len(notes.list_notes(kind, MOST_COUNTED)))
    yield alarms


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)
