"""The buyer's forms for goods that travel: parcels, what arrived, what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, request
from wtforms import HiddenField

from portal import inputs, words
from portal.buyer.forms import StepForm
from portal.cases.case_view import View
from portal.cases.effects import conversion as conversion_effects
from portal.cases.effects.hand_ins import DefectReport, HandIn, ParcelCorrection, ReceivingProblem, SentParcels
from portal.cases.places import ShownPlace
from portal.flow import CaseType
from portal.models import Case
from portal.parcels import carriers, numbers
from portal.rights import conditions
from portal.web import label_photo
from portal.web.fields import Choice, Line, Pick, Text
from portal.web.photo_field import Photos


class ParcelForm(StepForm):
    """One to five parcels: carrier and tracking number of each."""

    carrier = Pick("物流公司", missing="请选择物流公司", optional=True)
    number = Line("运单号", limit=60, exact=True, optional=True)  # 自送 has none
    # Their labels don't hold those of the first parcel: who looks for 物流公司 or 运单号 finds one field.
    carrier2 = Pick("第 2 个包裹的快递公司", optional=True)
    number2 = Line("第 2 个包裹的单号", limit=60, exact=True, optional=True)
    carrier3 = Pick("第 3 个包裹的快递公司", optional=True)
    number3 = Line("第 3 个包裹的单号", limit=60, exact=True, optional=True)
    carrier4 = Pick("第 4 个包裹的快递公司", optional=True)
    number4 = Line("第 4 个包裹的单号", limit=60, exact=True, optional=True)
    carrier5 = Pick("第 5 个包裹的快递公司", optional=True)
    number5 = Line("第 5 个包裹的单号", limit=60, exact=True, optional=True)
    photos: Any = Photos("寄出前拍照")
    place: Any = HiddenField()  # which of several return addresses

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [("", "请选择，或按运单号识别")] + [(known.code, known.name) for known in carriers.choices()]
        self.pairs: list[tuple[Pick, Line]] = [
            (self[f"carrier{number}"], self[f"number{number}"]) for number in ("", 2, 3, 4, 5)
        ]
        for field, _ in self.pairs:
            field.choices = named
        self.own_order_nos: tuple[str, ...] = ()
        self.label: label_photo.Reading | None = None  # what was read off a photo of a label
        self.parcels: list[tuple[str, str]] = []
        self.used: list[int] = []  # which of the five they are, counted from 1
        self.going: ShownPlace | None = None  # to which of several addresses
        self.lines: Sequence[Any] = ()
        self.units: dict[str, str] = {}  # what is in each parcel, as typed, by the field's name
        self.unit_problems: dict[str, str] = {}
        self.contents: list[dict[int, int]] = []

    def prepare(self, case: Case, view: View) -> None:
        """Which address it goes to, and all its units in the first parcel until the sender says otherwise."""
        self.going = view.returns.find(self.place.data or request.args.get("place", ""))
        self.lines = self.going.lines if self.going else view.lines
        names = [f"units_{number}_{line.id}" for number in range(1, 6) for line in self.lines]
        if request.method == "POST":
            self.units = {name: request.form.get(name, "").strip()[:40] for name in names}
        else:
            self.units = {f"units_1_{line.id}": inputs.quantity_text(line.quantity_milli) for line in self.lines}

    def help(self) -> bool:
        if not label_photo.was_asked():
            return False
        names = [number.name for _, number in self.pairs]
        self.label = label_photo.fill_in(self, names, self.own_order_nos, g.who.user_id)
        return True

    @property
    def several(self) -> bool:
        """Whether more than the first parcel was filled in."""
        if self.label is not None and self.label.field != "number":
            return True
        more = any(text for name, text in self.units.items() if not name.startswith("units_1_"))
        return more or any(carrier.data or number.raw or number.errors for carrier, number in self.pairs[1:])

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        for position, (carrier, number) in enumerate(self.pairs, 1):
            code = carrier.data or ""
            if number.errors or (number is not self.number and not code and not number.data):
                continue
            try:
                checked = numbers.check_number(number.data or "", self.own_order_nos, carrier=code)
            except inputs.InputRefused as refused:
                number.errors = [refused.sentence]
                good = False
                continue
            if not code:
                known, likely = numbers.recognise(checked, self.own_order_nos)
                if known is None:
                    names = "、".join(found.name for found in likely)
                    said = f"，可能是{names}" if names else ""
                    carrier.errors = [f"请选择物流公司{said}"]
                    good = False
                    continue
                code = known.code
            if any(checked == other for _, other in self.parcels) and checked:
                number.errors = ["这个运单号和前面的包裹重复了"]
                good = False
                continue
            self.parcels.append((code, checked))
            self.used.append(position)
        return good and self._read_contents()

    def _read_contents(self) -> bool:
        """What is in each of several parcels: it adds up to what is sent. Of one address it needn't be said."""
        packed = {number: self._read_parcel(number) for number in range(1, 6)}
        for number in range(1, 6):
            if number not in self.used and any(packed[number].values()):
                self.pairs[number - 1][1].errors = ["请填写这个包裹的运单号，或删去它的数量"]
                return False
        said = any(packed[number] for number in self.used if number > 1)
        if self.unit_problems or len(self.used) < 2 or (not said and self.going is None):
            self.refuse_lines(self.unit_problems)
            return not self.unit_problems
        for line in self.lines:
            added = sum(packed[number].get(line.id, 0) for number in self.used)
            if added != line.quantity_milli:
                whole, has = inputs.quantity_text(line.quantity_milli), inputs.quantity_text(added) if added else "0"
                self.unit_problems[f"units_{self.used[-1]}_{line.id}"] = (
                    f"{line.title} {line.spec}：各包裹加起来是 {has} {line.unit}，要等于 {whole} {line.unit}"
                )
        self.contents = [packed[number] for number in self.used]
        for number, held in zip(self.used, self.contents, strict=True):
            if self.lines and not any(held.values()):
                self.unit_problems.setdefault(
                    f"units_{number}_{self.lines[0].id}", f"请填写第 {number} 个包裹里各有多少商品"
                )
        self.refuse_lines(self.unit_problems)
        return not self.unit_problems

    def _read_parcel(self, number: int) -> dict[int, int]:
        found: dict[int, int] = {}
        for line in self.lines:
            name = f"units_{number}_{line.id}"
            if (raw := self.units.get(name, "")) in ("", "0"):
                continue
            try:
                found[line.id] = inputs.quantity(raw, most=line.quantity_milli, unit=line.unit)
            except inputs.InputRefused as refused:
                self.unit_problems[name] = f"{line.title} {line.spec}：{refused.sentence}"
        return found

    def hand_in(self) -> HandIn:
        raw = str(self.place.data or "")
        place_id = inputs.read_id(raw)
        return SentParcels(
            parcels=self.parcels, contents=self.contents, place_id=place_id, photos=self.photos.data or ()
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
