"""A product's own cases of 描述不符 beside the sentences that they contradict: what buyers say, not what is true."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import and_, func, select

from portal.extensions import db
from portal.models import Case, CaseLine, OrderLine
from portal.rights.sizes import find_sizes, read_sizes
from portal.service.honest_rules import Kind
from portal.service.honest_words import Hit, split_sentences

REASONS: Final = ("colour", "size", "fake")  # goods that aren't what the page says
MOST_SHOWN = 20
MOST_COUNTED = 10_000
_ABOUT: Final = {  # what a sentence says when a case of this reason is about it; sizes are compared by their numbers
    "colour": re.compile(r"色|[黑白红蓝绿黄粉紫灰]|藏青|卡其|米杏"),
    "fake": re.compile(r"正品|正宗|品牌|授权|厂家|合格证|保质期|专利|执行标准|GB"),
}


class Mismatch(NamedTuple):
    """A case; ``stated`` and ``measured`` as the buyer wrote them, "" where they didn't."""

    case_no: str
    reason: str
    words: str
    opened_at: datetime
    stated: str
    measured: str


class Figures(NamedTuple):
    """How many cases say that the goods aren't what was described, of how many order lines; bounded by MOST_COUNTED."""

    cases: int
    lines: int


def _cases_of(shop_id: int, product_id: int) -> Sequence[object]:
    return (
        OrderLine.shop_id == shop_id,
        OrderLine.product_id == product_id,
        CaseLine.shop_id == shop_id,
        Case.shop_id == shop_id,
        Case.reason.in_(REASONS),
    )


def list_mismatches(shop_id: int, product_id: int) -> list[Mismatch]:
    """The newest MOST_SHOWN cases of this product whose reason is that it isn't as described."""
    rows = db.session.execute(
        select(Case.case_no, Case.reason, Case.description, Case.opened_at)
        .join(CaseLine, and_(CaseLine.case_id == Case.id, CaseLine.shop_id == Case.shop_id))
        .join(OrderLine, and_(OrderLine.id == CaseLine.order_line_id, OrderLine.shop_id == CaseLine.shop_id))
        .where(*_cases_of(shop_id, product_id))  # type: ignore[arg-type]
        .distinct()
        .order_by(Case.opened_at.desc(), Case.case_no)
        .limit(MOST_SHOWN)
    ).all()
    return [
        Mismatch(row.case_no, row.reason, row.description, row.opened_at, *(read_sizes(row.description) or ("", "")))
        for row in rows
    ]


def count_mismatches(shop_id: int, product_id: int) -> Figures:
    """Both numbers of the rate."""
    cases = (
        select(Case.id)
        .join(CaseLine, and_(CaseLine.case_id == Case.id, CaseLine.shop_id == Case.shop_id))
        .join(OrderLine, and_(OrderLine.id == CaseLine.order_line_id, OrderLine.shop_id == CaseLine.shop_id))
        .where(*_cases_of(shop_id, product_id))  # type: ignore[arg-type]
        .distinct()
        .limit(MOST_COUNTED)
        .subquery()
    )
    lines = (
        select(OrderLine.id)
        .where(OrderLine.shop_id == shop_id, OrderLine.product_id == product_id)
        .limit(MOST_COUNTED)
        .subquery()
    )
    return Figures(
        db.session.scalar(select(func.count()).select_from(cases)) or 0,
        db.session.scalar(select(func.count()).select_from(lines)) or 0,
    )


def is_about(sentence: str, case: Mismatch) -> bool:
    """Whether the case contradicts this sentence: its number was measured otherwise, or it speaks of the same thing."""
    if case.reason == "size":
        stated, measured = find_sizes(case.stated).keys(), find_sizes(case.measured).keys()
        return bool(find_sizes(sentence).keys() & (stated - measured)) and bool(measured)
    about = _ABOUT.get(case.reason)
    return bool(about and about.search(sentence))


def find_contradicted(text: str, cases: Iterable[Mismatch]) -> list[tuple[str, list[Mismatch]]]:
    """The sentences of a text that cases contradict, each with them."""
    cases = list(cases)
    pairs = ((sentence, [case for case in cases if is_about(sentence, case)]) for sentence in split_sentences(text))
    return [(sentence, found) for sentence, found in pairs if found]


def check_sizes(text: str, cases: Iterable[Mismatch]) -> list[Hit]:
    """A hit for each measurement of the text that buyers measured otherwise."""
    measured = [case for case in cases if case.reason == "size"]
    hits = []
    for sentence, found in find_contradicted(text, measured):
        for size, said in find_sizes(sentence).items():
            others = [case for case in found if size in find_sizes(case.stated)]
            if others:
                seen = "、".join(dict.fromkeys(case.measured for case in others))
                ground = f"{len(others)} 张售后单里，买家写的实测是 {seen}"
                hits.append(Hit(Kind.SIZE, sentence, said, ground, "", "重新量过再写，并写明量的位置和误差"))
    return hits
