"""What the desk shows of the shop's own work beside its cases: colleagues, tags, who looks, notes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from portal.cases import columns, looks, piles, queue_filters, shop_queue
from portal.cases.waiting import Waiting
from portal.columns import LookSeen, NoteSeen
from portal.extensions import Moment
from portal.models import (
    Case,
    CaseLine,
    CaseLook,
    CustomerNote,
    HeldStep,
    OrderLine,
    QueueColumns,
    ShopTag,
    Sku,
    Staff,
    StaffNote,
    User,
)
from portal.prepared import Prepared, among
from portal.versioned import Versioned
from portal.words import BEIJING

MOST_NOTES = 50  # of one case on its page

_staff, _user, _tag, _look, _note = (table.__table__.c for table in (Staff, User, ShopTag, CaseLook, StaffNote))
_OF_SHOP: BindParameter[int] = bindparam("shop_id")

Said = ColumnElement[str] | str


def _shape(
    kind: str,
    number: ColumnElement[int],
    word: Said,
    name: Said,
    receiver: Said = "",
    words: Said = "",
    at: ColumnElement[datetime] | None = None,
) -> Select[Any]:
    """A select of the columns that all parts have."""
    said: list[ColumnElement[Any]] = [
        literal(each) if isinstance(each, str) else each for each in (kind, word, name, receiver, words)
    ]
    named = zip(("kind", "word", "name", "receiver", "words"), said, strict=True)
    moment = cast(null(), Moment()) if at is None else at
    return select(*(each.label(name) for name, each in named), number.label("number"), moment.label("at"))


_PEOPLE = (
    _shape("person", _staff.user_id, _staff.role, _user.member_name)
    .join_from(Staff.__table__, User.__table__, _user.id == _staff.user_id)
    .where(_staff.shop_id == _OF_SHOP, _user.disabled_at.is_(None))
)
_TAGS = _shape("tag", _tag.id, "", _tag.name).where(_tag.shop_id == _OF_SHOP)
_LOOKS = (
    _shape("look", _look.case_id, "", _user.member_name, at=_look.at)
    .join_from(CaseLook.__table__, User.__table__, _user.id == _look.user_id)
    .where(_look.shop_id == _OF_SHOP, among(_look.case_id, "case_ids"), _look.at > bindparam("since"))
    .where(_look.user_id != bindparam("but"))
)
_held = HeldStep.__table__.c
_HELD = _shape(
    "held", _held.case_id, _held.step, _held.author, words=cast(_held.user_id, String), at=_held.due_at
).where(_held.shop_id == _OF_SHOP, among(_held.case_id, "case_ids"), _held.state == "held")
_last = (
    select(StaffNote.__table__)
    .where(_note.shop_id == _OF_SHOP, _note.case_id == bindparam("case_id"))
    .order_by(_note.id.desc())
    .limit(MOST_NOTES)
    .subquery()
    .c
)
_NOTES = _shape("note", _last.id, _last.kind, _last.author, _last.receiver, _last.words, _last.at)
_chosen = QueueColumns.__table__.c
_COLUMNS = _shape("columns", _chosen.user_id, _chosen.names, "").where(
    _chosen.shop_id == _OF_SHOP, _chosen.user_id == bindparam("but")
)
_OF_LIST = Prepared(union_all(_PEOPLE, _TAGS, _LOOKS, _HELD, _COLUMNS))
# What the shop has seen of this buyer, and of the same goods, since the beginning of a day: as the lists that it opens.
_case, _line, _bought, _sku = (table.__table__.c for table in (Case, CaseLine, OrderLine, Sku))
_SINCE = _case.opened_at >= bindparam("since_day")
_HISTORY = [
    _shape("history", func.count(), word, "")
    .select_from(Case.__table__)
    .where(_case.shop_id == _OF_SHOP, _case.buyer_id == bindparam("buyer_id"), _SINCE, *only)
    for word, only in (("all", ()), ("withdrawn", (_case.state == "withdrawn",)))
]
_GOODS_OF = (_bought.id == _line.order_line_id) & (_bought.shop_id == _line.shop_id)


def _count_alike(at: int) -> Select[Any]:
    """Cases with the product and specification of the ``at``-th line of the case, counted to SHOWN and no further."""
    first = (
        select(_line.title, _bought.spec, _bought.product_id)
        .join_from(CaseLine.__table__, OrderLine.__table__, _GOODS_OF)
        .where(_line.shop_id == _OF_SHOP, _line.case_id == bindparam("case_id"))
        .order_by(_line.order_line_id)
        .limit(1)
        .offset(at)
        .subquery()
    )
    own = first.c
    of_goods = (
        select(_line.case_id)
        .join_from(first, OrderLine.__table__, (own.product_id == _bought.product_id) & (own.spec == _bought.spec))
        .join(CaseLine.__table__, _GOODS_OF)
        .where(_bought.shop_id == _OF_SHOP, _line.shop_id == _OF_SHOP)
    )
    # By what was bought, and not through all cases of the shop or of those days: no other index fits this.
    shop, day = func.coalesce(_case.shop_id, _case.shop_id), func.coalesce(_case.opened_at, _case.opened_at)
    alike = (
        select(_case.id)
        .where(_case.id.in_(of_goods), shop == _OF_SHOP, day >= bindparam("since_day"))
        .limit(piles.SHOWN + 1)
        .subquery()
    )
    known = select(func.min(_sku.id)).where(
        _sku.shop_id == _OF_SHOP, _sku.product_id == own.product_id, _sku.spec == own.spec
    )
    number = select(func.count()).select_from(alike).scalar_subquery()
    return _shape("alike", number, cast(known.scalar_subquery(), String), own.title, words=own.spec)


MOST_GOODS = 3  # of one case, with what the shop has seen of them
_customer = CustomerNote.__table__.c
_tagged = (
    select(_customer.id, _customer.tag)
    .where(_customer.shop_id == _OF_SHOP, _customer.buyer_id == bindparam("buyer_id"), _customer.tag != "")
    .order_by(_customer.id.desc())
    .limit(MOST_NOTES)
    .subquery()
    .c
)
_BUYER_TAGS = _shape("buyer_tag", _tagged.id, "", _tagged.tag)
_ALIKE = [_count_alike(at) for at in range(MOST_GOODS)]
_OF_CASE = Prepared(union_all(_PEOPLE, _TAGS, _LOOKS, _HELD, _NOTES, _BUYER_TAGS))
_SEEN_IN_SHOP = Prepared(union_all(*_HISTORY, *_ALIKE))
_seen_in_shop: Versioned[Sequence[Part]] = Versioned("seen_in_shop")


class Part(LookSeen, NoteSeen, Protocol):
    """A row of any part: what its columns say, its ``kind`` tells."""

    @property
    def kind(self) -> str: ...
    @property
    def word(self) -> str: ...
    @property
    def number(self) -> int: ...


class Alike(NamedTuple):
    """Goods of the case, and how many cases had them since the day; ``number``: at most piles.SHOWN + 1."""

    title: str
    spec: str
    sku_id: int
    number: int


@dataclass(frozen=True)
class Facts:
    """``columns``: those of the queue that this person sees.

    ``people``: (number: user id, word: role, name); ``looks`` by case, in words; ``notes`` newest first;
    ``waiting``: steps held back, by the case.

    ``history``: the buyer's cases in this shop since ``since``, a day of Beijing, and how many were withdrawn.
    """

    people: Sequence[Part]
    tags: Sequence[str]
    looks: dict[int, str]
    notes: Sequence[Part]
    history: tuple[int, int] = (0, 0)
    buyer_tags: tuple[str, ...] = ()  # under which the shop noted something about the buyer, the newest first
    columns: tuple[str, ...] = columns.USUAL
    since: str = ""
    alike: tuple[Alike, ...] = ()
    waiting: Mapping[int, Waiting] = field(default_factory=dict)


def load_of_list(shop_id: int, case_ids: Sequence[int], but: int, now: datetime) -> Facts:
    """For a page of the queue; ``but``: whose own looks aren't shown."""
    since = now - looks.SHOWN_FOR
    return _sort(_OF_LIST.list_rows(shop_id=shop_id, case_ids=list(case_ids), since=since, but=but), now)


def load_of_case(
    case: Case, but: int, now: datetime, version: Hashable | None = None, beside: Sequence[int] = ()
) -> Facts:
    """For the page of a case. ``version``: of the shop, read before; what its cases add up to is kept under it.

    ``beside``: the cases listed there, of which the same looks and steps are told.
    """
    day = (now - shop_queue.HISTORY).astimezone(BEIJING).date().isoformat()
    of_case = {"shop_id": case.shop_id, "case_id": case.id, "buyer_id": case.buyer_id}

    def add_up() -> Sequence[Part]:
        return _SEEN_IN_SHOP.list_rows(**of_case, since_day=queue_filters.begin_day(day))

    own = _OF_CASE.list_rows(**of_case, case_ids=[case.id, *beside], but=but, since=now - looks.SHOWN_FOR)
    seen = add_up() if version is None else _seen_in_shop.find((case.shop_id, case.id, version, day), add_up)
    return _sort([*own, *seen], now, day)


def _sort(rows: Sequence[Part], now: datetime, since: str = "") -> Facts:
    kinds = ("person", "tag", "look", "note", "history", "columns", "buyer_tag", "alike", "held")
    of: dict[str, list[Part]] = {kind: [] for kind in kinds}
    for row in rows:
        of[row.kind].append(row)
    tagged = sorted(of["buyer_tag"], key=lambda row: -row.number)
    applied = {row.word: row.number for row in of["history"]}
    return Facts(
        people=sorted(of["person"], key=lambda row: row.name),
        tags=[row.name for row in sorted(of["tag"], key=lambda row: row.number)],
        looks={row.number: looks.describe(row, now) for row in sorted(of["look"], key=lambda row: row.at)},
        notes=sorted(of["note"], key=lambda row: -row.number),
        columns=columns.read_columns(of["columns"][0].word if of["columns"] else None),
        buyer_tags=tuple(dict.fromkeys(row.name for row in tagged)),
        history=(applied.get("all", 0), applied.get("withdrawn", 0)),
        since=since,
        waiting={row.number: Waiting(row.word, int(row.words), row.name, row.at) for row in of["held"]},
        alike=tuple(
            dict.fromkeys(Alike(row.name, row.words, int(row.word), row.number) for row in of["alike"] if row.word)
        ),
    )
