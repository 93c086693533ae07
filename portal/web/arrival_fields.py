"""The fields by which a buyer or a consumer says of a payment that it has arrived, or hasn't."""

from __future__ import annotations

from dataclasses import replace

from portal.cases.case_view import View
from portal.cases.effects.hand_ins import EntryChoice
from portal.cases.payment_words import is_proof_left
from portal.models import Case, MoneyEntry
from portal.money import arrivals
from portal.web.entry_fields import EntryFields
from portal.web.fields import Text
from portal.web.photo_field import Photos


class ArrivalFields(EntryFields):
    """已到账."""

    def list_open(self, view: View) -> list[MoneyEntry]:
        return arrivals.list_confirmable(view.entries, view.now)


class MissingFields(ArrivalFields):
    """未到账: which payment, and where it was looked for."""

    note = Text("您查过哪里（选填）", limit=500, optional=True)
    photos = Photos("账单截图（选填）")
    more = 0  # how many doubts of a proof this adds
    proof_left = True

    def prepare(self, case: Case, view: View) -> None:
        super().prepare(case, view)
        self.proof_left = is_proof_left(view, self.list_open(view), self.more)  # for its page: what the shop can do

    def list_open(self, view: View) -> list[MoneyEntry]:
        return arrivals.list_objectable(view.entries, view.now)

    def hand_in(self) -> EntryChoice:
        return replace(super().hand_in(), note=self.note.data or "", photos=self.photos.data or ())


class DoubtFields(MissingFields):
    """还是没到账: the same, once the shop has shown proof."""

    more = 1

    def list_open(self, view: View) -> list[MoneyEntry]:
        return arrivals.list_doubtable(view.entries, view.now)
