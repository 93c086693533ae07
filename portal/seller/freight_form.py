"""What the shop answers to freight that the buyer advanced."""

from __future__ import annotations

from portal.cases.effects.hand_ins import HandIn
from portal.seller.forms import StepForm
from portal.web.fields import Text


class DeclineFreightForm(StepForm):
    """不同意付运费: why."""

    note = Text("不同意的原因", limit=200, missing="请写明不同意的原因，买家会看到")

    def hand_in(self) -> HandIn:
        return HandIn(note=self.note.data or "")
