"""What didn't pass an inspection goes home to its buyer, by a date, and both sides know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select, update

from portal import flow, words
from portal.calendar import lengths
from portal.extensions import db, writing
from portal.flow import Actor, State
from portal.inputs import quantity_text
from portal.models import Case, CaseLine, FailedGoods
from portal.notices import notices
from portal.prepared import Prepared

OPEN = (State.INSPECTING, State.DISPUTED, State.PROPOSED)  # while in these the result doesn't stand yet
PAGE = 40

_OF_CASE = select(FailedGoods).where(
    FailedGoods.shop_id == bindparam("shop_id"), FailedGoods.case_id == bindparam("case_id")
)
_MILLI = select(func.coalesce(func.sum(CaseLine.received_milli - CaseLine.accepted_milli), 0)).where(
    CaseLine.case_id == bindparam("case_id"),
    CaseLine.shop_id == bindparam("shop_id"),
    CaseLine.received_milli.is_not(None),
)


def add_up_failed(case: Case) -> int:
    """How much of a case was received and not accepted, thousandths, over all lines."""
    return int(db.session.scalar(_MILLI, {"case_id": case.id, "shop_id": case.shop_id}) or 0)


def find_failed(case: Case) -> FailedGoods | None:
    """The failed units of a case that go home; None when there are none, or their case ended before they had a date."""
    return db.session.scalars(_OF_CASE, {"case_id": case.id, "shop_id": case.shop_id}).one_or_none()


def is_late(case: Case, now: datetime) -> bool:
    """Whether the shop should have sent them by now and hasn't."""
    found = find_failed(case)
    return found is not None and found.sent_at is None and found.due_at <= now


def set_date(case: Case, source: str, at: datetime) -> None:
    """The result of an inspection stands from now on: what failed is to be on its way home by a date."""
    if source not in OPEN or case.state in OPEN or not add_up_failed(case) or find_failed(case) is not None:
        return
    due_at = at + lengths.get_deadline("send_back")
    db.session.add(FailedGoods(shop_id=case.shop_id, case_id=case.id, due_at=due_at))
    db.session.flush()
    until = words.end(due_at)
    _tell(case, Actor.SELLER, "请退还未通过验货的商品", f"请在 {until} 前把未通过验货的商品寄回给买家。", "due", at)
    _tell(case, Actor.BUYER, "未通过验货的商品会寄回给您", f"商家最晚 {until} 寄出。", "due", at)


def note_sent(case: Case, at: datetime) -> None:
    """They are on their way home."""
    db.session.execute(
        update(FailedGoods)
        .where(FailedGoods.shop_id == case.shop_id, FailedGoods.case_id == case.id, FailedGoods.sent_at.is_(None))
        .values(sent_at=at)
        .execution_options(synchronize_session=False)
    )


def tell_late(now: datetime) -> int:
    """Tell both sides, once, of what should be on its way home and isn't; returns of how many cases."""
    told = 0
    late = select(FailedGoods.shop_id, FailedGoods.case_id).where(
        FailedGoods.sent_at.is_(None), FailedGoods.told_at.is_(None), FailedGoods.due_at <= now
    )
    for shop_id, case_id in db.session.execute(late.order_by(FailedGoods.due_at).limit(200)).all():
        with writing():
            found = db.session.scalars(_OF_CASE.with_for_update(), {"shop_id": shop_id, "case_id": case_id}).one()
            if found.sent_at is not None or found.told_at is not None:
                continue
            found.told_at = now
            case = db.session.get_one(Case, (case_id, shop_id))
            _tell(case, Actor.SELLER, "已逾期：请马上退还未通过验货的商品", f"{find_way_out(case)[0]}。", "late", now)
            _tell(case, Actor.BUYER, "商家逾期没有寄回未通过验货的商品", f"{find_way_out(case)[1]}。", "late", now)
            told += 1
    return told


def find_way_out(case: Case) -> tuple[str, str]:
    """What the buyer can do when they don't come, as the shop is told it and as the buyer is."""
    if case.state in flow.FINAL:
        return "买家可以向平台投诉", "您可以投诉商家，由平台核实"
    return "买家可以申请平台介入", "您可以申请平台介入"


def tell_failed(case: Case, found: FailedGoods | None, side: str, now: datetime) -> str:
    """Where the failed units of a case are and until when they are sent, as this side's card says it."""
    buyer = side == Actor.BUYER
    if found is None:
        return "未通过的商品还在商家处，由商家寄回给您；寄出后这里显示物流" if buyer else "未通过的商品还没有退还买家"
    until, way_out = words.end(found.due_at), find_way_out(case)[buyer]
    if found.due_at <= now:
        who = "商家没有在" if buyer else "未通过的商品没有在"
        return f"{who} {until} 前寄回{'未通过的商品' if buyer else '买家'}，{way_out}"
    if buyer:
        return f"未通过的商品由商家最晚 {until} 寄回给您，这里显示物流；逾期{way_out}"
    return f"请在 {until} 前把未通过的商品寄回买家；逾期{way_out}"


_KEPT = select(FailedGoods.id).where(FailedGoods.shop_id == bindparam("shop_id"), FailedGoods.sent_at.is_(None))
_COUNT_KEPT = Prepared(select(func.count()).select_from(_KEPT.limit(bindparam("most")).subquery()))


def count_kept(shop_id: int, most: int) -> int:
    """Of how many cases failed units are still with this shop, counted up to ``most``."""
    return int(_COUNT_KEPT.find_value(shop_id=shop_id, most=most))


def list_kept(shop_id: int, after: tuple[datetime, int] | None = None) -> tuple[Sequence[Any], Any]:
    """One page of the cases whose failed units are still with this shop, the earliest date first, and the next key."""
    return _list_unsent(FailedGoods.shop_id == shop_id, after)


def list_coming(buyer_id: int, after: tuple[datetime, int] | None = None) -> tuple[Sequence[Any], Any]:
    """One page of what shops are still to send home to this buyer, the earliest date first, and the next key."""
    return _list_unsent(Case.buyer_id == buyer_id, after)


def _list_unsent(whose: ColumnElement[bool], after: tuple[datetime, int] | None) -> tuple[Sequence[Row[Any]], Any]:
    query = (
        select(FailedGoods.id, FailedGoods.due_at, Case.case_no, Case.goods, Case.spec, Case.unit, _UNITS)
        .join(Case, (Case.id == FailedGoods.case_id) & (Case.shop_id == FailedGoods.shop_id))
        .where(whose, FailedGoods.sent_at.is_(None))
        .order_by(FailedGoods.due_at, FailedGoods.id)
        .limit(PAGE + 1)
    )
    if after is not None:
        at, row_id = after
        query = query.where((FailedGoods.due_at > at) | ((FailedGoods.due_at == at) & (FailedGoods.id > row_id)))
    rows = db.session.execute(query).all()
    return rows[:PAGE], (rows[PAGE - 1].due_at, rows[PAGE - 1].id) if len(rows) > PAGE else None


_UNITS = (
    select(func.sum(CaseLine.received_milli - CaseLine.accepted_milli))
    .where(CaseLine.case_id == Case.id, CaseLine.shop_id == Case.shop_id, CaseLine.received_milli.is_not(None))
    .scalar_subquery()
    .label("milli")
)


def _tell(case: Case, actor: Actor, title: str, then: str, kind: str, at: datetime) -> None:
    units = f"{quantity_text(add_up_failed(case))} {case.unit}".strip()
    for user_id in notices.list_readers(case, actor):
        notices.add_notice(
            user_id,
            case,
            kind=f"failed_{kind}",
            title=title,
            body=f"「{case.goods}」未通过 {units}。{then}",
            href=notices.build_address(case, actor),
            at=at,
            dedupe_key=f"failed:{kind}:{case.id}:{user_id}",
        )
        notices.bump_unread(user_id)
