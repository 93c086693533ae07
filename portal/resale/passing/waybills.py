"""Parcels that pass: the consumer's number upwards, the supplier's replacement downwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from portal.cases import places
from portal.cases.effects.hand_ins import (
    GivenPlaces,
    HandIn,
    ParcelCorrection,
    PlacedLines,
    SentParcels,
    Shipment,
)
from portal.flow import Actor, State
from portal.resale.destinations import match_ids, plan_places
from portal.resale.passing.pair import Move, Pair, find_last, list_lines, match_lines, name_parcels


def send_back(pair: Pair) -> Move | None:
    """What the consumer sent straight to the supplier is on its way in the supplier's case too."""
    if pair.up.state != State.RETURNING or pair.up.escalated or not pair.goes_straight_back:
        return None
    theirs, share = places.list_places(pair.up), match_ids(pair.down, pair.up)
    if len(theirs) == 1:
        return _send_to(pair, theirs[0], share)
    return next((move for place in theirs if place.open and (move := _send_to(pair, place, share))), None)


def _send_to(pair: Pair, place: places.Place, share: Mapping[int, int]) -> Move | None:
    """What the consumer sent to one place of the supplier's case, once all of it is on its way."""
    known = places.list_places(pair.down)
    there = [each for each in known if each.id is None or each.where == place.where]
    sent = [parcel for parcel in pair.list_sent_back() if any(parcel.id in each.parcel_ids for each in there)]
    if not sent or (pair.down.state == State.RETURNING and not all(each.sent for each in there)):
        return None
    own = {line_id: other for line_id, other in share.items() if other in place.line_ids}
    packed = places.list_contents(pair.down)
    contents = [
        {own[line_id]: milli for line_id, milli in packed.get(parcel.id, {}).items() if line_id in own}
        for parcel in sent
    ]
    if not all(packed.get(parcel.id) for parcel in sent) or not _is_whole(pair, place, contents):
        handed = SentParcels(parcels=name_parcels(sent), place_id=place.id)
    else:  # parcels with nothing of this supplier's are another one's
        kept = [number for number, held in enumerate(contents) if held]
        named = name_parcels([sent[number] for number in kept])
        handed = SentParcels(parcels=named, contents=[contents[number] for number in kept], place_id=place.id)
    return Move(pair.up, "ship_return", Actor.BUYER, handed)


def _is_whole(pair: Pair, place: places.Place, contents: Sequence[Mapping[int, int]]) -> bool:
    """Whether the parcels together hold all that the supplier's case is about."""
    return all(
        sum(held.get(line.id, 0) for held in contents) == line.quantity_milli
        for line in list_lines(pair.up)
        if line.id in place.line_ids
    )


def give_place(pair: Pair) -> Move | None:
    """Where the supplier takes its goods back is where the consumer sends them, who was to wait for it."""
    down = pair.down
    if down.state != State.RETURNING or down.escalated or down.place_count <= 1:
        return None
    known = [each for each in plan_places(down) if not each.waits]
    for place in places.list_places(down):
        own = [replace(each, case_line_ids=_cut(each.case_line_ids, place.line_ids)) for each in known]
        given = [each for each in own if each.case_line_ids]
        if place.waits and given:
            done = {line_id for each in given for line_id in each.case_line_ids}
            rest = tuple(line_id for line_id in place.line_ids if line_id not in done)
            still = [PlacedLines((*place.where, place.note), rest, waits=True)] if rest else []
            handed = GivenPlaces(place_id=place.id, placed=[*given, *still])
            return Move(down, "give_place", Actor.SELLER, handed)
    return None


def _cut(line_ids: Sequence[int], own: Sequence[int]) -> tuple[int, ...]:
    return tuple(line_id for line_id in line_ids if line_id in own)


def correct_number(pair: Pair) -> Move | None:
    """A number that the consumer corrected is corrected in the supplier's case."""
    if pair.up.state not in (State.RETURNING, State.INSPECTING) or pair.up.escalated or not pair.goes_straight_back:
        return None
    right, wrong = name_parcels(pair.list_sent_back()), pair.list_corrected(pair.down, "back")
    theirs = pair.list_parcels(pair.up, "back")
    old = [parcel for parcel in theirs if (parcel.carrier, parcel.tracking_no) in wrong]
    new = [known for known in right if known not in name_parcels(theirs)]
    if not old or not new or (old[0].carrier, old[0].tracking_no) in right:
        return None
    handed = ParcelCorrection(parcel_id=old[0].id, carrier=new[0][0], number=new[0][1])
    return Move(pair.up, "edit_parcel", Actor.BUYER, handed)


def send_out(pair: Pair) -> Move | None:
    """What the supplier sent straight to the consumer is on its way in the consumer's case too."""
    if not pair.goes_straight_out or pair.down.state != State.RESHIPPING or pair.down.escalated:
        return None
    known = name_parcels(pair.list_parcels(pair.down, "out"))
    sent = [parcel for parcel in pair.list_parcels(pair.up, "out") if parcel.round == pair.up.round]
    parcels = [each for each in name_parcels(sent) if each not in known]
    theirs = match_lines(pair)
    if not parcels or theirs is None:
        return None
    shipped, left = {}, 0
    for line in list_lines(pair.down):
        sent_now = theirs[line.id].shipped_milli if line.id in theirs else 0
        more = min(sent_now, line.accepted_milli) - line.shipped_milli
        shipped[line.id] = max(more, 0)
        left += line.accepted_milli - line.shipped_milli - shipped[line.id]
    if not any(shipped.values()):
        return None
    step = "ship_part" if left else "ship_replacement"
    return Move(pair.down, step, Actor.SELLER, Shipment(parcels=parcels, shipped=shipped))


def send_again(pair: Pair) -> Move | None:
    """The supplier agreed to send another replacement: so it does in the consumer's case."""
    down, up = pair.down, pair.up
    if not pair.goes_straight_out or down.state != State.CONFIRMING or up.state != State.RESHIPPING or down.escalated:
        return None
    if pair.others:
        return None  # what comes again is one supplier's; the distributor says so
    agreed, sent = find_last(up, ("resend", "replacement_lost")), find_last(down, ("ship_replacement",))
    if agreed is None or sent is None or agreed.at < sent.at:
        return None
    step = "resend" if down.problem_open else "replacement_lost"
    return Move(down, step, Actor.SELLER, HandIn(note=agreed.note))
