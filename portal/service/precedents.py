"""What the shop answered before to the same goods and reason: its first answer to each application, and how soon."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from statistics import median
from typing import Final, NamedTuple

from sqlalchemy import BindParameter, bindparam, select

from portal import flow
from portal.extensions import db
from portal.models import Case, CaseEvent, CaseLine, OrderLine

LATELY: Final = timedelta(days=365)
MOST: Final = 200  # applications, the newest
LEAST: Final = 3  # answers: fewer make no figure
ANSWERS: Final = {  # the shop's first answers to an application, in the order they are told
    "agree": "同意",
    "reject": "拒绝",
    "ask_evidence": "请补充凭证",
    "propose": "提出协商方案",
    "goods_shipped": "商品已发出",
}
_ALIKE: Final = {"agree_no_return": "agree", "agree_refund_without_return": "agree"}

_case, _line, _goods, _event = (table.__table__.c for table in (Case, CaseLine, OrderLine, CaseEvent))
_SHOP: BindParameter[int] = bindparam("shop_id")
_OWN = (
    select(_goods.product_id, _goods.spec)
    .join_from(
        CaseLine.__table__, OrderLine.__table__, (_goods.id == _line.order_line_id) & (_goods.shop_id == _line.shop_id)
    )
    .where(_line.case_id == bindparam("case_id"), _line.shop_id == _SHOP, _goods.shop_id == _SHOP)
    .subquery()
)
_SAME = (
    select(_case.id, _case.case_no, _case.opened_at)
    .distinct()
    .join_from(Case.__table__, CaseLine.__table__, (_line.case_id == _case.id) & (_line.shop_id == _case.shop_id))
    .join(OrderLine.__table__, (_goods.id == _line.order_line_id) & (_goods.shop_id == _line.shop_id))
    .join(_OWN, (_OWN.c.product_id == _goods.product_id) & (_OWN.c.spec == _goods.spec))
    .where(_case.shop_id == _SHOP, _line.shop_id == _SHOP, _goods.shop_id == _SHOP)
    .where(_case.reason == bindparam("reason"), _case.type == bindparam("case_type"))
    .where(_case.id != bindparam("case_id"), _case.opened_at >= bindparam("since"))
    .order_by(_case.opened_at.desc())
    .limit(MOST)
    .subquery()
)
_FIRST = (
    select(_SAME.c.case_no, _SAME.c.opened_at, _event.step, _event.at)
    .join_from(_SAME, CaseEvent.__table__, _event.case_id == _SAME.c.id)
    .where(_event.shop_id == _SHOP, _event.actor == "seller", _event.source == "applied")
    .where(_event.step.in_([*ANSWERS, *_ALIKE]))
    .order_by(_event.version)
)


class Precedent(NamedTuple):
    """One application: the shop's first answer, when it was given and how long it took."""

    case_no: str
    answer: str
    at: datetime
    wait: timedelta


class Precedents(NamedTuple):
    """The newest first; how often each answer was given, most often first, and the median wait ("" below LEAST)."""

    cases: list[Precedent]
    answers: tuple[tuple[str, int], ...]
    wait: str


def find_precedents(case: Case, now: datetime) -> Precedents:
    """What the shop answered within LATELY to the same specification, reason and type."""
    rows = db.session.execute(
        _FIRST,
        {
            "shop_id": case.shop_id,
            "case_id": case.id,
            "reason": case.reason,
            "case_type": case.type,
            "since": now - LATELY,
        },
    ).all()
    first: dict[str, Precedent] = {}
    for row in rows:
        answer = ANSWERS[_ALIKE.get(row.step, row.step)]
        first.setdefault(row.case_no, Precedent(row.case_no, answer, row.at, row.at - row.opened_at))
    cases = sorted(first.values(), key=lambda each: each.at, reverse=True)
    told = tuple(Counter(each.answer for each in cases).most_common()) if len(cases) >= LEAST else ()
    return Precedents(
        cases,
        told,
        flow.in_words(timedelta(seconds=median(each.wait.total_seconds() for each in cases))) if told else "",
    )
