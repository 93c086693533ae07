"""What the people of a shop write to one another on a case: never shown to anybody else, in no file that goes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from portal.cases import owners
from portal.cases.effects.step_context import ActedBy
from portal.columns import MemberNamed, NoteSeen
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import Case, StaffNote
from portal.notices import beside_steps
from portal.people import roles


def write_note(case: Case, words: str, *, by: ActedBy, now: datetime) -> None:
    """Keep a note and tell whoever it names with @. Raises StepRefused when one of them can't open the case.

    Inside ``writing()``.
    """
    named = find_named(words, owners.list_colleagues(case.shop_id))
    for person in named:
        if not owners.sees(person.role, case):
            raise StepRefused(f"{person.member_name}（{roles.ROLES[person.role]}）现在看不到这张售后单，不能 @ 提到")
    note = StaffNote(
        shop_id=case.shop_id, case_id=case.id, user_id=by.user_id, author=by.name, kind="note", words=words, at=now
    )
    db.session.add(note)
    db.session.flush()
    for person in named:
        if person.user_id != by.user_id:
            beside_steps.tell_colleague(
                case,
                person.user_id,
                kind="mention",
                title=f"{by.name} 在店内备注里提到您",
                body=f"「{case.goods}」{words}",
                at=now,
                key=str(note.id),
            )


Named = TypeVar("Named", bound=MemberNamed)


class Colleague(NamedTuple):
    """Somebody of the shop who may be named."""

    user_id: int
    member_name: str


def find_unanswered(notes: Sequence[NoteSeen], reader_id: int, people: Sequence[Colleague]) -> NoteSeen | None:
    """The newest note that hands the case to a reader or names them with @; None once they wrote one, or the case went
    on to somebody else. ``notes``: the newest first, with name, word, receiver and words."""
    name = next((each.member_name for each in people if each.user_id == reader_id), "")
    for note in notes:
        if note.name == name:
            return None
        if note.receiver:
            return note if note.receiver == name else None
        if any(each.user_id == reader_id for each in find_named(note.words, people)):
            return note
    return None


def find_named(words: str, people: Sequence[Named]) -> list[Named]:
    """Who is named with @: at each sign the longest 会员名 that follows it."""
    return list({person.user_id: person for person in _find_each(words, people) if person is not None}.values())


def names_stranger(words: str, people: Sequence[MemberNamed]) -> bool:
    """Whether after some @ stands nobody of the shop: whoever was meant isn't told."""
    return None in _find_each(words, people)


def _find_each(words: str, people: Sequence[Named]) -> list[Named | None]:
    by_length = sorted(people, key=lambda person: -len(person.member_name))
    parts = words.replace("＠", "@").split("@")[1:]
    return [next((each for each in by_length if part.startswith(each.member_name)), None) for part in parts]
