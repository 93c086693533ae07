"""The buyer's forms for goods that travel: parcels, what arrived, what is wrong with it."""

from __future__ import annotations

from typing import Any

from flask import g
from wtforms import HiddenField

from portal import inputs, words
from portal.buyer.forms import StepForm
from portal.cases.case_view import View
from portal.cases.effects import conversion as conversion_effects
from portal.cases.effects.hand_ins import DefectReport, HandIn, ParcelCorrection, ReceivingProblem, SentParcels
from portal.flow import CaseType
from portal.models import Case
from portal.rights import conditions
from portal.web import label_photo
from portal.web.fields import Choice, Text
from portal.web.parcel_fields import ParcelFields
from portal.web.photo_field import Photos


class ParcelForm(ParcelFields, StepForm):
    """寄回商品, with photos of what was packed."""

    photos: Any = Photos("寄出前拍照")

    def prepare(self, case: Case, view: View) -> None:
        """Which address it goes to."""
        self.choose_place(view)

    def help(self) -> bool:
        if not label_photo.was_asked():
            return False
        names = [number.name for _, number in self.pairs]
        self.label = label_photo.fill_in(self, names, self.own_order_nos, g.who.user_id)
        return True

    def hand_in(self) -> HandIn:
        return SentParcels(
            parcels=self.parcels,
            contents=self.contents,
            place_id=self.read_place(),
            photos=self.photos.data or (),
        )


class EditParcelForm(ParcelForm):
    """Another number for a parcel on its way."""

    parcel_id = HiddenField()
    photos = None
    place = None

    def prepare(self, case: Case, view: View) -> None:
        """What is in the parcel stays as it was said."""

    def hand_in(self) -> HandIn:
        raw = str(self.parcel_id.data or "")
        code, number = self.parcels[0]
        known = inputs.read_id(raw)
        return ParcelCorrection(parcel_id=known, carrier=code, number=number)


class AgainForm(StepForm):
    """再次售后: what is wrong with what came, and what the buyer wants now."""

    template = "buyer/again.html"
    kind = Choice("收到的商品有什么问题", missing="请选择收到的商品有什么问题")
    type = Choice("希望怎么处理", missing="请选择希望怎么处理")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("凭证", least=1)

    def prepare(self, case: Case, view: View) -> None:
        self.kind.choices = [item for item in conditions.PROBLEMS.items() if item[0] != "not_received"]
        self.type.choices = [(str(kind), words.TYPE[kind]) for kind in conversion_effects.list_types_again(case)]

    def hand_in(self) -> DefectReport:
        return DefectReport(
            kind=self.kind.data,
            type=CaseType(self.type.data),
            note=self.note.data or "",
            photos=self.photos.data or (),
        )


class ObjectForm(StepForm):
    """不认可验货结果: why, with photos."""

    note = Text("不认可的原因", limit=500, missing="请写明不认可的原因，商家会据此复核")
    photos = Photos("凭证")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "", photos=self.photos.data or ())


class ProblemForm(StepForm):
    """收到有问题: which, in words, with photos."""

    kind = Choice("遇到了什么问题", choices=list(conditions.PROBLEMS.items()), missing="请选择遇到了什么问题")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("凭证")

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.kind.data in conditions.PROBLEMS and self.kind.data != "not_received" and not self.photos.data:
            self.photos.errors = [*self.photos.errors, "请上传能看出问题的照片"]
            good = False
        return good

    def hand_in(self) -> ReceivingProblem:
        return ReceivingProblem(kind=self.kind.data, note=self.note.data or "", photos=self.photos.data or ())
