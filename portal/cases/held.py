"""Steps held back for a moment, so that the one who took them can take them back.

A step is tried out when it is handed in, so that what is wrong is said at once; carried out when its time has come, by
the sweep, in one transaction with its row; and never twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, or_, select, text, update

from portal.cases import offers, taking
from portal.cases.deadlines import lock_case
from portal.cases.effects.hand_ins import HandIn
from portal.cases.effects.step_context import ActedBy, fit_hand_in, hand_in_type
from portal.cases.waiting import Waiting, read_waiting, tell_each
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, HeldStep, Parcel, Shop
from portal.models.desk import HELD
from portal.prepared import Prepared

HELD_FOR = timedelta(seconds=10)
MOST_SHOWN = 30  # more than anybody decides while a step is held back
SHOWN_FOR = timedelta(minutes=10)  # what went wrong stays in sight that long
HOLDABLE = frozenset({"agree", "agree_no_return", "ask_evidence", "reject"})  # decisions on an application
COUNTED = frozenset({"accept_goods", "accept_goods_diff", "dispute_goods"})  # what is counted at 扫描台
AT_ONCE = 200  # rows a round


def may_hold(case: Case, step_name: str, now: datetime) -> bool:
    """Whether a step can wait: not when the clock would act meanwhile."""
    return step_name in HOLDABLE and has_time(case, now)


def has_time(case: Case, now: datetime) -> bool:
    """Whether the clock leaves a case alone for as long as a step waits."""
    return case.due_at is None or case.due_at > now + HELD_FOR + SHOWN_FOR


def hold(
    case: Case,
    step_name: str,
    *,
    by: ActedBy,
    now: datetime,
    version: int | None,
    handed: HandIn | None,
    shown: str | None = None,
) -> None:
    """Keep a step until its time has come. Raises what ``taking.take`` would raise now."""
    refuse_while_held(case, step_name, by=by, now=now)
    shop_id, case_id, version = case.shop_id, case.id, case.version if version is None else version
    trial = db.session.begin_nested()
    try:
        taking.take(case_id, step_name, by=by, now=now, version=version, handed=handed, shown=shown)
    finally:
        trial.rollback()
    db.session.add(
        HeldStep(
            shop_id=shop_id,
            case_id=case_id,
            version=version,
            step=step_name,
            user_id=by.user_id,
            author=by.name,
            request_id=by.request_id,
            handed={"facts": offers.pack(fit_hand_in(step_name, handed)), "shown": shown},
            due_at=now + HELD_FOR,
        )
    )
    _bump(shop_id)


def refuse_while_held(case: Case, step_name: str, *, by: ActedBy, now: datetime) -> None:
    """Only one step of a case waits, and none is taken past it. Raises StepRefused, which says what waits."""
    lock_case(case.id)  # two people may hand in a step at once
    if (found := list_held(case.shop_id, [case.id]).get(case.id)) is not None:
        raise StepRefused(found.tell(by.user_id or 0, now), step_name)


def is_held(shop_id: int, case_id: int) -> bool:
    """Whether a step of this case waits to be carried out."""
    found = exists().where(HeldStep.shop_id == shop_id, HeldStep.case_id == case_id, HeldStep.state == "held")
    return bool(db.session.scalar(select(found)))


def list_held(shop_id: int, case_ids: Sequence[int]) -> dict[int, Waiting]:
    """What waits to be carried out of these cases, by the case."""
    columns = (HeldStep.case_id, HeldStep.step, HeldStep.user_id, HeldStep.author, HeldStep.due_at)
    query = select(*columns).where(
        HeldStep.shop_id == shop_id, HeldStep.case_id.in_(case_ids), HeldStep.state == "held"
    )
    return {row.case_id: read_waiting(row) for row in db.session.execute(query)}


def tell_waiting(shop_id: int, case_ids: Sequence[int], reader_id: int, now: datetime) -> dict[int, str]:
    """What waits to be carried out of the cases of a list, for their rows, by the case."""
    return tell_each(list_held(shop_id, case_ids) if case_ids else {}, reader_id, now)


_RECENT = Prepared(
    select(HeldStep.id, HeldStep.step, HeldStep.state, HeldStep.due_at, HeldStep.problem, Case.case_no, Case.type)
    .join(Case, (Case.id == HeldStep.case_id) & (Case.shop_id == HeldStep.shop_id))
    .where(
        HeldStep.shop_id == bindparam("shop_id"),
        HeldStep.user_id == bindparam("user_id"),
        HeldStep.due_at > bindparam("since"),
        or_(
            HeldStep.state == "held", HeldStep.state == "failed"
        ),  # what was carried out or taken back pushes nothing out
    )
    .order_by(HeldStep.due_at.desc())
    .limit(MOST_SHOWN)
)


def list_recent(shop_id: int, user_id: int, now: datetime) -> Sequence[Any]:
    """What one person can still take back, and what of theirs could not be carried out; the newest first."""
    rows = _RECENT.list_rows(shop_id=shop_id, user_id=user_id, since=now - SHOWN_FOR)
    return [row for row in rows if row.state == "failed" or (row.state == "held" and row.due_at > now)]


def list_counted(shop_id: int, case_ids: Sequence[int], user_id: int) -> dict[int, Any]:
    """What one person last held back of each of these cases when they counted its goods, by the case."""
    rows = db.session.execute(
        select(HeldStep.id, HeldStep.case_id, HeldStep.state, HeldStep.due_at, HeldStep.problem)
        .where(
            HeldStep.shop_id == shop_id,
            HeldStep.case_id.in_(case_ids),
            HeldStep.user_id == user_id,
            HeldStep.step.in_(COUNTED),
        )
        .order_by(HeldStep.id)
    )
    return {row.case_id: row for row in rows}


def list_counted_beside(
    shop_id: int, user_id: int, since: datetime, known: Collection[int | None]
) -> list[dict[str, object]]:
    """What one person counted since a moment of cases that are not ``known``: several came in a parcel of one number.

    As the running list of 扫描台 shows its rows, each case once; under the number of its parcel, else under its own.
    """
    columns = (Case.case_no, Case.goods, Case.state, Case.type, Case.stage, Case.late, Case.due_rule, Case.entry_count)
    counted = select(HeldStep.case_id, HeldStep.due_at.label("at"), *columns).where(
        HeldStep.shop_id == shop_id,
        HeldStep.user_id == user_id,
        HeldStep.due_at > since + HELD_FOR,
        HeldStep.step.in_(COUNTED),
    )
    of_case = counted.join(Case, (Case.id == HeldStep.case_id) & (Case.shop_id == HeldStep.shop_id))
    rows = db.session.execute(of_case.order_by(HeldStep.due_at, HeldStep.id)).mappings()
    found = {row["case_id"]: {**row, "at": row["at"] - HELD_FOR} for row in rows if row["case_id"] not in known}
    parcels = select(Parcel.case_id, Parcel.tracking_no).where(
        Parcel.shop_id == shop_id, Parcel.case_id.in_(found), Parcel.leg == "back", Parcel.voided_at.is_(None)
    )
    numbers = dict(db.session.execute(parcels.order_by(Parcel.id.desc())).all()) if found else {}
    return [{**row, "number": numbers.get(case_id, row["case_no"])} for case_id, row in found.items()]


def undo(shop_id: int, held_id: int, user_id: int, now: datetime) -> str | None:
    """Take a step back in time; returns the case's number, None when it is too late or isn't this person's."""
    mine = (HeldStep.shop_id == shop_id, HeldStep.id == held_id, HeldStep.user_id == user_id)
    done = db.session.execute(
        update(HeldStep)
        .where(*mine, HeldStep.state == "held", HeldStep.due_at > now)
        .values(state="undone", handed={})
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return None
    _bump(shop_id)
    return db.session.scalar(
        select(Case.case_no)
        .join(HeldStep, (HeldStep.case_id == Case.id) & (HeldStep.shop_id == Case.shop_id))
        .where(*mine)
    )


def carry_out_due(now: datetime) -> int:
    """Carry out every step whose time has come, each in a transaction of its own; returns how many were taken."""
    query = select(HeldStep.id).where(text(HELD), HeldStep.due_at <= now).order_by(HeldStep.due_at)
    due = db.session.scalars(query.limit(AT_ONCE)).all()
    return sum(_carry_out(held_id) for held_id in due)


def _carry_out(held_id: int) -> bool:
    try:
        with writing():
            row = _claim(held_id, "taken")
            if row is not None:
                _take(row)
            return row is not None
    except StepRefused as refused:
        with writing():
            if (row := _claim(held_id, "failed", problem=refused.sentence[:300])) is not None:
                _bump(row.shop_id)
        return False


def _claim(held_id: int, state: str, **more: str) -> Any | None:
    """The row, for the one who gets it; everybody else has nothing to do."""
    columns = (HeldStep.shop_id, HeldStep.case_id, HeldStep.version, HeldStep.step, HeldStep.user_id)
    columns += (HeldStep.author, HeldStep.request_id, HeldStep.handed, HeldStep.due_at)  # type: ignore[assignment]
    row = db.session.execute(
        select(*columns).where(HeldStep.id == held_id, HeldStep.state == "held").with_for_update()
    ).one_or_none()
    if row is not None:
        db.session.execute(
            update(HeldStep)
            .where(HeldStep.id == held_id, HeldStep.shop_id == row.shop_id)
            .values(state=state, handed={}, **more)
            .execution_options(synchronize_session=False)
        )
    return row


def _take(row: HeldStep) -> None:
    """As it was handed in, at the moment it was held until, however long the portal was down meanwhile."""
    facts = row.handed["facts"]
    old = {name: _restore(value) for name, value in facts.items()} if "is" not in facts else {}
    taking.take(
        row.case_id,
        row.step,
        by=ActedBy(Actor.SELLER, row.user_id, row.author, row.request_id),
        now=row.due_at,
        version=row.version,
        handed=hand_in_type(row.step)(**old) if old else offers.unpack(row.step, facts),
        shown=row.handed["shown"],
    )


def _restore(value: object) -> Any:
    """What the version before this one kept: without the names of types."""
    if isinstance(value, list):
        return tuple(map(_restore, value))
    if isinstance(value, dict):
        return {int(key) if key.isdecimal() else key: _restore(each) for key, each in value.items()}
    return value


def _bump(shop_id: int) -> None:
    """The shop's pages have changed."""
    db.session.execute(
        update(Shop)
        .where(Shop.id == shop_id)
        .values(version=Shop.version + 1)
        .execution_options(synchronize_session=False)
    )
