"""无主件 and the cases they may belong to: what on the parcel fits what of a case, in words. A person decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from portal import told, words
from portal.cases.deadlines import lock_case
from portal.extensions import db
from portal.flow import Actor, State
from portal.models import Case, CaseLine, Intake, Order, OrderLine, Parcel
from portal.notices import beside_steps
from portal.parcels import intake

AWAITED = (State.RETURNING, State.INSPECTING)  # in these a case takes a parcel
MOST_CASES, MOST_SHOWN = 500, 3
LEAST_SAME, LEAST_CARGO = 6, 3  # digits at the end of two numbers; characters of a 货号
_PAIR = re.compile(r"(?=([\u4e00-\u9fff]{2}))")


class Known(NamedTuple):
    """What is compared of a case."""

    id: int
    case_no: str
    type: str
    state: str
    stage: str
    late: bool
    due_rule: str
    order_no: str
    name: str
    phone: str
    lines: tuple[tuple[str, str, str, str], ...]  # title, specification, 货号, 单品货号
    numbers: tuple[str, ...]  # of parcels on their way back


class Candidate(NamedTuple):
    """A case that a parcel may belong to, and why."""

    case: Known
    reasons: tuple[str, ...]


def load_awaiting(shop_id: int, case_id: int | None = None) -> tuple[list[Known], bool]:
    """The cases that wait for a parcel, those with the least time left; and whether there are more."""
    query = (
        select(
            *(Case.id, Case.case_no, Case.type, Case.state, Case.stage, Case.late, Case.due_rule),
            *(Order.order_no, Case.receiver_name, Case.receiver_phone),
        )
        .join(Order, (Order.id == Case.order_id) & (Order.shop_id == Case.shop_id))
        .where(Case.shop_id == shop_id, Case.state.in_(AWAITED))
        .order_by(Case.queue_at, Case.id)
        .limit(MOST_CASES + 1)
    )
    if case_id is not None:
        query = query.where(Case.id == case_id)
    cases: Sequence[Any] = db.session.execute(query).all()
    ids = [row.id for row in cases[:MOST_CASES]]
    lines: dict[int, list[tuple[str, str, str, str]]] = {}
    for of, *line in db.session.execute(
        select(CaseLine.case_id, CaseLine.title, CaseLine.spec, OrderLine.cargo_no, OrderLine.sku_cargo_no)
        .join(OrderLine, (OrderLine.id == CaseLine.order_line_id) & (OrderLine.shop_id == CaseLine.shop_id))
        .where(CaseLine.shop_id == shop_id, CaseLine.case_id.in_(ids))
        .order_by(CaseLine.id)
    ):
        lines.setdefault(of, []).append((line[0], line[1], line[2], line[3]))
    numbers: dict[int, list[str]] = {}
    for of, number in db.session.execute(
        select(Parcel.case_id, Parcel.tracking_no).where(
            Parcel.shop_id == shop_id, Parcel.case_id.in_(ids), Parcel.leg == "back", Parcel.voided_at.is_(None)
        )
    ):
        numbers.setdefault(of, []).append(number)
    found = [Known(*(*row, tuple(lines.get(row.id, ())), tuple(numbers.get(row.id, ())))) for row in cases[:MOST_CASES]]
    return found, len(cases) > MOST_CASES


def list_candidates(parcel: Intake, cases: Sequence[Known]) -> list[Candidate]:
    """The cases that fit a parcel without a case, those with the strongest reason first, at most MOST_SHOWN."""
    found = []
    for case in cases:
        weighed = list(_compare(parcel, case))
        if weighed:
            score = sum(weight for weight, _ in weighed)
            found.append((score, Candidate(case, tuple(reason for _, reason in weighed))))
    found.sort(key=lambda each: -each[0])  # equal ones stay as they came: the least time left first
    return [candidate for _, candidate in found[:MOST_SHOWN]]


def _compare(parcel: Intake, case: Known) -> Iterator[tuple[int, str]]:
    """Each thing that fits, with its weight."""
    written = f"{parcel.goods} {parcel.sender}".upper()
    for said, number in (("售后单号", case.case_no), ("订单号", case.order_no)):
        if number.upper() in written:
            yield 8, f"写着{said} {number}"
    for number in () if parcel.number.startswith(intake.NO_NUMBER) else case.numbers:
        if fits := compare_numbers(parcel.number, number):
            yield 6, f"买家填的运单号 {number} {fits}"
            break
    tail = re.sub(r"\D", "", parcel.phone_tail)
    if len(tail) >= 4 and re.sub(r"\D", "", case.phone).endswith(tail):
        yield 4, f"手机尾号 {tail} 与收件人一致"
    if len(case.name) >= 2 and case.name.upper() in written:
        yield 3, "写着收件人的姓名"
    for title, spec, *numbers in case.lines:
        for said, number in zip(("货号", "单品货号"), numbers, strict=True):
            if len(number) >= LEAST_CARGO and number.upper() in written:
                yield 3, f"写着{said} {number}"
                return
        pairs = set(_PAIR.findall(parcel.goods))
        if pairs and len(pairs & set(_PAIR.findall(f"{title} {spec}"))) * 2 >= len(pairs):
            yield 1, "商品名称相近"
            return


def compare_numbers(one: str, other: str) -> str:
    """How two numbers that aren't the same are alike, in words; "" when they aren't."""
    one, other = one.upper(), other.upper()
    if one == other or min(len(one), len(other)) < LEAST_SAME:
        return ""
    if is_one_off(one, other):
        return "只差一位"
    same = 0
    while same < min(len(one), len(other)) and one[-1 - same] == other[-1 - same]:
        same += 1
    return f"后 {same} 位相同" if same >= LEAST_SAME else ""


def is_one_off(one: str, other: str) -> bool:
    """Whether one slip makes one number of the other: a character wrong, left out or too many, two changed places."""
    if len(one) == len(other):
        wrong = [at for at in range(len(one)) if one[at] != other[at]]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            return one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
        return len(wrong) == 1
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def join_case(shop_id: int, intake_id: int, case_id: int, now: datetime) -> str:
    """Somebody says that a parcel is a case's; returns why it isn't ("gone", "early", "ended"), "" when it is."""
    case = lock_case(case_id)
    if case.shop_id != shop_id or case.state not in AWAITED:
        return "early" if case.state in (State.APPLIED, State.REVISING, State.PROPOSED) else "ended"
    if not intake.join_case(shop_id, intake_id, case_id, now):
        return "gone"
    if case.state == State.RETURNING:
        _ask_for_number(case, intake_id, now)
    return ""


def _ask_for_number(case: Case, intake_id: int, now: datetime) -> None:
    """The goods are here and the clock doesn't know: only the buyer can say so, by naming the number."""
    number = intake.find_number(case.shop_id, intake_id)
    unread = number.startswith(intake.NO_NUMBER)
    what = "一个看不清运单号的包裹" if unread else f"包裹 {number}"
    theirs = case.due_at is not None and not case.stage and case.due_rule in ("buyer_return", "buyer_return_rest")
    until = f"在 {words.end(case.due_at)} 前" if theirs and case.due_at else ""
    late = f"{told.tell_otherwise(case.type, case.due_rule, Actor.BUYER, least_left='')}。" if theirs else ""
    beside_steps.tell_of_parcel(
        case.buyer_id,
        case,
        shop_id=case.shop_id,
        title="商家收到一个像是您寄回的包裹，请填写运单号",
        body=f"「{case.goods}」商家收到{what}，认为是这张售后单的。是您寄回的，请{until}"
        f"填写{'寄出的' if unread else '这个'}运单号，填了商家才能验货。{late}",
        href=f"/cases/{case.case_no}",
        at=now,
        dedupe_key=f"joined:{intake_id}:{case.id}:{case.buyer_id}",
    )


def list_maybe_here(case: Case) -> list[tuple[Intake, tuple[str, ...]]]:
    """The parcels without a case that may be this one's, for a case that waits for its parcel."""
    rows = intake.list_unidentified(case.shop_id) if case.state in AWAITED else ()
    if not rows:
        return []
    known, _ = load_awaiting(case.shop_id, case.id)
    return [(row, found[0].reasons) for row in rows if (found := list_candidates(row, known))]
