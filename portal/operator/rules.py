"""铺货退货规则: a new version, announced before it holds."""

from __future__ import annotations

import re
from datetime import datetime

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.operator import bp
from portal.rights import rules
from portal.web import events
from portal.web.fields import Line, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class RulesForm(Form):
    """The whole text of a version, what is new in it, and from when it holds."""

    words = Text("规则全文", limit=20_000, missing="请填写规则全文")
    changes = Text("这一版改了什么", limit=1_000, missing="请写明这一版改了什么，会公布给所有人")
    effective = Line("生效日期", limit=10, exact=True, missing="请填写生效日期，例如 2026-12-08")
    exception = Text("提前生效的法律依据", limit=500, optional=True)


@bp.route("/rules", methods=["GET", "POST"])
def rules_editor() -> ResponseReturnValue:
    """The newest version to begin from."""
    every = rules.list_versions()
    form = RulesForm()
    status = 200
    if request.method == "POST":
        status = 422
        good = form.validate_on_submit()
        at = _midnight(form.effective.data or "")
        if form.effective.data and at is None:
            form.effective.errors = ["请写成 2026-12-08 这样的日期"]
        if good and at is not None:
            moment = at

            def published() -> str:
                made = rules.publish_version(
                    form.words.data,
                    form.changes.data,
                    moment,
                    by=g.who.user_id,
                    now=g.now,
                    exception=form.exception.data or "",
                )
                events.audit("config_change", change="rules", version=made.version)
                return f"/rules?version={made.version}"

            try:
                return once(published)
            except rules.RuleRefused as refused:
                form.refuse(refused.sentence, refused.field)
        every = rules.list_versions()
    else:
        form.words.data = every[0].words
    return page("operator/rules.html", status, form=form, versions=every, soonest=g.now + rules.NOTICE)


def _midnight(said: str) -> datetime | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
        return None
    try:
        return datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=words.BEIJING)
    except ValueError:
        return None
