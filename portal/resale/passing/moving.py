"""Passing on what a chain's cases tell each other: right after each change, and again by the sweep."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from portal import flow
from portal.cases import listening, taking
from portal.cases.effects.step_context import ActedBy
from portal.evidence import copies
from portal.extensions import Busy, db, writing
from portal.flow import Actor, State, StepRefused
from portal.models import Case, CaseLink, Evidence, User
from portal.resale import alarm, consumers, undecided
from portal.resale.passing import applying, receipts, results, waybills
from portal.resale.passing.pair import Move, Pair, find_pair, list_below, load_pair

log = logging.getLogger("portal.chain")
RULES: tuple[Callable[[Pair], Move | None], ...] = (
    waybills.give_place,
    waybills.send_back,
    waybills.correct_number,
    results.inspect_goods,
    results.count_again,
    results.object_to_result,
    waybills.send_out,
    waybills.send_again,
    results.report_problem,
    results.confirm_receipt,
)
MOST = 12  # steps that one change may bring about; a chain needs two or three
SWEEP = 200


def start_listening() -> None:
    """Pass on from now on what happens in the current app's cases."""
    listening.set_listener(hear)


def hear(case_id: int, now: datetime) -> None:
    """A case was changed. What can't pass now is passed by the sweep: nobody's own step fails by it."""
    try:
        applying.apply_above(case_id, now)
        for link_id in find_pair(case_id):
            move_chain(link_id, now)
            alarm.tell_refusal(link_id, now)
        consumers.tell_account_wanted(case_id, now)
        for below in list_below(case_id):
            undecided.tell_choices(below, now)
    except Busy:
        log.warning("case %d: the database is busy; the sweep passes on what happened", case_id)
    except Exception:
        db.session.rollback()
        log.exception("case %d: what happened could not be passed on; the sweep tries again", case_id)


def move_chain(link_id: int, now: datetime) -> int:
    """Take each step that follows in one case of a link from the other; returns how many. Safe to run twice."""
    _follow_children(link_id)
    done = 0
    while done < MOST and any(_take(link_id, rule, now) for rule in RULES):
        done += 1
    return done + receipts.pass_on(link_id, now)


def _follow_children(link_id: int) -> None:
    """A case that became another one hands its link on: the goods and the other party are the same."""
    db.session.rollback()
    pair = load_pair(link_id)
    if pair is None or not any(map(_has_converted, (pair.down, pair.up))):
        return
    with writing():
        link = db.session.get_one(
            CaseLink, (pair.link.id, pair.link.shop_id), with_for_update=True, populate_existing=True
        )
        for name, case in (("downstream_id", pair.down), ("upstream_id", pair.up)):
            children = select(Case.id).where(Case.shop_id == case.shop_id, Case.parent_id == case.id)
            child = db.session.scalar(children.order_by(Case.id.desc()).limit(1))
            if _has_converted(case) and child is not None and getattr(link, name) == case.id:
                setattr(link, name, child)


def _has_converted(case: Case) -> bool:
    """Whether another case goes on with its goods, though one may still be open for a payment."""
    return case.state == State.CONVERTED or "converted" in case.origin


def _take(link_id: int, rule: Callable[[Pair], Move | None], now: datetime) -> bool:
    """Take the step that a rule finds, in a transaction of its own that locks only the one case."""
    db.session.rollback()
    pair = load_pair(link_id)
    move = rule(pair) if pair is not None else None
    if pair is None or move is None:
        return False
    case_id, version, up_id = move.case.id, move.case.version, pair.up.id
    by = ActedBy(
        move.actor,
        pair.distributor,
        db.session.scalar(select(User.member_name).where(User.id == pair.distributor)) or "",
        whence="below" if case_id == up_id else "above",
    )
    try:
        with writing():
            photos = _copy_photos(move, pair.distributor, now) if move.photos else ()
            handed = replace(move.handed, photos=photos)
            taking.take(case_id, move.step, by=by, now=now, version=version, handed=handed)
    except StepRefused as refused:
        log.info("case %d: %s does not pass: %s", case_id, move.step, refused.sentence)
        return False
    return True


def _copy_photos(move: Move, owner_id: int, now: datetime) -> list[str]:
    rows = db.session.scalars(
        select(Evidence).where(Evidence.public_id.in_(move.photos)).order_by(*Evidence.in_order())
    ).all()
    side = "seller" if move.actor is Actor.SELLER else "buyer"
    return copies.copy_photos(rows, shop_id=move.case.shop_id, owner_id=owner_id, now=now, side=side)


def sweep(now: datetime) -> int:
    """Pass on what is still to pass in every live link; returns how many steps."""
    done, after = 0, 0
    for case_id in applying.list_waiting():
        done += applying.apply_above(case_id, now)
    open_ones = select(Case.id).where(Case.state.not_in(flow.FINAL))
    while links := db.session.scalars(
        select(CaseLink.id)
        .where(
            CaseLink.ended_at.is_(None),
            CaseLink.id > after,
            CaseLink.downstream_id.in_(open_ones) | CaseLink.upstream_id.in_(open_ones),
        )
        .order_by(CaseLink.id)
        .limit(SWEEP)
    ).all():
        after = links[-1]
        for link_id in links:
            done += move_chain(link_id, now)
            below = select(CaseLink.downstream_id).where(CaseLink.id == link_id)
            undecided.tell_choices(db.session.scalars(below).one(), now)
    return done
