"""Typing in what a carrier said: the form that both sides have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import g
from flask.typing import ResponseReturnValue

from portal.cases.effects.step_context import ActedBy
from portal.columns import Followed
from portal.flow import StepRefused
from portal.parcels import scans
from portal.parcels.scans import LinesRefused, Scan
from portal.tracking import claims
from portal.tracking import scans as case_scans
from portal.web import rates
from portal.web.fields import Line, Text
from portal.web.forms import Form
from portal.web.once import once


class ObjectionForm(Form):
    """没有收到: against a 签收 that the other side reported."""

    why = Line("说明", limit=150, optional=True)


class TraceForm(Form):
    """录入物流: lines as a carrier's page shows them."""

    words = Text("物流记录", limit=20_000, missing=f"请粘贴物流记录，每行一条，例如：{scans.EXAMPLE}")

    def read(self, now: datetime) -> list[Scan]:
        """The scans; none when they can't be read, and the form says which lines."""
        if not self.validate_on_submit():
            return []
        try:
            return scans.read(self.words.data, now)
        except LinesRefused as refused:
            for sentence in refused.sentences:
                self.refuse(sentence, "words")
            return []


def take_traces(
    shipment: Followed, form: TraceForm, home: str, side: str, and_then: Callable[[], None] = lambda: None
) -> ResponseReturnValue | int:
    """Keep what somebody read elsewhere; the answer, or the status of a page that says in ``form`` what is wrong."""
    said = form.read(g.now)
    if not said:
        return 422

    def keep() -> str:
        new = case_scans.record_typed(shipment, said, side=side, now=g.now)
        and_then()
        return f"{home}?said={'traces-kept' if new else 'traces-known'}"

    try:
        return once(keep)
    except StepRefused as refused:
        form.refuse(refused.sentence)
        return 409


def take_objection(
    shipment: Followed, form: ObjectionForm, home: str, side: str, by: ActedBy
) -> ResponseReturnValue | int:
    """Take an objection to a reported 签收; the answer, or the status of a page that says in ``form`` what is wrong."""
    rates.limit("trace", by.user_id or 0)
    if not form.validate_on_submit():
        return 422

    def objects() -> str:
        claims.object_to(shipment, side=side, why=form.why.data or "", by=by, now=g.now)
        return f"{home}?said=objected"

    try:
        return once(objects)
    except StepRefused as refused:
        form.refuse(refused.sentence)
        return 409
