"""Telling the buyer what a carrier's scan means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from portal import words
from portal.extensions import db
from portal.models import Case, OrderWatch, Parcel
from portal.notices import beside_steps
from portal.parcels.scans import Scan

TELL_FOR = timedelta(days=7)  # older news are none

NEWS: dict[str, str] = {
    "picked": "已揽收",
    "delivering": "正在派送",
    "station": "已到代收点，请取件",
    "signed": "已签收",
    "exception": "物流异常",
    "returned": "正在退回",
    "lost": "可能丢失",
}

LEG: dict[str, str] = {"back": "寄回的包裹", "out": "换货包裹", "refused": "退还的包裹"}


def build_notice(
    user_id: int,
    case: Case | None,
    fresh: Sequence[Scan],
    *,
    shop_id: int,
    name: str,
    carried: str,
    key: str,
    href: str,
    now: datetime,
    more: str = "",
) -> None:
    """Tell one person of the newest change that matters, once of each kind."""
    told = [scan for scan in fresh if scan.status in NEWS and scan.at > now - TELL_FOR]
    if not told:
        return
    newest = max(told)
    after = f"\n{more}" if more and newest.status == "signed" else ""
    beside_steps.tell_of_parcel(
        user_id,
        case,
        shop_id=shop_id,
        title=f"{name}{NEWS[newest.status]}",
        body=f"{carried}：{newest.words}{after}",
        href=href,
        at=now,
        dedupe_key=f"{key}:{newest.status}:{user_id}",
    )


def tell_buyer(case: Case, parcel: Parcel, fresh: Sequence[Scan], now: datetime) -> None:
    """Tell the buyer of a case where a parcel of it is."""
    until = words.end(case.due_at) if case.due_at and case.state == "confirming" else ""
    name = f"{words.TYPE[case.type]}包裹" if parcel.leg == "out" else LEG[parcel.leg]
    build_notice(
        case.buyer_id,
        case,
        fresh,
        shop_id=case.shop_id,
        name=name,
        carried=f"{parcel.carrier_name} {parcel.tracking_no}",
        key=f"parcel:{parcel.id}",
        href=f"/cases/{case.case_no}",
        now=now,
        more=f"请在 {until} 前核对收货；没有收到请点「商品有问题」。" if until and parcel.leg == "out" else "",
    )


def set_watch(shop_id: int, order_id: int, user_id: int, on: bool, now: datetime) -> None:
    """Whether the buyer wants to be told where an order is."""
    known = db.session.get(OrderWatch, (order_id, shop_id))
    if on and known is None:
        db.session.add(OrderWatch(shop_id=shop_id, order_id=order_id, user_id=user_id, at=now))
    elif not on and known is not None:
        db.session.delete(known)
    db.session.flush()


def is_watched(order_id: int, shop_id: int) -> bool:
    """Whether the buyer is told where this order is."""
    mine = select(OrderWatch.order_id).where(OrderWatch.order_id == order_id, OrderWatch.shop_id == shop_id)
    return db.session.scalar(mine) is not None
