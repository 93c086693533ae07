"""What a consumer without account hands in by a link: photos of their case. Called inside ``writing()``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from portal import flow
from portal.cases import deadlines as case_deadlines
from portal.cases import taking
from portal.cases.effects.hand_ins import Modification
from portal.cases.effects.step_context import ActedBy
from portal.evidence import evidence
from portal.extensions import db, writing
from portal.flow import Actor, Stage, State, StepRefused
from portal.models import Case, CaseEvent, Shop
from portal.notices import beside_steps
from portal.resale import links

MOST_PHOTOS = evidence.MOST_PER_SIDE
NAME = "消费者链接"  # the author of what comes by a link


def act_as_consumer(buyer_id: int, request_id: str) -> ActedBy:
    """Who acts when a link is used: the case's buyer, by its name."""
    return ActedBy(Actor.BUYER, buyer_id, NAME, request_id)


def count_taken(case: Case, most: int) -> int:
    """How many of the ``most`` photos of a step have no room left on this case."""
    return max(evidence.count_of_side(case.id, case.shop_id, "buyer") - MOST_PHOTOS + most, 0)


def is_heard(case: Case) -> bool:
    """Whether a round of evidence is open: photos are evidence then, and beside it they would count for nothing."""
    return case.escalated and case.stage == Stage.EVIDENCE


def add_photos(case_id: int, photos: Sequence[str], *, note: str, by: ActedBy, now: datetime) -> Case:
    """Hang photos on a case; one that waits for the buyer's change is thereby handed in again.

    In other states they hang on the newest event, and the shop is told. Raises StepRefused when the case has ended.
    """
    case = taking.settle(case_deadlines.lock_case(case_id), now)
    if case.state in flow.FINAL:
        raise StepRefused("售后已结束，不能再补充照片；请联系商家", "photos")
    had = evidence.count_of_side(case.id, case.shop_id, "buyer")
    if had + len(photos) > MOST_PHOTOS:
        room = max(MOST_PHOTOS - had, 0)
        raise StepRefused(f"一张售后单里每一方最多 {MOST_PHOTOS} 张照片，您还能再传 {room} 张", "photos")
    if is_heard(case):
        raise StepRefused("平台正在收集证据，照片请点「提交证据」提交", "photos")
    if case.state == State.REVISING and not case.escalated:
        return taking.take(case_id, "modify", by=by, now=now, handed=Modification(note=note, photos=photos))
    many = evidence.attach_to_case(
        photos,
        shop_id=case.shop_id,
        owner_id=by.user_id or 0,
        case_id=case.id,
        order_id=case.order_id,
        version=case.version,
    )
    if not many:
        raise StepRefused("没有新的照片，请重新选择", "photos")
    db.session.execute(
        update(Case)
        .where(Case.id == case.id, Case.shop_id == case.shop_id)
        .values(photo_count=Case.photo_count + many)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(case)
    beside_steps.tell_of_photos(case, many, note, at=now)
    return case


def tell_account_wanted(case_id: int, now: datetime) -> bool:
    """A consumer can't give an account by a link: the shop that asked for it settles with them how they are paid."""
    db.session.rollback()
    case = db.session.get(Case, case_id)
    if case is None or case.state != State.REFUND_FAILED:
        return False
    last = db.session.scalars(
        select(CaseEvent.step)
        .where(CaseEvent.shop_id == case.shop_id, CaseEvent.case_id == case.id)
        .order_by(CaseEvent.version.desc())
        .limit(1)
    ).one()
    if last != "ask_account" or not links.needs_link(case.buyer_id):
        return False
    owner = db.session.scalars(select(Shop.owner_id).where(Shop.id == case.shop_id)).one()
    with writing():
        return beside_steps.tell_alarm(
            owner,
            shop_id=case.shop_id,
            title="请与消费者约定收款方式",
            body=f"消费者没有账号，不能在链接里填写收款账户。请联系消费者，说好收款方式（例如支付宝、微信转账），"
            f"再到售后 {case.case_no} 点「重新退款」并登记。",
            at=now,
            dedupe_key=f"account:{case.id}:{case.version}",
            href=f"/seller/cases/{case.case_no}",
        )
