"""整改: what is done about a fault, and whether its share really fell; and the list of what is worth doing first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, select, update

from portal.calendar.weeks import number_week
from portal.extensions import db
from portal.models import Fix, Product, Shop, User
from portal.service.quality import Board, Cell, Row, load_weeks
from portal.service.rates import Periods, Share, compare, measure_share

MEASURES: Final[Mapping[str, str]] = {
    "words": "改描述",
    "packing": "改包装",
    "supplier": "换供应商",
    "carrier": "换快递",
    "other": "其他",
}
SPAN: Final = 8  # weeks before and after
YOUNG: Final = 2  # weeks in which more may still be reported of what was sold: the present one and the one before
SURE: Final = 0.05
PAGE: Final = 30
SHOWN_DONE: Final = 6  # beside the figures of satisfaction
TOP: Final = 5
WEEKS_A_MONTH: Final = 4.35


class FixRefused(ValueError):
    """It can't be done; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Effect(NamedTuple):
    """The shares before and after a measure, what can be said of them, and which weeks they are of."""

    before: Share
    after: Share
    said: str
    weeks: tuple[range, range]


class Worth(NamedTuple):
    """A line of the prevention list: a month's faults and payments (分), as the board's weeks have them."""

    row: Row
    a_month: float
    fen_a_month: int


def judge_effect(before: Share, after: Share) -> str:
    """Whether the share fell, by the exact tail of the faults before; nothing is said of few."""
    if not before.enough or not after.enough:
        return "样本不足，还看不出"
    if compare(Periods(before.part, before.number, after.part, after.number)) <= SURE:
        return "下降了"
    if compare(Periods(after.part, after.number, before.part, before.number)) <= SURE:
        return "反而上升了"
    return "还看不出变化"


def measure_effect(fix: Fix, now: datetime) -> Effect | None:
    """SPAN weeks before the week of the measure and up to as many after it; None: nothing was done yet."""
    if fix.done_at is None:
        return None
    done, last = number_week(fix.done_at), number_week(now) - YOUNG
    cell = Cell(fix.product_id, fix.spec or None, fix.fault)
    found = load_weeks(fix.shop_id, range(done - SPAN, done + SPAN + 1), fix.product_id)
    parts, sold = found.faults.get(cell, {}), found.sold.get((cell.product_id, cell.spec), {})
    spans = (range(done - SPAN, done), range(done + 1, min(done + SPAN, last) + 1))
    before, after = (
        measure_share(sum(parts.get(week, 0) for week in weeks), sum(sold.get(week, 0) for week in weeks))
        for weeks in spans
    )
    return Effect(before, after, judge_effect(before, after), spans)


def make_fix(
    cell: Cell, shop_id: int, *, measure: str, note: str, owner_id: int, due_at: datetime, by: int, now: datetime
) -> Fix:
    """A task about a fault; inside ``writing()``."""
    fix = Fix(
        shop_id=shop_id,
        product_id=cell.product_id,
        spec=cell.spec or "",
        fault=cell.fault,
        measure=measure,
        note=note,
        owner_id=owner_id,
        due_at=due_at,
        made_by=by,
        made_at=now,
    )
    db.session.add(fix)
    db.session.flush()
    return fix


def finish_fix(fix: Fix, done_at: datetime, result: str, *, measure: str = "", now: datetime) -> None:
    """The measure holds since then; once, so that before and after stay what they are. ``measure``: another one."""
    if fix.done_at is not None:
        raise FixRefused("这项整改已经登记完成")
    if done_at > now:
        raise FixRefused("完成的日期不能晚于今天")
    fix.done_at, fix.result, fix.measure = done_at, result, measure or fix.measure
    db.session.flush()


def find_line(shop_id: int) -> tuple[int, int]:
    """From how many exchanges of a hundred lines, and how many at least, a task opens by itself."""
    row = db.session.execute(select(Shop.alarm_percent, Shop.alarm_cases).where(Shop.id == shop_id)).one()
    return row.alarm_percent, row.alarm_cases


def set_line(shop_id: int, percent: int, cases: int) -> None:
    """Change both; inside ``writing()``. What is open stays open."""
    db.session.execute(
        update(Shop)
        .where(Shop.id == shop_id)
        .values(alarm_percent=percent, alarm_cases=cases)
        .execution_options(synchronize_session=False)
    )


def find_of_shop(fix_id: int, shop_id: int) -> Fix | None:
    """A task of this shop."""
    return db.session.scalars(select(Fix).where(Fix.id == fix_id, Fix.shop_id == shop_id)).one_or_none()


def list_page(shop_id: int, before: int | None = None) -> tuple[Sequence[Any], int | None]:
    """Tasks with title and owner's name, the newest first, and the key the next page begins before."""
    query = _select(shop_id).order_by(Fix.id.desc()).limit(PAGE + 1)
    rows = db.session.execute(query if before is None else query.where(Fix.id < before)).all()
    return (rows, None) if len(rows) <= PAGE else (rows[:PAGE], rows[PAGE - 1].Fix.id)


def list_done(shop_id: int) -> Sequence[Any]:
    """The newest tasks that were finished, by the day since when they hold."""
    query = _select(shop_id).where(Fix.done_at.is_not(None)).order_by(Fix.done_at.desc(), Fix.id.desc())
    return db.session.execute(query.limit(SHOWN_DONE)).all()


def list_of_cell(shop_id: int, cell: Cell) -> Sequence[Any]:
    """The newest tasks about this fault of this product."""
    query = _select(shop_id).where(Fix.product_id == cell.product_id, Fix.fault == cell.fault)
    return db.session.execute(query.order_by(Fix.id.desc()).limit(PAGE)).all()


def _select(shop_id: int) -> Select[Fix, str, str]:
    return (
        select(Fix, Product.title, User.member_name.label("owner"))
        .join(Product, (Product.id == Fix.product_id) & (Product.shop_id == Fix.shop_id))
        .join(User, User.id == Fix.owner_id)
        .where(Fix.shop_id == shop_id)
    )


def list_worth(board: Board) -> list[Worth]:
    """What is worth preventing first: by what was paid, then by how often; of enough sold lines only."""
    months = len(board.weeks) / WEEKS_A_MONTH
    rows = sorted((row for row in board.rows if row.share.enough), key=lambda row: (-row.paid_fen, -row.share.part))
    return [Worth(row, row.share.part / months, round(row.paid_fen / months)) for row in rows[:TOP]]
