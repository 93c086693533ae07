"""这件能换吗: the answer for somebody's own goods and one reason, with the way on; all of it is eligibility's."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from portal.flow import CaseType
from portal.rights import eligibility
from portal.rights.asking import types_of
from portal.rights.goods import Goods, Policy, Verdict
from portal.rights.reasons import Reason


class Answer(NamedTuple):
    """What this reason opens, the usual first; else why nothing does, with what can be done instead."""

    ways: tuple[tuple[CaseType, Verdict], ...]
    refusal: Verdict | None


def answer(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Answer:
    """The same verdicts that the application itself asks for."""
    found = eligibility.ways(goods, reason, now, policy)
    if found:
        return Answer(found, None)
    kind = next(iter((*types_of(goods, reason, policy), *reason.types)), CaseType.EXCHANGE)
    return Answer((), eligibility.consider(goods, kind, reason.id, now, policy))
