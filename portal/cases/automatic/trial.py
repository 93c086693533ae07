"""What a rule would have done: the same deciding as at work, over what was applied for in the last days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, exists, select

from portal.cases.automatic import keeping, rules
from portal.cases.automatic.applied import LOOK_BACK, load_applied
from portal.extensions import db
from portal.models import AutoRule, Case, CaseEvent
from portal.rights import policies

MOST = 20_000  # applications that are looked at, the newest


@dataclass(frozen=True)
class Trial:
    """The ids of the cases that one rule would have decided, in the order they came; among them those refused then."""

    looked_at: int
    hits: tuple[int, ...]
    refused: tuple[int, ...]
    over_cap: tuple[int, ...]  # it fits them, and the day's money was spent
    is_cut: bool  # there were more applications than were looked at


def try_out(shop_id: int, row: AutoRule, cap_fen: int, now: datetime) -> Trial:
    """What ``row`` would have decided, among the rules that are switched on, with ``cap_fen`` a day."""
    recent = db.session.execute(
        select(Case.id, Case.opened_at)
        .where(Case.shop_id == shop_id, Case.opened_at > now - LOOK_BACK, Case.opened_at <= now)
        .order_by(Case.opened_at.desc(), Case.id.desc())
        .limit(MOST + 1)
    ).all()
    opened = list(reversed(recent[:MOST]))
    applied = load_applied(shop_id, [case.id for case in opened])
    in_force = keeping.list_in_force(shop_id, trying=row)
    has_address = policies.get_default_address(shop_id) is not None
    spent: dict[str, int] = defaultdict(int)
    hits: list[int] = []
    over: list[int] = []
    for case_id, opened_at in opened:
        case = applied.get(case_id)
        rule = rules.decide(in_force, case, has_address=has_address) if case else None
        if case is None or rule is None:
            continue
        cost, day = rules.find_cost(rule, case), keeping.name_day(opened_at)
        fits = spent[day] + cost <= cap_fen
        if fits:
            spent[day] += cost
        if rule.id == row.id:
            (hits if fits else over).append(case_id)
    return Trial(len(applied), tuple(hits), _pick_refused(shop_id, hits), tuple(over), len(recent) > MOST)


def _pick_refused(shop_id: int, case_ids: Sequence[int]) -> tuple[int, ...]:
    """Those that somebody of the shop refused at the time."""
    found: list[int] = []
    for first in range(0, len(case_ids), 500):
        refused = exists().where(
            CaseEvent.case_id == Case.id, CaseEvent.shop_id == Case.shop_id, CaseEvent.step == "reject"
        )
        part = case_ids[first : first + 500]
        found += db.session.scalars(select(Case.id).where(Case.shop_id == shop_id, Case.id.in_(part), refused))
    return tuple(found)


def list_cases(shop_id: int, case_ids: Sequence[int]) -> Sequence[Row[int, str, str, str, str, str, datetime]]:
    """A page of these cases, the newest first."""
    query = select(Case.id, Case.case_no, Case.type, Case.state, Case.goods, Case.reason, Case.opened_at)
    query = query.where(Case.shop_id == shop_id, Case.id.in_(case_ids))
    return db.session.execute(query.order_by(Case.opened_at.desc(), Case.id.desc())).all()
