"""The fields by which a buyer or a consumer says what they paid for the way back."""

from __future__ import annotations

from portal.cases.effects.hand_ins import AdvancedFreight
from portal.inputs import money_text
from portal.models.freight import MOST_FREIGHT
from portal.web.fields import Money, Text
from portal.web.forms import Form
from portal.web.photo_field import Photos


class FreightFields(Form):
    """报退回运费: how much, with the receipt where there is one."""

    amount = Money("垫付的运费", most=MOST_FREIGHT, missing="请填写您垫付的运费")
    note = Text("说明（选填）", limit=200, optional=True)
    photos = Photos("运费收据（选填）")

    amount_hint = f"单位：元，按物流公司收据上的金额，最多 {money_text(MOST_FREIGHT)} 元"

    def hand_in(self) -> AdvancedFreight:
        """What is handed in with the step."""
        return AdvancedFreight(freight_fen=self.amount.data, note=self.note.data or "", photos=self.photos.data or ())
