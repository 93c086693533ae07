"""物流监控: a shop's parcels on their way, by what is wrong with them, and how often each carrier fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select, text, tuple_

from portal.extensions import Moment, db
from portal.models import Case, Order, Parcel, Shipment
from portal.models.tracking import DENIED, FAILING, GONE, NEVER_SCANNED, SCANNED, UNDER_WAY
from portal.parcels import carriers
from portal.parcels.scans import STUCK

PAGE = 40
SHOWN = 100  # numbers on tabs are bounded: more is 99+
UNSCANNED = timedelta(hours=48)
LATELY = timedelta(days=90)
UNSCANNED_HOURS, STUCK_HOURS = UNSCANNED // timedelta(hours=1), STUCK // timedelta(hours=1)
LEAST = 10  # a rate of fewer parcels says nothing

_shipment, _case, _order, _parcel = (table.__table__.c for table in (Shipment, Case, Order, Parcel))
_PROBLEM = (
    select(_case.problem_open)
    .where(_case.id == _shipment.case_id, _case.shop_id == _shipment.shop_id)
    .scalar_subquery()
)

# tab: (its name, what it means, which shipments, the moment that orders them: the oldest first)
TABS: dict[str, tuple[str, str, tuple[Any, ...], Any]] = {
    "unscanned": (
        f"{UNSCANNED_HOURS} 小时无揽收",
        f"登记寄出 {UNSCANNED_HOURS} 小时后还没有任何物流记录：请核对单号，或催物流公司揽收。",
        (text(NEVER_SCANNED), _shipment.since_at <= bindparam("unscanned", type_=Moment())),
        _shipment.since_at,
    ),
    "stuck": (
        f"{STUCK_HOURS} 小时无更新",
        f"已揽收，但最近 {STUCK_HOURS} 小时没有新的物流记录：请联系物流公司查件。",
        (
            text(SCANNED),
            _shipment.last_at <= bindparam("stuck", type_=Moment()),
            _shipment.status.not_in(("returned", "lost")),
        ),
        _shipment.last_at,
    ),
    "returned": (
        "退回",
        "物流公司正在退回寄件人：请与买家确认地址，需要时重新发货。",
        (text(GONE), _shipment.status == "returned"),
        _shipment.last_at,
    ),
    "lost": (
        "丢失",
        "物流公司登记为丢失：请向物流公司索赔，并给买家重新发货或退款。",
        (text(GONE), _shipment.status == "lost"),
        _shipment.last_at,
    ),
    "denied": (
        "签收有异议",
        "物流显示已签收，买家反馈没有收到：请向物流公司要签收凭证。",
        (text(DENIED), _shipment.signed_at.is_not(None), _PROBLEM),
        _shipment.last_at,
    ),
    "failing": (
        "查询失败",
        "物流公司连续没有回应，系统会自动重试；可以先粘贴或导入物流记录。",
        (text(FAILING),),
        _shipment.since_at,
    ),
    "all": ("全部在途", "", (text(UNDER_WAY),), _shipment.since_at),
}
ALARMS = tuple(tab for tab in TABS if tab != "all")

_COLUMNS = (
    _shipment.id,
    _shipment.case_id,
    _shipment.order_id,
    _shipment.parcel_id,
    _shipment.carrier_name,
    _shipment.tracking_no,
    _shipment.since_at,
    _shipment.last_at,
    _shipment.status,
)


@cache
def _make_list(tab: str, *, next_page: bool, size: int) -> Select[Any]:
    moment = TABS[tab][3]
    query = (
        select(*_COLUMNS)
        .where(_shipment.shop_id == bindparam("shop_id"), *TABS[tab][2])
        .order_by(moment, _shipment.id)
        .limit(size + 1)
    )
    key = tuple_(bindparam("at", type_=Moment()), bindparam("id"))
    return query.where(tuple_(moment, _shipment.id) > key) if next_page else query


_COUNTS = select(
    *(
        select(func.count())
        .select_from(
            select(_shipment.id)
            .where(_shipment.shop_id == bindparam("shop_id"), *where)
            .order_by(moment)
            .limit(SHOWN)
            .subquery(f"of_{tab}")
        )
        .scalar_subquery()
        .label(tab)
        for tab, (_, _, where, moment) in TABS.items()
    )
)
_AROUND = (
    select(
        _shipment.id,
        _order.order_no,
        _case.case_no,
        _case.type,
        _case.state,
        _case.entry_count,
        _parcel.leg,
    )
    .join(Order.__table__, and_(_order.id == _shipment.order_id, _order.shop_id == _shipment.shop_id))
    .outerjoin(Case.__table__, and_(_case.id == _shipment.case_id, _case.shop_id == _shipment.shop_id))
    .outerjoin(Parcel.__table__, and_(_parcel.id == _shipment.parcel_id, _parcel.shop_id == _shipment.shop_id))
    .where(_shipment.id.in_(bindparam("ids", expanding=True)))
)
_RATES = (
    select(_shipment.carrier, func.count().label("n"), func.count().filter(_shipment.faulty).label("faulty"))
    .where(_shipment.shop_id == bindparam("shop_id"), _shipment.since_at >= bindparam("since", type_=Moment()))
    .group_by(_shipment.carrier)
)


def _values(shop_id: int, now: datetime) -> dict[str, object]:
    return {"shop_id": shop_id, "unscanned": now - UNSCANNED, "stuck": now - STUCK}


def list_page(
    shop_id: int, tab: str, now: datetime, after: tuple[datetime, int] | None = None, size: int = PAGE
) -> tuple[list[tuple[Any, Any]], tuple[datetime, int] | None]:
    """One page of a tab, the oldest first, each with its order and case; and the key the next page begins after."""
    values = _values(shop_id, now)
    if after is not None:
        values["at"], values["id"] = after
    rows = db.session.execute(_make_list(tab, next_page=after is not None, size=size), values).all()
    more, rows = len(rows) > size, rows[:size]
    around = {row.id: row for row in db.session.execute(_AROUND, {"ids": [row.id for row in rows]})} if rows else {}
    key = None
    if more:
        last = rows[-1]
        key = (getattr(last, TABS[tab][3].key), last.id)
    return [(row, around[row.id]) for row in rows], key


def count_tabs(shop_id: int, now: datetime) -> dict[str, int]:
    """How many each tab has, at most SHOWN."""
    return dict(db.session.execute(_COUNTS, _values(shop_id, now)).mappings().one())


def work_out_rates(shop_id: int, now: datetime) -> Sequence[tuple[str, int, int]]:
    """(carrier's name, parcels of the last 90 days, how many of them had trouble), the busiest carrier first."""
    found = db.session.execute(_RATES, {"shop_id": shop_id, "since": now - LATELY})
    named = [((known.name if (known := carriers.by_code(row.carrier)) else "其他"), row.n, row.faulty) for row in found]
    return sorted(named, key=lambda row: (-row[1], row[0]))
