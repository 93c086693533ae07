"""What was found that passes: the supplier's inspection downwards, what the consumer says of it and of what came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from portal import flow
from portal.cases import places
from portal.cases.case_facts import collect_facts
from portal.cases.effects.goods import LEAST_DISPUTE_PHOTOS, NOT_SENT
from portal.cases.effects.hand_ins import HandIn, InspectedLine, Inspection, ReceivingProblem
from portal.flow import Actor, CaseType, State
from portal.models import CaseLine
from portal.resale.passing.pair import Move, Pair, find_last, list_photos, match_lines, match_share

_BEFORE = frozenset({State.APPLIED, State.PROPOSED, State.REVISING, State.RETURNING, State.INSPECTING})
_COUNTED = (
    "accept_goods",
    "accept_goods_diff",
    "dispute_goods",
    "revise_inspection",
    "timeout_accept",
    "timeout_accept_diff",
)


def inspect_goods(pair: Pair) -> Move | None:
    """What the supplier counted of goods that went straight there is the result in the consumer's case."""
    down = pair.down
    if down.state != State.INSPECTING or down.escalated:
        return None
    results = _collect_results(pair, _COUNTED)
    if results is None:
        return None
    theirs, note, at = results
    counted = _copy_counts(theirs)
    unsent = [InspectedLine(line_id, 0, 0, "short", NOT_SENT) for line_id in sorted(places.list_unsent(down))]
    if all(theirs[item.case_line_id].quantity_milli == item.received == item.accepted for item in counted):
        dearer = down.type == CaseType.EXCHANGE and collect_facts(down, at).difference_fen > 0
        step = "accept_goods_diff" if dearer else "accept_goods"
        return Move(down, step, Actor.SELLER, Inspection(counted=counted, note=note))
    photos = [photo for each in pair.all for photo in _list_proofs(each)]
    if len(photos) < LEAST_DISPUTE_PHOTOS:
        return None
    return Move(down, "dispute_goods", Actor.SELLER, Inspection(counted=[*counted, *unsent], note=note), photos)


def _collect_results(pair: Pair, steps: Collection[str]) -> tuple[dict[int, CaseLine], str, datetime] | None:
    """What all suppliers counted, line by line, with their words and the last of them; None until each has.

    A supplier to whom nothing was sent counts nothing.
    """
    if match_lines(pair) is None:
        return None
    unsent = places.list_unsent(pair.down)
    theirs: dict[int, CaseLine] = {}
    said = []
    for each in pair.all:
        found, own = find_last(each.up, steps), match_share(each)
        if own and unsent.issuperset(own):
            continue
        if not each.goes_straight_back or each.up.state in _BEFORE or found is None:
            return None
        if own is None or any(line.received_milli is None for line in own.values()):
            return None
        theirs |= own
        said.append(found)
    if not said:
        return None
    note = "；".join(dict.fromkeys(found.note for found in said if found.note))[:500]
    return theirs, note, max(found.at for found in said)


def _list_proofs(pair: Pair) -> list[str]:
    disputed = find_last(pair.up, ("dispute_goods",))
    return list_photos(pair.up, disputed.version, "seller") if disputed else []


def count_again(pair: Pair) -> Move | None:
    """The supplier's new result replaces the one that passed, unless the distributor said another since."""
    down, up = pair.down, pair.up
    if not pair.goes_straight_back or down.state != State.DISPUTED or down.escalated or up.state in _BEFORE:
        return None
    found, said = find_last(up, ("revise_inspection",)), find_last(down, ("dispute_goods", "revise_inspection"))
    results = _collect_results(pair, _COUNTED)
    if found is None or said is None or results is None or found.at <= said.at:
        return None
    unsent = [InspectedLine(line_id, 0, 0, "short", NOT_SENT) for line_id in sorted(places.list_unsent(down))]
    handed = Inspection(counted=[*_copy_counts(results[0]), *unsent], note=found.note)
    return Move(down, "revise_inspection", Actor.SELLER, handed, list_photos(up, found.version, "seller"))


def object_to_result(pair: Pair) -> Move | None:
    """The consumer's objection to the supplier's result is the supplier's to answer."""
    down, up = pair.down, pair.up
    if not pair.goes_straight_back or up.state != State.DISPUTED or up.objected or up.escalated:
        return None
    said = find_last(down, ("object",))
    if down.state != State.DISPUTED or not down.objected or said is None or said.at < up.entered_at:
        return None
    return Move(up, "object", Actor.BUYER, HandIn(note=said.note), list_photos(down, said.version, "buyer"))


def report_problem(pair: Pair) -> Move | None:
    """What is wrong with the replacement, as the consumer says, is the supplier's to answer."""
    down, up = pair.down, pair.up
    if not pair.goes_straight_out or up.state != State.CONFIRMING or up.problem_open or up.escalated:
        return None
    if any(other.goes_straight_out for other in pair.others):
        return None  # whose goods they are, the distributor says
    said = find_last(down, ("report_problem",))
    if down.state != State.CONFIRMING or not down.problem_open or said is None or said.at < up.entered_at:
        return None
    handed = ReceivingProblem(kind=said.data.get("kind", ""), note=said.note)
    return Move(up, "report_problem", Actor.BUYER, handed, list_photos(down, said.version, "buyer"))


def confirm_receipt(pair: Pair) -> Move | None:
    """The consumer has the replacement and is content: so is the distributor."""
    down, up = pair.down, pair.up
    if not pair.goes_straight_out or up.state != State.CONFIRMING or up.problem_open or up.escalated:
        return None
    said = find_last(down, ("confirm",))
    if down.state not in (State.COMPLETED, *flow.OWED) or said is None or said.at < up.entered_at:
        return None
    return Move(up, "confirm", Actor.BUYER, HandIn())


def _copy_counts(theirs: Mapping[int, CaseLine]) -> list[InspectedLine]:
    return [
        InspectedLine(
            line_id, line.received_milli or 0, line.accepted_milli, line.condition or "intact", line.inspection_note
        )
        for line_id, line in theirs.items()
    ]
