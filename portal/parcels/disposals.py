"""去向 of goods that came back: each unit that is the shop's own again is for sale, to be checked, for the supplier or
scrap. Preset by the condition they came in, changed by hand, and never more than somebody counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from portal.extensions import db
from portal.flow import StepRefused
from portal.inputs import quantity_text
from portal.models import Case, CaseLine, Disposal, DisposalMove, OrderLine
from portal.models.disposals import KINDS
from portal.rights import conditions

SAID: dict[str, str] = {"resale": "再售", "check": "待检", "supplier": "退供应商", "scrap": "报废"}
GIVEN_UP = ("check", "resale", "supplier", "scrap")  # what goes first when units stop being the shop's


def preset(condition: str, *, by_clock: bool = False) -> str:
    """Where units go unless somebody says otherwise: as new ones are sold, all others are looked at first."""
    found = conditions.condition(condition)
    return "resale" if found is not None and found.good and not by_clock else "check"


def read_kinds(row: Disposal) -> dict[str, int]:
    """The four quantities of a line, thousandths."""
    return {kind: getattr(row, f"{kind}_milli") for kind in KINDS}


def split_units(own: int, chosen: Mapping[str, int], rest: str) -> dict[str, int]:
    """The units that are the shop's: what was chosen, and all others as ``rest``. Raises StepRefused for too many."""
    if sum(chosen.values()) > own:
        raise StepRefused(f"去向的数量合计不能多于通过的 {quantity_text(own)}")
    found = {kind: chosen.get(kind, 0) for kind in KINDS}
    found[rest] += own - sum(chosen.values())
    return found


def count_lines(
    case: Case,
    lines: Sequence[CaseLine],
    chosen: Mapping[int, Mapping[str, int]],
    *,
    user_id: int | None,
    author: str,
    now: datetime,
) -> None:
    """The lines of a case were counted, or counted again; ``chosen``: by case line where units go, where that was said.

    Without ``user_id`` a deadline accepted them: nobody has looked, so that all are to be checked. What somebody chose
    before stays, as far as there are units.
    """
    known = {row.case_line_id: row for row in load_of_case(case.shop_id, case.id)}
    cargo = dict(
        db.session.execute(
            select(OrderLine.id, OrderLine.cargo_no).where(
                OrderLine.shop_id == case.shop_id, OrderLine.id.in_([line.order_line_id for line in lines])
            )
        ).all()
    )
    for line in lines:
        row = known.get(line.id)
        own = min(line.accepted_milli, line.received_milli or 0)
        said, by_clock = chosen.get(line.id, {}), user_id is None
        if row is None:
            row = Disposal(
                shop_id=case.shop_id,
                case_id=case.id,
                case_line_id=line.id,
                order_id=case.order_id,
                cargo_no=cargo.get(line.order_line_id, ""),
                title=line.title,
                spec=line.spec,
                unit=line.unit,
                counted_milli=0,
                by_hand=False,
                version=0,
                **{f"{kind}_milli": 0 for kind in KINDS},
            )
            db.session.add(row)
        row.counted_milli = max(line.received_milli or 0, row.counted_milli)  # less only once units have gone, below
        row.condition, row.counted_at, row.by_clock = line.condition, now, by_clock
        if said or not row.by_hand:
            after = split_units(own, said, preset(line.condition, by_clock=by_clock))
            row.by_hand = bool(said)
        else:
            after = fit_units(read_kinds(row), own, preset(line.condition))
        db.session.flush()
        _write(row, after, user_id=user_id, author=author, now=now)
        row.counted_milli = line.received_milli or 0
    db.session.flush()


def fit_units(before: Mapping[str, int], own: int, more: str) -> dict[str, int]:
    """The same split for another number of units: new ones are ``more``, missing ones go in the order of GIVEN_UP."""
    after = dict(before)
    gap = own - sum(after.values())
    if gap >= 0:
        after[more] += gap
        return after
    for kind in GIVEN_UP:
        taken = min(after[kind], -gap)
        after[kind] -= taken
        gap += taken
    return after


def follow_case(case: Case, now: datetime, *, user_id: int | None, author: str) -> None:
    """After a step: as many units are the shop's as passed, and never more than were counted."""
    rows = load_of_case(case.shop_id, case.id)
    if not rows:
        return
    lines = select(CaseLine.id, CaseLine.accepted_milli).where(
        CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
    )
    accepted = {line.id: line.accepted_milli for line in db.session.execute(lines)}
    for row in rows:
        before, own = read_kinds(row), min(accepted[row.case_line_id], row.counted_milli)
        if sum(before.values()) != own:
            _write(row, fit_units(before, own, "check"), user_id=user_id, author=author, now=now)
    db.session.flush()


def load_of_case(shop_id: int, case_id: int, *, lock: bool = False) -> Sequence[Disposal]:
    """The counted lines of a case."""
    query = select(Disposal).where(Disposal.shop_id == shop_id, Disposal.case_id == case_id).order_by(Disposal.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).all()


def list_moves(shop_id: int, disposal_ids: Sequence[int]) -> dict[int, list[DisposalMove]]:
    """What happened to the units of these lines, the newest first."""
    found: dict[int, list[DisposalMove]] = {}
    query = select(DisposalMove).where(DisposalMove.shop_id == shop_id, DisposalMove.disposal_id.in_(disposal_ids))
    for move in db.session.scalars(query.order_by(DisposalMove.id.desc())):
        found.setdefault(move.disposal_id, []).append(move)
    return found


def change_case(
    shop_id: int,
    case_id: int,
    wanted: Mapping[int, Mapping[str, int]],
    versions: Mapping[int, int],
    *,
    user_id: int,
    author: str,
    now: datetime,
) -> bool:
    """Say anew where the units of a case's lines are, each by its id; returns whether anything is different now.

    Raises StepRefused when somebody else changed a line since it was shown at ``versions``, or a sum doesn't fit.
    """
    changed = False
    for row in load_of_case(shop_id, case_id, lock=True):
        after = wanted.get(row.id)
        if after is None:
            continue
        before = read_kinds(row)
        if versions.get(row.id) != row.version:
            raise StepRefused("刚刚有人改过去向，下面是最新的，请再看一遍")
        if sum(after.values()) != sum(before.values()):
            raise StepRefused(f"{row.title}：四项合计要等于通过的 {quantity_text(sum(before.values()))} {row.unit}")
        if dict(after) != before:
            row.by_hand, changed = True, True
            _write(row, after, user_id=user_id, author=author, now=now)
    db.session.flush()
    return changed


def _write(row: Disposal, after: Mapping[str, int], *, user_id: int | None, author: str, now: datetime) -> None:
    """Set the four quantities, and write down which units went where."""
    before = read_kinds(row)
    row.version += 1
    gone = {kind: before[kind] - after[kind] for kind in KINDS if before[kind] > after[kind]}
    came = {kind: after[kind] - before[kind] for kind in KINDS if after[kind] > before[kind]}
    gap = sum(came.values()) - sum(gone.values())
    if gap > 0:
        gone[""] = gap
    elif gap < 0:
        came[""] = -gap
    for kind in KINDS:
        setattr(row, f"{kind}_milli", after[kind])
    db.session.flush()
    for source in list(gone):
        for target in list(came):
            milli = min(gone[source], came[target])
            if milli:
                gone[source] -= milli
                came[target] -= milli
                db.session.add(
                    DisposalMove(
                        shop_id=row.shop_id,
                        disposal_id=row.id,
                        source=source,
                        target=target,
                        milli=milli,
                        user_id=user_id,
                        author=author,
                        at=now,
                    )
                )
