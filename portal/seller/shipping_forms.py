"""The form of what is sent, a case or an order: a waybill, its carrier, and further parcels."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField

from portal import inputs
from portal.orders import order_lists
from portal.parcels import carriers, choosing, numbers
from portal.web.fields import Line, Pick, Text
from portal.web.taking import StepForm

MOST_PARCELS = 20
AUTOMATIC = "按运单号识别"


class ParcelForm(StepForm):
    """One waybill as a rule; the carrier is known by it, or is that of the parcel before."""

    number = Line("运单号", limit=60, exact=True, optional=True)
    carrier = Pick("物流公司", optional=True)
    others = Text("其他包裹的运单号", limit=1000, exact=True, optional=True)
    last = HiddenField()  # what the parcel before went with
    sure = HiddenField()  # the number and carrier that were doubted once

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        before = carriers.by_code(self.last.data or "")
        self.carrier.choices = [("", f"{AUTOMATIC}（上一件：{before.name}）" if before else AUTOMATIC)]
        self.carrier.choices += [(known.code, known.name) for known in carriers.choices()]
        self.parcels: list[tuple[str, str]] = []

    @classmethod
    def blank(cls, last: str) -> ParcelForm:
        """Nothing typed yet; ``last``: the carrier of the parcel before."""
        return cls(data={"last": last if carriers.by_code(last) else ""})

    def read_parcels(self, order_no: str, shop_id: int) -> bool:
        """Whether all parcels can be taken; they are in ``parcels`` then."""
        if not self.validate_on_submit():
            return False
        picked = self.carrier.data or ""
        if not self.number.data and (not picked or carriers.traced(picked)):
            self.refuse("请扫描或填写运单号", "number")
            return False
        typed = [("number", self.number.data or "")]
        typed += [("others", line) for line in (self.others.data or "").splitlines() if line.strip()]
        if len(typed) > MOST_PARCELS:
            self.refuse(f"一次最多 {MOST_PARCELS} 个包裹", "others")
        doubts = [self._read_one(name, text, picked, order_no, shop_id) for name, text in typed[:MOST_PARCELS]]
        self.parcels = list(dict.fromkeys(self.parcels))
        said = "|".join(doubt for doubt in doubts if doubt)
        if said and said == self.sure.data:
            for field in (self.number, self.others):
                field.errors = [each for each in field.errors if each not in self._warnings]
        self.sure.data = said
        return not self.errors

    _warnings: frozenset[str] = frozenset()

    def _read_one(self, name: str, text: str, picked: str, order_no: str, shop_id: int) -> str:
        """Take one number, or say beside its field what is wrong; returns what is doubted."""
        plain = numbers.normalise(text)
        own = {order_no, *(each for each in [plain] if order_lists.find_of_shop(each, shop_id) is not None)}
        last = self.last.data or ""
        if name == "others" and carriers.traced(picked):  # picked for the first; each further one says its own
            picked, last = "", picked
        try:
            number = numbers.check_number(text, own, carrier=picked)
        except inputs.InputRefused as refused:
            self.refuse(refused.sentence, name)
            return ""
        choice = choosing.choose_carrier(number, picked, last)
        if choice.carrier is None:
            self.refuse(choice.warning if name == "number" else f"{number}：{choice.warning}", "carrier")
            return ""
        self.parcels.append((choice.carrier.code, number))
        if not choice.warning:
            return ""
        self._warnings |= {choice.warning}
        self.refuse(choice.warning, name)
        return f"{choice.carrier.code}:{number}"
