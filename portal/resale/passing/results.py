"""What was found that passes: the supplier's inspection downwards, what the consumer says of it and of what came."""

from __future__ import annotations

from collections.abc import Mapping

from portal import flow
from portal.cases.case_facts import collect_facts
from portal.cases.effects.goods import LEAST_DISPUTE_PHOTOS
from portal.cases.effects.hand_ins import HandIn, InspectedLine, Inspection, ReceivingProblem
from portal.flow import Actor, CaseType, State
from portal.models import CaseLine
from portal.resale.passing.pair import Move, Pair, find_last, list_photos, match_lines

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
    down, up = pair.down, pair.up
    if not pair.goes_straight_back or down.state != State.INSPECTING or down.escalated or up.state in _BEFORE:
        return None
    found, theirs = find_last(up, _COUNTED), match_lines(pair)
    if found is None or not theirs or any(line.received_milli is None for line in theirs.values()):
        return None
    counted = _copy_counts(theirs)
    if all(theirs[item.case_line_id].quantity_milli == item.received == item.accepted for item in counted):
        dearer = down.type == CaseType.EXCHANGE and collect_facts(down, found.at).difference_fen > 0
        step = "accept_goods_diff" if dearer else "accept_goods"
        return Move(down, step, Actor.SELLER, Inspection(counted=counted, note=found.note))
    disputed = find_last(up, ("dispute_goods",))
    photos = list_photos(up, disputed.version, "seller") if disputed else []
    if len(photos) < LEAST_DISPUTE_PHOTOS:
        return None
    return Move(down, "dispute_goods", Actor.SELLER, Inspection(counted=counted, note=found.note), photos)


def count_again(pair: Pair) -> Move | None:
    """The supplier's new result replaces the one that passed, unless the distributor said another since."""
    down, up = pair.down, pair.up
    if not pair.goes_straight_back or down.state != State.DISPUTED or down.escalated or up.state in _BEFORE:
        return None
    found, said = find_last(up, ("revise_inspection",)), find_last(down, ("dispute_goods", "revise_inspection"))
    theirs = match_lines(pair)
    if found is None or said is None or not theirs or found.at <= said.at:
        return None
    handed = Inspection(counted=_copy_counts(theirs), note=found.note)
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
