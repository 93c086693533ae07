"""Two linked cases as they are when something may pass between them, and the step that passes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, select

from portal.cases import places
from portal.cases.effects.hand_ins import HandIn
from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, CaseEvent, CaseLine, CaseLink, Evidence, Parcel, Shop
from portal.resale.across import list_pairs
from portal.resale.destinations import match_ids


@dataclass(frozen=True)
class Move:
    """One step to take in ``case`` because of what happened in the other one, and the photos that go with it."""

    case: Case
    step: str
    actor: Actor
    handed: HandIn
    photos: Sequence[str] = ()  # public ids in the other case, of ``side`` there


@dataclass(frozen=True)
class Pair:
    """A live link with its two cases and their parcels; ``distributor`` is the person in the middle."""

    link: CaseLink
    down: Case
    up: Case
    distributor: int
    parcels: tuple[Parcel, ...]  # of both, corrected ones too, in the order they were registered

    others: tuple[Pair, ...] = ()  # the consumer's case with its other suppliers

    @property
    def all(self) -> tuple[Pair, ...]:
        """The consumer's case with each of its suppliers, this one first."""
        return (self, *self.others)

    @property
    def goes_straight_back(self) -> bool:
        """Whether the consumer sends to the supplier: as arranged, and to the address that the supplier gave."""
        if self.link.route_back != "direct" or not self.up.return_address:
            return False
        if self.down.place_count > 1 or self.up.place_count > 1:
            return self._goes_line_by_line()
        where = [(case.return_name, case.return_phone, case.return_address) for case in (self.down, self.up)]
        return where[0] == where[1]

    def _goes_line_by_line(self) -> bool:
        """Whether each line that this supplier supplied goes where its own line does."""
        here, there = (_by_line(case) for case in (self.down, self.up))
        share = match_ids(self.down, self.up)
        return bool(share) and all(
            line_id in here and here[line_id] == there.get(other) for line_id, other in share.items()
        )

    def list_sent_back(self) -> list[Parcel]:
        """The consumer's parcels that go to this supplier."""
        there = places.find_parcels(self.down, {place.where for place in places.list_places(self.up)})
        return [parcel for parcel in self.list_parcels(self.down, "back") if parcel.id in there]

    @property
    def goes_straight_out(self) -> bool:
        """Whether the supplier sends to the consumer: as arranged, and to the consumer's own address."""
        where = [(_squeeze(case.receiver_name), _squeeze(case.receiver_address)) for case in (self.down, self.up)]
        return self.link.route_out == "direct" and where[0] == where[1]

    def list_parcels(self, case: Case, leg: str) -> list[Parcel]:
        """The parcels of one of the cases that count."""
        return [
            parcel
            for parcel in self.parcels
            if parcel.case_id == case.id and parcel.leg == leg and parcel.voided_at is None
        ]

    def list_corrected(self, case: Case, leg: str) -> set[tuple[str, str]]:
        """Carrier and number of those that were corrected."""
        return {
            (parcel.carrier, parcel.tracking_no)
            for parcel in self.parcels
            if parcel.case_id == case.id and parcel.leg == leg and parcel.voided_at is not None
        }


def _by_line(case: Case) -> dict[int, tuple[str, str, str]]:
    """Where each line of a case goes back to, where that is known."""
    return {line_id: place.where for place in places.list_places(case) if not place.waits for line_id in place.line_ids}


def _squeeze(text: str) -> str:
    return "".join(text.split())


def list_below(case_id: int) -> list[int]:
    """The consumer's case that a case hangs on, and it itself where it is one."""
    query = select(CaseLink.downstream_id).where(
        CaseLink.ended_at.is_(None), (CaseLink.downstream_id == case_id) | (CaseLink.upstream_id == case_id)
    )
    return list(db.session.scalars(query.distinct()))


def find_pair(case_id: int) -> list[int]:
    """The ids of the live links that a case hangs on: below at most one, above one for each purchase."""
    return list(
        db.session.scalars(
            select(CaseLink.id).where(
                CaseLink.ended_at.is_(None), (CaseLink.downstream_id == case_id) | (CaseLink.upstream_id == case_id)
            )
        )
    )


def load_pair(link_id: int) -> Pair | None:
    """The two cases of a live link as they are now, with the consumer's other suppliers; None when it has ended."""
    link = db.session.scalars(select(CaseLink).where(CaseLink.id == link_id, CaseLink.ended_at.is_(None))).one_or_none()
    if link is None:
        return None
    others = select(CaseLink).where(
        CaseLink.ended_at.is_(None), CaseLink.downstream_id == link.downstream_id, CaseLink.id != link.id
    )
    pair = _load(link)
    found = tuple(_load(other) for other in db.session.scalars(others.order_by(CaseLink.id)))
    return replace(pair, others=found) if found else pair


def _load(link: CaseLink) -> Pair:
    ids, shops = (link.downstream_id, link.upstream_id), (link.shop_id, link.upstream_shop_id)
    cases = {
        case.id: case for case in db.session.scalars(select(Case).where(Case.id.in_(ids), Case.shop_id.in_(shops)))
    }
    parcels = db.session.scalars(
        select(Parcel).where(Parcel.case_id.in_(ids), Parcel.shop_id.in_(shops)).order_by(Parcel.id)
    ).all()
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == link.shop_id))
    return Pair(link, cases[ids[0]], cases[ids[1]], owner or 0, tuple(parcels))


def name_parcels(parcels: Sequence[Parcel]) -> list[tuple[str, str]]:
    """Carrier and number of each."""
    return [(parcel.carrier, parcel.tracking_no) for parcel in parcels]


def list_lines(case: Case) -> Sequence[CaseLine]:
    """The lines of a case."""
    query = select(CaseLine).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
    return db.session.scalars(query.order_by(CaseLine.id)).all()


def match_lines(pair: Pair) -> dict[int, CaseLine] | None:
    """The supplier's line by each line's id below; None unless the suppliers' cases together are about all of it."""
    own = match_share(pair)
    if own is None:
        return None
    found = dict(own)
    for other in pair.others:
        theirs = match_share(other)
        if theirs is None or theirs.keys() & found.keys():
            return None
        found |= theirs
    return own if len(found) == len(list_lines(pair.down)) else None


def match_share(pair: Pair) -> dict[int, CaseLine] | None:
    """The supplier's line by the line's id below, of the goods that it supplied; None where they differ."""
    same = list_pairs((pair.down.order_id, pair.down.shop_id), (pair.up.order_id, pair.up.shop_id))
    theirs = {line.order_line_id: line for line in list_lines(pair.up)}
    found: dict[int, CaseLine] = {}
    for line in list_lines(pair.down):
        other = theirs.get(same.get(line.order_line_id, 0))
        if other is None:
            continue
        if other.quantity_milli != line.quantity_milli:
            return None
        found[line.id] = other
    return found if len(found) == len(theirs) else None


def find_last(case: Case, steps: Collection[str]) -> Row[Any] | None:
    """The newest event of a case by one of these steps: version, step, at, note, data."""
    return db.session.execute(
        select(CaseEvent.version, CaseEvent.step, CaseEvent.at, CaseEvent.note, CaseEvent.data)
        .where(CaseEvent.shop_id == case.shop_id, CaseEvent.case_id == case.id, CaseEvent.step.in_(steps))
        .order_by(CaseEvent.version.desc())
        .limit(1)
    ).one_or_none()


def list_photos(case: Case, version: int, side: str) -> list[str]:
    """The photos that one side handed in with an event."""
    query = select(Evidence.public_id).where(
        Evidence.shop_id == case.shop_id,
        Evidence.case_id == case.id,
        Evidence.event_version == version,
        Evidence.side == side,
    )
    return list(db.session.scalars(query.order_by(*Evidence.in_order())))
