"""再次售后: the right to complain of what came with a completed exchange or reissue, the same on every page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, func, select

from portal import words
from portal.extensions import db
from portal.flow import CaseType, State
from portal.inputs import quantity_text
from portal.models import Case, CaseEvent, CaseLine
from portal.prepared import Prepared
from portal.rights import windows

AGAIN_FOR = timedelta(days=7)  # what came in an exchange has a window of its own
LAPSED = f"收到的商品自完成之日起 {AGAIN_FOR.days} 天内可以再次申请售后，现在已超过；请点「立即联系」与商家沟通"
ALL_TAKEN = "收到的商品都已再次申请，请在「相关售后」里查看"
NOTHING_CAME = "这张售后单没有换来或补来的商品，不能再次申请；请点「立即联系」与商家沟通"
_CAME = {CaseType.EXCHANGE: "换来", CaseType.REISSUE: "补来"}


class Replaced(NamedTuple):
    """Goods that came with a completed case and can still be complained of."""

    case_no: str
    came: str  # 换来, 补来
    until: datetime
    units: tuple[tuple[Any, int], ...]  # lines of the case, how many of each in thousandths

    @property
    def sentence(self) -> str:
        """Which goods, how many, until when."""
        goods = "、".join(
            f"{line.title} {line.wanted_spec or line.spec} {quantity_text(milli)} {line.unit}"
            for line, milli in self.units
        )
        return f"{self.came}的 {goods}有问题，可在 {words.end(self.until)} 前再次申请售后"


# When it was completed first: what is said of its payments afterwards, or a note, moves no window.
_COMPLETED_AT = select(func.min(CaseEvent.at)).where(
    CaseEvent.case_id == bindparam("case_id"),
    CaseEvent.shop_id == bindparam("shop_id"),
    CaseEvent.target == State.COMPLETED,
)


def find_window_end(case: Case) -> datetime | None:
    """Until when what came with a completed exchange or reissue can be complained of; None: nothing came."""
    if case.state != State.COMPLETED or case.type not in _CAME:
        return None
    at = case.completed_at if hasattr(case, "completed_at") else db.session.scalar(_COMPLETED_AT, _name(case))
    return None if at is None else windows.find_last_day_end(at, AGAIN_FOR.days)


def _name(case: Case) -> dict[str, int]:
    return {"case_id": case.id, "shop_id": case.shop_id}


def find_replaced(case: Any, lines: Iterable[Any], now: datetime) -> Replaced | None:
    """What of a case can be complained of now; None where nothing came, all of it was, or the window has passed."""
    until = find_window_end(case)
    left = tuple((line, line.shipped_milli - line.moved_milli) for line in lines)
    left = tuple((line, milli) for line, milli in left if milli > 0)
    if until is None or now >= until or not left:
        return None
    return Replaced(case.case_no, _CAME[case.type], until, left)


def explain_refusal(case: Case, lines: Iterable[CaseLine]) -> str:
    """Why nothing of a case can be complained of now, in a sentence."""
    shipped = [line for line in lines if line.shipped_milli]
    if find_window_end(case) is None or not shipped:
        return NOTHING_CAME
    return LAPSED if any(line.shipped_milli > line.moved_milli for line in shipped) else ALL_TAKEN


_case, _line, _event = Case.__table__.c, CaseLine.__table__.c, CaseEvent.__table__.c
# Each case once for each of its lines where it is completed, once where it isn't; the subquery is asked for the former.
_COMPLETED = case(
    (
        _case.state == State.COMPLETED,
        select(func.min(_event.at))
        .where(_event.case_id == _case.id, _event.shop_id == _case.shop_id, _event.target == State.COMPLETED)
        .scalar_subquery(),
    )
)
_OF_ORDER = Prepared(
    select(
        _case.id.label("case_id"),
        _case.case_no,
        _case.type,
        _case.state,
        _case.stage,
        _case.due_at,
        _case.due_rule,
        _case.goods,
        _case.spec.label("case_spec"),
        _COMPLETED.label("completed_at"),
        _line.id,
        _line.order_line_id,
        _line.title,
        _line.spec,
        _line.wanted_spec,
        _line.unit,
        _line.shipped_milli,
        _line.moved_milli,
    )
    .outerjoin(
        CaseLine.__table__,
        and_(_line.case_id == _case.id, _line.shop_id == _case.shop_id, _case.state == State.COMPLETED),
    )
    .where(_case.order_id == bindparam("order_id"), _case.shop_id == bindparam("shop_id"))
    .order_by(_case.id.desc(), _line.id)
)


class OrderCase(NamedTuple):
    """A case as the page of its order names it."""

    id: int
    case_no: str
    type: str
    state: str
    stage: str
    due_at: datetime | None
    due_rule: str
    goods: str
    spec: str


def list_of_order(order_id: int, shop_id: int, now: datetime) -> tuple[Sequence[OrderCase], Sequence[Replaced]]:
    """The cases of an order, the newest first, and what of each can be complained of; in one statement."""
    lines: dict[int, list[Any]] = {}
    for row in _OF_ORDER.list_rows(order_id=order_id, shop_id=shop_id):
        lines.setdefault(row.case_id, []).append(row)
    cases = [OrderCase._make((*rows[0][:8], rows[0].case_spec)) for rows in lines.values()]
    found = (find_replaced(rows[0], rows, now) for rows in lines.values() if rows[0].id is not None)
    return cases, [each for each in found if each is not None]
