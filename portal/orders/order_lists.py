"""A buyer's orders, as columns: the list by key, one order, the numbers on tabs."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnExpressionArgument, Select, and_, bindparam, case, exists, func, or_, select, text, tuple_

from portal.extensions import Moment, db
from portal.models import Case, Draft, Order, OrderLine, Parcel, Product, Shipment, Shop, User
from portal.models.orders import RECEIVING, SHOWN, WITH_CASES
from portal.orders import number_search, order_search, to_send
from portal.orders.addresses import Addressed
from portal.prepared import Prepared, among
from portal.rights import kept_policies
from portal.searching import read_typed, split_typed

PAGE = 20
MOST_COUNTED = 100  # numbers on tabs are bounded: more is 99+

# Tables' own columns, not the entities' attributes: the same rows, without the work of the ORM on each.
_order, _line, _case, _shop, _product, _draft, _shipment = (
    t.__table__.c for t in (Order, OrderLine, Case, Shop, Product, Draft, Shipment)
)

Where = ColumnExpressionArgument[bool]
TABS: dict[str, tuple[str, tuple[Where, ...]]] = {  # tab: (its name, which orders it shows: a range of one index)
    "all": ("全部", ()),
    "unpaid": ("待付款", (_order.status == "unpaid",)),
    "unshipped": ("待发货", (to_send.WAITS,)),
    "receiving": ("待收货", (text(RECEIVING),)),
    "done": ("已完成", (_order.status == "completed",)),
    "aftersale": ("售后", (text(WITH_CASES),)),
}
_COLUMNS = (
    _order.id,
    _order.shop_id,
    _order.order_no,
    _order.contested,
    _order.status,
    _order.status_text,
    _order.ordered_at,
    _order.paid_fen,
    _order.case_count,
    case((_order.apply_from.is_not(None) & ~_order.both_terms, _order.apply_by)).label("apply_by"),  # once it runs
    _shop.name.label("shop"),
    to_send.GIVEN_BACK.label("given_back"),
)

_KEY = tuple_(bindparam("at", type_=Moment()), bindparam("id"))


def _statement(tab: str, *, next_page: bool) -> Select[Any]:
    query = (
        select(*_COLUMNS)
        .join(Shop.__table__, _shop.id == _order.shop_id)
        .where(_order.buyer_id == bindparam("buyer_id"), text(SHOWN), *TABS[tab][1])
        .order_by(_order.ordered_at.desc(), _order.id.desc())
        .limit(PAGE + 1)
    )
    return query.where(tuple_(_order.ordered_at, _order.id) < _KEY) if next_page else query


_LIST = {(tab, next_page): _statement(tab, next_page=next_page) for tab in TABS for next_page in (False, True)}
_PREPARED = {kind: Prepared(query) for kind, query in _LIST.items()}
_COUNTS = Prepared(
    select(
        *(
            select(func.count())
            .select_from(
                select(_order.id)
                .where(_order.buyer_id == bindparam("buyer_id"), text(SHOWN), *where)
                .order_by(
                    _order.ordered_at.desc()
                )  # or PostgreSQL would rather look for the first hundred in the table
                .limit(MOST_COUNTED)
                .subquery(f"of_{tab}")
            )
            .scalar_subquery()
            .label(tab)
            for tab, (_, where) in TABS.items()
        )
    )
)
_LINES = Prepared(
    select(
        _line.order_id,
        _line.id,
        _line.title,
        _line.spec,
        _line.unit,
        _line.unit_price_fen,
        _line.quantity_milli,
        _line.claimed_milli,
        *(_line.cargo_no, _line.sku_cargo_no),
        *(_line.position, _line.own_status),
        _product.picture,
    )
    .outerjoin(Product.__table__, and_(_product.id == _line.product_id, _product.shop_id == _line.shop_id))
    .where(among(_line.order_id, "order_ids"))
)
_CASES = Prepared(
    select(
        _case.order_id,
        _case.id,
        _case.case_no,
        _case.type,
        _case.state,
        _case.stage,
        _case.due_at,
        _case.due_rule,
        _case.goods,
        _case.spec,
    ).where(among(_case.order_id, "order_ids"))
)


ON_CARD = 3  # lines and cases that a card shows


class Card(NamedTuple):
    """What a list shows of an order."""

    order: Any
    lines: tuple[Any, ...]
    line_count: int
    cases: tuple[Any, ...]  # the newest first


def list_page(
    buyer_id: int, tab: str, *, words: str = "", after: tuple[datetime, int] | None = None
) -> tuple[list[Card], tuple[datetime, int] | None]:
    """One page of orders with their lines and cases, newest first; and the key the next page begins after."""
    kind = tab, after is not None
    prepared = _PREPARED[kind]
    values: dict[str, object] = {"buyer_id": buyer_id}
    if words:
        found_by = order_search.fits_any([read_typed(part) for part in split_typed(words)])
        if known := {each.order_id for each in number_search.find_cases(buyer_id, words)}:  # by a number of its case
            found_by = or_(found_by, among(_order.id, "of_cases"))
            values["of_cases"] = sorted(known)
        prepared = Prepared(_LIST[kind].where(found_by))
    if after is not None:
        values["at"], values["id"] = after
    rows = prepared.list_rows(**values)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    lines: dict[int, list[Any]] = {row.id: [] for row in rows}
    cases: dict[int, list[Any]] = {row.id: [] for row in rows}
    if rows:
        for line in sorted(_LINES.list_rows(order_ids=list(lines)), key=_position):
            lines[line.order_id].append(line)
        with_cases = [row.id for row in rows if row.case_count]
        if with_cases:
            for case in _newest_first(with_cases):
                cases[case.order_id].append(case)
    found = [
        Card(row, tuple(lines[row.id][:ON_CARD]), len(lines[row.id]), tuple(cases[row.id][:ON_CARD])) for row in rows
    ]
    return found, (rows[-1].ordered_at, rows[-1].id) if more else None


_position = attrgetter("position")


def _newest_first(order_ids: list[int]) -> list[Any]:
    return sorted(_CASES.list_rows(order_ids=order_ids), key=attrgetter("id"), reverse=True)


def count_tabs(buyer_id: int) -> dict[str, int]:
    """How many orders each tab has, at most MOST_COUNTED."""
    (counts,) = _COUNTS.list_rows(buyer_id=buyer_id)
    return counts._asdict()  # type: ignore[no-any-return]


SHOP_TABS: dict[str, tuple[str, tuple[Where, ...]]] = {  # of the shop's list; each a range of one index
    "unshipped": ("待发货", (to_send.WAITS,)),
    "sent": ("已发货", (_order.status == "in_transit",)),
    "cancelled": ("已取消", (_order.status == "cancelled",)),
    "all": ("全部", ()),
}
_SHOP_LIST = select(
    _order.id,
    _order.order_no,
    _order.status,
    _order.ordered_at,
    _order.imported_at,
    _order.paid_fen,
    _order.shipped_at,
    _order.cancelled_at,
    _order.case_count,
    _order.carrier_text,
    _order.tracking_text,
    User.member_name.label("buyer"),
    (~_order.shown & User.password_hash.is_not(None)).label("unconfirmed"),
    to_send.GIVEN_BACK.label("given_back"),
).join(User, User.id == _order.buyer_id)


def list_page_of_shop(
    shop_id: int, tab: str, *, number: str = "", after: tuple[datetime, int] | None = None, size: int = PAGE
) -> tuple[list[dict[str, Any]], tuple[datetime, int] | None]:
    """One page of a shop's orders with their lines, newest first (those to be sent: oldest first); and the next key."""
    oldest = tab == "unshipped" and not number
    key = tuple_(_order.ordered_at, _order.id)
    query = _SHOP_LIST.where(_order.shop_id == shop_id).limit(size + 1)
    query = query.where(_order.order_no == number) if number else query.where(*SHOP_TABS[tab][1])
    by = (_order.ordered_at, _order.id)
    query = query.order_by(*(by if oldest else (each.desc() for each in by)))
    if after is not None:
        query = query.where(key > after) if oldest else query.where(key < after)
    rows = db.session.execute(query).all()
    more, rows = len(rows) > size, rows[:size]
    lines: dict[int, list[Any]] = {row.id: [] for row in rows}
    if rows:
        for line in sorted(_LINES.list_rows(order_ids=list(lines)), key=_position):
            lines[line.order_id].append(line)
    found = [{"order": row, "lines": lines[row.id]} for row in rows]
    return found, (rows[-1].ordered_at, rows[-1].id) if more else None


def count_to_send(shop_id: int) -> int:
    """How many orders of a shop wait to be sent, at most MOST_COUNTED."""
    waiting = select(_order.id).where(_order.shop_id == shop_id, to_send.WAITS)
    waiting = waiting.order_by(_order.ordered_at).limit(MOST_COUNTED)
    return int(db.session.scalar(select(func.count()).select_from(waiting.subquery())) or 0)


def find_of_shop(order_no: str, shop_id: int) -> Order | None:
    """This shop's order of that number."""
    return db.session.scalars(select(Order).where(Order.order_no == order_no, Order.shop_id == shop_id)).one_or_none()


_OF_BUYER = Addressed(select(Order))
_SHOWN = Addressed(
    select(
        *_order,
        _shop.name.label("shop"),
        kept_policies.select_newest(_order.shop_id).label("newest_policy"),
        _draft.fields.label("draft_fields"),
        _draft.updated_at.label("draft_at"),
        to_send.GIVEN_BACK.label("given_back"),
        exists()
        .where(_shipment.shop_id == _order.shop_id, _shipment.order_id == _order.id, _shipment.case_id.is_(None))
        .label("followed"),
    )
    .join(Shop.__table__, _shop.id == _order.shop_id)
    .outerjoin(
        Draft.__table__,
        and_(_draft.shop_id == _order.shop_id, _draft.order_id == _order.id, _draft.buyer_id == _order.buyer_id),
    )
)


def find_of_buyer(address: str, buyer_id: int) -> Order | None:
    """This buyer's order at that address."""
    found: Order | None = _OF_BUYER.load(address, buyer_id)
    return found


def load_for_buyer(address: str, buyer_id: int) -> Any | None:
    """The same for its page: all columns, the shop's name as ``shop``, its newest policy's id, the buyer's draft,
    and whether parcels of it are ``followed``."""
    return _SHOWN.find(address, buyer_id)


def list_cases(order_id: int) -> Sequence[Any]:
    """The cases of an order, newest first."""
    return _newest_first([order_id])


def known_numbers(order_id: int, among: Collection[str]) -> set[str]:
    """Which of these digits are a number of this order, its goods, cases and parcels, or of another order of the same
    buyer or shop. What people write about an order is full of them; none is a bank card."""
    order = db.session.execute(
        select(
            _order.buyer_id, _order.shop_id, _order.order_no, _order.downstream_order_no, _order.tracking_text
        ).where(_order.id == order_id)
    ).one_or_none()
    if order is None or not among:
        return set()
    named: list[str | None] = [order.order_no, order.downstream_order_no, order.tracking_text]
    for query in (
        select(_line.offer_id, _line.sku_id, _line.cargo_no, _line.sku_cargo_no).where(_line.order_id == order_id),
        select(_case.case_no).where(_case.order_id == order_id),
        select(Parcel.tracking_no)
        .join(Case, and_(Case.id == Parcel.case_id, Case.shop_id == Parcel.shop_id))
        .where(Case.order_id == order_id),
        select(_order.order_no).where(
            _order.order_no.in_(among),
            or_((_order.buyer_id == order.buyer_id) & _order.shown, _order.shop_id == order.shop_id),
        ),
    ):
        named += [value for row in db.session.execute(query) for value in row]
    digits = {re.sub(r"[^0-9]", "", part) for text in named for part in re.split(r"[^0-9A-Za-z-]+", text or "")}
    return digits & set(among)
