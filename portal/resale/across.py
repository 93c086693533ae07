"""Opening the other case of a chain, with the evidence and addresses that pass across."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.applications import applications, goods
from portal.cases import opening, places
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.evidence import copies
from portal.extensions import db
from portal.flow import CaseType, StepRefused
from portal.models import (
    Case,
    CaseLine,
    CaseLink,
    Evidence,
    Order,
    OrderLine,
)
from portal.resale.chain import link_cases
from portal.resale.chain_view import list_links_above
from portal.resale.downstream import UPSTREAM, list_orders_above
from portal.rights import articles, eligibility, policies, reasons
from portal.rights import goods as goods_facts


def list_pairs(order: tuple[int, int], other: tuple[int, int]) -> dict[int, int]:
    """Order lines of one order by those of the other that are of the same goods; orders by (id, shop_id).

    What was written down with a purchase's line came from that line; of all others title and specification say so.
    """
    theirs = goods.list_lines(*other)
    ids = {line.id for line in theirs}
    called: dict[tuple[str, str], int] = {}
    for line in theirs:
        called.setdefault((line.title, line.spec), line.id)
    keys = _list_origins(order)
    back = {source: line_id for line_id, source in _list_origins(other).items()}
    found: dict[int, int] = {}
    for line in goods.list_lines(*order):
        if keys.get(line.id) in ids:
            found[line.id] = keys[line.id]
        elif line.id in back:
            found[line.id] = back[line.id]
        elif line.id not in keys and not back and (line.title, line.spec) in called:
            found[line.id] = called[line.title, line.spec]
    return found


def _list_origins(order: tuple[int, int]) -> dict[int, int]:
    """The purchase's line by each line of an order that was written down with it."""
    rows = db.session.execute(
        select(OrderLine.id, OrderLine.line_key).where(
            OrderLine.order_id == order[0],
            OrderLine.shop_id == order[1],
            OrderLine.line_key.startswith(UPSTREAM),
        )
    ).all()
    return {row.id: int(row.line_key.removeprefix(UPSTREAM)) for row in rows}


def _wanted(case: Case, order: tuple[int, int]) -> list[RequestedLine]:
    """The units of a case as lines of another order, at most what is free there."""
    same = list_pairs((case.order_id, case.shop_id), order)
    lines = {line.id: line for line in goods.list_lines(*order)}
    found = []
    for line_id, milli in db.session.execute(
        select(CaseLine.order_line_id, CaseLine.quantity_milli).where(
            CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
        )
    ):
        other = lines.get(same.get(line_id, 0))
        if other is not None and (free := min(milli, other.quantity_milli - other.claimed_milli)) > 0:
            found.append(RequestedLine(other.id, free))
    return found


def open_upstream(
    downstream: Case,
    *,
    by: ActedBy,
    description: str,
    route_back: str,
    route_out: str,
    now: datetime,
    order: Order | None = None,
) -> Case:
    """The distributor's own application to the supplier, with the consumer's photos, hung on the consumer's case.

    ``order``: the purchase, else the first behind the case of which nothing was asked for yet. The words are the
    distributor's. With ``route_out`` direct the replacement goes to the consumer's address, else to
    the one of the purchase. Raises applications.NotEligible, ledger.NotEnough, StepRefused.
    """
    order = order or next(iter(list_unasked(downstream)), None)
    if order is None:
        raise StepRefused("没有找到对应的进货订单，请先在进货订单里登记下游订单", "open")
    wanted = _wanted(downstream, (order.id, order.shop_id))
    if not wanted:
        raise StepRefused("进货订单里没有同款商品，或可申请的数量已用完；可以在进货订单里自行申请后再关联", "open")
    photos = list_evidence(downstream)
    kind = CaseType(downstream.type)
    policy = policies.get_current(order.shop_id)
    lines = {line.id: line for line in goods.list_lines(order.id, order.shop_id)}
    may = goods.is_exchangeable(list(lines.values()), order)
    verdicts = []
    for item in wanted:
        verdict = eligibility.check(
            goods.describe_goods(order, lines[item.line_id], exchangeable=may[item.line_id]),
            kind,
            downstream.reason,
            goods_facts.Evidence(item.milli, min(len(photos), reasons.MOST_PHOTOS), len(description)),
            now,
            goods.get_policy_for(order),
        )
        if not verdict.allowed:
            named = applications.name_line(lines[item.line_id]) if len(wanted) > 1 else ""
            raise applications.NotEligible(verdict, item.line_id, named)
        verdicts.append(verdict)
    direct = route_out == "direct" and kind in (CaseType.EXCHANGE, CaseType.REISSUE)
    source = downstream if direct else order
    receiver = (source.receiver_name, source.receiver_phone, source.receiver_address)
    made = opening.open_case(
        by=by,
        order=order,
        wanted=wanted,
        reason=downstream.reason,
        description=description,
        receiver=receiver,
        freight_payer=str(applications.find_payer(verdicts)),
        basis=articles.state_basis(applications.find_leading(verdicts), downstream.reason, consumer=order.consumer),
        policy_id=policy.id,
        photos=copies.copy_photos(photos, shop_id=order.shop_id, owner_id=by.user_id or 0, now=now),
        now=now,
        case_type=kind,
    )
    link_cases(downstream, made, by=by.user_id or 0, now=now, route_back=route_back, route_out=route_out)
    return made


def open_downstream(
    upstream: Case, order: Order, *, by: ActedBy, consent: str, now: datetime, route_back: str, route_out: str
) -> Case:
    """The consumer's case, opened by the distributor as the consumer asked (``consent``: their words), and linked.

    Raises ledger.NotEnough, StepRefused.
    """
    wanted = _wanted(upstream, (order.id, order.shop_id))
    if not wanted:
        raise StepRefused("下游订单里没有同款商品，或可申请的数量已用完", "open")
    made = opening.open_case(
        by=by,
        order=order,
        wanted=wanted,
        reason=upstream.reason,
        description=consent,
        receiver=(order.receiver_name, order.receiver_phone, order.receiver_address),
        freight_payer=_payer(upstream),
        basis="商家按消费者的要求代为申请",
        policy_id=policies.get_current(order.shop_id).id,
        photos=[],
        now=now,
        case_type=CaseType(upstream.type),
        consent=consent,
    )
    link_cases(made, upstream, by=by.user_id or 0, now=now, route_back=route_back, route_out=route_out)
    return made


def _payer(case: Case) -> str:
    reason = reasons.reason(case.reason)
    return str(reason.freight_payer) if reason and reason.freight_payer else "negotiated"


def list_unasked(downstream: Case, *, ever: bool = False) -> list[Order]:
    """The purchases behind a case whose suppliers aren't asked; ``ever``: and never were, by a link that has ended."""
    query = (
        select(Case.order_id)
        .join(CaseLink, (CaseLink.upstream_id == Case.id) & (CaseLink.upstream_shop_id == Case.shop_id))
        .where(CaseLink.shop_id == downstream.shop_id, CaseLink.downstream_id == downstream.id)
    )
    asked = set(db.session.scalars(query if ever else query.where(CaseLink.ended_at.is_(None))))
    return [order for order in list_orders_above(downstream) if order.id not in asked]


def list_evidence(case: Case) -> Sequence[Evidence]:
    """The buyer's photos of a case, in their order."""
    return db.session.scalars(
        select(Evidence)
        .where(Evidence.case_id == case.id, Evidence.shop_id == case.shop_id, Evidence.side == "buyer")
        .order_by(*Evidence.in_order())
        .limit(reasons.MOST_OF_APPLICATION)
    ).all()


def find_direct_address(downstream: Case) -> tuple[str, str, str, str] | None:
    """The supplier's frozen return address, for a downstream case whose goods go straight there."""
    return next(iter(list_direct_addresses(downstream)), None)


def list_direct_addresses(downstream: Case) -> dict[tuple[str, str, str, str], list[Case]]:
    """The suppliers' frozen return addresses that goods go straight to, each with its suppliers' cases."""
    found: dict[tuple[str, str, str, str], list[Case]] = {}
    for up in list_up(downstream, direct=True):
        for place in places.list_places(up) if up.return_address else ():
            if not place.waits:
                found.setdefault((*place.where, place.note), []).append(up)
    return found


def list_up(downstream: Case, *, direct: bool = False) -> list[Case]:
    """The suppliers' cases of a consumer's; ``direct``: only those that it sends to straight."""
    return [
        db.session.get_one(Case, (link.upstream_id, link.upstream_shop_id))
        for link in list_links_above(downstream)
        if not direct or link.route_back == "direct"
    ]


def find_parcel_no(case: Case, to: tuple[str, str, str] | None = None) -> str:
    """The number that who opens the returned parcel looks for: the supplier's own where it goes straight there.

    ``to``: receiver, phone and address of one of several places; None: the case's own.
    """
    here = to or (case.return_name, case.return_phone, case.return_address)
    for where, ups in list_direct_addresses(case).items():
        if where[:3] == here:
            return "、".join(up.case_no for up in ups)
    return case.case_no


def find_counted_above(downstream: Case) -> dict[int, tuple[int, int, str]]:
    """What the suppliers' inspections said of each line of the downstream case: received, accepted, its note."""
    counted: dict[int, tuple[int, int, str]] = {}
    for up in list_up(downstream):
        counted |= _read_counted(downstream, up)
    return counted


def _read_counted(downstream: Case, up: Case) -> dict[int, tuple[int, int, str]]:
    same = list_pairs((downstream.order_id, downstream.shop_id), (up.order_id, up.shop_id))
    theirs = {
        line.order_line_id: line
        for line in db.session.scalars(
            select(CaseLine).where(CaseLine.case_id == up.id, CaseLine.shop_id == up.shop_id)
        )
    }
    counted = {}
    for line in db.session.scalars(
        select(CaseLine).where(CaseLine.case_id == downstream.id, CaseLine.shop_id == downstream.shop_id)
    ):
        other = theirs.get(same.get(line.order_line_id, 0))
        if other is not None and other.received_milli is not None:
            most = line.quantity_milli
            counted[line.id] = min(other.received_milli, most), min(other.accepted_milli, most), other.inspection_note
    return counted
