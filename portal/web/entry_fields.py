"""The choice of one payment of a case, for both sides' steps about it."""

from __future__ import annotations

from portal import inputs, words
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import EntryChoice
from portal.models import Case, MoneyEntry
from portal.web.fields import Choice
from portal.web.forms import Form


def name_payment(entry: MoneyEntry) -> str:
    """A payment among several, with what tells it apart in an account."""
    number = f"，流水号 {entry.reference}" if entry.reference else ""
    return f"{words.MONEY[entry.kind]} {inputs.money_text(entry.amount_fen)} 元{number}"


class EntryFields(Form):
    """Which payment, where there are several."""

    entry = Choice("款项", missing="请选择是哪一笔款项")

    def prepare(self, case: Case, view: View) -> None:
        """The payments that can be chosen; the one there is needs no choice."""
        self.open = self.list_open(view)
        self.entry.choices = [(str(entry.id), name_payment(entry)) for entry in self.open]
        if len(self.open) == 1 and not self.entry.data:
            self.entry.data = str(self.open[0].id)

    def list_open(self, view: View) -> list[MoneyEntry]:
        """The payments that can be chosen."""
        raise NotImplementedError

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.entry.errors and len(self.open) < 2:  # nothing to choose from: it was dealt with meanwhile
            self.entry.errors = []
            self.refuse("这笔款项已经处理过了，页面显示的是最新状态")
        return good

    def hand_in(self) -> EntryChoice:
        """What is handed in with the step."""
        return EntryChoice(entry_id=int(self.entry.data))
