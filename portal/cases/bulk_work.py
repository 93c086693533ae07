"""Works runs off: each case alone, claimed and done in one transaction, so that a crash leaves none half done."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import select, text, update

from portal.cases import bulk, owners, taking
from portal.cases.deadlines import lock_case
from portal.cases.effects.hand_ins import Approval, HandIn, Shipment
from portal.cases.effects.step_context import ActedBy
from portal.extensions import Busy, db, writing
from portal.flow import Actor, StepRefused
from portal.models import BulkItem, BulkRun, Case, CaseLine, Order
from portal.models.bulk import RUNNING
from portal.orders import known_shops
from portal.people import roles
from portal.talk import conversations

log = logging.getLogger("portal.bulk")
AT_ONCE = 100  # cases a round and run, so that one run doesn't hold up another for long


def work_off(now: datetime) -> int:
    """Do some more of every run; returns how many cases were done."""
    done = 0
    for run_id in db.session.scalars(select(BulkRun.id).where(text(RUNNING)).order_by(BulkRun.id)).all():
        done += _work_off_run(run_id, now)
    return done


def _work_off_run(run_id: int, now: datetime) -> int:
    waiting = select(BulkItem.id).where(BulkItem.run_id == run_id, BulkItem.state == "waiting").order_by(BulkItem.id)
    items = db.session.scalars(waiting.limit(AT_ONCE)).all()
    done = sum(_do(item_id, now) for item_id in items)
    if len(items) < AT_ONCE:
        with writing():
            if db.session.scalars(waiting.limit(1)).first() is None:
                db.session.execute(
                    update(BulkRun)
                    .where(BulkRun.id == run_id, BulkRun.state == "running")
                    .values(state="done", done_at=now)
                    .execution_options(synchronize_session=False)
                )
    return done


def _do(item_id: int, now: datetime) -> bool:
    """One case, once; what refuses it is kept as its reason."""
    try:
        with writing():
            if (item := _claim(item_id)) is None:
                return False
            _carry_out(
                db.session.scalars(
                    select(BulkRun).where(BulkRun.id == item.run_id, BulkRun.shop_id == item.shop_id)
                ).one(),
                item,
                now,
            )
            _mark(item, "done", "")
            return True
    except StepRefused as refused:
        reason = refused.sentence
    except Busy:
        raise  # the next round tries again
    except Exception:
        log.exception("a case of a run failed: item %s", item_id)
        reason = "系统没能处理，请打开这张售后单单独处理"
    with writing():
        if (item := _claim(item_id)) is not None:
            _mark(item, "skipped", reason[:300])
    return False


def _claim(item_id: int) -> BulkItem | None:
    return db.session.scalars(
        select(BulkItem)
        .where(BulkItem.id == item_id, BulkItem.state == "waiting")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _mark(item: BulkItem, state: str, reason: str) -> None:
    db.session.execute(
        update(BulkItem)
        .where(BulkItem.id == item.id, BulkItem.shop_id == item.shop_id, BulkItem.state == "waiting")
        .values(state=state, reason=reason)
        .execution_options(synchronize_session=False)
    )


def _carry_out(run: BulkRun, item: BulkItem, now: datetime) -> None:
    by = ActedBy(Actor.SELLER, run.user_id, run.author, run.request_id)
    if run.kind == bulk.HAND_OVER:
        if taking.find_working_role(item.shop_id, run.user_id) is None:
            raise StepRefused("您不在这家店铺工作，不能转交它的售后单")
        case = lock_case(item.case_id)
        owners.hand_over(case, run.facts["to"], by=by, words=run.facts["words"], now=now)
        return
    if run.kind == bulk.REPLY:
        _reply(run, item, by, now)
        return
    taking.take(item.case_id, run.kind, by=by, now=now, version=item.version, handed=_hand_in(run, item))


def _hand_in(run: BulkRun, item: BulkItem) -> HandIn:
    if run.kind == "agree":
        kind = db.session.scalar(select(Case.type).where(Case.id == item.case_id, Case.shop_id == item.shop_id))
        address = run.facts.get("address_id") if kind in ("exchange", "return_refund") else None
        return Approval(address_id=address)
    if run.kind == "ship_replacement":
        lines = select(CaseLine.id, CaseLine.accepted_milli - CaseLine.shipped_milli)
        left = db.session.execute(lines.where(CaseLine.shop_id == item.shop_id, CaseLine.case_id == item.case_id)).all()
        parcels = [(carrier, number) for carrier, number in item.facts["parcels"]]
        return Shipment(parcels=parcels, shipped={line_id: milli for line_id, milli in left if milli > 0})
    return HandIn(note=run.facts.get("note", ""))


def _reply(run: BulkRun, item: BulkItem, by: ActedBy, now: datetime) -> None:
    role = taking.find_working_role(item.shop_id, by.user_id)
    if role is None or not roles.may_open(role, "contact"):
        raise StepRefused("您现在不能和这家店铺的买家会话")
    order_id = db.session.scalar(select(Case.order_id).where(Case.id == item.case_id, Case.shop_id == item.shop_id))
    order = db.session.get_one(Order, (order_id, item.shop_id))
    if known_shops.is_hidden(order):
        raise StepRefused("买家还不认识店铺，看不到这个订单的会话")
    if order.buyer_id == by.user_id:
        raise StepRefused(conversations.OWN)
    talk = conversations.get_of_order(order, now)
    owners.take_up_of_order(order.shop_id, order.id, by.user_id or 0)
    conversations.add_message(talk, "seller", by.user_id, run.facts["note"], now=now)
