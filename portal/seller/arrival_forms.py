"""The seller's forms about a payment that the buyer says hasn't arrived: proof of it, or that it failed."""

from __future__ import annotations

from dataclasses import replace

from portal.cases.case_view import View
from portal.cases.effects.hand_ins import EntryChoice
from portal.cases.payment_words import is_proof_left
from portal.models import Case
from portal.seller.payout_forms import EntryForm
from portal.web.fields import Line, Text
from portal.web.photo_field import Photos


class ShowForm(EntryForm):
    """提交付款凭证: how it was paid, with the picture of it."""

    states = ("contested",)
    note = Text("说明", limit=500, missing="请写明这笔款是怎么付的，买家会看到")
    photos = Photos("付款凭证")

    def prepare(self, case: Case, view: View) -> None:
        super().prepare(case, view)
        missing = [entry for entry in self.open if entry.arrival == "missing"]
        self.open = [entry for entry in missing if is_proof_left(view, [entry])]

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if not self.photos.data and not self.photos.errors:
            self.photos.errors = [*self.photos.errors, "请上传付款凭证，例如转账成功页面的截图"]
            good = False
        return good

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), note=self.note.data or "", photos=self.photos.data or ())


class AdmitForm(EntryForm):
    """款项没有付成: why."""

    states = ("contested",)
    note = Line("没有付成的原因", limit=200, missing="请写明没有付成的原因，买家会看到")

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), note=self.note.data or "")
