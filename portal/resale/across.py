"""Opening the other case of a chain, with the evidence and addresses that pass across."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from portal import flow
from portal.applications import applications, goods
from portal.cases import opening
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import CaseType, StepRefused
from portal.models import (
    Case,
    CaseLine,
    Evidence,
    Order,
    Shop,
)
from portal.resale.chain import link_cases
from portal.resale.chain_view import describe_above
from portal.resale.downstream import find_order_above
from portal.rights import addresses, articles, eligibility, policies, reasons
from portal.rights import goods as goods_facts


def list_pairs(order_id: int, other_order_id: int) -> dict[int, int]:
    """Order lines of one order by those of the other that are of the same goods (title and specification)."""
    theirs: dict[tuple[str, str], int] = {}
    for line in goods.list_lines(other_order_id):
        theirs.setdefault((line.title, line.spec), line.id)
    return {
        line.id: theirs[line.title, line.spec]
        for line in goods.list_lines(order_id)
        if (line.title, line.spec) in theirs
    }


def _wanted(case: Case, order_id: int) -> list[RequestedLine]:
    """The units of a case as lines of another order, at most what is free there."""
    same = list_pairs(case.order_id, order_id)
    lines = {line.id: line for line in goods.list_lines(order_id)}
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
    downstream: Case, *, by: ActedBy, description: str, route_back: str, route_out: str, now: datetime
) -> Case:
    """The distributor's own application to the supplier, with the consumer's photos, hung on the consumer's case.

    The words are the distributor's. With ``route_out`` direct the replacement goes to the consumer's address, else to
    the one of the purchase. Raises applications.NotEligible, ledger.NotEnough, StepRefused.
    """
    order = find_order_above(downstream)
    if order is None:
        raise StepRefused("没有找到对应的进货订单,请先在进货订单里登记下游订单", "open")
    wanted = _wanted(downstream, order.id)
    if not wanted:
        raise StepRefused("进货订单里没有同款商品,或可申请的数量已用完;可以在进货订单里自行申请后再关联", "open")
    photos = list_evidence(downstream.id)
    kind = CaseType(downstream.type)
    policy = policies.get_current(order.shop_id)
    lines = {line.id: line for line in goods.list_lines(order.id)}
    may = goods.is_exchangeable(list(lines.values()))
    verdict = None
    for item in wanted:
        verdict = eligibility.check(
            goods.describe_goods(order, lines[item.line_id], exchangeable=may[item.line_id]),
            kind,
            downstream.reason,
            goods_facts.Evidence(item.milli, len(photos), len(description)),
            now,
            goods.get_policy_for(order),
        )
        if not verdict.allowed:
            raise applications.NotEligible(verdict, item.line_id)
    direct = route_out == "direct" and kind in (CaseType.EXCHANGE, CaseType.REISSUE)
    source: Any = downstream if direct else order
    receiver = (source.receiver_name, source.receiver_phone, source.receiver_address)
    made = opening.open_case(
        by=by,
        order=order,
        wanted=wanted,
        reason=downstream.reason,
        description=description,
        receiver=receiver,
        freight_payer=str((verdict.freight_payer if verdict else None) or "negotiated"),
        basis=articles.state_basis(verdict, downstream.reason, consumer=order.consumer) if verdict else "",
        policy_id=policy.id,
        photos=reuse_evidence(photos, shop_id=order.shop_id, owner_id=by.user_id or 0, now=now),
        now=now,
        case_type=kind,
    )
    link_cases(downstream, made, by=by.user_id or 0, now=now, route_back=route_back, route_out=route_out)
    return made


def open_downstream(
    upstream: Case, order: Order, *, by: ActedBy, consent: str, now: datetime, route_back: str, route_out: str
) -> Case:
    """The consumer's case, opened by the distributor as the consumer asked (``consent``: his words), and linked.

    Raises ledger.NotEnough, StepRefused.
    """
    wanted = _wanted(upstream, order.id)
    if not wanted:
        raise StepRefused("下游订单里没有同款商品,或可申请的数量已用完", "open")
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


def list_evidence(case_id: int) -> Sequence[Evidence]:
    """The buyer's photos of a case, oldest first."""
    return db.session.scalars(
        select(Evidence)
        .where(Evidence.case_id == case_id, Evidence.side == "buyer")
        .order_by(Evidence.id)
        .limit(reasons.MOST_PHOTOS)
    ).all()


def reuse_evidence(
    photos: Sequence[Evidence], *, shop_id: int, owner_id: int, now: datetime, side: str = "buyer"
) -> list[str]:
    """Rows of the distributor's own for the same files, loose: no second upload, and no way back to whose they were."""
    made = []
    for photo in photos:
        public_id = secrets.token_hex(16)
        kept = {
            column.key: getattr(photo, column.key)
            for column in Evidence.__table__.columns
            if column.key not in ("id", "shop_id", "order_id", "case_id", "event_version")
        }
        kept |= {"public_id": public_id, "shop_id": shop_id, "owner_id": owner_id, "side": side, "created_at": now}
        db.session.execute(insert(Evidence), kept)
        made.append(public_id)
    return made


def find_direct_address(downstream: Case) -> tuple[str, str, str, str] | None:
    """The supplier's frozen return address, for a downstream case whose goods go straight there."""
    found = describe_above(downstream.id)
    if found is None or found.route_back != "direct":
        return None
    up = db.session.get_one(Case, (found.upstream_id, found.upstream_shop_id))
    if not up.return_address:
        return None
    return up.return_name, up.return_phone, up.return_address, up.return_note


def find_parcel_no(case: Case) -> str:
    """The number that who opens the returned parcel looks for: the supplier's own where it goes straight there."""
    direct = find_direct_address(case)
    if direct is None or direct[:3] != (case.return_name, case.return_phone, case.return_address):
        return case.case_no
    found = describe_above(case.id)
    if found is None:
        return case.case_no
    return db.session.get_one(Case, (found.upstream_id, found.upstream_shop_id)).case_no


def tell_receiver(view: View) -> str:
    """Whom the receiver of a case is shown to, and when; "" where nothing is sent to them any more."""
    case = view.case
    if case.type not in (CaseType.EXCHANGE, CaseType.REISSUE) or case.state in flow.FINAL:
        return ""
    found = describe_above(case.id) if view.order.linked else None
    sender = ""
    if found is not None and found.route_out == "direct":
        sender = db.session.scalars(select(Shop.name).where(Shop.id == found.upstream_shop_id)).one()
    return addresses.tell_who_sees(view.order.shop, sender)


def find_counted_above(downstream: Case) -> dict[int, tuple[int, int, str]]:
    """What the supplier's inspection said of each line of the downstream case: received, accepted, its note."""
    found = describe_above(downstream.id)
    if found is None:
        return {}
    up = db.session.get_one(Case, (found.upstream_id, found.upstream_shop_id))
    same = list_pairs(downstream.order_id, up.order_id)
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
