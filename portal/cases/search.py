"""One search for everything of a shop, whatever its state: numbers by their end, names by a part, goods.

No table is scanned: the last four of each number and each two characters of a name have indexes of their own, goods are
looked up among what the shop's lines say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, bindparam, literal_column, or_, select, text, union_all

from portal.cases import search_rows, sold_search
from portal.cases.finding import find_scanned, list_cases, not_by_shop
from portal.cases.sold_search import Further, Hits
from portal.extensions import db
from portal.models import Case, Order, Shipment, User
from portal.models.keys import HEAD, TAIL
from portal.orders import naming
from portal.prepared import Prepared
from portal.searching import Typed, read_typed, split_typed

MOST = 20  # hits of each kind on one page
MOST_NAMED = 20  # people that a needle may mean

_case, _order, _user, _shipment = (table.__table__.c for table in (Case, Order, User, Shipment))


class Found(NamedTuple):
    """Hits, the newest first, at most ``MOST`` of each kind; ``more``: the kinds of which there are others.

    ``cut``: so many are called so that of several words only the newest were looked at.
    """

    cases: Sequence[Any] = ()
    orders: Sequence[Any] = ()
    customers: Sequence[Row[int, str, str, str]] = ()
    parcels: Sequence[Any] = ()
    more: frozenset[str] = frozenset()
    cut: bool = False


def search(shop_id: int, raw: str) -> Found:
    """Everything of a shop that fits what was typed: at least TAIL characters of a number, HEAD of a name.

    Of several numbers pasted together, what fits any of them.
    """
    each = [_search_one(shop_id, part) for part in split_typed(raw)]
    return each[0] if len(each) == 1 else _join(each)


def _join(parts: Sequence[Found]) -> Found:
    kinds: dict[str, list[Any]] = {}
    for kind in ("cases", "orders", "customers", "parcels"):
        rows = {row.id: row for part in parts for row in getattr(part, kind)}
        kinds[kind] = [rows[key] for key in sorted(rows, reverse=True)]
    more = frozenset().union(*(part.more for part in parts), (kind for kind, rows in kinds.items() if len(rows) > MOST))
    return Found(**{kind: rows[:MOST] for kind, rows in kinds.items()}, more=more, cut=any(part.cut for part in parts))


def _search_one(shop_id: int, raw: str) -> Found:
    typed = read_typed(raw)
    scanned = [case.id for case in find_scanned(shop_id, raw)] if typed.number else []
    called = _find_people(shop_id, typed)
    people = called[:MOST_NAMED]
    hits = {kind: [sold_search.find(shop_id, typed, kind, MOST)] for kind in ("cases", "orders")}
    if not typed.number and len(typed.each_word) > 1:
        _fit_all(shop_id, typed.each_word, hits)
    of_goods = {kind: [each for part in parts for each in part.ids] for kind, parts in hits.items()}
    named = {kind: _find_newest(shop_id, typed, kind, people, MOST + 1)[0] for kind in ("cases", "orders")}
    ids = {
        "cases": [*scanned, *named["cases"], *of_goods["cases"]],
        "orders": [*named["orders"], *of_goods["orders"]],
        "parcels": [each.id for each in _find(_ends(shop_id, typed, _shipment, {"no_tail": "tracking_no"}))],
    }
    shown = {kind: sorted(set(found), reverse=True) for kind, found in ids.items()}
    return Found(
        cases=list_cases(shop_id, shown["cases"][:MOST]),
        orders=search_rows.load_orders(shop_id, shown["orders"][:MOST]),
        customers=search_rows.load_customers(shop_id, people[:MOST]),
        parcels=search_rows.load_parcels(shop_id, shown["parcels"][:MOST]),
        more=frozenset(kind for kind, found in (*shown.items(), ("customers", called)) if len(found) > MOST),
        cut=any(part.cut for kind, parts in hits.items() for part in parts if len(shown[kind]) <= MOST),
    )


def _ends(
    shop_id: int, typed: Typed, table: Any, cut: dict[str, str], row: ColumnElement[int] | None = None
) -> list[Select[int]]:
    """Selects of the rows of ``table`` one of whose numbers ends so; ``cut``: its tails by name, and of what."""
    if len(typed.number) < TAIL:
        return []
    tail, like = typed.number[-TAIL:], f"%{typed.number}"
    wanted = table.id if row is None else row
    return [
        select(wanted.label("id")).where(
            table.shop_id == shop_id, table[name] == tail, table[source].like(like), *_PARTIAL.get(name, ())
        )
        for name, source in cut.items()
    ]


_PARTIAL = {"down_tail": (text("down_tail <> ''"),)}  # its index holds only those


def _find_people(shop_id: int, typed: Typed) -> list[int]:
    """Who bought here and is called so, by 会员名 or company; more than MOST_NAMED: others are called so too."""
    bought = select(_order.id).where(_order.shop_id == shop_id, _order.buyer_id == _user.id).exists()
    named = [
        select(_user.id.label("id")).where(condition, bought)
        for condition in naming.list_conditions(typed.words, _user, naming.PEOPLE)
    ]
    return sorted({each.id for each in _find(named, MOST_NAMED + 1)}, reverse=True)


# Each in the order of an index that begins with shop and person: however many rows somebody has, the newest are read.
_OF_PERSON = {
    kind: Prepared(
        select(table.id)
        .where(table.shop_id == bindparam("shop_id"), table.buyer_id == bindparam("person"))
        .order_by(newest.desc())
        .limit(bindparam("most"))
    )
    for kind, table, newest in (("cases", _case, _case.updated_at), ("orders", _order, _order.ordered_at))
}
# The same of several at once, so that PostgreSQL plans no twenty.
_OF_PEOPLE = {
    kind: text(
        "SELECT found.id FROM unnest(CAST(:people AS bigint[])) AS person (id) CROSS JOIN LATERAL "  # noqa: S608
        f"(SELECT r.id FROM {kind} r WHERE r.shop_id = :shop_id AND r.buyer_id = person.id "
        f"ORDER BY r.{newest} DESC LIMIT :most) AS found"
    )
    for kind, newest in (("cases", "updated_at"), ("orders", "ordered_at"))
}


def find_of_people(shop_id: int, kind: str, people: list[int], most: int) -> list[int]:
    """The newest that each of some people bought or asked for, at most ``most`` of each."""
    if not people:
        return []
    # SQLite: asking it often costs nothing. PostgreSQL: of one person it knows whether they have very many.
    if len(people) == 1 or db.session.get_bind().dialect.name == "sqlite":
        asked = _OF_PERSON[kind]
        return [row.id for each in people for row in asked.list_rows(shop_id=shop_id, person=each, most=most)]
    values = {"shop_id": shop_id, "people": people, "most": most}
    return list(db.session.scalars(_OF_PEOPLE[kind], values))


def _find_newest(
    shop_id: int, typed: Typed, kind: str, people: list[int], most: int, of_each: int = MOST + 1
) -> tuple[list[int], bool]:
    """The newest whose numbers end so or whose receiver is called so, at most so many by each index, and the newest
    of these people; also whether there may be others."""
    rows = _find(_list_parts(shop_id, typed, kind), most)
    found = find_of_people(shop_id, kind, people, of_each)
    full = most in Counter(row.part for row in rows).values() or len(found) >= of_each
    return [*(row.id for row in rows), *found], full


def _list_parts(shop_id: int, typed: Typed, kind: str) -> list[Select[int]]:
    table = _case if kind == "cases" else _order
    named = [
        select(table.id.label("id")).where(table.shop_id == shop_id, condition)
        for condition in naming.list_conditions(typed.words, table, {"receiver_head": "receiver_name"})
    ]
    orders = [*_ends(shop_id, typed, _order, _NUMBERS_OF_ORDER), *_ends_of_orders_parcels(shop_id, typed)]
    if kind == "orders":
        return [*orders, *named]
    of_order = [
        select(_case.id.label("id")).where(not_by_shop(_case, shop_id), _case.order_id.in_(each)) for each in orders
    ]
    return [*_ends(shop_id, typed, _case, {"no_tail": "case_no", "phone_tail": "receiver_phone"}), *of_order, *named]


def _fit_all(shop_id: int, words: Sequence[str], hits: dict[str, list[Hits]]) -> None:
    """Add to ``hits`` what every one of several words fits: 「李 袜子」 is whose goods these are.

    One of the words leads to the rows by an index, as if it were the only one; the others only leave some of them out.
    Each is tried, unless the indexes lead to everything that one of them fits, which is little, or enough is found.
    """
    people_of = {word: _find_people(shop_id, Typed("", False, word)) for word in words}
    ways_of = {word: sold_search.count_ways(shop_id, word) for word in words}
    alone = _find_leading(people_of, ways_of)
    for word in sorted(words, key=lambda each: each != alone):  # that one first
        others = [each for each in words if each != word]
        typed, people = Typed("", False, word), people_of[word][:MOST_NAMED]
        for kind, table, has in (("cases", _case, sold_search.asks_for), ("orders", _order, sold_search.sells)):
            fitting = [
                _fits(each, table, has(each) if ways_of[each] else None, len(each) < HEAD or bool(people_of[each]))
                for each in others
            ]
            hits[kind].append(_look_through(shop_id, typed, kind, people, fitting))
            hits[kind].append(sold_search.find(shop_id, typed, kind, MOST, Further(others, fitting)))
        last = [part for parts in hits.values() for part in parts[-2:]]
        if word == alone and not any(part.cut for part in last):
            break
        if all(len({each for part in parts for each in part.ids}) > MOST for parts in hits.values()):
            break


def _look_through(
    shop_id: int, typed: Typed, kind: str, people: list[int], fitting: Sequence[ColumnElement[bool]]
) -> Hits:
    """What fits among the newest that one word leads to by its names; few are looked at, then more if need be."""
    found: set[int] = set()
    looked: set[int] = set()
    full = False
    most, of_each = sold_search.MOST_LOOKED // 3, sold_search.MOST_LOOKED // max(len(people), 1)
    for part in (5, 1):
        ids, full = _find_newest(shop_id, typed, kind, people, most // part + 1, of_each // part + 1)
        found.update(sold_search.leave_fitting(shop_id, set(ids) - looked, kind, fitting))
        looked.update(ids)
        if not full or len(found) > MOST:
            break
    return Hits(sorted(found, reverse=True)[: MOST + 1], full and len(found) <= MOST)


def _find_leading(people_of: Mapping[str, list[int]], ways_of: Mapping[str, int]) -> str | None:
    """The word of which least is said and whose every fit is found by an index, so that no other needs to lead."""
    found = {
        word: ways
        for word, ways in ways_of.items()
        if len(word) >= HEAD and len(people_of[word]) <= MOST_NAMED and ways <= sold_search.FEW_WAYS
    }
    return min(found, key=lambda word: found[word]) if found else None


def _fits(word: str, table: Any, goods: ColumnElement[bool] | None, called: bool) -> ColumnElement[bool]:
    """Condition that a row's receiver or buyer is called so, or that its goods are: what costs least leads.

    ``goods``: None where the shop's lines never say it; ``called``: whether anybody who bought here is called so.
    """
    fits = [naming.is_named(table.receiver_name, word)]
    if called:
        named = [naming.is_named(name, word) for name in (_user.member_name, _user.company_name)]
        fits.append(select(_user.id).where(_user.id == table.buyer_id, or_(*named)).exists())
    if goods is not None:
        fits.append(goods)
    return or_(*fits)


_NUMBERS_OF_ORDER = {"no_tail": "order_no", "down_tail": "downstream_order_no", "phone_tail": "receiver_phone"}


def _ends_of_orders_parcels(shop_id: int, typed: Typed) -> list[Select[int]]:
    return _ends(shop_id, typed, _shipment, {"no_tail": "tracking_no"}, row=_shipment.order_id)


def _find(parts: Iterable[Select[int]], most: int = MOST + 1) -> Sequence[Row[int, int]]:
    """The newest ids of each of some selects, and of which it was, in one statement."""
    limited = []
    for number, part in enumerate(parts):  # in the order of the index that it reads
        each = part.order_by(part.selected_columns[0].desc()).limit(most).subquery()
        limited.append(select(each.c.id, literal_column(str(number)).label("part")))
    return db.session.execute(union_all(*limited)).all() if limited else ()
