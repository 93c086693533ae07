"""The mediators' list: what waits for a decision, and what they may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Label, and_, bindparam, func, or_, select, text, tuple_
from sqlalchemy.orm import joinedload

from portal.cases import shop_queue
from portal.cases.mediation_rows import BESIDE, OF_CASE
from portal.extensions import Moment, db
from portal.flow import Stage
from portal.models import Case, CaseEvent, Conversation, Mediation, Message, Policy, Shop, Staff, User
from portal.models.cases import BY_MEDIATOR, MEDIATED
from portal.prepared import Prepared

PAGE = 40
SHOWN = 100  # numbers on tabs are bounded

TABS: dict[str, str] = {
    str(Stage.EVIDENCE): "举证中",
    str(Stage.DECIDING): "待裁决",
    str(Stage.OVERDUE): "已超时",
    str(Stage.UNFULFILLED): "未履行",
    "decided": "已裁决",
}

OPENING = ("escalate", "timeout_escalate", "timeout_overdue", "timeout_unfulfilled")  # the steps that open a mediation


class Asking(Protocol):
    """The signed-in person, as far as the docket must know them."""

    @property
    def user_id(self) -> int: ...

    @property
    def shop_id(self) -> int | None: ...


_case, _user, _shop, _event, _policy, _mediation = (
    table.__table__.c for table in (Case, User, Shop, CaseEvent, Policy, Mediation)
)
_KEY = tuple_(bindparam("at", type_=Moment()), bindparam("row_id"))
_colleagues = select(Staff.user_id).where(Staff.shop_id == bindparam("my_shop"))

_UNRELATED = (  # the same as may_decide: one works in one shop at most, and who owns one works there
    _case.shop_id != bindparam("my_shop"),
    _case.buyer_id != bindparam("me"),
    _case.buyer_id.not_in(_colleagues),
)

_COLUMNS = (
    _case.id,
    _case.case_no,
    _case.type,
    _case.state,
    _case.stage,
    _mediation.evidence_round,
    _mediation.heard,
    _case.due_at,
    _case.queue_at,
    _mediation.escalated_at,
    _mediation.asked_by,
    _case.reason,
    _case.basis,
    _case.goods,
    _case.spec,
    _case.quantity_milli,
    _case.unit,
    # looked up for each row that is shown; a join would rather read all users
    select(_shop.name).where(_shop.id == _case.shop_id).scalar_subquery().label("shop"),
    select(_user.member_name).where(_user.id == _case.buyer_id).scalar_subquery().label("buyer"),
)

_OPEN = (
    select(*_COLUMNS)
    .select_from(BESIDE)
    .where(text(f"cases.{MEDIATED}"), _case.stage == bindparam("stage"), *_UNRELATED)
    .order_by(_case.queue_at, _case.id)
    .limit(PAGE + 1)
)

_DECISION = (text(f"case_events.{BY_MEDIATOR}"), _event.actor == "mediator", _event.step != "more_evidence")

_DECIDED = (
    select(
        *_COLUMNS,
        _event.at.label("decided_at"),
        _event.id.label("event_id"),
        _event.step,
        _event.author,
        _event.source,
        _event.target,
    )
    .select_from(CaseEvent.__table__)
    .join(Case.__table__, and_(_case.id == _event.case_id, _case.shop_id == _event.shop_id))
    .outerjoin(Mediation.__table__, OF_CASE)
    .where(*_DECISION, *_UNRELATED)
    .order_by(_event.at.desc(), _event.id.desc())
    .limit(PAGE + 1)
)

_LIST = {
    "open": (_OPEN, _OPEN.where(tuple_(_case.queue_at, _case.id) > _KEY)),
    "decided": (_DECIDED, _DECIDED.where(tuple_(_event.at, _event.id) < _KEY)),
}


def bind_person(who: Asking) -> dict[str, object]:
    return {"me": who.user_id, "my_shop": who.shop_id or 0}


def list_page(
    who: Asking, tab: str, *, words: str = "", after: tuple[datetime, int] | None = None
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of a tab, the least time left first (what is decided: the newest first), and where the next begins.

    ``words``: the number of a case, or its beginning.
    """
    decided = tab == "decided"
    query = _LIST["decided" if decided else "open"][after is not None]
    values = bind_person(who)
    if not decided:
        values["stage"] = tab
    if words:
        query = query.where(_case.case_no.startswith(words.upper(), autoescape=True))
    if after is not None:
        values["at"], values["row_id"] = after
    rows = db.session.execute(query, values).all()
    if len(rows) <= PAGE:
        return rows, None
    last = rows[PAGE - 1]
    return rows[:PAGE], (last.decided_at, last.event_id) if decided else (last.queue_at, last.id)


def count_stage(stage: str) -> Label[int]:
    rows = (
        select(_case.id)
        .where(text(f"cases.{MEDIATED}"), _case.stage == stage, *_UNRELATED)
        .order_by(_case.queue_at)
        .limit(SHOWN)
    )
    return select(func.count()).select_from(rows.subquery(f"of_{stage}")).scalar_subquery().label(stage)


_COUNTS = select(*(count_stage(str(stage)) for stage in Stage if stage != Stage.NONE))


def count_tabs(who: Asking) -> dict[str, int]:
    """How many cases each open tab has, at most SHOWN; 已裁决 only grows and isn't counted."""
    return dict(db.session.execute(_COUNTS, bind_person(who)).mappings().one())


_opened = (
    select(_event.id).where(_event.case_id == _case.id, _event.step.in_(OPENING)).correlate(Case.__table__).exists()
)

_SHOWN = (or_(_case.escalated, _opened), *_UNRELATED)
_ONE = select(Case).where(_case.case_no == bindparam("case_no"), *_SHOWN).options(joinedload(Case.mediation))


def find_for_mediator(case_no: str, who: Asking) -> Case | None:
    """The case of that number, if the platform is or was called into it and this person may decide it."""
    return db.session.scalars(_ONE, {"case_no": case_no, **bind_person(who)}).one_or_none()


def may_see_case(who: Asking, case_id: int) -> bool:
    """Whether this mediator may see the case, and with it what hangs on it."""
    return db.session.scalar(select(_case.id).where(_case.id == case_id, *_SHOWN), bind_person(who)) is not None


def may_see_message(who: Asking, message_id: int) -> bool:
    """Whether this mediator may read the conversation that a message belongs to: only while the platform decides."""
    query = (
        select(_case.id)
        .join(Conversation, and_(Conversation.order_id == _case.order_id, Conversation.shop_id == _case.shop_id))
        .join(Message, and_(Message.conversation_id == Conversation.id, Message.shop_id == Conversation.shop_id))
        .where(Message.id == message_id, _case.escalated, *_UNRELATED)
    )
    return db.session.scalar(query.limit(1), bind_person(who)) is not None


_applied = select(func.count()).select_from(Case.__table__).where(*shop_queue.APPLIED)
_GROUNDS = Prepared(
    select(
        _applied.scalar_subquery().label("applied"),
        _applied.where(_case.state == "withdrawn").scalar_subquery().label("withdrawn"),
        _policy.window_days,
        _policy.hidden_days,
        _policy.special_freight,
        _policy.excluded,
        _policy.words,
        _shop.name.label("shop"),
        _shop.created_at.label("shop_since"),
        _user.member_name.label("owner"),
    )
    .select_from(Policy.__table__)
    .join(Shop.__table__, _shop.id == _policy.shop_id)
    .join(User.__table__, _user.id == _shop.owner_id)
    .where(_policy.id == bindparam("policy_id"))
)


def find_grounds(case: Case, now: datetime) -> Any:
    """What a case was opened under, as one row: its version of the policy, and shop, shop_since, owner; and how many
    applications the buyer handed in and took back there lately, as shop_queue.count_history has it."""
    since = now - shop_queue.HISTORY
    known = {"policy_id": case.policy_id, "shop_id": case.shop_id, "buyer_id": case.buyer_id}
    return _GROUNDS.find_row(**known, applied_since=since)


def list_unfulfilled(shop_ids: Sequence[int]) -> dict[int, list[Any]]:
    """By shop the cases (case_no, escalated_at) that it still hasn't fulfilled after the rule, the oldest first."""
    found: dict[int, list[Any]] = {}
    rows = db.session.execute(
        select(_case.shop_id, _case.case_no, _mediation.escalated_at)
        .select_from(BESIDE)
        .where(text(f"cases.{MEDIATED}"), _case.stage == Stage.UNFULFILLED, _case.shop_id.in_(shop_ids))
        .order_by(_case.queue_at, _case.id)
        .limit(300)
    ).all()
    for row in rows:
        found.setdefault(row.shop_id, []).append(row)
    return found
