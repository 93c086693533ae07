"""Whether the term for what an application asks had run out when it was made, by what was known then.

A request that nobody has a right to may come on the first day: that it needs the seller's yes doesn't make it late.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.calendar import calendars, workdays
from portal.extensions import db
from portal.flow import CaseType
from portal.models import Case, CaseLine, Order
from portal.orders.versions import read_moment
from portal.rights import guarantees, policies, reasons, resale
from portal.rights.reasons import Ground, Place
from portal.rights.windows import NO_REASON_DAYS, find_counted_from, find_last_day_end


def find_end_then(case: Case) -> datetime | None:
    """When that term ended or was to end, exclusive; None where none had begun: not received, or nobody knows when."""
    order = db.session.get_one(Order, (case.order_id, case.shop_id))
    received_at = _find_received(case, order)
    if received_at is None:
        return None
    known, promised = reasons.reason(case.reason), policies.get_promised(order)
    if known is not None and known.ground is Ground.NO_REASON:
        plain = find_last_day_end(received_at, NO_REASON_DAYS)  # and on to a working day, as where it is a right
        return max(plain, workdays.plus_days(received_at, NO_REASON_DAYS, calendars.get_calendar()).at)
    hidden = known is not None and known.hidden_defect
    own = max(promised.own_window, promised.own_hidden) if hidden else promised.own_window
    term = max(promised.window, promised.hidden) if hidden else promised.window
    resold = resale.is_resold(order) or order.both_terms
    ends = [resale.find_apply_by(order)] if resold else []
    ends.append(find_last_day_end(received_at, own if resold and not order.both_terms else term))
    if case.type in _SENDING or (known is not None and known.ground is Ground.PROMISE):
        ends.append(find_last_day_end(received_at, _find_promised_days(case, promised.guarantees)))
    return max(end for end in ends if end is not None)


_SENDING = (CaseType.EXCHANGE, CaseType.REISSUE)  # what a 包换 lengthens


def _find_promised_days(case: Case, by_shop: frozenset[str]) -> int:
    """The longest 包换 of a case's goods in days, by what they were sold with or by the shop's word; 0 for none."""
    lines = (CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
    own = set(db.session.scalars(select(CaseLine.order_line_id).where(*lines)))
    sold_with = [guarantees.codes(line[3]) for line in case.opened_on.get("lines", ()) if line[0] in own]
    promise = guarantees.exchange_promise(by_shop.union(*sold_with))
    return promise.days or 0 if promise else 0


def had_ended(case: Case) -> bool:
    """Whether the application came after it."""
    end = find_end_then(case)
    return end is not None and case.opened_at >= end


def _find_received(case: Case, order: Order) -> datetime | None:
    if case.goods_state != Place.RECEIVED:
        return None
    facts = case.opened_on
    if not facts:  # a case that was opened before they were kept
        return find_counted_from(order)
    known = [read_moment(facts.get(name)) for name in ("received_at", "term_from") if facts.get("received_at")]
    return max((moment for moment in known if moment is not None), default=None)
