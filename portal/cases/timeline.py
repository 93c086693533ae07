"""The timeline of a case's page, in words; and the names beside its payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from portal import told
from portal.columns import PhotoSeen
from portal.flow import Actor
from portal.models import CaseEvent, MoneyEntry
from portal.money import payment_lists

if TYPE_CHECKING:
    from portal.cases.view_facts import ViewFacts


class Entry(NamedTuple):
    """One line of the timeline, as one side reads it."""

    what: str
    note: str
    sentences: tuple[str, ...]
    photos: tuple[PhotoSeen, ...]
    who: str
    at: datetime


def list_entries(view: ViewFacts, folded: object) -> list[Entry]:
    """The newest first. At the desk, not ``folded``, the first one leaves out what stands above it on the page."""
    proofs = None if folded or view.side != Actor.SELLER else view.proofs
    entries = []
    for event in view.events:
        photos, note, sentences = view.photos.get(event.version, ()), event.note, view.details(event)
        if proofs is not None and event.version == 1:
            photos = () if photos == proofs else photos
            note = "" if note == view.case.description else note
            sentences = [sentence for sentence in sentences if sentence != f"运费：{view.payer}"]
        entries.append(
            Entry(view.said(event), note, tuple(sentences), tuple(photos), _name(event, view.side), event.at)
        )
    return entries


def _name(event: CaseEvent, side: Actor) -> str:
    """Who took a step: several people work for a shop, and its rules too; a buyer is one."""
    who = told.tell_actor(event.actor, side)
    if event.actor == side == Actor.SELLER:
        return "店铺规则" if event.data.get("by_rule") else event.author or who
    return f"{who} {event.author}" if event.author and event.actor not in (Actor.CLOCK, side) else who


def load_names(entries: Sequence[MoneyEntry], events: Sequence[CaseEvent]) -> dict[int, str]:
    """会员名 of who planned, checked and recorded the payments: as a rule they took a step of this case with it."""
    known = {event.user_id: event.author for event in events if event.user_id}
    users = {user for entry in entries for user in (entry.made_by, entry.approved_by, entry.settled_by) if user}
    return known if users <= set(known) else payment_lists.load_names(entries)
