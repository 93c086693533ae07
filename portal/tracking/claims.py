"""签收 reported by who sent a parcel: the other side is told, and has 48 hours to object before it counts.

Who sent it gains by 签收, so the report alone moves nothing; but where no carrier answers it must end all the same.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select

from portal import flow, words
from portal.calendar import lengths
from portal.cases.deadlines import lock_case
from portal.cases.effects.step_context import ActedBy
from portal.cases.history import write_note
from portal.columns import Followed
from portal.extensions import db
from portal.flow import Actor, StepRefused
from portal.models import Case, ReceiptClaim, Staff
from portal.notices import beside_steps, notices
from portal.orders import known_shops
from portal.parcels import parcel_view
from portal.people import roles


def begin(shipment: Followed, side: str, now: datetime) -> None:
    """After ``side`` typed scans of a followed parcel: give the other side its time, if they report 签收."""
    if not parcel_view.was_sent_by(shipment, side) or shipment.signed_at is not None:
        return
    if is_unseen(shipment):
        return  # it begins when the shop says so again and its buyer can answer
    known = db.session.scalars(_of(shipment)).all()
    if any(claim.objected_at is None and claim.settled_at is None for claim in known):
        return
    told = {claim.said_at for claim in known}
    said = [
        trace
        for trace in parcel_view.list_scans(shipment)
        if trace.status == "signed" and trace.doubt == "onesided" and trace.origin in (side, "import")
    ]
    fresh = [trace for trace in said if trace.at not in told]
    if not fresh:
        return
    claim = ReceiptClaim(
        shop_id=shipment.shop_id,
        shipment_id=shipment.id,
        side=side,
        said_at=fresh[0].at,
        words=fresh[0].words,
        made_at=now,
        until_at=now + lengths.get_deadline("receipt_objection"),
    )
    db.session.add(claim)
    db.session.flush()
    note_in_timeline(
        shipment, "claim_receipt", ActedBy(Actor(side)), now, f"{shipment.tracking_no}：{claim.words}"[:300]
    )
    for user_id in _others(shipment, side):
        beside_steps.tell_of_order(
            user_id,
            shop_id=shipment.shop_id,
            kind="receipt_claim",
            title=f"{'商家' if side == 'seller' else '买家'}录入了您的签收，请核对",
            body=f"{shipment.carrier_name} {shipment.tracking_no}：{claim.words}\n没有收到请在 "
            f"{words.end(claim.until_at)} 前点「没有收到」；没有异议的话，从那时起按已签收计算期限。",
            href=f"/parcels/{shipment.id}" if side == "seller" else f"/seller/logistics/{shipment.id}",
            at=now,
            dedupe_key=f"claim:{claim.id}",
        )
        notices.bump_unread(user_id)


def is_unseen(shipment: Followed) -> bool:
    """Whether a parcel is one of an order that is hidden from its buyer, who can't object to what is said of it."""
    return shipment.case_id is None and known_shops.is_hidden(shipment)


def _of(shipment: Followed) -> Select[ReceiptClaim]:
    return (
        select(ReceiptClaim)
        .where(ReceiptClaim.shop_id == shipment.shop_id, ReceiptClaim.shipment_id == shipment.id)
        .order_by(ReceiptClaim.id.desc())
    )


def find_latest(shipment: Followed) -> ReceiptClaim | None:
    """The newest report of a followed parcel, as long as nothing has made an end of it."""
    if shipment.signed_at is not None:
        return None
    claim = db.session.scalars(_of(shipment).limit(1)).first()
    return claim if claim is not None and claim.settled_at is None else None


def object_to(shipment: Followed, *, side: str, why: str, by: ActedBy, now: datetime) -> None:
    """The side that waits for the parcel says that nothing came. Raises StepRefused when that is too late."""
    claim = db.session.scalars(_of(shipment).limit(1).with_for_update()).first()
    if claim is None or claim.side == side or claim.settled_at is not None or shipment.signed_at is not None:
        raise StepRefused("没有等您核对的签收记录，页面显示的是最新状态", "object_receipt")
    if claim.objected_at is not None:
        return
    if now >= claim.until_at:
        raise StepRefused(
            f"已超过 {lengths.describe_deadline('receipt_objection')}的异议时间，没有收到请申请售后或平台介入",
            "object_receipt",
        )
    claim.objected_at, claim.objection = now, why
    note_in_timeline(shipment, "object_receipt", by, now, why)
    for user_id in _others(shipment, side):
        beside_steps.tell_of_order(
            user_id,
            shop_id=shipment.shop_id,
            kind="receipt_claim",
            title="对方对签收提出了异议",
            body=f"{shipment.carrier_name} {shipment.tracking_no}：对方表示没有收到，不按已签收计算。"
            + (f"说明：{why}" if why else ""),
            href=f"/parcels/{shipment.id}" if side == "seller" else f"/seller/logistics/{shipment.id}",
            at=now,
            dedupe_key=f"objected:{claim.id}",
        )
        notices.bump_unread(user_id)
    db.session.flush()


def note_in_timeline(shipment: Followed, name: str, by: ActedBy, at: datetime, said: str) -> None:
    """One of flow.NOTES in the timeline of the parcel's case, while that goes on."""
    if shipment.case_id is None:
        return
    case: Case = lock_case(shipment.case_id)
    if case.state not in flow.FINAL:
        write_note(case, name, by, at, note=said, data={"number": shipment.tracking_no})


def _others(shipment: Followed, side: str) -> list[int]:
    """Who waits for the answer: the buyer, or those of the shop who follow parcels."""
    if side == "seller":
        return [shipment.buyer_id]
    staff = db.session.execute(select(Staff.user_id, Staff.role).where(Staff.shop_id == shipment.shop_id))
    return [row.user_id for row in staff if roles.may_open(row.role, "logistics")]
