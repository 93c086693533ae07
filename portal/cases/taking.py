"""Taking a step of a case: one compare-and-set, one event, its consequences."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from types import SimpleNamespace
from typing import cast

from sqlalchemy import select, update

from portal import flow
from portal.calendar.lengths import get_deadlines
from portal.cases import endings, failed, faults, offers, owners, stakes
from portal.cases.case_facts import collect_facts, tell_late
from portal.cases.child_cases import open_child_case
from portal.cases.deadlines import find_clock_start, lock_case, next_reminder
from portal.cases.effects import step_context
from portal.cases.effects.hand_ins import HandIn
from portal.cases.effects.offer import MadeOffer
from portal.cases.effects.step_context import ActedBy
from portal.cases.history import update_counters, write_event
from portal.cases.mediation_rows import NAMES, find_mediation, list_values, write_mediation
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import Actor, Stale, State, Step, StepRefused
from portal.models import (
    Case,
    CaseLine,
    Order,
    Staff,
    User,
)
from portal.notices import notices, reading
from portal.orders import ledger
from portal.parcels import disposals, following
from portal.people import mediators, roles
from portal.rights import refusal_words
from portal.talk import conversations

log = logging.getLogger("portal.cases")
CLOCK = ActedBy(Actor.CLOCK, None, "系统")


def take(
    case_id: int,
    name: str,
    *,
    by: ActedBy,
    now: datetime,
    version: int | None = None,
    handed: HandIn | None = None,
    shown: str | None = None,
) -> Case:
    """Take the step ``name`` with what was handed in; returns the case as it then is.

    ``shown``: the mark of the sums that the page showed, "" for none; None binds the step to no sums.

    Settles first what the clock owes. Raises flow.Stale when the case is no longer at ``version`` (what the page
    showed) or somebody was faster, flow.StepRefused when the table, a condition or the step's own facts don't allow it.
    A machine's clock that has gone back is not believed: a case's history never does.
    """
    case = settle(lock_case(case_id), now)
    now = max(now, case.updated_at)
    if version is not None and case.version != version:
        raise Stale("这张售后单已有更新，请看最新状态", name)
    if by.actor is Actor.MEDIATOR and not mediators.may_decide(by.user_id or 0, case.buyer_id, case.shop_id):
        raise StepRefused("您与这张售后单的一方有关，不能参与裁决", name)
    if by.actor is Actor.MEDIATOR and find_mediation(case).first_mediator_id == by.user_id:
        raise StepRefused("裁决已逾期，这张售后单已转由另一位裁决员处理", name)
    if by.actor is Actor.SELLER and by.user_id == case.buyer_id:
        raise StepRefused("您是这张售后单的买家，请由店里的另一位同事处理", name)
    if by.actor is Actor.SELLER:
        owners.take_up(case, by, check_role(case.shop_id, by, name))
    facts = collect_facts(case, now)
    offered = flow.find_offered(case.type, case.state, by.actor, name, facts)
    step = offered or flow.choose(case.type, case.state, by.actor, name, facts)
    if shown is not None:
        stakes.check_shown(case, name, handed, shown)
    if offered is not None:
        return offer_step(case, offered, by, now, handed)
    if name == "accept_offer":
        return carry_out_offer(case, step, by, now)
    return apply_step(case, step, by, now, handed)


def offer_step(case: Case, step: Step, by: ActedBy, now: datetime, handed: HandIn | None) -> Case:
    """Put a step to the other side that one side alone can't take while the platform is in it.

    It is tried out first and taken back, so that only what could be carried out is offered.
    """
    handed = step_context.fit_hand_in(step.name, handed)
    with db.session.begin_nested() as tried:
        apply_step(case, step, by, now, handed)
        tried.rollback()
    db.session.expire_all()
    case = lock_case(case.id)
    row = flow.choose(case.type, case.state, by.actor, "offer_step", collect_facts(case, now))
    made = MadeOffer(note=handed.note, photos=handed.photos, step=step.name, handed=offers.pack(handed))
    return apply_step(case, row, by, now, made)


def carry_out_offer(case: Case, step: Step, by: ActedBy, now: datetime) -> Case:
    """The other side accepts: the mediation ends, and the step is taken as it was offered, by whom it was offered."""
    offered = offers.find_open(case)
    if offered is None:
        raise StepRefused("没有待答复的提议，页面显示的是最新状态", step.name)
    case = apply_step(case, step, by, now)
    facts = replace(collect_facts(case, now), late=True)  # both agree: the shop needn't be late for 转退款 any more
    taken = flow.choose(case.type, case.state, offered.by.actor, offered.step, facts)
    return apply_step(case, taken, offered.by, now, offered.handed)


def find_working_role(shop_id: int, user_id: int | None) -> str | None:
    """In which role somebody works in the shop now; None for who left it, and for an account that was shut."""
    query = select(Staff.role).join(User, User.id == Staff.user_id)
    return db.session.scalar(
        query.where(Staff.user_id == user_id, Staff.shop_id == shop_id, User.disabled_at.is_(None))
    )


def check_role(shop_id: int, by: ActedBy, name: str) -> str:
    """Who acts for a shop works in it, and in a role that takes this step; returns the role."""
    role = find_working_role(shop_id, by.user_id)
    if role is None:
        raise StepRefused("您不在这家店铺工作，不能处理它的售后单", name)
    if not roles.may_take(role, name):
        raise StepRefused(f"您在店铺里是{roles.ROLES[role]}，没有这一项权限；请店里的其他同事处理", name)
    return role


def settle(case: Case, now: datetime) -> Case:
    """Take every clock step that has fallen due, each dated when it did.

    A carrier's word may bring a deadline that has passed already: its step is dated after what happened meanwhile.
    """
    while case.due_at is not None and case.due_at <= now:
        at = max(case.due_at, case.updated_at)
        step = flow.clock_step(case.type, case.state, case.due_rule, collect_facts(case, at))
        if step is None:  # the table is total, a test says so; a case must not hang for ever all the same
            raise StepRefused(f"no clock step for {case.state} by {case.due_rule}")
        case = apply_step(case, step, CLOCK, at)
    return case


def apply_step(case: Case, step: Step, by: ActedBy, at: datetime, handed: HandIn | None = None) -> Case:
    """Move the case, carry the step out and write down what follows from it, in this order.

    Raises Stale when somebody was faster. Counters come last and in a fixed order, so that no two steps wait for
    each other.
    """
    source, version = case.state, case.version + 1
    handed = step_context.fit_hand_in(step.name, handed)
    context = step_context.StepContext(case=case, step=step, by=by, at=at, handed=handed)
    before = stakes.weigh(case).sums
    _move(case, step, at, _clear_state(step, at) | step_context.apply_effect(context))
    evidence.attach_to_case(
        handed.photos,
        shop_id=case.shop_id,
        owner_id=by.user_id or 0,
        case_id=case.id,
        order_id=case.order_id,
        version=version,
    )
    _release_units(case, step)
    _stop_following(case, step, source, at)
    faults.follow_case(case, step.name, at)
    if source not in _UNCOUNTED:
        disposals.follow_case(case, at, user_id=by.user_id, author=by.name)
    if context.child is not None:
        context.data["child"] = open_child_case(case, context.child, by, at)
    if (after := stakes.weigh(case).sums) != before:
        context.data["sums"] = [list(before), list(after)]
    write_event(case, step, by, at, source=source, note=handed.note, data=context.data, version=version)
    endings.note_end(case, source, at)
    refusal = refusal_words.refusal(context.data.get("refusal", ""))
    why = refusal.zh if refusal is not None else ""
    late = partial(tell_late, case, collect=cache(partial(collect_facts, case, at)))
    notices.tell_step(case, step, version=version, at=at, late=late, note=handed.note, reason=why)
    if by.user_id is not None and not by.whence and not by.rule:  # nobody has looked at what passes on by itself
        reading.mark_case_read(by.user_id, case.id, at)
    failed.set_date(case, source, at)
    _touch_order(case)
    if "proposal" in context.data:
        post_proposal_card(case, step, by, at, context.data["proposal"])
    update_counters(case, source, step.target)
    return case


_UNCOUNTED = frozenset({"", State.APPLIED, State.REVISING, State.RETURNING, State.INSPECTING})  # nothing came yet


def _clear_state(step: Step, at: datetime) -> dict[str, object]:
    """The columns that belong to one stay in a state, as they are at its beginning."""
    changes: dict[str, object] = {"updated_at": at}
    if {step.source, step.target} == flow.OWED:  # an attempt at paying changes neither the clock nor a mediation
        return changes | {"entered_at": at}
    if step.target != step.source:
        changes |= {**_FRESH, **step_context.NO_MEDIATION}
    if step.source == State.PAYING != step.target:
        changes |= {"payment_claim": "", "claimed_at": None}
    if step.target != step.source or step.name in flow.RESTARTING:
        changes |= {"entered_at": at, "paused_seconds": 0, "not_before": None}
    return changes


_FRESH: dict[str, object] = {
    "late": False,
    "ruled": False,
    "extended": False,
    "granted_seconds": 0,
    "objected": False,
    "problem_open": False,
    "nudged_at": None,
    "paused_seconds": 0,
    "not_before": None,
}


def _move(case: Case, step: Step, at: datetime, changes: dict[str, object]) -> None:
    """The compare-and-set on (id, state, version), with the deadline that follows from the changes."""
    before = {column.key: getattr(case, column.key) for column in Case.__table__.columns} | list_values(case)
    after = cast(Case, SimpleNamespace(**before | changes | {"state": step.target}))
    facts = collect_facts(after, at)
    due_at, rule = flow.due(step.target, facts, get_deadlines())
    arrived_at = facts.back_signed_at if step.target == State.INSPECTING else None
    remind_at = next_reminder(find_clock_start(after), due_at, at)
    own = {name: value for name, value in changes.items() if name not in NAMES}
    moved = db.session.execute(
        update(Case)
        .where(Case.id == case.id, Case.shop_id == case.shop_id, Case.state == case.state, Case.version == case.version)
        .values(
            state=step.target,
            version=case.version + 1,
            **own | {"due_at": due_at, "due_rule": rule, "remind_at": remind_at, "arrived_at": arrived_at},
        )
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("刚刚有人处理了这张售后单，请看最新状态", step.name)
    of_mediation = {name: value for name, value in changes.items() if name in NAMES}
    write_mediation(case, of_mediation, was_open=before["escalated"], is_open=after.escalated)
    db.session.expire(case)


def _release_units(case: Case, step: Step) -> None:
    """Units of a case that came to nothing are free again."""
    if step.target not in flow.RELEASING:
        return
    for line_id, milli in db.session.execute(
        select(CaseLine.order_line_id, CaseLine.quantity_milli)
        .where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        .order_by(CaseLine.order_line_id)
    ).all():
        ledger.release_units(case.shop_id, line_id, milli)


def _stop_following(case: Case, step: Step, source: str, at: datetime) -> None:
    """Carriers aren't asked any more about parcels that can't matter."""
    if step.target in flow.FINAL:
        following.end_following(case, at)
    elif source == State.INSPECTING and step.target not in (State.INSPECTING, State.PROPOSED):
        following.end_following(case, at, leg="back")  # the goods were counted


def _touch_order(case: Case) -> None:
    db.session.execute(
        update(Order)
        .where(Order.id == case.order_id, Order.shop_id == case.shop_id)
        .values(version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )


def post_proposal_card(case: Case, step: Step, by: ActedBy, at: datetime, version: int) -> None:
    """What was proposed or answered, as a card in the conversation about the order."""
    talk = conversations.get_of_order(db.session.get_one(Order, (case.order_id, case.shop_id)), at)
    side: conversations.Side = (
        "buyer" if by.actor is Actor.BUYER else "seller" if by.actor is Actor.SELLER else "system"
    )
    data = {"case_no": case.case_no, "proposal": version}
    conversations.add_message(talk, side, by.user_id, step.news, now=at, kind="case", data=data, bump=False)
