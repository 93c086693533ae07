"""What a consumer applies for goes on to the supplier, where the distributor has arranged that it does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import aliased

from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, State, StepRefused
from portal.models import Case, CaseLine, CaseLink, Order, OrderLine, OrderLink, Shop, User
from portal.notices import beside_steps
from portal.orders import ledger
from portal.resale import across, downstream
from portal.rights import guarantees

_up, _sold, _bought = aliased(Case), aliased(OrderLine), aliased(OrderLine)


def apply_above(case_id: int, now: datetime) -> bool:
    """Open the supplier's case for a consumer's new one. What can't be applied for is told to the distributor, once."""
    db.session.rollback()
    case = db.session.get(Case, case_id)
    if case is None or case.state != State.APPLIED or not _goes_on(case):
        return False
    owner = db.session.execute(
        select(User.id, User.member_name).join(Shop, Shop.owner_id == User.id).where(Shop.id == case.shop_id)
    ).one()
    by = ActedBy(Actor.BUYER, owner.id, owner.member_name, whence="below")
    words = "。".join(
        part for part in (f"消费者反馈：{guarantees.say_reason(case.reason, case.basis)}", case.description) if part
    )[:500]
    done = False
    for order in across.list_unasked(case, ever=True):
        passes = downstream.find_passes(case, order)
        if passes is None:
            continue
        order_id, order_no = order.id, order.order_no
        try:
            with writing():
                across.open_upstream(
                    db.session.get_one(Case, case_id),
                    by=by,
                    description=words,
                    route_back=passes.route_back,
                    route_out=passes.route_out,
                    now=now,
                    order=db.session.scalars(select(Order).where(Order.id == order_id)).one(),
                )
            done = True
        except (StepRefused, ledger.NotEnough) as refused:
            db.session.rollback()
            said = getattr(refused, "sentence", "进货订单里可申请的数量不够了")
            _tell(case_id, owner.id, order_no, said, now)
        case = db.session.get_one(Case, case_id)
    return done


def list_waiting(most: int = 200) -> list[int]:
    """Consumers' applications that are to go on and haven't."""
    linked = (
        select(CaseLink.id)
        .join(_up, (CaseLink.upstream_id == _up.id) & (CaseLink.upstream_shop_id == _up.shop_id))
        .where(
            CaseLink.shop_id == Case.shop_id,
            CaseLink.downstream_id == Case.id,
            _up.order_id == OrderLink.upstream_id,
        )
    )
    served = (  # some of the goods came from this purchase
        select(CaseLine.id)
        .join(_sold, (_sold.id == CaseLine.order_line_id) & (_sold.shop_id == CaseLine.shop_id))
        .join(_bought, _sold.line_key == literal(downstream.UPSTREAM) + cast(_bought.id, String))
        .where(CaseLine.case_id == Case.id, CaseLine.shop_id == Case.shop_id, _bought.order_id == OrderLink.upstream_id)
    )
    return list(
        db.session.scalars(
            select(Case.id)
            .distinct()
            .join(OrderLink, (OrderLink.shop_id == Case.shop_id) & (OrderLink.downstream_id == Case.order_id))
            .join(Order, (Order.id == Case.order_id) & (Order.shop_id == Case.shop_id))
            .where(OrderLink.applies, Case.state == State.APPLIED, ~linked.exists(), served.exists())
            .order_by(Case.id)
            .limit(most)
        )
    )


def _goes_on(case: Case) -> bool:
    """Whether the order's applications go on, to a purchase that this one has not been linked to before."""
    goes = select(OrderLink.upstream_id).where(
        OrderLink.shop_id == case.shop_id, OrderLink.downstream_id == case.order_id, OrderLink.applies
    )
    linked = (
        select(_up.order_id)
        .join(CaseLink, (CaseLink.upstream_id == _up.id) & (CaseLink.upstream_shop_id == _up.shop_id))
        .where(CaseLink.shop_id == case.shop_id, CaseLink.downstream_id == case.id)
    )
    return db.session.scalar(goes.where(OrderLink.upstream_id.not_in(linked)).limit(1)) is not None


def _tell(case_id: int, owner_id: int, order_no: str, why: str, now: datetime) -> None:
    with writing():
        case = db.session.get_one(Case, case_id)
        beside_steps.tell_alarm(
            owner_id,
            shop_id=case.shop_id,
            title="没能自动向供应商申请",
            body=f"「{case.goods}」进货订单 {order_no}：{why}；请自己向供应商申请或联系供应商，"
            f"消费者的售后 {case.case_no} 仍由您答复。",
            at=now,
            dedupe_key=f"apply-above:{case.id}:{order_no}",
            href=f"/seller/cases/{case.case_no}/chain",
        )
