"""Parcels that pass: the consumer's number upwards, the supplier's replacement downwards."""

from __future__ import annotations

from portal.cases.effects.hand_ins import HandIn, ParcelCorrection, SentParcels, Shipment
from portal.flow import Actor, State
from portal.resale.passing.pair import Move, Pair, find_last, list_lines, match_lines, name_parcels


def send_back(pair: Pair) -> Move | None:
    """What the consumer sent straight to the supplier is on its way in the supplier's case too."""
    sent = name_parcels(pair.list_parcels(pair.down, "back"))
    if not sent or not pair.goes_straight_back or pair.up.state != State.RETURNING or pair.up.escalated:
        return None
    return Move(pair.up, "ship_return", Actor.BUYER, SentParcels(parcels=sent))


def correct_number(pair: Pair) -> Move | None:
    """A number that the consumer corrected is corrected in the supplier's case."""
    if not pair.goes_straight_back or pair.up.state != State.INSPECTING or pair.up.escalated:
        return None
    right, wrong = name_parcels(pair.list_parcels(pair.down, "back")), pair.list_corrected(pair.down, "back")
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
