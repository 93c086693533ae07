"""安全记录: what people did to accounts and settings, searched by name and by kind; and taken along as a table."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select

from portal import inputs
from portal.extensions import db
from portal.models import AuditEvent, User
from portal.operator import bp
from portal.web import events, paging, rates
from portal.web.pages import page

SIZE = 50
MOST_EXPORTED = 10_000


def _asked(name: str, member_name: str) -> Select[Any]:
    asked = (
        select(
            AuditEvent.id,
            AuditEvent.at,
            AuditEvent.name,
            AuditEvent.address,
            AuditEvent.request_id,
            AuditEvent.about,
            User.member_name,
        )
        .join(User, User.id == AuditEvent.user_id)
        .order_by(AuditEvent.id.desc())
    )
    if name in events.NAMES:
        asked = asked.where(AuditEvent.name == name)
    if member_name:
        asked = asked.where((User.member_name == member_name) | (User.member_key == inputs.member_key(member_name)))
    return asked


def _sought() -> tuple[str, str]:
    try:
        return request.args.get("kind", ""), inputs.line(request.args.get("q", ""), limit=64)
    except inputs.InputRefused:
        return "", ""


@bp.get("/audit")
def audit_log() -> ResponseReturnValue:
    """The newest fifty, and those before."""
    kind, member_name = _sought()
    before = paging.read_key("before")
    asked = _asked(kind, member_name).limit(SIZE + 1)
    if before is not None:
        asked = asked.where(AuditEvent.id < before)
    rows = db.session.execute(asked).all()
    kept = {"kind": kind, "q": member_name}
    more = "/operator/audit?" + urlencode({**kept, "before": rows[SIZE - 1].id}) if len(rows) > SIZE else ""
    return page(
        "operator/audit.html",
        rows=rows[:SIZE],
        names=events.NAMES,
        kind=kind,
        sought=member_name,
        more=more,
    )


@bp.post("/audit/export")
def export_audit() -> ResponseReturnValue:
    """The newest ten thousand of the same search, as CSV; taking it along is an event itself."""
    rates.limit("export", g.who.user_id)
    kind, member_name = _sought()
    rows = db.session.execute(_asked(kind, member_name).limit(MOST_EXPORTED)).all()
    events.audit("export", what="audit", rows=len(rows))
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["时间", "事件", "会员名", "地址", "请求编号", "内容"])
    for row in rows:
        about = json.dumps(row.about, ensure_ascii=False, sort_keys=True)
        table.writerow([row.at.isoformat(), row.name, _plain(row.member_name), row.address, row.request_id, about])
    answer = Response("\ufeff" + written.getvalue(), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _plain(text: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@＝＋－＠\t\r" else text
