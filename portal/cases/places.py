"""Where the goods of a case go back to: mostly one address for all, else each line to its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from portal.extensions import db
from portal.flow import Actor, State
from portal.inputs import quantity_text
from portal.models import Case, CaseLine, Parcel, ParcelLine, PlacedLine, ReturnPlace
from portal.rights import addresses
from portal.rights.addresses import Address, Shown


@dataclass(frozen=True)
class Place:
    """One address, the ids of the case lines that go there, and of the live parcels that do.

    ``waits``: it isn't known yet, and the address is only what the clock falls back on. ``id`` is None for the only
    address of a case, which stands on the case itself.
    """

    id: int | None
    name: str
    phone: str
    address: str
    note: str
    waits: bool
    line_ids: tuple[int, ...]
    parcel_ids: tuple[int, ...] = ()

    @property
    def sent(self) -> bool:
        """Whether something is on its way there."""
        return bool(self.parcel_ids)

    @property
    def open(self) -> bool:
        """Whether the goods can be sent now and aren't yet."""
        return not self.sent and not self.waits

    @property
    def where(self) -> tuple[str, str, str]:
        """Receiver, phone and address."""
        return self.name, self.phone, self.address


_PLACED = (
    select(
        ReturnPlace.id,
        ReturnPlace.name,
        ReturnPlace.phone,
        ReturnPlace.address,
        ReturnPlace.note,
        ReturnPlace.waits,
        PlacedLine.case_line_id,
    )
    .join(PlacedLine, (PlacedLine.place_id == ReturnPlace.id) & (PlacedLine.shop_id == ReturnPlace.shop_id))
    .where(ReturnPlace.case_id == bindparam("case_id"), ReturnPlace.shop_id == bindparam("shop_id"))
    .order_by(ReturnPlace.id, PlacedLine.case_line_id)
)
_PACKED = (
    select(ParcelLine.parcel_id, ParcelLine.case_line_id, ParcelLine.quantity_milli, ParcelLine.spec, Parcel.leg)
    .join(Parcel, (Parcel.id == ParcelLine.parcel_id) & (Parcel.shop_id == ParcelLine.shop_id))
    .where(Parcel.case_id == bindparam("case_id"), Parcel.shop_id == bindparam("shop_id"), Parcel.voided_at.is_(None))
    .order_by(ParcelLine.parcel_id, ParcelLine.case_line_id)
)


def list_places(case: Case) -> list[Place]:
    """Where a case's goods go back to, the first place first; one with all lines where nothing else was agreed."""
    keys = {"case_id": case.id, "shop_id": case.shop_id}
    if case.place_count <= 1:
        lines = select(CaseLine.id).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        parcels = select(Parcel.id).where(
            Parcel.case_id == case.id,
            Parcel.shop_id == case.shop_id,
            Parcel.leg == "back",
            Parcel.voided_at.is_(None),
        )
        return [
            Place(
                None,
                *(case.return_name, case.return_phone, case.return_address, case.return_note),
                waits=False,
                line_ids=tuple(db.session.scalars(lines.order_by(CaseLine.id))),
                parcel_ids=tuple(db.session.scalars(parcels.order_by(Parcel.id))),
            )
        ]
    packed = [row for row in db.session.execute(_PACKED, keys) if row.leg == "back"]
    rows: dict[int, list[Row[int, str, str, str, str, bool, int]]] = {}
    for row in db.session.execute(_PLACED, keys):
        rows.setdefault(row.id, []).append(row)
    return [_gather_place(found, packed) for found in rows.values()]


def _gather_place(rows: Sequence[Any], packed: Sequence[Row[int, int, int, str, str]]) -> Place:
    first, line_ids = rows[0], tuple(row.case_line_id for row in rows)
    parcels = dict.fromkeys(row.parcel_id for row in packed if row.case_line_id in line_ids)
    return Place(
        first.id, first.name, first.phone, first.address, first.note, first.waits, line_ids, parcel_ids=tuple(parcels)
    )


def list_contents(case: Case) -> dict[int, dict[int, int]]:
    """What is known to be in each live parcel of a case: thousandths by case line, by the parcel's id."""
    found: dict[int, dict[int, int]] = {}
    for row in db.session.execute(_PACKED, {"case_id": case.id, "shop_id": case.shop_id}):
        found.setdefault(row.parcel_id, {})[row.case_line_id] = row.quantity_milli
    return found


def find_parcels(case: Case, there: Collection[tuple[str, str, str]]) -> set[int]:
    """The ids of the live parcels that go back to these addresses; of a case with one address all that go back."""
    return {
        parcel_id
        for place in list_places(case)
        if place.id is None or place.where in there
        for parcel_id in place.parcel_ids
    }


def list_unsent(case: Case) -> set[int]:
    """The case lines of which nothing was sent back, where each goes to a place of its own; none else."""
    if case.place_count <= 1:
        return set()
    return {line_id for place in list_places(case) if not place.sent for line_id in place.line_ids}


def collect_facts(case: Case) -> dict[str, int]:
    """What conditions may ask about the places of a case whose goods are to be sent."""
    if case.place_count <= 1:
        return {}
    places = list_places(case)
    return {
        "places_open": sum(not place.sent for place in places),
        "places_waiting": sum(place.waits for place in places),
    }


@dataclass(frozen=True)
class ShownPlace:
    """A place as a page shows it: the address as its reader may see it, the goods, the parcels on their way there."""

    id: int | None
    address: Address
    note: str
    waits: bool
    open: bool
    lines: tuple[CaseLine, ...]
    parcels: tuple[Parcel, ...]

    @property
    def goods(self) -> str:
        """What goes there, with units."""
        return "、".join(say_line(line, line.quantity_milli) for line in self.lines)


@dataclass(frozen=True)
class Returns:
    """What a page shows of goods that go back to several places, and of what is in each parcel of a case."""

    places: tuple[ShownPlace, ...] = ()
    contents: Mapping[int, str] = field(default_factory=dict)  # in words, by the parcel's id
    head: str = ""  # while goods are to be sent: what its reader does, or waits for

    def list_lines(self, *, sent: bool) -> list[CaseLine]:
        """The lines of which all is on its way, or nothing is."""
        return [line for place in self.places if bool(place.parcels) is sent for line in place.lines]

    @property
    def open(self) -> tuple[ShownPlace, ...]:
        """Where something can be sent now."""
        return tuple(place for place in self.places if place.open)

    @property
    def waiting(self) -> tuple[ShownPlace, ...]:
        """Those that aren't known yet."""
        return tuple(place for place in self.places if place.waits)

    def say_where(self) -> str:
        """Which goods go where, in one line; "" where all go to one address."""
        return "；".join(f"{place.goods}：{str(place.address) or '等商家给出'}" for place in self.places)

    def find(self, place_id: str) -> ShownPlace | None:
        """The place of this id, as typed; else the first to which something can be sent."""
        first = next(iter(self.open), None)
        return next((place for place in self.places if str(place.id) == place_id), first)


def show_returns(
    case: Case, side: str, lines: Sequence[CaseLine], legs: Mapping[str, Sequence[Parcel]], shown: Shown
) -> Returns:
    """Of a case with one address and no two parcels a leg there is nothing more to show, and nothing is read."""
    live = {parcel.id: parcel for parcels in legs.values() for parcel in parcels if parcel.voided_at is None}
    several = any(sum(p.voided_at is None for p in parcels) > 1 for parcels in legs.values())
    if case.place_count <= 1 and not several:
        return Returns()
    by_id = {line.id: line for line in lines}
    contents = _say_contents(case, by_id, live)
    if case.place_count <= 1:
        return Returns(contents=contents)
    found = tuple(_show_place(place, by_id, live, shown) for place in list_places(case))
    return Returns(found, contents, _find_head(found, side) if case.state == State.RETURNING else "")


def _find_head(found: Sequence[ShownPlace], side: str) -> str:
    if any(place.waits for place in found):
        if side != Actor.BUYER:
            return "请给出其余商品的退货地址" if side == Actor.SELLER else "等待商家给出其余商品的退货地址"
        ready = any(place.open for place in found)
        return "可以先寄回一部分商品" if ready else "等待商家给出其余商品的退货地址"
    rest = "其余商品" if any(place.parcels for place in found) else "商品"
    return f"请寄回{rest}" if side == Actor.BUYER else f"等待买家寄回{rest}"


def _show_place(place: Place, lines: Mapping[int, CaseLine], live: Mapping[int, Parcel], shown: Shown) -> ShownPlace:
    return ShownPlace(
        place.id,
        addresses.NOBODY if place.waits else addresses.show(shown, *place.where),
        "" if place.waits else place.note,
        place.waits,
        place.open,
        tuple(lines[line_id] for line_id in place.line_ids),
        tuple(live[parcel_id] for parcel_id in place.parcel_ids),
    )


def _say_contents(case: Case, by_id: Mapping[int, CaseLine], live: Mapping[int, Any]) -> dict[int, str]:
    """What is in each parcel, in the specification that was sent. Of numbers that were given together and for which
    only the whole is known nothing is said: the first one doesn't hold it all."""
    found: dict[int, list[str]] = {}
    for row in db.session.execute(_PACKED, {"case_id": case.id, "shop_id": case.shop_id}):
        said = say_line(by_id[row.case_line_id], row.quantity_milli, row.spec)
        found.setdefault(row.parcel_id, []).append(said)
    unknown = {(parcel.leg, parcel.shipped_at) for parcel in live.values() if parcel.id not in found}
    return {
        parcel_id: "、".join(lines)
        for parcel_id, lines in found.items()
        if (live[parcel_id].leg, live[parcel_id].shipped_at) not in unknown
    }


def say_line(line: CaseLine, milli: int, spec: str = "") -> str:
    """A line and how much of it: 纯棉中筒袜 黑色;L 10 双. ``spec``: the one that was sent, where it is another."""
    return f"{line.title} {spec or line.spec}".strip() + f" {quantity_text(milli)} {line.unit}".rstrip()


def find_broken() -> Iterator[str]:
    """What doesn't hold: a line with no place or two, a case that counts its places wrong or has another address than
    its first one, a parcel to two places, more in parcels than the case is about."""
    cases = {row.id: row for row in db.session.execute(select(Case).where(Case.place_count > 1)).scalars()}
    strangers = select(ReturnPlace.case_id).distinct().where(ReturnPlace.case_id.not_in(list(cases)))
    for case_id in db.session.scalars(strangers):
        yield f"case {case_id}: one return address, and places besides"
    for case in cases.values():
        yield from _check_places(case)
    parcels = (
        select(CaseLine.case_id, CaseLine.id)
        .join(ParcelLine, (ParcelLine.case_line_id == CaseLine.id) & (ParcelLine.shop_id == CaseLine.shop_id))
        .join(Parcel, (Parcel.id == ParcelLine.parcel_id) & (Parcel.shop_id == ParcelLine.shop_id))
        .where(Parcel.leg == "back", Parcel.voided_at.is_(None))
        .group_by(CaseLine.case_id, CaseLine.id, CaseLine.quantity_milli)
        .having(func.sum(ParcelLine.quantity_milli) > CaseLine.quantity_milli)
    )
    for row in db.session.execute(parcels):
        yield f"case {row.case_id}: more of line {row.id} in parcels than is sent back"


def _check_places(case: Case) -> Iterator[str]:
    found = list_places(case)
    placed = sorted(line_id for place in found for line_id in place.line_ids)
    lines = select(CaseLine.id).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
    if len(found) != case.place_count:
        yield f"case {case.id}: {case.place_count} return addresses, and {len(found)} places"
    if placed != sorted(db.session.scalars(lines)):
        yield f"case {case.id}: not each line goes back to one place"
    own = case.return_name, case.return_phone, case.return_address
    if next((place.where for place in found if not place.waits), None) != own:
        yield f"case {case.id}: its return address isn't that of its first place"
    if len(parcels := [parcel for place in found for parcel in place.parcel_ids]) != len(set(parcels)):
        yield f"case {case.id}: a parcel to two places"
