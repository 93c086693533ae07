"""Finding cases and orders by what any of their lines says of its goods: title, 规格, 货号 or 单品货号.

What a shop's lines say is kept once each (SoldAs): words are looked for there, and the lines that say so by an index.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, Exists, and_, bindparam, case, desc, false, func, or_, select, text, true

from portal.cases.finding import not_by_shop
from portal.extensions import db
from portal.models import Case, CaseLine, Order, OrderLine, SoldAs
from portal.prepared import Prepared, among
from portal.searching import Typed, escape_like

MOST_LINES = 1_000  # of cases that are asked for their 货号
MOST_LOOKED = 600  # lines that are asked for further words, the newest of each way of saying it first
LOOKED_FIRST = 60  # of one way: where the words are often said together, that is enough
FEW_WAYS = 20  # of saying a word: so few are looked at whole
LAST_ID = 2**63 - 1  # no id is behind it
AT_ONCE, MOST_ROUNDS = 40, 10  # ways of saying it that are looked at together, and how often
_case, _asked, _order, _line, _said = (t.__table__.c for t in (Case, CaseLine, Order, OrderLine, SoldAs))
_ASKED_TOO, _LINES_TOO = CaseLine.__table__.alias("asked_too"), OrderLine.__table__.alias("lines_too")
_other_asked, _other = _ASKED_TOO.c, _LINES_TOO.c
_other_numbers = (_other.cargo_no, _other.sku_cargo_no)
_SAYS = ("title", "spec", "cargo_no", "sku_cargo_no")
_NUMBERS = _SAYS[2:]


def _of_lines(table: Any) -> list[ColumnElement[bool]]:
    """What a line says beside the columns of its index, compared with a row of SoldAs."""
    return [table[name] == bindparam(name) for name in ("title", *_NUMBERS)]


_SAME_WORDS = (_asked.title == bindparam("title"), _asked.spec == bindparam("spec"))
_CASES = (
    select(_asked.case_id.label("id"), _asked.order_line_id)
    .where(_asked.shop_id == bindparam("shop_id"), *_SAME_WORDS)
    .order_by(_asked.case_id.desc())
    .limit(bindparam("most"))
)
# By the columns of the index and, as one condition, by the others: each alone would make PostgreSQL expect so few
# rows that it fetches all and sorts them, instead of reading the newest in the order of the index.
_ORDERS = (
    select(_line.order_id.label("id"))
    .where(_line.product_id == bindparam("product_id"), _line.spec == bindparam("spec"))
    .where(case((and_(not_by_shop(_line, bindparam("shop_id")), *_of_lines(_line)), true()), else_=false()))
    .order_by(_line.order_id.desc())
    .limit(bindparam("most"))
)
# The same for many ways at once, in one statement where the database has it. From where to where the index is read is
# said, not what its columns are: of a way that is said far more often than others PostgreSQL would expect few lines,
# fetch all of them and sort them.
_OF_WAYS = {
    "cases": text(
        "SELECT way.place, found.id, found.order_line_id "
        "FROM unnest(CAST(:titles AS text[]), CAST(:specs AS text[])) WITH ORDINALITY AS way (title, spec, place) "
        "CROSS JOIN LATERAL (SELECT case_id AS id, order_line_id FROM case_lines "
        "WHERE (title, spec, shop_id, case_id) BETWEEN (way.title, way.spec, :shop_id, 0) "
        "AND (way.title, way.spec, :shop_id, :last) "
        "ORDER BY title DESC, spec DESC, shop_id DESC, case_id DESC LIMIT :most) AS found"
    ),
    "orders": text(
        "SELECT way.place, found.id FROM unnest(CAST(:products AS bigint[]), CAST(:specs AS text[]), "
        "CAST(:titles AS text[]), CAST(:numbers AS text[]), CAST(:sku_numbers AS text[])) "
        "WITH ORDINALITY AS way (product_id, spec, title, cargo_no, sku_cargo_no, place) "
        "CROSS JOIN LATERAL (SELECT order_id AS id FROM order_lines l "
        "WHERE (l.product_id, l.spec, l.order_id) BETWEEN (way.product_id, way.spec, 0) "
        "AND (way.product_id, way.spec, :last) "
        "AND CASE WHEN l.shop_id = :shop_id AND l.title = way.title AND l.cargo_no = way.cargo_no "
        "AND l.sku_cargo_no = way.sku_cargo_no THEN true ELSE false END "
        "ORDER BY l.product_id DESC, l.spec DESC, l.order_id DESC LIMIT :most) AS found"
    ),
}
_PREPARED = {"cases": Prepared(_CASES), "orders": Prepared(_ORDERS)}
_OF_KIND = {"cases": Case.__table__, "orders": Order.__table__}
_HAS_CASE = (
    select(_asked.id)
    .where(_asked.shop_id == _said.shop_id, _asked.title == _said.title, _asked.spec == _said.spec)
    .exists()
)
_NUMBERED = Prepared(
    select(_line.id, *(_line[name] for name in _NUMBERS)).where(
        not_by_shop(_line, bindparam("shop_id")), among(_line.id, "ids")
    )
)


class Hits(NamedTuple):
    """Ids, the newest first; ``cut``: further words were asked of so many lines that others were left out."""

    ids: list[int]
    cut: bool = False


class Way(Protocol):
    """A way of saying what goods are, and whether it was found by its words or by a number."""

    @property
    def product_id(self) -> int | None: ...
    @property
    def title(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def cargo_no(self) -> str: ...
    @property
    def sku_cargo_no(self) -> str: ...
    @property
    def by_words(self) -> bool: ...


class Said(Protocol):
    """A case or an order with a line that says so, and of a case which line of its order that is."""

    @property
    def id(self) -> int: ...
    @property
    def order_line_id(self) -> int: ...


class Further(NamedTuple):
    """What else a hit must have: ``words``, each of its goods or by ``fitting``, conditions on a case or an order."""

    words: Sequence[str] = ()
    fitting: Sequence[ColumnElement[bool]] = ()


ALONE = Further()


def find(shop_id: int, typed: Typed, kind: str, most: int, further: Further = ALONE) -> Hits:
    """The shop's ``kind``, cases or orders, one of whose lines has the words in it, and which have ``further`` ones.

    Of each way in which it is said the newest; all of them unless they are more than ``most``, or ``cut`` is said.
    """
    if not typed.words:
        return Hits([])
    by_words = or_(*(_has(column, typed.words) for column in (_said.title, _said.spec)))
    by_number = _has_number(typed)
    says = _SAYS if kind == "orders" else _SAYS[:2]  # of a case by its own line, which has no numbers
    has_all = and_(true(), *(or_(*(_has(_said[name], word) for name in says)) for word in further.words))
    ways = select(
        _said.product_id, _said.title, _said.spec, *(_said[name] for name in _NUMBERS), by_words.label("by_words")
    )
    ways = ways.add_columns(case((has_all, 1), else_=0).label("has_all"))
    ways = ways.where(_said.shop_id == shop_id, or_(by_words, by_number))
    if kind == "cases":
        ways = ways.where(_HAS_CASE)
    ways = ways.order_by(desc("has_all"), _said.mark).limit(AT_ONCE)
    found: set[int] = set()
    left, is_cut = MOST_LOOKED, False
    for number in range(MOST_ROUNDS):
        some = db.session.execute(ways.offset(number * AT_ONCE)).all()
        found.update(_find_ways(shop_id, [way for way in some if way.has_all], kind, most + 1)[0])
        rest = [way for way in some if not way.has_all]
        if rest and len(found) <= most:
            looked, full = _look_through(shop_id, rest, kind, left // len(rest), further, found, most)
            left -= looked
            is_cut |= full
        if len(found) > most or len(some) < AT_ONCE:
            break
    else:
        is_cut = True
    return Hits(_cut(found, most), is_cut and len(found) <= most)


def _look_through(
    shop_id: int, ways: Sequence[Way], kind: str, each: int, further: Further, found: set[int], most: int
) -> tuple[int, bool]:
    """Add to ``found`` what has the further words, of the newest of each way: of few, then of ``each`` if need be.

    Returns how many were looked at, and whether there may be others.
    """
    looked: set[int] = set()
    full = True
    for number in sorted({min(LOOKED_FIRST, each), each} - {0}):
        ids, full = _find_ways(shop_id, ways, kind, number + 1)
        found.update(leave_fitting(shop_id, ids - looked, kind, further.fitting))
        looked |= ids
        if not full or len(found) > most:
            break
    return len(looked), full


def count_ways(shop_id: int, word: str) -> int:
    """In how many ways the shop's lines say a word, counted as far as one more than FEW_WAYS."""
    says = select(_said.mark).where(_said.shop_id == shop_id, or_(*(_has(_said[name], word) for name in _SAYS)))
    return int(db.session.scalar(select(func.count()).select_from(says.limit(FEW_WAYS + 1).subquery())) or 0)


def _cut(found: set[int], most: int) -> list[int]:
    return sorted(found, reverse=True)[: most + 1]


def leave_fitting(shop_id: int, ids: set[int], kind: str, fitting: Sequence[ColumnElement[bool]]) -> Sequence[int]:
    """Those of some cases or orders that meet every condition."""
    table = _OF_KIND[kind].c
    query = select(table.id).where(not_by_shop(table, shop_id), among(table.id, "ids"), *fitting)
    return db.session.scalars(query, {"ids": sorted(ids)}).all() if ids else ()


def _find_ways(shop_id: int, ways: Sequence[Way], kind: str, number: int) -> tuple[set[int], bool]:
    """The newest of each way of saying it, so many of each, and whether there may be others of any."""
    if db.session.get_bind().dialect.name == "sqlite" or not ways:  # asking it often costs nothing
        of_ways = [_find_way(shop_id, way, kind, number) for way in ways]
        return {row.id for rows in of_ways for row in rows}, any(len(rows) >= number for rows in of_ways)
    values: dict[str, object] = {"shop_id": shop_id, "most": number, "last": LAST_ID}
    values |= {"titles": [way.title for way in ways], "specs": [way.spec for way in ways]}
    if kind == "orders":
        numbers = {"numbers": [way.cargo_no for way in ways], "sku_numbers": [way.sku_cargo_no for way in ways]}
        values |= {"products": [way.product_id for way in ways], **numbers}
    rows = db.session.execute(_OF_WAYS[kind], values).all()
    full = number in Counter(row.place for row in rows).values()
    if kind == "orders":
        return {row.id for row in rows}, full
    of_way: dict[int, list[Said]] = defaultdict(list)
    for row in rows:
        of_way[row.place - 1].append(row)
    asked = {place for place in of_way if not ways[place].by_words}
    said = _list_numbers(shop_id, [row for place in asked for row in of_way[place]])
    found: set[int] = set()
    for place, of in of_way.items():
        fit = [row for row in of if place not in asked or said.get(row.order_line_id) == _numbers_of(ways[place])]
        if len(fit) < len(of) == number:  # others say the same of goods with another number
            fit = list(_find_way(shop_id, ways[place], kind, MOST_LINES))
        found.update(row.id for row in fit)
    return found, full


def _find_way(shop_id: int, way: Way, kind: str, number: int) -> Sequence[Said]:
    """The newest whose lines say it so. A line of a case has no numbers of its own: its order's line is asked."""
    values = {"shop_id": shop_id, "most": number, "title": way.title, "spec": way.spec}
    if kind == "orders":
        values |= {"product_id": way.product_id, **dict(zip(_NUMBERS, _numbers_of(way), strict=True))}
    rows = _PREPARED[kind].list_rows(**values)
    if kind == "orders" or way.by_words:
        return rows
    said = _list_numbers(shop_id, rows)
    fit = [row for row in rows if said.get(row.order_line_id) == _numbers_of(way)]
    if len(fit) < len(rows) == number < MOST_LINES:
        return _find_way(shop_id, way, kind, MOST_LINES)
    return fit


def _list_numbers(shop_id: int, rows: Sequence[Said]) -> dict[int, tuple[str, str]]:
    """The numbers of the order lines that lines of cases are of, by the order lines' ids."""
    ids = sorted({row.order_line_id for row in rows})
    asked = _NUMBERED.list_rows(shop_id=shop_id, ids=ids) if ids else ()
    return {line.id: _numbers_of(line) for line in asked}


def _numbers_of(said: Way | OrderLine) -> tuple[str, str]:
    return said.cargo_no, said.sku_cargo_no


def _has_number(typed: Typed) -> ColumnElement[bool]:
    """Condition that a row of SoldAs has the words in one of its numbers, or the number as people leave out dashes."""
    fits = [_has(_said[name], typed.words) for name in _NUMBERS]
    if typed.number:
        for name in _NUMBERS:
            bare = func.replace(func.replace(func.upper(_said[name]), "-", ""), " ", "")
            fits.append(bare.like(f"%{typed.number}%"))
    return or_(*fits)


def asks_for(word: str) -> Exists:
    """Condition on a case: one of its lines has the word in it."""
    fits = (_has(column, word) for column in (_other_asked.title, _other_asked.spec, *_other_numbers))
    bought = and_(_other.id == _other_asked.order_line_id, not_by_shop(_other, _other_asked.shop_id))
    of_case = (not_by_shop(_other_asked, _case.shop_id), _other_asked.case_id == _case.id)
    return select(_other_asked.id).join_from(_ASKED_TOO, _LINES_TOO, bought).where(*of_case, or_(*fits)).exists()


def sells(word: str) -> Exists:
    """Condition on an order: one of its lines has the word in it."""
    fits = (_has(column, word) for column in (_other.title, _other.spec, *_other_numbers))
    of_order = (not_by_shop(_other, _order.shop_id), _other.order_id == _order.id)
    return select(_other.id).where(*of_order, or_(*fits)).exists()


def _has(column: ColumnElement[str], words: str) -> ColumnElement[bool]:
    return column.ilike(escape_like(words), escape="\\")
