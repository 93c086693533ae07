"""What can be foreseen while an application is filled in: usual quantities, whole packs, how long the shop takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from portal import inputs, late_words, told
from portal.applications import goods
from portal.calendar.weeks import number_week
from portal.cases import case_facts, handling
from portal.flow import Actor, CaseType, in_words
from portal.models import Order, OrderLine
from portal.orders import sold
from portal.rights import faults, policies, reasons
from portal.rights.reasons import REISSUE_BY

# 「24双/箱」, 「每箱 24 双」, 「一箱24」: a pack whose size the order's own words name.
_PACKS = (
    re.compile(r"(?P<number>[0-9]{1,5})\s*(?P<unit>[^\s0-9/／,，;；]{0,2})\s*[/／]\s*(?:箱|件箱)"),
    re.compile(r"(?:每|一|1|整)\s*箱\s*(?:装)?\s*(?P<number>[0-9]{1,5})\s*(?P<unit>[^\s0-9/／,，;；]{0,2})"),
)
LEAST_CASES = 5  # of fewer a median says nothing
LOOKED_AT = 200  # cases, the newest
WEEKS = 52
LEAST_USUAL = 3  # cases: fewer may have been chance


def find_pack(line: OrderLine) -> int | None:
    """How many units a carton of a line holds, thousandths; None where its words don't say or no whole one is left."""
    for text in (line.spec, line.title):
        for pattern in _PACKS:
            found = pattern.search(inputs.fold(text or ""))
            if found and found["unit"] in ("", line.unit):
                milli = int(found["number"]) * 1_000
                return milli if 1_000 < milli <= line.quantity_milli - line.claimed_milli else None
    return None


def suggest_quantity(line: OrderLine, reason_id: str) -> str:
    """The quantity that a reason begins with: everything where nothing came or nothing is sent, else one."""
    left = line.quantity_milli - line.claimed_milli
    reason = reasons.reason(reason_id)
    usual = left if reason and reason.leads_to is CaseType.REFUND_ONLY else min(left, 1_000)
    return inputs.quantity_text(usual if left > 0 else 1_000)


def count_usual(line: OrderLine, shop_id: int, now: datetime) -> dict[str, int]:
    """How many cases of the last year were about this product, by the reason that says their fault; of few: nothing."""
    if line.product_id is None:
        return {}
    found: Counter[str] = Counter()
    for fault, cases in sold.add_up_faults(shop_id, line.product_id, number_week(now) - WEEKS).items():
        found[faults.find_reason(fault)] += cases
    return {reason_id: cases for reason_id, cases in found.items() if reason_id and cases >= LEAST_USUAL}


def read_units(lines: Sequence[OrderLine], typed: Mapping[str, str]) -> dict[int, int]:
    """The quantities that can be read of what is typed, thousandths by line; the others are left out."""
    units = {}
    for line in lines:
        left = line.quantity_milli - line.claimed_milli
        try:
            units[line.id] = inputs.quantity(typed.get(str(line.id), ""), most=left, unit=line.unit)
        except inputs.InputRefused:
            continue
    return units


def tell_silence(order: Order, kind: CaseType, reason_id: str, lines: Sequence[OrderLine], *, negotiated: bool) -> str:
    """What the shop's silence will bring to this application, as its case will say it."""
    if negotiated:
        return told.tell_otherwise(kind, "seller_response", Actor.BUYER, least_left="", negotiated=True)
    if kind in (CaseType.EXCHANGE, CaseType.RETURN_REFUND):
        good = policies.get_default_address(order.shop_id) is not None
    elif kind is CaseType.REFUND_ONLY and goods.is_unshipped(order):
        good = True
    else:
        by_shop = policies.list_promised_for(order, policies.get_current(order.shop_id).id)
        promises = (REISSUE_BY.get(reason_id, "psbj"),) if kind is CaseType.REISSUE else case_facts.REFUNDS_AT_ONCE
        good = case_facts.is_promised_for(by_shop, [line.guarantees for line in lines], *promises)
    return late_words.tell_known(kind, "seller_response", Actor.BUYER, good=good)


def tell_usual_answer(shop_id: int, *, now: datetime) -> str:
    """How long this shop took to answer applications lately, in a sentence; "" where too few cases say."""
    answered = handling.measure_answers(shop_id, now, LOOKED_AT)
    if answered is None or answered.number < LEAST_CASES:
        return ""
    return (
        f"最近 {in_words(handling.LATELY)}办结的 {answered.number} 张售后单，约一半在"
        f" {in_words(max(answered.median, timedelta(minutes=1)))}内得到商家答复"
    )
