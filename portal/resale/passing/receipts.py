"""What is known of a parcel that both cases wait for: scans, reported 签收, objections, corrections."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.cases.effects.step_context import ActedBy
from portal.columns import ScanKept
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Parcel, Shipment
from portal.parcels import parcel_view
from portal.parcels.scans import Scan
from portal.resale.passing.pair import Pair, load_pair
from portal.tracking import claims, corrections
from portal.tracking.scans import record_scans, record_typed

log = logging.getLogger("portal.chain")
_CARRIERS = frozenset({"", "kuaidi100", "kdniao"})
_ORIGINS = {"buyer": frozenset({"buyer"}), "seller": frozenset({"seller", "import"})}  # of scans, by who says them


@dataclass(frozen=True)
class Same:
    """One parcel as both cases know it: its rows in the case of who sent it, and of who waits for it."""

    sender: Any  # rows of parcel_view
    receiver: Any
    whence: str  # what the sender's case is to the receiver's: above or below

    @property
    def other_whence(self) -> str:
        """What the receiver's case is to the sender's."""
        return "below" if self.whence == "above" else "above"

    @property
    def sender_side(self) -> str:
        return "seller" if self.whence == "above" else "buyer"

    @property
    def receiver_side(self) -> str:
        return "buyer" if self.whence == "above" else "seller"


def pass_on(link_id: int, now: datetime) -> int:
    """Let both cases know what is known of their common parcels; returns how many things were new."""
    db.session.rollback()
    pair = load_pair(link_id)
    if pair is None:
        return 0
    done = 0
    for same in list_common(pair):
        for work in (_pass_scans, _pass_reports, _pass_objection, _pass_correction):
            done += _try(work, same, now)
    return done


def list_common(pair: Pair) -> list[Same]:
    """The parcels that go straight and stand in both cases by the same number."""
    found = []
    for leg, straight, sender, receiver, whence in (
        ("back", pair.goes_straight_back, pair.down, pair.up, "below"),
        ("out", pair.goes_straight_out, pair.up, pair.down, "above"),
    ):
        if not straight:
            continue
        theirs = {(parcel.carrier, parcel.tracking_no): parcel for parcel in pair.list_parcels(receiver, leg)}
        for parcel in pair.list_parcels(sender, leg):
            if other := theirs.get((parcel.carrier, parcel.tracking_no)):
                sent, awaited = _find_followed(parcel), _find_followed(other)
                if sent is not None and awaited is not None:
                    found.append(Same(sent, awaited, whence))
    return found


def _find_followed(parcel: Parcel) -> Any | None:
    query = select(Shipment.id).where(Shipment.shop_id == parcel.shop_id, Shipment.parcel_id == parcel.id)
    shipment_id = db.session.scalar(query)
    return None if shipment_id is None else parcel_view.find_of_shop(shipment_id, parcel.shop_id)


def _try(work: Callable[[Same, datetime], int], same: Same, now: datetime) -> int:
    try:
        return work(same, now)
    except StepRefused as refused:
        log.info("parcel %s: does not pass: %s", same.sender.tracking_no, refused.sentence)
        return 0


def _pass_scans(same: Same, now: datetime) -> int:
    """A carrier's word counts on both sides; a party's own word only from who really sent or received the parcel."""
    sent, awaited = parcel_view.list_scans(same.sender), parcel_view.list_scans(same.receiver)
    # who sends in one case and who waits in the other are the two ends; the distributor is neither
    to_receiver = _list_new(sent, awaited, _CARRIERS | _ORIGINS[same.sender_side])
    back_to_sender = _list_new(awaited, sent, _CARRIERS | _ORIGINS[same.receiver_side] | {"unopposed"})
    done = 0
    for shipment, scans, origin in (
        (same.receiver, to_receiver, same.whence),
        (same.sender, back_to_sender, same.other_whence),
    ):
        if scans:
            with writing():
                done += record_scans(shipment.parcel_id, scans, now=now, origin=origin)
    return done


def _list_new(known: Sequence[ScanKept], others: Sequence[ScanKept], origins: frozenset[str]) -> list[Scan]:
    """The believed scans of one side that the other hasn't, whatever it thinks of them."""
    there = {(scan.at, scan.words) for scan in others}
    return [
        Scan(scan.at, "delivering" if getattr(scan, "delivering", False) else scan.status, scan.words)
        for scan in known
        if not scan.doubt and scan.origin in origins and (scan.at, scan.words) not in there
    ]


def _pass_reports(same: Same, now: datetime) -> int:
    """签收 that the sender reports is for who really waits for the parcel to object to."""
    known = {(scan.at, scan.words) for scan in parcel_view.list_scans(same.receiver)}
    said = [
        Scan(scan.at, scan.status, scan.words)
        for scan in parcel_view.list_scans(same.sender)
        if scan.status == "signed"
        and scan.doubt == "onesided"
        and scan.origin in _ORIGINS[same.sender_side]
        and (scan.at, scan.words) not in known
    ]
    if not said:
        return 0
    with writing():
        return record_typed(same.receiver, said, side=same.sender_side, now=now)


def _pass_objection(same: Same, now: datetime) -> int:
    """Who waits for the parcel has said that nothing came: the report in the sender's case counts no more either."""
    theirs, ours = claims.find_latest(same.receiver), claims.find_latest(same.sender)
    if theirs is None or ours is None or theirs.objected_at is None or ours.objected_at is not None:
        return 0
    why, by = theirs.objection, ActedBy(Actor(same.receiver_side), whence=same.other_whence)
    with writing():
        claims.object_to(same.sender, side=same.receiver_side, why=why, by=by, now=now)
    return 1


def _pass_correction(same: Same, now: datetime) -> int:
    """A 签收 that passed and was taken back where it was said is believed on the other side no longer."""
    done = 0
    for said, other, whence in (
        (same.sender, same.receiver, same.whence),
        (same.receiver, same.sender, same.other_whence),
    ):
        wrong = {(s.at, s.words) for s in parcel_view.list_scans(said) if s.doubt == "corrected"}
        passed = [
            scan
            for scan in parcel_view.list_scans(other)
            if scan.origin in ("above", "below") and not scan.doubt and (scan.at, scan.words) in wrong
        ]
        if passed:
            by = ActedBy(Actor.SELLER, whence=whence)
            with writing():
                corrections.take_back(other, reason="录入的一方已更正", by=by, now=now)
            done += 1
    return done
