"""The fields by which a buyer or a consumer says of a payment that it has arrived, or hasn't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portal import inputs, words
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import EntryChoice
from portal.models import Case
from portal.money import arrivals
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.photo_field import Photos


def name_payment(entry: Any) -> str:
    """A payment among several, with what tells it apart in an account."""
    number = f"，流水号 {entry.reference}" if entry.reference else ""
    return f"{words.MONEY[entry.kind]} {inputs.money_text(entry.amount_fen)} 元{number}"


class ArrivalFields(Form):
    """已到账: which payment, where there are several."""

    entry = Choice("款项", missing="请选择是哪一笔款项")

    def prepare(self, case: Case, view: View) -> None:
        """The payments that can be chosen; the one there is needs no choice."""
        self.open = self.list_open(view)
        self.entry.choices = [(str(entry.id), name_payment(entry)) for entry in self.open]
        if len(self.open) == 1 and not self.entry.data:
            self.entry.data = str(self.open[0].id)

    def list_open(self, view: View) -> list[Any]:
        """The payments that can be chosen."""
        return arrivals.list_confirmable(view.entries, view.now)

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.entry.errors and len(self.open) < 2:  # nothing to choose from: it was dealt with meanwhile
            self.entry.errors = []
            self.refuse("这笔款项已经处理过了，页面显示的是最新状态")
        return good

    def hand_in(self) -> EntryChoice:
        """What is handed in with the step."""
        return EntryChoice(entry_id=int(self.entry.data))


class MissingFields(ArrivalFields):
    """未到账: which payment, and where it was looked for."""

    note = Text("您查过哪里（选填）", limit=500, optional=True)
    photos = Photos("账单截图（选填）")

    def list_open(self, view: View) -> list[Any]:
        return arrivals.list_objectable(view.entries, view.now)

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), note=self.note.data or "", photos=self.photos.data or ())


class DoubtFields(MissingFields):
    """还是没到账: the same, once the shop has shown proof."""

    def list_open(self, view: View) -> list[Any]:
        return arrivals.list_doubtable(view.entries, view.now)
