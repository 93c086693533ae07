"""Finding cases and orders by what any of their lines says of its goods: title, 规格 or 货号.

What a shop's lines say is kept once each (SoldAs): words are looked for there, and the lines that say so by an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from portal.cases.finding import not_by_shop
from portal.extensions import db
from portal.models import Case, CaseLine, Order, OrderLine, SoldAs
from portal.prepared import Prepared, among
from portal.searching import Typed, escape_like

MOST_LINES = 1_000  # of cases that are asked for their 货号
AT_ONCE, MOST_ROUNDS = 40, 10  # ways of saying it that are looked at together, and how often
_case, _asked, _order, _line, _said = (t.__table__.c for t in (Case, CaseLine, Order, OrderLine, SoldAs))
_ASKED_TOO, _LINES_TOO = CaseLine.__table__.alias("asked_too"), OrderLine.__table__.alias("lines_too")
_other_asked, _other = _ASKED_TOO.c, _LINES_TOO.c


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
_STATEMENTS = {"cases": _CASES, "orders": _ORDERS}
_PREPARED = {kind: Prepared(statement) for kind, statement in _STATEMENTS.items()}
_JOINED = {
    "cases": _CASES.join(Case.__table__, and_(_case.id == _asked.case_id, not_by_shop(_case, _asked.shop_id))),
    "orders": _ORDERS.join(Order.__table__, and_(_order.id == _line.order_id, not_by_shop(_order, _line.shop_id))),
}
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


def find(shop_id: int, typed: Typed, kind: str, most: int, fitting: Sequence[Any] = ()) -> list[int]:
    """Ids of the shop's ``kind``, cases or orders, one of whose lines has the words in it, and which are ``fitting``.

    Of each way in which it is said the newest; all of them unless they are more than ``most``.
    """
    if not typed.words:
        return []
    by_words = or_(*(_has(column, typed.words) for column in (_said.title, _said.spec)))
    by_number = _has_number(typed)
    ways = select(_said.product_id, _said.title, _said.spec, _said.cargo_no, by_words.label("by_words"))
    ways = ways.where(_said.shop_id == shop_id, or_(by_words, by_number))
    if kind == "cases":
        ways = ways.where(_HAS_CASE)
    ways = ways.order_by(_said.mark).limit(AT_ONCE)
    found: set[int] = set()
    for number in range(MOST_ROUNDS):
        some = db.session.execute(ways.offset(number * AT_ONCE)).all()
        for way in some:
            found.update(_find_way(shop_id, way, kind, most, fitting))
        if len(found) > most or len(some) < AT_ONCE:
            break
    return sorted(found, reverse=True)[: most + 1]


def _find_way(shop_id: int, way: Any, kind: str, most: int, fitting: Sequence[Any]) -> list[int]:
    """The newest whose lines say it so. A line of a case has no 货号 of its own: its order's line is asked."""
    number = most + 1 if kind == "orders" or way.by_words else MOST_LINES
    values = {"shop_id": shop_id, "most": number, "title": way.title, "spec": way.spec}
    if kind == "orders":
        values |= {"product_id": way.product_id, "cargo_no": way.cargo_no}
    rows = db.session.execute(_JOINED[kind].where(*fitting), values).all() if fitting else None
    rows = _PREPARED[kind].list_rows(**values) if rows is None else rows
    if kind == "cases" and not way.by_words:
        lines = _NUMBERED.list_rows(shop_id=shop_id, ids=[row.order_line_id for row in rows], cargo_no=way.cargo_no)
        numbered = {line.id for line in lines}
        rows = [row for row in rows if row.order_line_id in numbered]
    return [row.id for row in rows]


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
