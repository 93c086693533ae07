"""A 签收 that was wrong: a shop takes it back with its reason, and the clocks go on from where they were before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal import flow, words
from portal.cases.clock import reschedule_as_taken_back
from portal.cases.deadlines import lock_case
from portal.cases.effects.step_context import ActedBy
from portal.cases.history import update_counters, write_note
from portal.cases.taking import settle
from portal.columns import Followed, ScanKept
from portal.extensions import db
from portal.flow import Actor, StepRefused
from portal.models import Order, Parcel
from portal.models.orders import find_path
from portal.notices import beside_steps, notices
from portal.orders import known_shops, versions
from portal.parcels import following, keeping, parcel_view
from portal.parcels.scans import Scan

TITLE = "商家更正了签收记录"


def find_refusal(shipment: Followed, traces: Sequence[ScanKept]) -> str | None:
    """Why a shop can't take back the 签收 of a followed parcel, in words for it; None when it can.

    It gains by a return that has not arrived: of that it takes back what it said itself, and no carrier's word.
    """
    if shipment.signed_at is None or shipment.voided_at is not None:
        return "这个包裹没有签收记录，不需要更正"
    if parcel_view.was_sent_by(shipment, "seller"):
        return None
    said = {trace.origin for trace in traces if trace.status == "signed" and not trace.doubt}
    if said <= {"seller", "import"}:
        return None
    return "这条签收不是店铺录入的，不能由店铺更正；没有收到退货请联系物流公司核实，或申请平台介入"


def correct_receipt(shipment: Followed, *, reason: str, by: ActedBy, now: datetime) -> None:
    """Take back the 签收 of a followed parcel (a row of parcels.seen). Raises StepRefused where that can't be."""
    if problem := find_refusal(shipment, parcel_view.list_scans(shipment)):
        raise StepRefused(problem, "correct_receipt")
    take_back(shipment, reason=reason, by=by, now=now)


def take_back(shipment: Any, *, reason: str, by: ActedBy, now: datetime) -> None:
    """Believe no 签收 of a followed parcel that was said so far; deadlines go back, never shorter for who is bound."""
    was = words.moment(shipment.signed_at) if shipment.signed_at is not None else "时间不详"
    body = (
        f"{shipment.carrier_name} {shipment.tracking_no}：之前的签收（{was}）有误，包裹还没有签收，"
        f"按签收计算的期限恢复到签收之前。原因：{reason}"
    )
    correction = Scan(now, "transit", f"商家更正：之前的签收有误，包裹还没有签收。原因：{reason}"[:300])
    if shipment.parcel_id is None:
        order = db.session.get_one(
            Order, (shipment.order_id, shipment.shop_id), with_for_update=True, populate_existing=True
        )
        before = order.received_at
        keeping.take_back_of_order(order, shipment.id, correction, now=now)
        if order.received_at != before:
            moments = [words.moment(at) if at is not None else "" for at in (before, order.received_at)]
            changes = [["签收时间", *moments]]
            versions.record_by_hand(order, changes, source="更正签收", reason=reason, accepted_by=by.user_id, now=now)
    else:
        case = settle(lock_case(shipment.case_id), now)
        parcel = db.session.get_one(Parcel, (shipment.parcel_id, shipment.shop_id), populate_existing=True)
        keeping.take_back(parcel, correction, now=now)
        data = {"number": shipment.tracking_no, "receipt_was": was}
        write_note(case, "correct_receipt", by, now, note=reason, data=data)
        if case.escalated:
            beside_steps.tell_of_order_change(
                case, Actor.MEDIATOR, title=TITLE, body=body, at=now, key=f"receipt{shipment.id}:{now.isoformat()}"
            )
        if case.state not in flow.FINAL:
            reschedule_as_taken_back(case, now)
        update_counters(case, case.state, case.state)
    if shipment.track_id is not None:
        following.ask_again(shipment.track_id, now)
    if shipment.case_id is None and known_shops.is_hidden(shipment):
        return  # nobody is told of a hidden order, whatever its shop writes
    beside_steps.tell_of_order(
        shipment.buyer_id,
        shop_id=shipment.shop_id,
        kind="receipt_corrected",
        title=TITLE,
        body=body,
        href=f"/cases/{shipment.case_no}" if shipment.case_no else find_path(shipment),
        at=now,
        dedupe_key=f"receipt:{shipment.id}:{now.isoformat()}",
    )
    notices.bump_unread(shipment.buyer_id)
