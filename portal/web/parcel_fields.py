"""The fields of the parcels that a buyer or a consumer sends back: one, or several with what is in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from wtforms import HiddenField

from portal import inputs
from portal.cases.places import ShownPlace
from portal.cases.view_facts import ViewFacts
from portal.parcels import carriers, numbers
from portal.web import label_photo
from portal.web.fields import Line, Pick
from portal.web.forms import Form

MOST = 5


class ParcelFields(Form):
    """One to five parcels: carrier and tracking number of each, and what is in it."""

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

    def choose_place(self, view: ViewFacts) -> None:
        """Which address they go to, and so which goods."""
        self.going = view.returns.find(self.place.data or request.args.get("place", "")) if self.place else None
        self.lines = self.going.lines if self.going else view.lines
        if request.method == "POST":
            names = [f"units_{number}_{line.id}" for number in range(1, MOST + 1) for line in self.lines]
            self.units = {name: request.form.get(name, "").strip()[:40] for name in names}

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
        packed = {number: self._read_parcel(number) for number in range(1, MOST + 1)}
        for number in range(1, MOST + 1):
            if number not in self.used and any(packed[number].values()):
                self.pairs[number - 1][1].errors = ["请填写这个包裹的运单号，或删去它的数量"]
                return False
        said = any(packed[number] for number in self.used if number > 1)
        if said and len(self.used) > 1 and not self.unit_problems:
            self._add_rest(packed)
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

    def _add_rest(self, packed: dict[int, dict[int, int]]) -> None:
        """What isn't said of the first parcel is what the others don't hold."""
        first = self.used[0]
        for line in self.lines:
            rest = line.quantity_milli - sum(packed[number].get(line.id, 0) for number in self.used)
            if not self.units.get(f"units_{first}_{line.id}") and rest > 0:
                packed[first][line.id] = rest

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

    def read_place(self) -> int | None:
        """Which of several return addresses was asked for."""
        return inputs.read_id(str(self.place.data or "")) if self.place else None
