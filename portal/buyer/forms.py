"""The buyer's forms: applying, and the steps of a case."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField

from portal import carriers, inputs, reasons
from portal.web.forms import Choice, Form, Line, Phone, Photos, Pick, Text


class ReasonForm(Form):
    """换货原因: a ground or, enough by itself, one of its sub-reasons; and which line."""

    line = HiddenField()
    ground = Choice("换货原因", optional=True)
    reason = Choice("具体情况", optional=True)


class DetailsForm(Form):
    """What an application says besides its reason. Quantities are read by the route: their names carry the line."""

    photos = Photos("凭证")
    description = Text("换货原因描述", limit=500, optional=True)
    name = Line("收货人", limit=50, missing="请填写收货人姓名")
    phone = Phone("联系电话", missing="请填写联系电话")
    address = Line("收货地址", limit=200, missing="请填写收货地址")


class StepForm(Form):
    """A step that needs nothing but a yes."""

    def values(self) -> dict[str, Any]:
        """What cases.take is told."""
        return {}


class ModifyForm(StepForm):
    """修改申请: the words, more photos, the address."""

    description = Text("换货原因描述", limit=500, optional=True)
    photos = Photos("凭证")
    receiver_name = Line("收货人", limit=50, missing="请填写收货人姓名")
    receiver_phone = Phone("联系电话", missing="请填写联系电话")
    receiver_address = Line("收货地址", limit=200, missing="请填写收货地址")

    def values(self) -> dict[str, Any]:
        return {
            "description": self.description.data or "",
            "photos": self.photos.data,
            "receiver_name": self.receiver_name.data,
            "receiver_phone": self.receiver_phone.data,
            "receiver_address": self.receiver_address.data,
        }


class ParcelForm(StepForm):
    """One to three parcels: carrier and tracking number of each."""

    carrier = Pick("物流公司", missing="请选择物流公司", optional=True)
    number = Line("运单号", limit=60, optional=True)  # 自送 has none
    carrier2 = Pick("第 2 个包裹的物流公司", optional=True)
    number2 = Line("第 2 个包裹的运单号", limit=60, optional=True)
    carrier3 = Pick("第 3 个包裹的物流公司", optional=True)
    number3 = Line("第 3 个包裹的运单号", limit=60, optional=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [("", "请选择,或按运单号识别")] + [(known.code, known.name) for known in carriers.choices()]
        for field in (self.carrier, self.carrier2, self.carrier3):
            field.choices = named
        self.own_order_nos: tuple[str, ...] = ()
        self.parcels: list[tuple[str, str]] = []

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        pairs = ((self.carrier, self.number), (self.carrier2, self.number2), (self.carrier3, self.number3))
        for carrier, number in pairs:
            code = carrier.data or ""
            if number.errors or (number is not self.number and not code and not number.data):
                continue
            try:
                checked = carriers.check_number(number.data or "", self.own_order_nos, carrier=code)
            except inputs.InputRefused as refused:
                number.errors = [refused.sentence]
                good = False
                continue
            if not code:
                likely = [known for known in carriers.suggest(checked, self.own_order_nos) if not known.historic]
                if len(likely) != 1:
                    names = "、".join(found.name for found in likely)
                    said = f",可能是{names}" if names else ""
                    carrier.errors = [f"请选择物流公司{said}"]
                    good = False
                    continue
                code = likely[0].code
            self.parcels.append((code, checked))
        return good

    def values(self) -> dict[str, Any]:
        return {"parcels": self.parcels}


class EditParcelForm(ParcelForm):
    """Another number for a parcel on its way."""

    parcel_id = HiddenField()

    def values(self) -> dict[str, Any]:
        raw = str(self.parcel_id.data or "")
        code, number = self.parcels[0]
        known = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else 0
        return {"parcel_id": known, "carrier": code, "number": number}


class ObjectForm(StepForm):
    """不认可验货结果: why, with photos."""

    note = Text("不认可的原因", limit=500, missing="请写明不认可的原因,商家会据此复核")
    photos = Photos("凭证")

    def values(self) -> dict[str, Any]:
        return {"note": self.note.data or "", "photos": self.photos.data}


class ProblemForm(StepForm):
    """收到有问题: which, in words, with photos."""

    kind = Choice("遇到了什么问题", choices=list(reasons.PROBLEMS.items()), missing="请选择遇到了什么问题")
    note = Text("说明", limit=500, missing="请写一句说明")
    photos = Photos("凭证")

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.kind.data in reasons.PROBLEMS and self.kind.data != "not_received" and not self.photos.data:
            self.photos.errors = [*self.photos.errors, "请上传能看出问题的照片"]
            good = False
        return good

    def values(self) -> dict[str, Any]:
        return {"kind": self.kind.data, "note": self.note.data or "", "photos": self.photos.data}
