"""The forms of a mediation, which all sides have: calling the platform, and what is put before it."""

from __future__ import annotations

from flask import request

from portal.cases.case_view import View
from portal.cases.effects.hand_ins import Escalation, HandIn
from portal.flow import Actor
from portal.models import Case
from portal.rights import phrases
from portal.web.fields import Choice, Line, Text
from portal.web.photo_field import Photos
from portal.web.taking import StepForm


class EscalateForm(StepForm):
    """申请平台介入: why, what is wished for, what happened, with photos. The other words are each side's own."""

    side = Actor.BUYER
    example = "换 2 双新的"  # of what is wished for
    readers = "平台和对方"

    because = Choice("申请的原因", missing="请选择申请平台介入的原因")
    wish = Line("希望的结果", limit=100)
    note = Text("经过和理由", limit=500)
    photos = Photos("证据照片")

    def prepare(self, case: Case, view: View) -> None:
        self.because.choices = phrases.list_interventions(case.type, self.side)
        self.wish.missing = f"请写明希望的结果，例如：{self.example}"
        self.note.missing = f"请写明经过和理由，{self.readers}都会看到"
        if self.side is Actor.BUYER and request.method != "POST" and not self.because.data:
            self.because.data = "refused" if view.refusal else phrases.suggest_intervention(case.state)

    def hand_in(self) -> Escalation:
        return Escalation(
            because=self.because.data,
            wish=self.wish.data or "",
            note=self.note.data or "",
            photos=self.photos.data or (),
        )


class EvidenceForm(StepForm):
    """提交证据: what it shows, with photos; several times in a round."""

    note = Text("说明", limit=500, missing="请写明证据说明了什么，平台和对方都会看到")
    photos = Photos("证据照片")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "", photos=self.photos.data or ())
