"""What an export makes of an order that is known: a pure function of both, so that its promises can be proved.

A status is one of a partial order, and an import only goes forward in it. What a file of an earlier status says fills
in what isn't known and changes nothing; a later or an equal one is believed, but for what the lines contradict, what
was done here, and what an open case stands on. A file that was exported earlier may therefore come after a newer one.
One of an equal status is known to be earlier when it brings back what versions of the order say was replaced since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP
from fractions import Fraction
from typing import Any

from portal.inputs import money_text
from portal.orders.export_format import OrderRows
from portal.orders.export_format.rows import adds_up, goods_of
from portal.orders.export_format.statuses import is_refund_closed, says_only_refund_closed
from portal.orders.importing import withdrawn
from portal.orders.importing.doubts import (
    BESIDE,
    CALLED_OFF,
    CASE_OPEN,
    COLUMNS,
    FEWER,
    GIVEN_UP,
    LINES_DIFFER,
    MOVED,
    OLDER,
    REFUND_AGAIN,
    REFUNDED,
    SENT,
    STILL_REFUNDING,
    WITHDRAWN,
    WORDLESS,
    Doubt,
    doubt_status,
    make_doubt,
)
from portal.orders.importing.lines import LineMerge, amount_of, merge_lines
from portal.orders.importing.masked import MASKED, completes, split_masked
from portal.orders.importing.pairing import KnownLine
from portal.orders.importing.progress import (
    Progress,
    Replaced,
    compare,
    find_numbers,
    is_given_up,
    is_older,
    names_more_parcels,
    was_refunding,
)
from portal.orders.importing.said import NUMBERS, PARCELS, STOOD_ON, SUMS, TEXTS, is_same, said_of

BEFORE_SHIPPING = ("unpaid", "unshipped", "cancelled")
UNPAID = ("unpaid", "cancelled")
_AFTER_WITHDRAWAL = ("unknown", "unshipped", "in_transit", "delivered")
NOT_PICKED_UP = ("等待物流公司揽件",)  # sent, and before all other words for that


@dataclass(slots=True)
class Merge:
    """What is to change of a known order."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: LineMerge = field(default_factory=LineMerge)
    doubts: list[Doubt] = field(default_factory=list)
    done_here: str = ""  # what was done here that the file's status contradicts
    notes: list[tuple[str, str]] = field(default_factory=list)  # (heading, what is to be looked at, though believed)

    @property
    def changes(self) -> bool:
        """Whether anything changes."""
        return bool(self.values or self.lines.new or self.lines.quantities or self.lines.own)


def merge(
    order: OrderRows,
    known: Mapping[str, Any],
    lines: Sequence[KnownLine],
    *,
    has_open_case: bool = False,
    replaced: Replaced | None = None,
) -> Merge:
    """Compare what a file says of an order with what is known of it (columns of orders) and of its lines.

    ``replaced`` has what was known before: a file of the same status that says it again is an older one.
    """
    made = Merge()
    all_said = said_of(order, known["more"])
    said, contradicting = split_masked(all_said, known)
    made.doubts += [make_doubt(order, name, known[name], all_said[name], MASKED) for name in contradicting]
    progress = _judge_status(order, known, made, has_open_case, replaced or {})
    if progress is Progress.SAME and is_older(order, known, said, replaced or {}):
        progress = Progress.BACKWARD
    if progress in (Progress.BACKWARD, Progress.ASIDE):
        _fill_in(order, known, said, made, replaced or {})
        made.lines = merge_lines(order, known, lines, older=True, replaced=replaced)
    else:
        made.lines = merge_lines(order, known, lines, has_open_case=has_open_case, replaced=replaced)
        _follow(order, known, said, made, has_open_case)
        _carry_sums(order, known, said, made)
        _note_total(order, known, made)
    made.doubts += [Doubt(*each) for each in made.lines.doubts]
    _join_parcels(order, known, said, made, progress)
    _reckon_gap(known, lines, made)
    return made


def _judge_status(
    order: OrderRows, known: Mapping[str, Any], made: Merge, has_open_case: bool, replaced: Replaced
) -> Progress:
    """Believe the status or not; says how what else the file says is to be taken."""
    words = order.status_text or order.status
    kept = known["status_text"] or known["status"]
    progress = compare(known["status"], order.status, known["status_text"], order.status_text)
    if progress is Progress.SAME and words in NOT_PICKED_UP and kept not in NOT_PICKED_UP:
        progress = Progress.BACKWARD
    if known["status"] == "refunding" and is_refund_closed(order.status_text) and order.status in _AFTER_WITHDRAWAL:
        return _take_withdrawal(order, known, made, replaced)
    if says_only_refund_closed(order.status_text) and known["status"] not in ("unknown", "refunding", "cancelled"):
        forward = progress is Progress.FORWARD and order.status == "in_transit"
        if not forward:  # that the order goes on is no news, and where it stands isn't said
            return Progress.SAME if kept == words else Progress.BACKWARD
    why = _done_here(known, order.status)
    if why:
        made.done_here = why
        made.doubts.append(doubt_status(order, known, why))
        return progress if progress is Progress.BACKWARD else Progress.ASIDE
    if progress is Progress.BACKWARD and known["status"] == "refunding" and names_more_parcels(order, known):
        progress = Progress.FORWARD  # the refund was withdrawn, the goods were sent afterwards
    if progress is Progress.FORWARD and order.status == "refunding" and was_refunding(replaced):
        made.doubts.append(doubt_status(order, known, REFUND_AGAIN))  # it was withdrawn, or the goods were sent
        return Progress.BACKWARD
    if progress is Progress.FORWARD and order.status in ("cancelled", "refunding") and has_open_case:
        made.doubts.append(doubt_status(order, known, CASE_OPEN))
        return Progress.SAME
    if progress is Progress.FORWARD:
        made.values["status"] = order.status
        made.values["status_text"] = order.status_text
    elif progress is Progress.SAME:
        if order.status_text != known["status_text"]:
            made.values["status_text"] = order.status_text
    else:
        reason = WORDLESS if order.status == "unknown" else OLDER if progress is Progress.BACKWARD else BESIDE
        if known["status"] == "refunding" and order.status in ("unshipped", "in_transit", "delivered"):
            reason = STILL_REFUNDING  # an older file says the same as one made after the refund was withdrawn
        made.doubts.append(doubt_status(order, known, reason))
    return progress


def _take_withdrawal(order: OrderRows, known: Mapping[str, Any], made: Merge, replaced: Replaced) -> Progress:
    """The refund was withdrawn: the order goes on from where it was, or a person of the shop says so."""
    status = withdrawn.find_status(order, known, replaced)
    earlier = withdrawn.is_of_earlier(order, known, said_of(order, known["more"]), status, replaced)
    if withdrawn.may_lift(order, known, status, replaced) and not earlier:
        made.values |= {"status": status, "status_text": order.status_text}
        return Progress.FORWARD
    doubt = doubt_status(order, known, WITHDRAWN)
    made.doubts.append(doubt._replace(values={**doubt.values, "status": status or order.status}))
    return Progress.BACKWARD


def _done_here(known: Mapping[str, object], status: str) -> str:
    """What was done here that a status in a file must not undo; "" when the file only goes on from it."""
    if known["cancelled_at"] is not None and status != "cancelled":
        return CALLED_OFF
    if known["shipped_at"] is not None and status in BEFORE_SHIPPING:
        return SENT
    return ""


def _fill_in(order: OrderRows, known: Mapping[str, Any], said: dict[str, Any], made: Merge, replaced: Replaced) -> None:
    """Take from an earlier file what isn't known; the rest is not believed."""
    for name in (*TEXTS, "receiver_phone", *NUMBERS):
        if name not in said or is_same(name, known[name], said[name]):
            continue
        if known[name] in ("", None) or completes(name, known[name], said[name]):
            made.values[name] = said[name]
        else:
            why = GIVEN_UP if is_given_up(name, known[name], said[name], replaced) else OLDER
            made.doubts.append(make_doubt(order, name, known[name], said[name], why))
    if "more" in said:
        filled = {**said["more"], **known["more"]}
        if filled != known["more"]:
            made.values["more"] = filled


def _follow(order: OrderRows, known: Mapping[str, Any], said: dict[str, Any], made: Merge, has_open_case: bool) -> None:
    """Take what a file of the same or a later status says, but for what must stay as it is."""
    why_sums = LINES_DIFFER if made.lines.contradicted or not order.whole else ""
    sums = {name: said.get(name, known[name]) for name in SUMS}
    if min(sums["paid_fen"], sum(sums[name] for name in SUMS[:3])) < known["refunded_fen"]:
        why_sums = REFUNDED
    for name in (*TEXTS, "receiver_phone", *NUMBERS, "more"):
        if name not in said or said[name] == known[name]:
            continue
        if has_open_case and is_same(name, known[name], said[name]):
            continue
        why = CASE_OPEN if has_open_case and name in STOOD_ON and known[name] not in ("", None) else ""
        why = why or (why_sums if name in SUMS else "")
        if why:
            made.doubts.append(make_doubt(order, name, known[name], said[name], why))
        else:
            made.values[name] = said[name]


def _carry_sums(order: OrderRows, known: Mapping[str, Any], said: dict[str, Any], made: Merge) -> None:
    """Work out the sums that the file has no columns for, as they are for a new order."""
    if "goods_total_fen" not in said and (made.lines.new or made.lines.quantities):
        _set(made, known, "goods_total_fen", known["goods_total_fen"] + round(made.lines.growth))
    now = {name: made.values.get(name, known[name]) for name in SUMS}
    due, was_due = sum(now[name] for name in SUMS[:3]), sum(known[name] for name in SUMS[:3])
    begins = known["status"] in UNPAID and order.status not in UNPAID and known["paid_fen"] == 0
    if "paid_fen" not in said and (begins or (known["paid_fen"] == was_due and due > was_due)):
        _set(made, known, "paid_fen", due)


def _note_total(order: OrderRows, known: Mapping[str, Any], made: Merge) -> None:
    """Say that 货品总价 moved by what rounding may lose, while the lines stay and came to it to the 分."""
    total, was = made.values.get("goods_total_fen"), known["goods_total_fen"]
    if total is not None and made.lines.came_to == was and not made.lines.growth and adds_up(order.lines, total):
        made.notes.append((COLUMNS["goods_total_fen"], MOVED.format(was=money_text(was), now=money_text(total))))


def _growth(lines: Sequence[KnownLine], made: Merge) -> Fraction:
    """By how much more the lines come to than before, 分, as `portal doctor` reckons: in prices of whole ones."""
    quantities = dict(made.lines.quantities)
    more = sum(
        (
            amount_of(line.unit_price_fen, quantities[line.id] - line.quantity_milli)
            for line in lines
            if line.id in quantities
        ),
        Fraction(),
    )
    return more + sum(amount_of(line.unit_price_fen, line.quantity_milli) for _key, line in made.lines.new)


def _join_parcels(
    order: OrderRows, known: Mapping[str, Any], said: dict[str, Any], made: Merge, progress: Progress
) -> None:
    """A parcel that was known stays known; of two that have nothing in common, the later status' is right."""
    if "tracking_text" not in said:
        if "carrier_text" in said and not known["carrier_text"]:
            made.values["carrier_text"] = said["carrier_text"]
        return
    if said["tracking_text"] == known["tracking_text"]:
        if said.get("carrier_text", "") and progress in (Progress.SAME, Progress.FORWARD):
            _set(made, known, "carrier_text", said["carrier_text"])
        return
    there, named = find_numbers(known["tracking_text"]), find_numbers(said["tracking_text"])
    older = progress in (Progress.BACKWARD, Progress.ASIDE)
    if there > named or (older and not there < named):
        why = OLDER if older else FEWER
        doubt = make_doubt(order, "tracking_text", known["tracking_text"], said["tracking_text"], why)
        made.doubts.append(doubt._replace(values={name: said[name] for name in PARCELS if name in said}))
    else:
        for name in PARCELS:
            if name in said:
                _set(made, known, name, said[name])


def _set(made: Merge, known: Mapping[str, object], name: str, value: object) -> None:
    if known[name] != value:
        made.values[name] = value


def _reckon_gap(known: Mapping[str, object], lines: Sequence[KnownLine], made: Merge) -> None:
    """By how much the lines, as they will be, miss 货品总价: what `portal doctor` compares them with."""
    if not (made.lines.new or made.lines.quantities or "goods_total_fen" in made.values):
        return
    total = made.values.get("goods_total_fen", known["goods_total_fen"])
    after = sum(amount_of(line.unit_price_fen, line.quantity_milli) for line in lines) + _growth(lines, made)
    _set(made, known, "lines_gap_fen", round(total - after))


def values_of_new(order: OrderRows, now: datetime) -> dict[str, object]:
    """The columns of a new order as the file says them; what it has no columns for is worked out or empty."""
    row: dict[str, Any] = dict.fromkeys((*TEXTS, *PARCELS, "receiver_phone"), "") | {
        "goods_total_fen": int(goods_of(order.lines).to_integral_value(ROUND_HALF_UP)),
        "freight_fen": 0,
        "adjustment_fen": 0,
        "ordered_at": order.paid_at or now,
        "paid_at": None,
        "is_dropship": False,
        "more": {},
    }
    row |= said_of(order, {})
    lines = sum(amount_of(line.unit_price_fen, line.quantity_milli) for line in order.lines)
    row["lines_gap_fen"] = round(row["goods_total_fen"] - lines)
    row.setdefault("paid_fen", 0 if order.status in UNPAID else sum(row[name] for name in SUMS[:3]))
    return row
