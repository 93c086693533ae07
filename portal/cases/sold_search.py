"""Finding cases and orders by what any of their lines says of its goods: title, 规格 or 货号.

What a shop's lines say is kept once each (SoldAs): words are looked for there, and the lines that say so by an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, desc, func, or_, select, true

from portal.cases.finding import not_by_shop
from portal.extensions import db
from portal.models import Case, CaseLine, Order, OrderLine, SoldAs
from portal.prepared import Prepared, among
from portal.searching import Typed, escape_like

MOST_LINES = 1_000  # of cases that are asked for their 货号
MOST_LOOKED = 10_000  # lines that are asked for further words, the newest of each way of saying it first
AT_ONCE, MOST_ROUNDS = 40, 10  # ways of saying it that are looked at together, and how often
_case, _asked, _order, _line, _said = (t.__table__.c for t in (Case, CaseLine, Order, OrderLine, SoldAs))
_ASKED_TOO, _LINES_TOO = CaseLine.__table__.alias("asked_too"), OrderLine.__table__.alias("lines_too")
_other_asked, _other = _ASKED_TOO.c, _LINES_TOO.c
_SAYS = ("title", "spec", "cargo_no")


def _of_lines(table: Any) -> dict[str, Any]:
    """What a line says, compared with a row of SoldAs: the columns of an index first."""
    return {name: table[name] == bindparam(name) for name in ("product_id", "spec", "title", "cargo_no")}


_SAME_WORDS = (_asked.title == bindparam("title"), _asked.spec == bindparam("spec"))
_CASES = (
    select(_asked.case_id.label("id"), _asked.order_line_id)
    .where(_asked.shop_id == bindparam("shop_id"), *_SAME_WORDS)
    .order_by(_asked.case_id.desc())
    .limit(bindparam("most"))
)
_ORDERS = (
    select(_line.order_id.label("id"))
    .where(not_by_shop(_line, bindparam("shop_id")), *_of_lines(_line).values())
    .order_by(_line.order_id.desc())
    .limit(bindparam("most"))
)
_PREPARED = {"cases": Prepared(_CASES), "orders": Prepared(_ORDERS)}
_OF_KIND = {"cases": Case.__table__, "orders": Order.__table__}
_HAS_CASE = (
    select(_asked.id)
    .where(_asked.shop_id == _said.shop_id, _asked.title == _said.title, _asked.spec == _said.spec)
    .exists()
)
_NUMBERED = Prepared(
    select(_line.id).where(
        not_by_shop(_line, bindparam("shop_id")), among(_line.id, "ids"), _line.cargo_no == bindparam("cargo_no")
    )
)


class Hits(NamedTuple):
    """Ids, the newest first; ``cut``: further words were asked of so many lines that others were left out."""

    ids: list[int]
    cut: bool = False


class Further(NamedTuple):
    """What else a hit must have: ``words``, each of its goods or by ``fitting``, conditions on a case or an order."""

    words: Sequence[str] = ()
    fitting: Sequence[Any] = ()


ALONE = Further()


def find(shop_id: int, typed: Typed, kind: str, most: int, further: Further = ALONE) -> Hits:
    """The shop's ``kind``, cases or orders, one of whose lines has the words in it, and which have ``further`` ones.

    Of each way in which it is said the newest; all of them unless they are more than ``most``, or ``cut`` is said.
    """
    if not typed.words:
        return Hits([])
    by_words = or_(*(_has(column, typed.words) for column in (_said.title, _said.spec)))
    by_number = _has_number(typed)
    says = _SAYS if kind == "orders" else _SAYS[:2]  # of a case by its own line, which has no 货号
    has_all = and_(true(), *(or_(*(_has(_said[name], word) for name in says)) for word in further.words))
    ways = select(_said.product_id, _said.title, _said.spec, _said.cargo_no, by_words.label("by_words"))
    ways = ways.add_columns(case((has_all, 1), else_=0).label("has_all"))
    ways = ways.where(_said.shop_id == shop_id, or_(by_words, by_number))
    if kind == "cases":
        ways = ways.where(_HAS_CASE)
    ways = ways.order_by(desc("has_all"), _said.mark).limit(AT_ONCE)
    found: set[int] = set()
    left = MOST_LOOKED
    for number in range(MOST_ROUNDS):
        some = db.session.execute(ways.offset(number * AT_ONCE)).all()
        for way in some:
            if way.has_all:
                found.update(row.id for row in _find_way(shop_id, way, kind, most + 1))
            elif len(found) > most:
                break
            elif left <= 0:
                return Hits(_cut(found, most), True)
            else:
                rows = _find_way(shop_id, way, kind, left)
                left -= len(rows)
                found.update(_leave_fitting(shop_id, {row.id for row in rows}, kind, further.fitting))
        if len(found) > most or len(some) < AT_ONCE:
            break
    return Hits(_cut(found, most), left <= 0)


def _cut(found: set[int], most: int) -> list[int]:
    return sorted(found, reverse=True)[: most + 1]


def _leave_fitting(shop_id: int, ids: set[int], kind: str, fitting: Sequence[Any]) -> Sequence[int]:
    table = _OF_KIND[kind].c
    query = select(table.id).where(not_by_shop(table, shop_id), among(table.id, "ids"), *fitting)
    return db.session.scalars(query, {"ids": sorted(ids)}).all() if ids else ()


def _find_way(shop_id: int, way: Any, kind: str, number: int) -> Sequence[Any]:
    """The newest whose lines say it so. A line of a case has no 货号 of its own: its order's line is asked."""
    asked = kind == "cases" and not way.by_words
    values = {"shop_id": shop_id, "most": MOST_LINES if asked else number, "title": way.title, "spec": way.spec}
    if kind == "orders":
        values |= {"product_id": way.product_id, "cargo_no": way.cargo_no}
    rows = _PREPARED[kind].list_rows(**values)
    if asked:
        lines = _NUMBERED.list_rows(shop_id=shop_id, ids=[row.order_line_id for row in rows], cargo_no=way.cargo_no)
        numbered = {line.id for line in lines}
        rows = [row for row in rows if row.order_line_id in numbered]
    return rows


def _has_number(typed: Typed) -> Any:
    """Condition that a row of SoldAs has the words in its 货号, or the number as people leave out dashes."""
    fits = [_has(_said.cargo_no, typed.words)]
    if typed.number:
        bare = func.replace(func.replace(func.upper(_said.cargo_no), "-", ""), " ", "")
        fits.append(bare.like(f"%{typed.number}%"))
    return or_(*fits)


def asks_for(word: str) -> Any:
    """Condition on a case: one of its lines has the word in it."""
    fits = (_has(column, word) for column in (_other_asked.title, _other_asked.spec, _other.cargo_no))
    bought = and_(_other.id == _other_asked.order_line_id, not_by_shop(_other, _other_asked.shop_id))
    of_case = (not_by_shop(_other_asked, _case.shop_id), _other_asked.case_id == _case.id)
    return select(_other_asked.id).join_from(_ASKED_TOO, _LINES_TOO, bought).where(*of_case, or_(*fits)).exists()


def sells(word: str) -> Any:
    """Condition on an order: one of its lines has the word in it."""
    fits = (_has(column, word) for column in (_other.title, _other.spec, _other.cargo_no))
    of_order = (not_by_shop(_other, _order.shop_id), _other.order_id == _order.id)
    return select(_other.id).where(*of_order, or_(*fits)).exists()


def _has(column: Any, words: str) -> Any:
    return column.ilike(escape_like(words), escape="\\")
