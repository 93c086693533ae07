"""Everything that a pack says, read once: the case with its order and people, its events, parcels and photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import and_, func, select

from portal import words
from portal.cases import case_view
from portal.cases import history as case_history
from portal.columns import PhotoFiled
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import Actor
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Conversation,
    Message,
    Order,
    OrderLine,
    Parcel,
    ParcelLine,
    Policy,
    Shop,
    User,
)
from portal.rights import addresses, guarantees
from portal.rights.addresses import Shown

MOST_TALK_PHOTOS = 200  # of the conversation, the newest; older ones are named with their hash only
MESSAGES_AT_ONCE = 500
TRIES = 3


@dataclass
class Photo:
    """One photo. ``sha256`` is what was noted when it was kept; ``found`` of the bytes in the pack, "" for none."""

    name: str
    row: Any
    found: str = ""

    @property
    def missing(self) -> bool:
        return not self.found

    @property
    def altered(self) -> bool:
        """Whether the file is not the one that was kept."""
        return bool(self.found) and self.found != self.row.sha256

    @property
    def note(self) -> str:
        """What is wrong with it, as a sentence; "" for nothing."""
        if self.missing:
            return "文件缺失：存储中没有这张照片"
        return "文件与登记的校验值不符" if self.altered else ""


@dataclass
class Dossier:
    """A case as one side may have it, at one moment."""

    case: Case
    side: Actor
    view: case_view.View
    order: Order
    buyer: str
    shop: str
    policy: Policy
    lines: Sequence[tuple[CaseLine, OrderLine]]
    events: Sequence[Any]  # rows of all columns, oldest first
    broken: Sequence[int]  # versions of events whose hash doesn't hold
    parcels: Sequence[Parcel]
    parcel_lines: Sequence[ParcelLine]
    photos: list[Photo]  # of the case
    talk_id: int | None
    last_message_id: int
    message_count: int
    as_of: datetime
    talk_photos: dict[str, Photo] = field(default_factory=dict)  # by public id
    files: list[tuple[str, str]] = field(default_factory=list)  # (name, SHA-256) of what is written so far

    @property
    def all_photos(self) -> list[Photo]:
        """Those of the case, then those of the conversation, by their numbers."""
        return [*self.photos, *self.talk_photos.values()]

    @property
    def masked(self) -> bool:
        """Whether this reader's page shows the receiver in part, or not at all."""
        return self.view.receiver.shown is not Shown.FULL

    @property
    def hides(self) -> bool:
        """Whether some event isn't verbatim in this reader's pack."""
        return any(self.hide(event)[1] for event in self.events)

    def hide(self, event: CaseEvent) -> tuple[dict[str, Any], list[str]]:
        """What an event keeps as this reader may see it, and the names of what is therefore not verbatim."""
        return addresses.hide_in_event(event.data, self.view.receiver.shown, self.view.back.shown)

    def photos_of(self, version: int) -> list[Photo]:
        """The photos that came with an event."""
        return [photo for photo in self.photos if photo.row.event_version == version]

    def messages(self) -> Iterator[Any]:
        """The conversation of the order, oldest first, some at a time: (id, side, kind, words, data, at, author)."""
        after = 0
        while self.talk_id is not None:
            found = db.session.execute(
                select(
                    Message.id,
                    Message.side,
                    Message.kind,
                    Message.words,
                    Message.data,
                    Message.at,
                    User.member_name.label("author"),
                )
                .outerjoin(User, User.id == Message.user_id)
                .where(
                    Message.conversation_id == self.talk_id,
                    Message.shop_id == self.order.shop_id,
                    Message.id > after,
                    Message.id <= self.last_message_id,
                )
                .order_by(Message.id)
                .limit(MESSAGES_AT_ONCE)
            ).all()
            if not found:
                return
            photos: dict[int | None, list[PhotoFiled]] = {}
            for row in evidence.list_files_of_messages(self.order.shop_id, [message.id for message in found]):
                photos.setdefault(row.message_id, []).append(row)
            for message in found:
                yield message, photos.get(message.id, [])
            after = found[-1].id


def gather(case_id: int, side: Actor, now: datetime, role: str = "") -> Dossier:
    """Read everything. A step taken meanwhile makes it read again, so that case and events belong together.

    Raises sqlalchemy.exc.NoResultFound for a case that there isn't.
    """
    for _ in range(TRIES):
        found = _gather(case_id, side, now, role)
        if found.events and found.events[-1].version == found.case.version:
            break
        db.session.rollback()
    return found


def _gather(case_id: int, side: Actor, now: datetime, role: str) -> Dossier:
    case = db.session.get_one(Case, case_id, populate_existing=True)
    view = case_view.build_view(case, side, now, role=role)
    order = db.session.get_one(Order, (case.order_id, case.shop_id))
    lines = db.session.execute(
        select(CaseLine, OrderLine)
        .join(OrderLine, and_(OrderLine.id == CaseLine.order_line_id, OrderLine.shop_id == CaseLine.shop_id))
        .where(CaseLine.case_id == case_id, CaseLine.shop_id == case.shop_id)
        .order_by(CaseLine.id)
    )
    events = db.session.execute(
        select(*CaseEvent.__table__.columns)
        .where(CaseEvent.case_id == case_id, CaseEvent.shop_id == case.shop_id)
        .order_by(CaseEvent.version)
    ).all()
    parcels = db.session.scalars(
        select(Parcel).where(Parcel.case_id == case_id, Parcel.shop_id == case.shop_id).order_by(Parcel.id)
    ).all()
    parcel_lines = db.session.scalars(
        select(ParcelLine)
        .join(Parcel, and_(Parcel.id == ParcelLine.parcel_id, Parcel.shop_id == ParcelLine.shop_id))
        .where(Parcel.case_id == case_id, Parcel.shop_id == case.shop_id)
        .order_by(ParcelLine.id)
    ).all()
    talk = db.session.execute(
        select(Conversation.id, Conversation.last_message_id, Conversation.last_at).where(
            Conversation.order_id == order.id, Conversation.shop_id == order.shop_id
        )
    ).one_or_none()
    count = 0
    if talk is not None:
        count = (
            db.session.scalar(
                select(func.count())
                .select_from(Message)
                .where(
                    Message.conversation_id == talk.id,
                    Message.shop_id == order.shop_id,
                    Message.id <= talk.last_message_id,
                )
            )
            or 0
        )
    moments = [case.opened_at, case.updated_at, *(event.at for event in events)]
    moments += [trace.at for traces in view.traces.values() for trace in traces]
    if talk is not None:
        moments.append(talk.last_at)
    found = Dossier(
        case=case,
        side=side,
        view=view,
        order=order,
        buyer=view.buyer,
        shop=db.session.get_one(Shop, case.shop_id).name,
        policy=db.session.get_one(Policy, (case.policy_id, case.shop_id)),
        lines=[(line, bought) for line, bought in lines],
        events=events,
        broken=_broken(events),
        parcels=parcels,
        parcel_lines=parcel_lines,
        photos=[],
        talk_id=talk.id if talk is not None else None,
        last_message_id=talk.last_message_id if talk is not None else 0,
        message_count=count,
        as_of=max(moments),
    )
    _name_photos(found)
    return found


def _broken(events: Sequence[Any]) -> list[int]:
    """Versions of events that don't carry the hash of their words and of the event before."""
    wrong, before = [], ""
    for event in events:
        row = dict(event._mapping)
        if row["before_hash"] != before or row["hash"] != case_history.hash_event(row):
            wrong.append(row["version"])
        before = row["hash"]
    return wrong


def _name_photos(found: Dossier) -> None:
    """Number the photos, those of the case first: the same case always gives the same names."""
    of_case = evidence.list_files_of_case(found.case)
    of_talk = (
        evidence.list_files_of_conversation(found.talk_id, found.last_message_id, MOST_TALK_PHOTOS)
        if found.talk_id
        else []
    )
    steps = {event.version: event.step for event in found.events}
    width = max(2, len(str(len(of_case) + len(of_talk))))
    for number, row in enumerate([*of_case, *of_talk], 1):
        place = "message" if row.case_id is None else f"{row.event_version or 0:02d}-{steps.get(row.event_version, '')}"
        suffix = PurePosixPath(row.key).suffix
        name = f"photos/{number:0{width}d}-{row.side}-{place.rstrip('-')}-{row.sha256[:8]}{suffix}"
        if row.case_id is None:
            found.talk_photos[row.public_id] = Photo(name, row)
        else:
            found.photos.append(Photo(name, row))


def policy_sentences(policy: Policy) -> list[str]:
    """A policy as its page says it to buyers."""
    said = [
        f"收货后 {policy.window_days} 天内可申请；使用后才能发现的质量问题 {policy.hidden_days} 天内。",
        "商品质量问题、发错商品：运费由商家承担。",
        "拍错商品：运费由买家承担，商品须未使用。",
        f"自然灾害、交通延误等：运费{words.PAYER[policy.special_freight]}。",
    ]
    for code in sorted(guarantees.codes(policy.guarantees)):
        if promise := guarantees.guarantee(code):
            said.append(f"本店承诺：{promise.name}")
    if policy.excluded:
        said.append("不支持无责换货的商品：" + "、".join(map(str, policy.excluded)))
    return said


def stamp(at: datetime | None) -> str:
    """A moment with its year and seconds, in Shanghai: 2026-11-29 23:59:00. "" for none."""
    return f"{at.astimezone(words.BEIJING):%Y-%m-%d %H:%M:%S}" if at is not None else ""
