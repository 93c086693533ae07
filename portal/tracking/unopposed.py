"""Reported 签收 that nobody objected to in time: from then on it counts. By the sweep."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import select, text

from portal import flow, words
from portal.cases.effects.step_context import ActedBy
from portal.columns import Followed
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import ReceiptClaim
from portal.models.tracking import CLAIMED
from portal.parcels import keeping, parcel_view
from portal.parcels.scans import Scan
from portal.tracking import claims
from portal.tracking.scans import record_scans

log = logging.getLogger("portal.claims")
BATCH = 200


def settle_due(now: datetime) -> int:
    """Let the reports count whose time to object is over; returns how many did. One that fails holds up no other."""
    due = db.session.execute(
        select(ReceiptClaim.id, ReceiptClaim.shop_id)
        .where(text(CLAIMED), ReceiptClaim.until_at <= now)
        .order_by(ReceiptClaim.until_at)
        .limit(BATCH)
    ).all()
    db.session.rollback()
    done = 0
    for claim_id, shop_id in due:
        try:
            with writing():
                done += _settle(claim_id, shop_id, now)
        except StepRefused as problem:
            log.error("the reported receipt %d can't count: %s", claim_id, problem.sentence)
    return done


def _settle(claim_id: int, shop_id: int, now: datetime) -> bool:
    claim = db.session.scalars(
        select(ReceiptClaim)
        .where(ReceiptClaim.id == claim_id, ReceiptClaim.shop_id == shop_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if claim.objected_at is not None or claim.settled_at is not None:
        return False
    claim.settled_at = now
    shipment = parcel_view.find_of_shop(claim.shipment_id, shop_id)
    if shipment is None or not _is_open(shipment):
        return False
    said = f"对方没有按时提出异议，按已签收计算（录入的签收时间 {words.moment(claim.said_at)}：{claim.words}）"
    scan = Scan(claim.until_at, "signed", said[:300])
    if shipment.parcel_id is None:
        kept = keeping.keep_scans_of_order(shipment.id, [scan], now=now, origin="unopposed")
    else:
        claims.note_in_timeline(shipment, "receipt_stands", ActedBy(Actor.CLOCK), now, shipment.tracking_no)
        kept = record_scans(shipment.parcel_id, [scan], now=now, origin="unopposed")
    return kept > 0


def _is_open(shipment: Followed) -> bool:
    """Whether 签收 of a followed parcel would still mean anything."""
    if shipment.signed_at is not None or shipment.voided_at is not None or shipment.gone_at is not None:
        return False
    if claims.is_unseen(shipment):
        return False
    return shipment.case_id is None or shipment.state not in flow.FINAL or shipment.leg == "refused"
