"""What a decision in one case of a chain risks in the other, said before it is taken."""

from __future__ import annotations

from sqlalchemy import and_, select

from portal import flow, inputs, words
from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import Case, CaseLink, Shop
from portal.resale.chain_view import list_links_above
from portal.resale.downstream import find_order_above
from portal.resale.passing.pair import find_last

DECIDING = frozenset(  # what binds the distributor to the consumer
    {
        "agree",
        "agree_no_return",
        "agree_refund_without_return",
        "propose",
        "accept",
        "accept_reship",
        "accept_diff",
        "accept_refund",
        "accept_convert",
    }
)
CLOSING = frozenset(  # what ends the distributor's claim on the supplier, wholly or in part
    {
        "withdraw",
        "confirm",
        "accept_result",
        "accept_result_diff",
        "accept_result_none",
        "accept_refund",
        "refund_arrived",
    }
)
UNDECIDED = frozenset({State.APPLIED, State.PROPOSED, State.REVISING})


def describe_deciding(down: Case, step_name: str) -> str:
    """What the distributor risks who decides for the consumer before the supplier has; "" where nothing."""
    if step_name not in DECIDING:
        return ""
    links = list_links_above(down)
    if not links:
        if find_order_above(down) is None:
            return ""
        return f"您还没有向供应商申请。现在答应消费者，供应商不同意时{_describe_stake(down)}由您自己承担。"
    ups = [db.session.get_one(Case, (link.upstream_id, link.upstream_shop_id)) for link in links]
    ups = [up for up in ups if up.state != State.COMPLETED and up.state in UNDECIDED | flow.FINAL]
    if not ups:
        return ""
    up = next((each for each in ups if is_refused(each)), ups[0])
    state, stake = words.state(up.type, up.state), _describe_stake(down)
    if is_refused(up):
        return f"供应商没有同意（{state}）。现在答应消费者，{stake}由您自己承担。"
    return f"供应商还没有同意（{state}）。现在答应消费者，供应商不同意时{stake}由您自己承担。"


def describe_closing(up: Case, step_name: str) -> str:
    """What the consumer still needs of the supplier, before the distributor closes that; "" where nothing."""
    if step_name not in CLOSING:
        return ""
    down = _find_below(up)
    if down is None or down.state in flow.FINAL:
        return ""
    state = words.state(down.type, down.state)
    if step_name == "confirm":
        return (
            f"消费者的售后 {down.case_no} 还没有结束（{state}）。"
            "现在确认收货，消费者之后再反馈问题，就不能再找供应商处理这一次。"
        )
    return f"消费者的售后 {down.case_no} 还需要供应商（{state}）。这一步之后，{_describe_stake(down)}由您自己承担。"


def is_refused(up: Case) -> bool:
    """Whether the supplier's answer, as it stands, is no: refused, or ended with nothing."""
    if up.state == State.REVISING:
        last = find_last(up, ("reject", "ask_evidence"))
        return last is not None and last.step == "reject"
    return up.state in (State.CLOSED, State.WITHDRAWN)


def is_bound(down: Case) -> bool:
    """Whether the distributor has agreed to something that the consumer doesn't have yet."""
    return down.state not in UNDECIDED | flow.FINAL


def _find_below(up: Case) -> Case | None:
    owner_shop = select(Shop.id).where(Shop.owner_id == up.buyer_id)
    return db.session.scalars(
        select(Case)
        .join(CaseLink, and_(CaseLink.downstream_id == Case.id, CaseLink.shop_id == Case.shop_id))
        .where(
            CaseLink.upstream_id == up.id,
            CaseLink.upstream_shop_id == up.shop_id,
            CaseLink.shop_id.in_(owner_shop),
            CaseLink.ended_at.is_(None),
        )
    ).one_or_none()


def _describe_stake(down: Case) -> str:
    if down.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        return f"退款 {inputs.money_text(down.refund_fen)} 元" if down.refund_fen else "退款"
    return "补发的商品和运费" if down.type == CaseType.REISSUE else "换给消费者的商品和运费"
