"""The card of a case that shows the shop's own work on it: owner, notes, tags, who looks; and its forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import g

from portal.cases import case_tags, desk_facts, owners, staff_notes
from portal.cases.waiting import Waiting
from portal.columns import NoteSeen
from portal.models import Case
from portal.people import roles
from portal.web.fields import Line, Pick, Text
from portal.web.forms import Form


class NoteForm(Form):
    """Words for colleagues."""

    words = Text("店内备注", limit=500, missing="请写备注的内容")


class HandOverForm(Form):
    """Another one, and a line for them."""

    to = Pick("转交给", missing="请选择转交给谁")
    line = Line("留言", limit=200, optional=True)

    def offer(self, case: Case, people: Iterable[tuple[int, str, str]]) -> None:
        """Whoever may open the case, but not who looks after it already; ``people``: id, role, 会员名."""
        named = [
            (str(user_id), f"{name}（{roles.ROLES[role]}）")
            for user_id, role, name in people
            if user_id != case.owner_id and owners.may_receive(user_id, role, case)
        ]
        self.to.choices = [("", "请选择"), *named]


class TagForm(Form):
    """A word or two."""

    tags = Line("标签", limit=30, optional=True)


@dataclass(frozen=True)
class Card:
    """What the page of a case shows of the shop's own work on it."""

    owner: str
    notes: Sequence[desk_facts.Part]
    looked: str
    tags: list[str]
    shop_tags: Sequence[str]
    buyer_tags: list[str]  # that the shop gave this buyer
    history: tuple[int, int]  # of the buyer here since a day: cases, and how many were withdrawn
    since: str
    alike: tuple[desk_facts.Alike, ...]  # the same goods since that day
    note: NoteForm
    hand_over: HandOverForm
    tagging: TagForm
    addressed: NoteSeen | None  # the newest note for this reader that they haven't answered, or None
    waiting: Mapping[int, Waiting]  # steps held back, of the case and those beside it


def build_card(case: Case, sent: Form | None = None, beside: Sequence[int] = ()) -> Card:
    """The card, with the form that was ``sent`` and refused in its place; ``beside``: the cases listed there."""
    version = g.who.session, g.who.shop_version
    facts = desk_facts.load_of_case(case, g.who.user_id, g.now, version, beside)
    people = [(each.number, each.word, each.name) for each in facts.people]
    named = [staff_notes.Colleague(number, name) for number, _, name in people]
    note = sent if isinstance(sent, NoteForm) else NoteForm(formdata=None)
    hand = sent if isinstance(sent, HandOverForm) else HandOverForm(formdata=None)
    tagging = sent if isinstance(sent, TagForm) else TagForm(formdata=None, data={"tags": case.tags.strip()})
    hand.offer(case, people)
    return Card(
        owner=next((name for user_id, _, name in people if user_id == case.owner_id), ""),
        notes=facts.notes,
        looked=facts.looks.get(case.id, ""),
        tags=case_tags.split(case.tags),
        shop_tags=facts.tags,
        buyer_tags=list(facts.buyer_tags[:3]) if roles.may_open(g.who.role, "contact") else [],
        history=facts.history,
        since=facts.since,
        alike=facts.alike,
        note=note,
        hand_over=hand,
        tagging=tagging,
        addressed=staff_notes.find_unanswered(facts.notes, g.who.user_id, named),
        waiting=facts.waiting,
    )
