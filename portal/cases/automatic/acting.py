"""Letting a shop's rules decide fresh applications: each is looked at once, in one transaction with its step."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.cases import case_tags, held, taking
from portal.cases.automatic import keeping, rules
from portal.cases.automatic.applied import find_owner, load_applied
from portal.cases.deadlines import lock_case
from portal.cases.effects.step_context import ActedBy
from portal.extensions import Busy, db, writing
from portal.flow import Actor, State, StepRefused
from portal.models import AutoDay, AutoOutcome, AutoSwitch, Case, User
from portal.rights import policies

log = logging.getLogger("portal.automatic")
AT_ONCE = 100  # applications a round


def decide_fresh(now: datetime) -> int:
    """Let the rules look at what was applied for since they are at work; returns how many steps they took."""
    seen = exists().where(AutoOutcome.shop_id == Case.shop_id, AutoOutcome.case_id == Case.id)
    query = (
        select(Case.id, Case.shop_id)
        .join(AutoSwitch, AutoSwitch.shop_id == Case.shop_id)
        .where(AutoSwitch.is_on, Case.state == State.APPLIED, Case.version == 1, Case.opened_at >= AutoSwitch.since)
        .where(~seen)
        .order_by(Case.opened_at, Case.id)
        .limit(AT_ONCE)
    )
    fresh = db.session.execute(query).all()
    return sum(_decide(case_id, shop_id, now) for case_id, shop_id in fresh)


def _decide(case_id: int, shop_id: int, now: datetime) -> bool:
    """One application; what refuses the step is kept as the reason why it is left to people."""
    try:
        with writing():
            return decide_one(case_id, shop_id, now)
    except Busy:
        raise  # the next round tries again
    except StepRefused as refused:
        reason = refused.sentence
    except Exception:
        log.exception("no rule could be applied to case %s", case_id)
        reason = "系统没能处理，请打开这张售后单单独处理"
    with writing():
        _note(case_id, shop_id, "refused", None, 0, now, reason)
    return False


def decide_one(case_id: int, shop_id: int, now: datetime) -> bool:
    """Decide an application if a rule fits, and note it as looked at; inside ``writing()``.

    The case's lock comes first, so that of two rounds at once the second finds it done.
    """
    case = lock_case(case_id)
    switch = keeping.find_switch(shop_id)
    if switch is None or not switch.is_on or case.version != 1 or held.is_held(shop_id, case_id):
        return False
    applied = load_applied(shop_id, [case_id]).get(case_id)
    has_address = policies.get_default_address(shop_id) is not None
    in_force = keeping.list_in_force(shop_id)
    rule = rules.decide(in_force, applied, has_address=has_address) if applied else None
    if applied is None or rule is None:
        _note(case_id, shop_id, "none", None, 0, now)
        return False
    if rule.action in rules.FOR_PEOPLE:
        if rule.action == "tag":
            case_tags.put_tags(case, [*dict.fromkeys([*case_tags.split(case.tags), rule.tag])], now)
        _note(case_id, shop_id, "tagged" if rule.action == "tag" else "people", rule, 0, now)
        return False
    cost = rules.find_cost(rule, applied)
    if not _spend(shop_id, cost, switch.cap_fen, now):
        _note(case_id, shop_id, "capped", rule, cost, now)
        return False
    if not _note(case_id, shop_id, "taken", rule, cost, now):
        raise StepRefused("这张售后单已经按规则处理过")
    taking.take(case_id, rules.STEP_OF[rule.action][applied.type], by=_act_for(shop_id, rule), now=now, version=1)
    return True


def _act_for(shop_id: int, rule: rules.Rule) -> ActedBy:
    owner_id = find_owner(shop_id)
    name = db.session.scalar(select(User.member_name).where(User.id == owner_id)) or ""
    return ActedBy(Actor.SELLER, owner_id, name, rule=rule.name)


def _spend(shop_id: int, fen: int, cap_fen: int, now: datetime) -> bool:
    """Count an amount into today's, if the cap bears it: the row itself decides, whoever else counts at this moment."""
    day = keeping.name_day(now)
    db.session.execute(_insert(AutoDay).values(shop_id=shop_id, day=day, spent_fen=0).on_conflict_do_nothing())
    counted = db.session.execute(
        update(AutoDay)
        .where(AutoDay.shop_id == shop_id, AutoDay.day == day, AutoDay.spent_fen + fen <= cap_fen)
        .values(spent_fen=AutoDay.spent_fen + fen)
        .execution_options(synchronize_session=False)
    )
    return bool(counted.rowcount == 1)  # type: ignore[attr-defined]


def _note(
    case_id: int, shop_id: int, outcome: str, rule: rules.Rule | None, fen: int, now: datetime, problem: str = ""
) -> bool:
    """Write down what came of an application; whether nobody had before."""
    row = {
        "shop_id": shop_id,
        "case_id": case_id,
        "rule_id": rule.id if rule else None,
        "rule_name": rule.name if rule else "",
        "outcome": outcome,
        "amount_fen": fen,
        "problem": problem[:300],
        "at": now,
    }
    made = _insert(AutoOutcome).values(row).on_conflict_do_nothing().returning(AutoOutcome.case_id)
    return db.session.scalar(made) is not None


def _insert(table: type[AutoOutcome] | type[AutoDay]) -> postgresql.Insert | sqlite.Insert:
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return make(table)
