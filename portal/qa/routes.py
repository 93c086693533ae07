"""The page and its plain POST addresses: no sign-in and no token, so that a script can use them."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, current_app, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, select

from portal import database, sweeping
from portal.calendar import clock
from portal.config import Settings
from portal.demo import building, stories
from portal.extensions import db, writing
from portal.models import Case, Notice, Parcel, User
from portal.orders import uploads as order_uploads
from portal.parcels import scans
from portal.qa import bp
from portal.tracking import scans as case_scans
from portal.web.pages import page
from portal.web.photo_field import store

MOST_DAYS = 3650
SHOWN = 200
SCANS = scans.STATUSES


def _done(**facts: object) -> ResponseReturnValue:
    """JSON for a script, the page again for a person."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "text/html":
        return redirect("/qa", 303)
    return jsonify(now=clock.now().isoformat(), **facts)


@bp.get("")
def doors() -> ResponseReturnValue:
    """What can be done, the portal's time, and the newest notices."""
    return page(
        "qa/doors.html",
        scenarios=list(stories.SCENARIOS),
        scans=SCANS,
        shift=clock.get_shift(),
        notices=_notices("")[:20],
        people=db.session.scalars(select(User.member_name).order_by(User.id).limit(40)).all(),
    )


@bp.post("/reset")
def reset() -> ResponseReturnValue:
    """Everything anew, as a named scenario (field ``scenario``, default ``demo``); everybody is signed out."""
    name = request.form.get("scenario", "demo")
    if name not in stories.SCENARIOS:
        abort(400)
    clock.reset_shift()
    database.make_anew()
    building.build(clock.now(), store(), scenario=name)
    g.who = None
    found = db.session.execute(select(Case.case_no, Case.state).order_by(Case.id)).all()
    return _done(scenario=name, cases={row.case_no: row.state for row in found})


@bp.post("/clock")
def move_clock() -> ResponseReturnValue:
    """The portal's clock forward by ``days``, ``hours`` and ``minutes``; nothing is swept by it."""
    try:
        numbers = {name: float(request.form.get(name) or 0) for name in ("days", "hours", "minutes")}
        step = timedelta(**numbers)
    except (ValueError, OverflowError):
        abort(400)
    if not timedelta() <= step <= timedelta(days=MOST_DAYS):
        abort(400)
    moved = clock.move_forward(step)
    return _done(shift_seconds=moved.total_seconds())


@bp.post("/clock/reset")
def reset_clock() -> ResponseReturnValue:
    """Back to the machine's time."""
    clock.reset_shift()
    return _done(shift_seconds=0)


@bp.post("/sweep")
def sweep() -> ResponseReturnValue:
    """A round of the sweep now; uploaded order exports are taken in and carriers asked as well."""
    moved = sweeping.sweep()
    settings: Settings = current_app.extensions["portal_settings"]
    files = order_uploads.work_off(settings.data.absolute() / "imports", clock.now)
    return _done(moved=moved, files=files, answers=sweeping.ask_carriers(settings))


@bp.get("/notices")
def notices() -> ResponseReturnValue:
    """What went out, newest first; ``member`` limits it to one 会员名."""
    return jsonify(_notices(request.args.get("member", "")))


def _notices(member: str) -> list[dict[str, object]]:
    query = (
        select(User.member_name, Notice.kind, Notice.title, Notice.body, Notice.href, Notice.at, Case.case_no)
        .join(User, User.id == Notice.user_id)
        .outerjoin(Case, Case.id == Notice.case_id)
        .order_by(Notice.id.desc())
        .limit(SHOWN)
    )
    if member:
        query = query.where(User.member_name == member)
    return [
        {
            "member": row.member_name,
            "kind": row.kind,
            "title": row.title,
            "body": row.body,
            "href": row.href,
            "at": row.at.isoformat(),
            "case_no": row.case_no,
        }
        for row in db.session.execute(query)
    ]


@bp.post("/trace")
def trace() -> ResponseReturnValue:
    """A carrier's scan for the newest parcel of a case: ``case_no``, ``leg`` (back, out), ``status``, ``words``."""
    leg, status = request.form.get("leg", "back"), request.form.get("status", "transit")
    parcel_id = db.session.scalar(
        select(Parcel.id)
        .join(Case, and_(Case.id == Parcel.case_id, Case.shop_id == Parcel.shop_id))
        .where(Case.case_no == request.form.get("case_no", ""), Parcel.leg == leg, Parcel.voided_at.is_(None))
        .order_by(Parcel.id.desc())
        .limit(1)
    )
    if parcel_id is None or status not in SCANS:
        abort(400)
    with writing():
        kept = case_scans.record_trace(
            parcel_id, at=g.now, status=status, said=request.form.get("words", "")[:200] or "物流更新", now=g.now
        )
    return _done(kept=kept)
