"""Security events in OWASP's vocabulary: a line each in the security log, and a row for what somebody signed in did.

A line is JSON with everything but plain letters escaped, so that nothing a person types can begin another line. Names
that were typed are never in it: people type passwords into the wrong field.
"""

from __future__ import annotations

import json
import logging
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path

from flask import current_app, g, has_request_context, request

from portal.calendar import clock
from portal.extensions import db, is_writing, writing
from portal.models import AuditEvent
from portal.web import metering

log = logging.getLogger("portal.security")

NAMES: dict[str, str] = {
    "authn_login_success": "登录",
    "authn_login_fail": "密码或验证码不对",
    "authn_lock": "连续输错，暂时等待",
    "session_revoked": "退出其他设备",
    "authz_fail": "没有权限",
    "csrf_fail": "不是从本平台页面提交",
    "rate_limit": "操作太频繁",
    "upload_reject": "上传的文件被拒绝",
    "input_strict": "请求不合格式",
    "sensitive_read": "查看敏感信息",
    "privilege_change": "账号、密码或职责变更",
    "export": "导出",
    "config_change": "设置变更",
    "complaint": "答复投诉",
}


def install(path: str) -> None:
    """Send the security log to this file, or to standard error. The last app of a process decides."""
    for handler in list(log.handlers):
        if handler.get_name() == "portal":
            log.removeHandler(handler)
            handler.close()
    made: logging.Handler = _file(path) if path else _StandardError()
    made.set_name("portal")
    log.addHandler(made)
    log.setLevel(logging.INFO)


def _file(path: str) -> logging.Handler:
    made = WatchedFileHandler(path, encoding="utf-8")
    Path(path).chmod(0o600)
    return made


class _StandardError(logging.StreamHandler):  # type: ignore[type-arg]
    """Whatever standard error is when a line is written."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def say(name: str, user_id: int | None = None, **about: str | int) -> None:
    """Write the line of an event; whoever is signed in, unless ``user_id`` says whom it befell."""
    if name not in NAMES:
        raise KeyError(name)
    who = g.get("who")
    line = {
        "at": clock.now().isoformat(timespec="milliseconds"),
        "event": name,
        "user": user_id if user_id is not None else who.user_id if who is not None else None,
        "address": _address(),
        "request_id": g.get("request_id", ""),
        "route": str(request.url_rule or "-") if has_request_context() else "-",
        **about,
    }
    log.info(json.dumps(line, ensure_ascii=True))
    metering.meter_of(current_app).security.labels(name).inc()


def audit(name: str, user_id: int | None = None, **about: str | int) -> None:
    """The line, and a row that the operator can search. For what a person did, or what befell their account."""
    say(name, user_id, **about)
    whose = user_id if user_id is not None else g.who.user_id
    row = AuditEvent(
        at=g.now, name=name, user_id=whose, address=_address(), request_id=g.get("request_id", ""), about=dict(about)
    )
    if is_writing():
        db.session.add(row)
        return
    with writing():
        db.session.add(row)


def _address() -> str:
    return (request.remote_addr or "")[:45] if has_request_context() else "command"
