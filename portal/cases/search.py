"""One search for everything of a shop, whatever its state: numbers by their end, names by a part, goods.

No table is scanned: the last four of each number and each two characters of a name have indexes of their own, goods are
looked up among what the shop's lines say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, func, or_, select, text, true, union_all
from sqlalchemy import cast as sql_cast

from portal.cases import sold_search
from portal.cases.finding import find_scanned, list_cases, not_by_shop
from portal.cases.sold_search import Further, Hits
from portal.extensions import db
from portal.models import Case, Order, Shipment, User
from portal.models.keys import HEAD, TAIL
from portal.orders import naming
from portal.prepared import among
from portal.searching import Typed, read_typed, split_typed

MOST = 20  # hits of each kind on one page
MOST_NAMED = 20  # people that a needle may mean

_case, _order, _user, _shipment = (table.__table__.c for table in (Case, Order, User, Shipment))


class Found(NamedTuple):
    """Hits, the newest first, at most ``MOST`` of each kind; ``more`` says that there are others.

    ``cut``: so many goods are called so that only the newest were looked at.
    """

    cases: Sequence[Any] = ()
    orders: Sequence[Any] = ()
    customers: Sequence[Any] = ()
    parcels: Sequence[Any] = ()
    more: bool = False
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
    more = any(part.more for part in parts) or any(len(rows) > MOST for rows in kinds.values())
    return Found(**{kind: rows[:MOST] for kind, rows in kinds.items()}, more=more, cut=any(part.cut for part in parts))


def _search_one(shop_id: int, raw: str) -> Found:
    typed = read_typed(raw)
    scanned = [case.id for case in find_scanned(shop_id, raw)] if typed.number else []
    called = _find_people(shop_id, typed)
    people = called[:MOST_NAMED]
    cases, orders = _cases(shop_id, typed, people), _orders(shop_id, typed, people)
    hits = {kind: [sold_search.find(shop_id, typed, kind, MOST)] for kind in ("cases", "orders")}
    if not typed.number and len(typed.each_word) > 1:
        more_cases, more_orders = _fit_all(shop_id, typed.each_word, hits)
        cases, orders = [*cases, *more_cases], [*orders, *more_orders]
    of_goods = {kind: [each for part in parts for each in part.ids] for kind, parts in hits.items()}
    ids = {
        "cases": [*scanned, *_find(cases), *of_goods["cases"]],
        "orders": [*_find(orders), *of_goods["orders"]],
        "parcels": _find(_ends(shop_id, typed, _shipment, {"no_tail": "tracking_no"})),
    }
    shown = {kind: sorted(set(found), reverse=True) for kind, found in ids.items()}
    return Found(
        cases=list_cases(shop_id, shown["cases"][:MOST]),
        orders=_load(_ORDERS.where(not_by_shop(_order, shop_id)), _order.id, shown["orders"][:MOST]),
        customers=_load(_name_customers(shop_id), _user.id, people[:MOST]),
        parcels=_load(_PARCELS.where(not_by_shop(_shipment, shop_id)), _shipment.id, shown["parcels"][:MOST]),
        more=any(len(found) > MOST for found in (*shown.values(), called)),
        cut=any(part.cut for parts in hits.values() for part in parts),
    )


def _ends(shop_id: int, typed: Typed, table: Any, cut: dict[str, str], row: Any = None) -> list[Any]:
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
    return sorted(set(_find(named, MOST_NAMED + 1)), reverse=True)


def _of_people(query: Any, buyer_id: Any, newest: Any, people: list[int]) -> list[Any]:
    """The newest of each of some people: by one statement's part for all of them where the database has it, so that
    PostgreSQL plans no twenty."""
    if len(people) < 2 or db.session.get_bind().dialect.name == "sqlite":
        return [query.where(buyer_id == person).order_by(newest.desc()) for person in people]
    each = func.unnest(sql_cast(people, ARRAY(BigInteger))).table_valued("id").render_derived(name="person")
    found = query.where(buyer_id == each.c.id).order_by(newest.desc()).limit(MOST + 1).lateral("of_person")
    return [select(found.c.id).select_from(each.join(found, true()))]


def _cases(shop_id: int, typed: Typed, people: list[int], fitting: Sequence[Any] = ()) -> list[Any]:
    here = _case.shop_id == shop_id
    of_order = [
        select(_case.id.label("id")).where(not_by_shop(_case, shop_id), _case.order_id.in_(orders))
        for orders in (*_ends(shop_id, typed, _order, _NUMBERS_OF_ORDER), *_ends_of_orders_parcels(shop_id, typed))
    ]
    named = [
        select(_case.id.label("id")).where(here, condition)
        for condition in naming.list_conditions(typed.words, _case, {"receiver_head": "receiver_name"})
    ]
    parts = [
        *_ends(shop_id, typed, _case, {"no_tail": "case_no", "phone_tail": "receiver_phone"}),
        *of_order,
        *named,
    ]
    bought = select(_case.id.label("id")).where(not_by_shop(_case, shop_id), *fitting)
    return [
        *(part.where(*fitting) for part in parts),
        *_of_people(bought, _case.buyer_id, _case.updated_at, people),
    ]


def _orders(shop_id: int, typed: Typed, people: list[int], fitting: Sequence[Any] = ()) -> list[Any]:
    here = _order.shop_id == shop_id
    named = [
        select(_order.id.label("id")).where(here, condition)
        for condition in naming.list_conditions(typed.words, _order, {"receiver_head": "receiver_name"})
    ]
    parts = [
        *_ends(shop_id, typed, _order, _NUMBERS_OF_ORDER),
        *_ends_of_orders_parcels(shop_id, typed),
        *named,
    ]
    bought = select(_order.id.label("id")).where(here, *fitting)
    return [
        *(part.where(*fitting) for part in parts),
        *_of_people(bought, _order.buyer_id, _order.ordered_at, people),
    ]


def _fit_all(shop_id: int, words: Sequence[str], hits: dict[str, list[Hits]]) -> tuple[list[Any], list[Any]]:
    """Selects of cases and of orders that every one of several words fits: 「李 袜子」 is whose goods these are; what
    is found by its goods is added to ``hits``.

    One of the words leads to the rows by an index, as if it were the only one; the others only leave some of them out.
    Each is tried, unless the indexes lead to everything that one of them fits, which is little.
    """
    cases: list[Any] = []
    orders: list[Any] = []
    people_of = {word: _find_people(shop_id, Typed("", False, word)) for word in words}
    alone = _find_leading(shop_id, people_of)
    for word in sorted(words, key=lambda each: each != alone):  # that one first
        others = [each for each in words if each != word]
        typed, people = Typed("", False, word), people_of[word][:MOST_NAMED]
        of_cases = [_fits(each, _case, sold_search.asks_for(each)) for each in others]
        cases += _cases(shop_id, typed, people, of_cases)
        hits["cases"].append(sold_search.find(shop_id, typed, "cases", MOST, Further(others, of_cases)))
        of_orders = [_fits(each, _order, sold_search.sells(each)) for each in others]
        orders += _orders(shop_id, typed, people, of_orders)
        hits["orders"].append(sold_search.find(shop_id, typed, "orders", MOST, Further(others, of_orders)))
        if word == alone and not any(parts[-1].cut for parts in hits.values()):
            break
    return cases, orders


def _find_leading(shop_id: int, people_of: Mapping[str, list[int]]) -> str | None:
    """The word of which least is said and whose every fit is found by an index, so that no other needs to lead."""
    found: dict[str, int] = {}
    for word, people in people_of.items():
        if len(word) >= HEAD and len(people) <= MOST_NAMED:  # or there are more
            ways = sold_search.count_ways(shop_id, word)
            if ways <= sold_search.FEW_WAYS:
                found[word] = ways
    return min(found, key=lambda word: found[word]) if found else None


def _fits(word: str, table: Any, goods: Any) -> Any:
    """Condition that a row's receiver or buyer is called so, or that its goods are."""
    named = [naming.is_named(name, word) for name in (_user.member_name, _user.company_name)]
    buyer = select(_user.id).where(_user.id == table.buyer_id, or_(*named)).exists()
    return or_(naming.is_named(table.receiver_name, word), goods, buyer)


_NUMBERS_OF_ORDER = {"no_tail": "order_no", "down_tail": "downstream_order_no", "phone_tail": "receiver_phone"}


def _ends_of_orders_parcels(shop_id: int, typed: Typed) -> list[Any]:
    return _ends(shop_id, typed, _shipment, {"no_tail": "tracking_no"}, row=_shipment.order_id)


def _find(parts: Iterable[Any], most: int = MOST + 1) -> list[int]:
    """The newest ids of each of some selects, in one statement."""
    limited = []
    for part in parts:
        if not part._order_by_clauses:  # in the order of the index that it reads
            part = part.order_by(part.selected_columns[0].desc())
        each = part.limit(most).subquery()
        limited.append(select(each.c.id))
    return list(db.session.scalars(union_all(*limited))) if limited else []


_ORDERS = select(
    _order.id,
    _order.order_no,
    _order.status,
    _order.ordered_at,
    _order.imported_at,
    _order.receiver_name,
    _user.member_name.label("buyer"),
).join_from(Order.__table__, User.__table__, _user.id == _order.buyer_id)
_PARCELS = select(
    _shipment.id,
    _shipment.tracking_no,
    _shipment.carrier_name,
    _shipment.status,
    _case.case_no,
).join_from(
    Shipment.__table__,
    Case.__table__,
    (_case.id == _shipment.case_id) & (_case.shop_id == _shipment.shop_id),
    isouter=True,
)


def _name_customers(shop_id: int) -> Any:
    """People with the number of their newest order here, at which their page stands."""
    newest = (
        select(_order.order_no)
        .where(_order.shop_id == shop_id, _order.buyer_id == _user.id)
        .order_by(_order.ordered_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(_user.id, _user.member_name, _user.company_name, newest.label("order_no"))


def _load(query: Any, column: Any, ids: Sequence[int]) -> Sequence[Any]:
    if not ids:
        return ()
    return db.session.execute(query.where(among(column, "ids")).order_by(column.desc()), {"ids": list(ids)}).all()
