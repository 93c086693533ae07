"""A shop's rules as they are kept: written, put in order, switched on and off; and the one switch above them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.calendar.workdays import BEIJING
from portal.cases.automatic.rules import Conditions, Rule, unpack
from portal.extensions import db
from portal.models import AutoDay, AutoOutcome, AutoRule, AutoSwitch, Case, Shop

MOST = 50
SHOWN = 50  # outcomes on a page


class TooMany(Exception):
    """The shop has as many rules as it may have."""


def list_rules(shop_id: int) -> Sequence[AutoRule]:
    """All of a shop's rules in their order."""
    return db.session.scalars(
        select(AutoRule).where(AutoRule.shop_id == shop_id).order_by(AutoRule.position, AutoRule.id)
    ).all()


def list_in_force(shop_id: int, trying: AutoRule | None = None) -> list[Rule]:
    """The rules that are switched on, in their order; ``trying``: as if this one were too."""
    return [
        Rule(row.id, row.name, row.action, unpack(row.conditions), row.tag)
        for row in list_rules(shop_id)
        if row.is_on or (trying is not None and row.id == trying.id)
    ]


def find_rule(shop_id: int, rule_id: int) -> AutoRule | None:
    return db.session.scalars(select(AutoRule).where(AutoRule.shop_id == shop_id, AutoRule.id == rule_id)).one_or_none()


def add_rule(shop_id: int, name: str, action: str, conditions: Conditions, now: datetime, *, tag: str = "") -> AutoRule:
    """A new rule, the last one and switched off. Raises TooMany."""
    _lock_shop(shop_id)
    known = list_rules(shop_id)
    if len(known) >= MOST:
        raise TooMany
    row = AutoRule(
        shop_id=shop_id,
        name=name,
        position=max((each.position for each in known), default=0) + 1,
        action=action,
        tag=tag,
        conditions=conditions.pack(),
        made_at=now,
        changed_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def change_rule(row: AutoRule, name: str, action: str, conditions: Conditions, now: datetime, *, tag: str = "") -> None:
    """Say a rule anew. It is switched off by that: what it does now has not been tried yet."""
    row.name, row.action, row.conditions = name, action, conditions.pack()
    row.tag, row.is_on, row.changed_at = tag, False, now
    db.session.flush()


def switch_rule(row: AutoRule, *, on: bool) -> None:
    row.is_on = on
    db.session.flush()


def move_up(row: AutoRule) -> None:
    """Change places with the rule before it; the first stays where it is."""
    _lock_shop(row.shop_id)
    known = list(list_rules(row.shop_id))
    at = known.index(row)
    if at:
        known[at - 1], known[at] = known[at], known[at - 1]
    for position, each in enumerate(known, 1):
        each.position = position
    db.session.flush()


def remove_rule(row: AutoRule) -> None:
    db.session.execute(delete(AutoRule).where(AutoRule.shop_id == row.shop_id, AutoRule.id == row.id))


def find_switch(shop_id: int) -> AutoSwitch | None:
    return db.session.scalars(
        select(AutoSwitch).where(AutoSwitch.shop_id == shop_id).execution_options(populate_existing=True)
    ).one_or_none()


def start(shop_id: int, cap_fen: int, now: datetime) -> None:
    """Let the rules work, from now on and up to ``cap_fen`` a day; while they do, only the cap is changed."""
    if (kept := find_switch(shop_id)) is None:
        make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        row = {"shop_id": shop_id, "is_on": True, "cap_fen": cap_fen, "since": now}
        db.session.execute(make(AutoSwitch).values(row).on_conflict_do_nothing())
        return
    if not kept.is_on:
        kept.is_on, kept.since = True, now
    kept.cap_fen = cap_fen
    db.session.flush()


def stop(shop_id: int) -> None:
    """Nothing is decided by a rule any more."""
    db.session.execute(
        update(AutoSwitch)
        .where(AutoSwitch.shop_id == shop_id)
        .values(is_on=False)
        .execution_options(synchronize_session=False)
    )


def name_day(at: datetime) -> str:
    """The day of Beijing that a moment belongs to."""
    return at.astimezone(BEIJING).date().isoformat()


def find_spent(shop_id: int, now: datetime) -> int:
    """What the rules have spent today, 分."""
    asked = select(AutoDay.spent_fen).where(AutoDay.shop_id == shop_id, AutoDay.day == name_day(now))
    return db.session.scalar(asked) or 0


def list_outcomes(shop_id: int, before: tuple[datetime, int] | None = None) -> Sequence[Row[Any]]:
    """What the rules did or left to people, the newest first; one more than a page."""
    query = (
        select(AutoOutcome.case_id, AutoOutcome.rule_name, AutoOutcome.outcome, AutoOutcome.amount_fen)
        .add_columns(AutoOutcome.problem, AutoOutcome.at, Case.case_no, Case.type, Case.state, Case.goods)
        .join(Case, (Case.id == AutoOutcome.case_id) & (Case.shop_id == AutoOutcome.shop_id))
        .where(AutoOutcome.shop_id == shop_id, AutoOutcome.outcome != "none")
        .order_by(AutoOutcome.at.desc(), AutoOutcome.case_id.desc())
        .limit(SHOWN + 1)
    )
    if before is not None:
        at, case_id = before
        query = query.where((AutoOutcome.at < at) | ((AutoOutcome.at == at) & (AutoOutcome.case_id < case_id)))
    return db.session.execute(query).all()


def count_taken(shop_id: int) -> dict[int, int]:
    """How many steps each rule has taken so far."""
    query = (
        select(AutoOutcome.rule_id, func.count())
        .where(AutoOutcome.shop_id == shop_id, AutoOutcome.outcome == "taken", AutoOutcome.rule_id.is_not(None))
        .group_by(AutoOutcome.rule_id)
    )
    return {int(rule_id or 0): number for rule_id, number in db.session.execute(query)}


def _lock_shop(shop_id: int) -> None:
    db.session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update())
