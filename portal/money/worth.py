"""What units of an order are worth: shares of what was paid, in 分, that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.extensions import db
from portal.inputs import money_text, quantity_text
from portal.models import Case, CaseLine, MoneyEntry
from portal.money import sums
from portal.money.paid import Facts, Paid, load_paid, read_exchanged


@dataclass(frozen=True)
class Worth:
    """What units of one order line are worth: 分, and how many of them are thereby refunded whole (thousandths).

    ``fen``: of what was paid for the order. ``added_fen``: of a difference paid in an earlier exchange, besides.
    """

    line_id: int
    fen: int
    milli: int
    least_fen: int = 0  # their share rounded down: which units take the 分 that are over is known when they are paid
    added_fen: int = 0


def work_out_worth(
    order_id: int, units: Sequence[tuple[int, int]], *, unshipped: bool = False, facts: Facts | None = None
) -> list[Worth]:
    """What can be refunded for ``units`` of (order line, thousandths): their share of what was paid, less refunds."""
    return _share_out(order_id, load_paid(order_id, facts, unshipped=unshipped), units)


def _share_out(order_id: int, paid: Paid, units: Sequence[tuple[int, int]]) -> list[Worth]:
    left = paid.left_fen
    before = _refunded_whole(order_id) if any(line.refunded_milli for line in paid.lines.values()) else {}
    found = []
    for line_id, milli in units:
        line = paid.lines[line_id]
        whole = max(min(milli, line.quantity_milli - line.refunded_milli), 0)
        fen = sums.of_next_units(
            line.share_fen, line.quantity_milli, line.refunded_milli, whole, before.get(line_id, 0)
        )
        added, given, _ = paid.find_differences(line_id, whole)
        fen -= given
        added = max(added + min(fen, 0), 0)  # more than the units' share was given back: it was of this
        fen = max(min(fen, line.share_fen - line.refunded_fen, left), 0)
        left -= fen
        least = line.share_fen * whole // line.quantity_milli - given
        found.append(Worth(line_id, fen, whole, max(min(fen, least), 0), added))
    return found


def _refunded_whole(order_id: int) -> dict[int, int]:
    """What was given back for units refunded whole, 分 by order line; what was only shared out for others is left."""
    kept: dict[int, int] = {}
    for lines in db.session.scalars(
        select(MoneyEntry.lines).where(MoneyEntry.order_id == order_id, MoneyEntry.state != "cancelled")
    ):
        for line_id, fen, milli in lines:
            if milli:
                kept[line_id] = kept.get(line_id, 0) + fen
    return kept


def show_working(
    order_id: int, units: Sequence[tuple[int, int]], *, unshipped: bool = False, facts: Facts | None = None
) -> list[str]:
    """How ``worth`` comes to its sums: a sentence for each line, and one on the freight."""
    return explain_worth(order_id, units, unshipped=unshipped, facts=facts)[1]


def explain_worth(
    order_id: int,
    units: Sequence[tuple[int, int]],
    *,
    unshipped: bool = False,
    facts: Facts | None = None,
    freed: Sequence[Worth] = (),
) -> tuple[list[Worth], list[str]]:
    """What units are worth, and how that comes about. ``freed``: what is planned and will be cancelled with it."""
    paid = load_paid(order_id, facts, unshipped=unshipped).free([(part.line_id, part.fen) for part in freed])
    found = _share_out(order_id, paid, units)
    said = []
    for each in found:
        line = paid.lines[each.line_id]
        asked = next(milli for line_id, milli in units if line_id == each.line_id)
        name = f"「{line.title}」" if len(units) > 1 else ""
        sentence = (
            f"{name}优惠后实付 {money_text(line.share_fen)} 元，共 {quantity_text(line.quantity_milli)} {line.unit}，"
            f"其中 {quantity_text(asked)} {line.unit}可退 {money_text(each.fen + each.added_fen)} 元"
        )
        added, given, _ = paid.find_differences(each.line_id, each.milli)
        sentence += f"（含换货时补的差价 {money_text(added)} 元）" if added else ""
        sentence += f"（换货时已退差价 {money_text(given)} 元）" if given else ""
        said.append(sentence + (f"（此前已退 {money_text(line.refunded_fen)} 元）" if line.refunded_fen else ""))
    if paid.overpaid_fen:
        said.append(
            f"订单的实付款比货品、运费和改价合计多 {money_text(paid.overpaid_fen)} 元，多出的部分不计入可退金额"
        )
    if paid.freight_fen:
        said.append(f"{'已含' if unshipped else '不含'}运费 {money_text(paid.freight_fen)} 元")
    return found, said


def add_up(found: Sequence[Worth]) -> int:
    """The sum, 分, with what was paid more for them in an earlier exchange."""
    return sum(each.fen + each.added_fen for each in found)


def list_units(case: Case, *, accepted: bool) -> list[tuple[int, int]]:
    """The units of a case by order line: what was accepted, or all that was asked for."""
    column = CaseLine.accepted_milli if accepted else CaseLine.quantity_milli
    rows = db.session.execute(
        select(CaseLine.order_line_id, column)
        .where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        .order_by(CaseLine.order_line_id)
    ).all()
    return [(line_id, milli) for line_id, milli in rows if milli]


Wanted = Sequence[tuple[int, int, int | None]]  # order line, thousandths, price of the replacement or None for the same


def work_out_difference(order_id: int, wanted: Wanted, facts: Facts | None = None) -> int:
    """The price difference for other specifications, 分. Positive: the buyer pays; negative: they get it back."""
    if not any(price is not None for _, _, price in wanted) and not read_exchanged(facts):
        return 0
    return sum(list_differences(order_id, wanted, facts))


def list_differences(order_id: int, wanted: Wanted, facts: Facts | None = None) -> list[int]:
    """The same for each of ``wanted`` by itself."""
    return _list_differences(load_paid(order_id, facts), wanted)


def _list_differences(paid: Paid, wanted: Wanted) -> list[int]:
    goods, listed = _add_up_goods(paid)
    return [
        sums.work_out_difference(paid.find_price(line_id), now, milli, goods, listed)
        - paid.find_differences(line_id, milli)[2]
        for line_id, milli, price in wanted
        for now in [_find_wanted(paid, line_id, price)]
    ]


def _find_wanted(paid: Paid, line_id: int, price: int | None) -> int:
    """What a unit of the replacement costs: the same specification, as it was bought, what the line says."""
    return paid.lines[line_id].unit_price_fen if price is None else price


def _add_up_goods(paid: Paid) -> tuple[int, int]:
    """What was paid for all goods without the freight, and what they are listed at."""
    listed = sum(line.unit_price_fen * line.quantity_milli for line in paid.lines.values()) // 1000
    return paid.goods_fen, listed


def show_difference_working(order_id: int, wanted: Wanted, facts: Facts | None = None) -> list[str]:
    """How ``difference_of`` comes to its sum: a sentence for each line that gets another specification."""
    return explain_difference(load_paid(order_id, facts), wanted)[1]


def explain_difference(bought: Paid, wanted: Wanted) -> tuple[int, list[str]]:
    """The price difference, and how it comes about."""
    paid, listed = _add_up_goods(bought)
    differences = _list_differences(bought, wanted)
    said = []
    for (line_id, milli, wanted_price), fen in zip(wanted, differences, strict=True):
        if wanted_price is None and line_id not in bought.exchanged:
            continue
        line, price = bought.lines[line_id], _find_wanted(bought, line_id, wanted_price)
        before, owed = bought.find_price(line_id), bought.find_differences(line_id, milli)[2]
        held = "换来的规格" if line_id in bought.exchanged else "原规格"
        rate = "" if paid == listed else f"，按订单的实付比例 {money_text(paid)}/{money_text(listed)} 折算"
        step = fen + owed
        sentence = (
            f"新规格 {money_text(price)} 元，{held} {money_text(before)} 元，"
            f"{quantity_text(milli)} {line.unit}{rate}，{'补' if step > 0 else '退'}差价 {money_text(abs(step))} 元"
            if step
            else f"新规格与{held}都是 {money_text(price)} 元，没有差价"
            if price == before
            else f"新规格 {money_text(price)} 元，{held} {money_text(before)} 元{rate}，差价不足 1 分"
        )
        said.append(sentence + (f"；上次换货应退的差价 {money_text(owed)} 元还没有退，这次一并计算" if owed else ""))
    return sum(differences), said


def list_wanted(case: Case, *, accepted: bool) -> list[tuple[int, int, int | None]]:
    """The units of a case with what their replacement costs: what was accepted, or all that was asked for."""
    column = CaseLine.accepted_milli if accepted else CaseLine.quantity_milli
    rows = db.session.execute(
        select(CaseLine.order_line_id, column, CaseLine.wanted_price_fen)
        .where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        .order_by(CaseLine.order_line_id)
    )
    return [(line_id, milli, price) for line_id, milli, price in rows]


def work_out_case_difference(case: Case, *, accepted: bool) -> int:
    """The price difference of a case, for what was accepted or for all that was asked for."""
    return work_out_difference(case.order_id, list_wanted(case, accepted=accepted), case.opened_on)


def work_out_case_worth(case: Case, units: Sequence[tuple[int, int]]) -> list[Worth]:
    """What ``units`` are worth by what their case was opened on."""
    return work_out_worth(case.order_id, units, unshipped=case.goods_state == "unshipped", facts=case.opened_on)


TO_PAY = ("waiting", "due", "failed")  # of an entry: planned, and neither paid nor asked about


def list_freed(case: Case) -> list[Worth]:
    """What an exchange still gives back for a cheaper specification: it never will once it has become a refund."""
    if not case.entry_count:
        return []
    rows = db.session.scalars(
        select(MoneyEntry.lines).where(
            MoneyEntry.case_id == case.id,
            MoneyEntry.shop_id == case.shop_id,
            MoneyEntry.kind == "difference_back",
            MoneyEntry.state.in_(TO_PAY),
        )
    )
    return [Worth(*part) for lines in rows for part in lines]


def split_back(case: Case, fen: int) -> tuple[list[Worth], list[Worth]]:
    """What is given back for cheaper specifications, shared over the lines that have them; at most their worth.

    And what of it comes out of a difference that was paid in an earlier exchange: what the order was paid with is less.
    """
    found = work_out_case_worth(case, list_units(case, accepted=True))
    fen = min(fen, add_up(found))
    own_fen = min(fen, sum(part.fen for part in found))
    wanted = list_wanted(case, accepted=True)
    cheaper = {
        row[0]: max(-each, 0)
        for row, each in zip(wanted, list_differences(case.order_id, wanted, case.opened_on), strict=True)
    }
    shared = sums.split_amount(own_fen, [cheaper[part.line_id] for part in found])
    if any(own > part.fen for own, part in zip(shared, found, strict=True)):
        shared = sums.split_amount(own_fen, [part.fen for part in found])
    earlier = sums.split_amount(fen - own_fen, [part.added_fen for part in found])
    each = [[Worth(part.line_id, own, 0) for part, own in zip(found, of, strict=True)] for of in (shared, earlier)]
    return each[0], each[1] if fen > own_fen else []


def show_case_working(case: Case, units: Sequence[tuple[int, int]]) -> list[str]:
    """How it comes about."""
    return show_working(case.order_id, units, unshipped=case.goods_state == "unshipped", facts=case.opened_on)


def is_all_of(found: Sequence[Worth], amount_fen: int) -> bool:
    """Whether an amount, 分, asks for all that the units are worth, whichever of them take the 分 that are over.

    Units of a line of three for 10.00 are worth 3.33, 3.33 and 3.34; which is whose is known when they are paid.
    """
    return amount_fen >= max(sum(each.least_fen + each.added_fen for each in found), 1)


def split_amount(found: Sequence[Worth], amount_fen: int) -> tuple[list[Worth], int]:
    """``amount_fen`` shared over what the units are worth; less than all of it refunds no unit whole.

    And what of it is of differences paid in earlier exchanges: less than all takes what the order was paid with first.
    """
    added = sum(each.added_fen for each in found)
    if amount_fen == add_up(found):
        return list(found), added
    whole = is_all_of(found, amount_fen)
    own_fen = amount_fen - added if whole else min(amount_fen, add_up(found) - added)
    shared = sums.split_amount(own_fen, [each.fen for each in found])
    parts = [Worth(each.line_id, fen, each.milli if whole else 0) for each, fen in zip(found, shared, strict=True)]
    return parts, amount_fen - own_fen


def agree_on(found: Sequence[Worth], agreed_fen: int | None) -> int:
    """What is paid of what the units are worth, 分: all of it, or the less that was asked for."""
    most = add_up(found)
    return most if agreed_fen is None or is_all_of(found, agreed_fen) else min(agreed_fen, most)


def asked_of(case: Case) -> int:
    """What a case asks back of what its units are worth now, 分: all of it, or the less it asked for."""
    found = work_out_case_worth(case, list_units(case, accepted=False))
    whole = not case.refund_fen or is_all_of(found, case.refund_fen)
    return add_up(found) if whole else int(case.refund_fen)


def find_most(case: Case) -> tuple[int, list[str]]:
    """The most that can be refunded for a case's units now, 分, and how it is worked out."""
    units = list_units(case, accepted=False)
    return add_up(work_out_case_worth(case, units)), show_case_working(case, units)
