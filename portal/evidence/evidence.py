"""Photos as evidence: kept in the store first, then as rows, then hung on the draft, case or message they prove.

The order matters: bytes are on the disk before a row names them, so no row is ever without its file; a file without a
row is an orphan and is swept a day later.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update

from portal.columns import PhotoFiled, PhotoSeen
from portal.evidence.imaging import PreparedImage
from portal.evidence.store import Store
from portal.extensions import db, writing
from portal.models import Case, Evidence, Intake, Message
from portal.prepared import Prepared

LOOSE_FOR = timedelta(hours=24)  # how long a photo may hang on nothing
MOST_PER_STEP = 9
MOST_PER_SIDE = 40  # of one case
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Stored:
    """A photo whose files are already safe in the store."""

    image: PreparedImage
    key: str
    thumb_key: str


def add_photo(store: Store, images: Sequence[PreparedImage]) -> list[Stored]:
    """Write the files of each photo. Outside any transaction: it waits for the disk."""
    stored = []
    for image in images:
        key, thumb_key = new_key(image.full), new_key(image.thumb)
        store.put(key, image.full)
        store.put(thumb_key, image.thumb)
        stored.append(Stored(image, key, thumb_key))
    return stored


def new_key(content: bytes) -> str:
    """A random name in the store for this file."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}.{'jpg' if content.startswith(_JPEG) else 'webp'}"


def count_of_side(case_id: int, shop_id: int, side: str) -> int:
    """How many photos this side has handed in for a case; one side's take no room from the other."""
    mine = (Evidence.case_id == case_id, Evidence.shop_id == shop_id, Evidence.side == side)
    return db.session.scalar(select(func.count()).where(*mine)) or 0


def get_mimetype(key: str) -> str:
    """What the file under this name is served as."""
    return "image/jpeg" if key.endswith(".jpg") else "image/webp"


def keep_photos(
    stored: Sequence[Stored],
    *,
    shop_id: int,
    owner_id: int,
    side: str,
    now: datetime,
    draft_id: int | None = None,
    line_id: int | None = None,
) -> list[str]:
    """Rows for stored photos of a shop's business; returns their public ids.

    Loose until attached, unless ``draft_id`` holds them; ``line_id``: the line that they show.
    """
    public_ids = []
    for item in stored:
        public_id = secrets.token_hex(16)
        db.session.add(
            Evidence(
                shop_id=shop_id,
                public_id=public_id,
                owner_id=owner_id,
                side=side,
                draft_id=draft_id,
                order_line_id=line_id,
                key=item.key,
                thumb_key=item.thumb_key,
                sha256=item.image.sha256,
                thumb_sha256=hashlib.sha256(item.image.thumb).hexdigest(),
                bytes=len(item.image.full),
                width=item.image.width,
                height=item.image.height,
                thumb_width=item.image.thumb_width,
                thumb_height=item.image.thumb_height,
                taken_note=item.image.taken_note or "",
                created_at=now,
            )
        )
        public_ids.append(public_id)
    db.session.flush()
    return public_ids


def find_same(sha256: str, owner_id: int, public_ids: Sequence[str] = (), *, draft_id: int | None = None) -> str | None:
    """The photo with this content among this person's given ones, or on this draft; so that none is there twice."""
    mine = [Evidence.owner_id == owner_id, Evidence.sha256 == sha256, Evidence.case_id.is_(None)]
    among = or_(Evidence.draft_id == (draft_id or -1), Evidence.public_id.in_(public_ids))
    return db.session.scalar(select(Evidence.public_id).where(*mine, among).order_by(Evidence.id).limit(1))


def find_loose(sha256: str, owner_id: int) -> str | None:
    """This person's photo with this content that hangs on nothing: sent before, when its answer was lost."""
    query = select(Evidence.public_id).where(Evidence.owner_id == owner_id, Evidence.sha256 == sha256)
    return db.session.scalar(query.where(Evidence.is_loose()).order_by(Evidence.id.desc()).limit(1))


def take_back(store: Store, stored: Sequence[Stored]) -> None:
    """Remove files that got no row."""
    for item in stored:
        store.delete(item.key)
        store.delete(item.thumb_key)


def count_loose(public_ids: Sequence[str], owner_id: int) -> list[str]:
    """Those of ``public_ids`` that are this person's and hang on nothing yet, in the order given."""
    if not public_ids:
        return []
    found = set(
        db.session.scalars(
            select(Evidence.public_id).where(
                Evidence.public_id.in_(public_ids),
                Evidence.owner_id == owner_id,
                Evidence.is_loose("draft_id"),
            )
        )
    )
    return [public_id for public_id in dict.fromkeys(public_ids) if public_id in found]


def attach_to_case(
    public_ids: Sequence[str], *, shop_id: int, owner_id: int, case_id: int, order_id: int, version: int
) -> int:
    """Hang loose photos on a step of a case; returns how many. Photos of others or already used stay where they are."""
    if not public_ids:
        return 0
    done = db.session.execute(
        update(Evidence)
        .where(
            Evidence.public_id.in_(public_ids),
            Evidence.owner_id == owner_id,
            Evidence.is_loose("draft_id"),
        )
        .values(shop_id=shop_id, case_id=case_id, order_id=order_id, event_version=version, draft_id=None)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def attach_to_message(public_ids: Sequence[str], *, shop_id: int, owner_id: int, message_id: int, order_id: int) -> int:
    """Hang loose photos on a message; returns how many."""
    return _attach(public_ids, owner_id, shop_id=shop_id, message_id=message_id, order_id=order_id)


def attach_to_complaint(public_ids: Sequence[str], *, owner_id: int, complaint_id: int) -> int:
    """Hang loose photos on a complaint; returns how many."""
    return _attach(public_ids, owner_id, complaint_id=complaint_id)


def attach_to_enquiry(public_ids: Sequence[str], *, shop_id: int, owner_id: int, message_id: int) -> int:
    """Hang loose photos on a message of an enquiry; returns how many."""
    return _attach(public_ids, owner_id, shop_id=shop_id, enquiry_message_id=message_id)


def attach_to_own(public_ids: Sequence[str], *, shop_id: int, owner_id: int, **held: int) -> int:
    """Hang loose photos on something of the shop's own (``batch_id``, ``remedy_id``); returns how many."""
    return _attach(public_ids, owner_id, shop_id=shop_id, **held)


def _attach(public_ids: Sequence[str], owner_id: int, **held: int) -> int:
    if not public_ids:
        return 0
    mine = (Evidence.public_id.in_(public_ids), Evidence.owner_id == owner_id, Evidence.is_loose())
    done = db.session.execute(update(Evidence).where(*mine).values(**held).execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


_photo = Evidence.__table__.c  # the table's own columns: without the work of the ORM on each row
_COLUMNS = (
    _photo.public_id,
    _photo.side,
    _photo.event_version,
    _photo.message_id,
    _photo.order_line_id,
    _photo.thumb_width,
    _photo.thumb_height,
    _photo.width,
    _photo.height,
    _photo.taken_note,
    _photo.created_at,
)

_OF_CASE = Prepared(
    select(*_COLUMNS)
    .where(_photo.case_id == bindparam("case_id"), _photo.shop_id == bindparam("shop_id"))
    .order_by(*Evidence.in_order())
)


def list_of_case(case: Case) -> Sequence[PhotoSeen]:
    """The photos of a case, step by step in their order (public_id, side, event_version, sizes, taken_note …)."""
    return _OF_CASE.list_rows(case_id=case.id, shop_id=case.shop_id)


def list_of_complaint(complaint_id: int) -> Sequence[PhotoSeen]:
    """The photos of a complaint, oldest first."""
    return db.session.execute(select(*_COLUMNS).where(_photo.complaint_id == complaint_id).order_by(_photo.id)).all()


_FILES = select(*_COLUMNS, _photo.case_id, _photo.key, _photo.sha256, _photo.bytes)


def list_files_of_case(case: Case) -> Sequence[PhotoFiled]:
    """The photos of a case in the same order, also with the name in the store, the size in bytes and the SHA-256."""
    of_case = _FILES.where(_photo.case_id == case.id, _photo.shop_id == case.shop_id)
    return db.session.execute(of_case.order_by(*Evidence.in_order())).all()


def list_files_of_conversation(conversation_id: int, last_message_id: int, most: int) -> Sequence[PhotoFiled]:
    """The same for the newest ``most`` photos of a conversation up to a message, oldest first."""
    query = (
        _FILES.join(Message.__table__, and_(Message.id == _photo.message_id, Message.shop_id == _photo.shop_id))
        .where(Message.conversation_id == conversation_id, Message.id <= last_message_id)
        .order_by(_photo.id.desc())
        .limit(most)
    )
    return list(reversed(db.session.execute(query).all()))


def list_files_of_messages(shop_id: int, message_ids: Sequence[int]) -> Sequence[PhotoFiled]:
    """The same for these messages."""
    if not message_ids:
        return []
    mine = _photo.message_id.in_(message_ids), _photo.shop_id == shop_id
    return db.session.execute(_FILES.where(*mine).order_by(_photo.id)).all()


def by_public_ids(public_ids: Sequence[str]) -> Sequence[PhotoSeen]:
    """Rows of the given photos, oldest first. The caller has checked whose they are."""
    if not public_ids:
        return []
    return db.session.execute(select(*_COLUMNS).where(Evidence.public_id.in_(public_ids)).order_by(Evidence.id)).all()


class Damaged(Exception):
    """A file that isn't what was uploaded; the message is its key."""


def read_whole(store: Store, key: str, sha256: str) -> bytes:
    """A file whose content is what was uploaded. Raises FileNotFoundError and Damaged."""
    with store.open(key) as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged(key)
    return content


_OF_PARCEL = exists().where(Intake.shop_id == Evidence.shop_id, Intake.photo == Evidence.public_id)


def clear_unused(store: Store, now: datetime) -> int:
    """Forget loose photos older than a day and set aside files that no row names; returns how many files those are.

    A file that a row names again, after a database was brought back, is taken back. Nothing is deleted before
    ``store.KEPT_ASIDE``.
    """
    with writing():
        db.session.execute(
            delete(Evidence).where(Evidence.created_at < now - LOOSE_FOR, Evidence.is_loose(), ~_OF_PARCEL)
        )
    named: set[str] = set()
    for row in db.session.execute(select(Evidence.key, Evidence.thumb_key)):
        named.update(row)
    db.session.rollback()
    for key in [key for key, _ in store.list_aside() if key in named]:
        store.take_back(key)
    unknown = [key for key, changed_at in store.keys() if key not in named and changed_at < now - LOOSE_FOR]
    for key in unknown:
        store.set_aside(key)
    store.clear_aside(now)
    store.clear_temp(now)
    return len(unknown)
