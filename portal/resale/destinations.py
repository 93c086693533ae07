"""Where the goods of a consumer's case go that go straight to the suppliers: to each what came from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from portal.cases import places
from portal.cases.effects.hand_ins import PlacedLines
from portal.cases.effects.returning import read_place
from portal.cases.places import Place
from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseLine
from portal.resale.across import list_pairs
from portal.resale.chain_view import list_links_above

UNDECIDED = frozenset({State.APPLIED, State.PROPOSED, State.REVISING})


def has_address(down: Case) -> bool:
    """Whether a supplier to whom goods go straight has said where."""
    ups = [(link.upstream_id, link.upstream_shop_id) for link in list_links_above(down) if link.route_back == "direct"]
    return any(db.session.get_one(Case, key).return_address for key in ups)


def plan_places(down: Case) -> list[PlacedLines]:
    """The lines that go straight to a supplier, by address: the supplier's own frozen one.

    A supplier that hasn't answered yet may still say where: its lines wait. Lines of no supplier, or of one that said
    no, are left out: the distributor takes them back.
    """
    found: list[PlacedLines] = []
    for link in list_links_above(down):
        if link.route_back != "direct":
            continue
        up = db.session.get_one(Case, (link.upstream_id, link.upstream_shop_id))
        share = match_ids(down, up)
        if up.return_address:
            found += _follow(share, places.list_places(up))
        elif up.state in UNDECIDED and share:
            found.append(PlacedLines(("", "", "", ""), tuple(share), waits=True))
    return _merge(found)


def match_ids(down: Case, up: Case) -> dict[int, int]:
    """Line ids of a supplier's case by those of the consumer's lines that are of the same goods."""
    same = list_pairs((down.order_id, down.shop_id), (up.order_id, up.shop_id))
    theirs = {line.order_line_id: line.id for line in _list_lines(up)}
    found = {line.id: theirs.get(same.get(line.order_line_id, 0)) for line in _list_lines(down)}
    return {line_id: other for line_id, other in found.items() if other is not None}


def _list_lines(case: Case) -> Sequence[CaseLine]:
    query = db.select(CaseLine).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
    return db.session.scalars(query.order_by(CaseLine.id)).all()


def _follow(share: Mapping[int, int], theirs: Iterable[Place]) -> list[PlacedLines]:
    """The consumer's lines where the supplier's own go."""
    found = []
    for place in theirs:
        lines = tuple(line_id for line_id, other in share.items() if other in place.line_ids)
        if lines:
            to = ("", "", "", "") if place.waits else read_place(place).to
            found.append(PlacedLines(to, lines, waits=place.waits))
    return found


def _merge(placed: Iterable[PlacedLines]) -> list[PlacedLines]:
    """One entry for each address; those that wait stay by themselves. A line is in one of them only."""
    groups: dict[object, PlacedLines] = {}
    taken: set[int] = set()
    for each in placed:
        lines = tuple(line_id for line_id in each.case_line_ids if line_id not in taken)
        taken |= set(lines)
        key = (each.to[:3], each.waits and lines)
        known = groups.get(key)
        if lines:
            groups[key] = replace(each, case_line_ids=(*(known.case_line_ids if known else ()), *lines))
    return list(groups.values())


def is_divided(down: Case, placed: Sequence[PlacedLines]) -> bool:
    """Whether a consumer's goods can't all go to the one address that is known."""
    lines = {line_id for each in placed for line_id in each.case_line_ids}
    return any(not each.waits for each in placed) and (len(placed) > 1 or len(lines) < len(_list_lines(down)))


def describe_places(down: Case, placed: Sequence[PlacedLines]) -> list[str]:
    """Which goods go where, for who agrees to it; a sentence for each address."""
    titles = {line.id: f"「{line.title}」{line.spec}" for line in _list_lines(down)}
    said = []
    for each in placed:
        goods = "、".join(titles.pop(line_id) for line_id in each.case_line_ids)
        said.append(f"{goods}等供应商给出地址" if each.waits else f"{goods}寄到 {' '.join(each.to[:3])}")
    if titles:
        said.append(f"{'、'.join(titles.values())}寄到您的默认退货地址")
    return said
