"""Notices: who is told what, written in the transaction of the step that causes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from portal import told, words
from portal.calendar import lengths
from portal.extensions import db
from portal.flow import Actor, Stage, Step
from portal.inputs import money_text
from portal.models import Case, Delivery, Notice, Staff, User
from portal.people import mediators, roles
from portal.per_app import PerApp

Late = Callable[[Actor], str]  # what the deadline of a case brings a side, in a sentence


def list_readers(case: Case, actor: Actor, kind: str = "") -> list[int]:
    """The user ids of one side of a case: the buyer, or those of the shop whose business news of this ``kind`` are.

    Of those who answer cases that is who looks after this one; of a case that nobody does, all of them.
    """
    if actor is Actor.BUYER:
        return [case.buyer_id]
    if actor is Actor.MEDIATOR:
        return mediators.deciders(case.buyer_id, case.shop_id)
    of_shop = select(Staff.user_id, Staff.role).where(Staff.shop_id == case.shop_id).order_by(Staff.user_id)
    staff: dict[int, str] = dict(db.session.execute(of_shop).all())
    told = [user_id for user_id, role in staff.items() if roles.is_told(role, kind, case.state)]
    if not roles.may_own(staff.get(case.owner_id or 0, "")):
        return told
    heads = kind in ALSO_HEADS
    return [
        user_id
        for user_id in told
        if user_id == case.owner_id or not roles.may_own(staff[user_id]) or (heads and staff[user_id] == "owner")
    ]


ALSO_HEADS = frozenset({"reminder", "escalate"})  # what the shop's owner hears of whoever looks after the case


def build_address(case: Case, actor: Actor) -> str:
    """Where a side sees the case."""
    if actor is Actor.MEDIATOR:
        return f"/mediation/{case.case_no}"
    return f"/cases/{case.case_no}" if actor is Actor.BUYER else f"/seller/cases/{case.case_no}"


def tell_step(
    case: Case, step: Step, *, version: int, at: datetime, late: Late, note: str = "", reason: str = ""
) -> None:
    """Write the notices that a step sends. ``case`` is as the step left it; ``reason``: that of a refusal, in words;
    ``late``: what the case's deadline brings a side."""
    for actor in step.tells:
        for user_id in list_readers(case, actor, step.name):
            add_notice(
                user_id,
                case,
                kind=step.name,
                title=told.tell_title(step.title or step.news, actor).format(type=words.TYPE[case.type]),
                body=build_body(case, step, actor, at, late, f"{reason}。{note}" if reason else note),
                href=build_address(case, actor),
                at=at,
                dedupe_key=f"case:{case.id}:{version}:{actor}:{user_id}",
            )


def build_body(case: Case, step: Step, actor: Actor, at: datetime, late: Late, note: str = "") -> str:
    """What a notice says: what happened, what to do, until when."""
    until = words.end(case.due_at) if case.due_at else ""
    goods, news = f"「{case.goods}」", told.tell_news(step.news, actor)
    if step.name in ("agree", "timeout_agree") and case.type == "refund_only":
        return (
            f"{goods}的仅退款申请已通过，退款 {money_text(case.refund_fen)} 元；商家须在 {until} 前退款，退款尚未完成。"
        )
    if step.name in ("agree", "timeout_agree") and case.type == "reissue":
        return f"{goods}的补发申请已审核通过，无需寄回；商家须在 {until} 前发出补发商品，补发尚未完成。"
    if step.name in ("agree", "timeout_agree"):
        payer = words.PAYER[case.freight_payer]
        kind = words.TYPE[case.type]
        still = "换货尚未完成" if case.type == "exchange" else "退款尚未完成"
        if actor is Actor.BUYER and case.place_count > 1:
            return _tell_places(case, until, payer)
        return (
            f"您的{kind}申请已审核通过，请在 {until} 前寄回商品；{still}。\n"
            f"退货地址：{case.return_name} {case.return_phone} {case.return_address}。退回运费：{payer}。"
            if actor is Actor.BUYER
            else f"{goods}超过处理时限，系统已按默认退货地址同意{kind}，买家须在 {until} 前寄回。"
        )
    if step.name == "agree_no_return":
        return f"您的换货申请已审核通过，商品无需寄回；商家将在 {until} 前发出换货商品，换货尚未完成。"
    if step.name == "reject":
        return (
            f"{goods}{news}：{note}\n不认可时可以在 {until} 前申请平台介入，由平台裁决；"
            f"也可以修改后重新提交，或联系商家协商。{late(actor)}；"
            "关闭后能不能重新申请、到什么时候，售后单里写着。"
        )
    if step.name == "ask_evidence":
        return f"{goods}{news}：{note}\n请在 {until} 前修改后重新提交，或联系商家协商；逾期申请会关闭。"
    if step.name == "ask_account":
        return (
            f"{goods}的退款没有付成，商家请您填写银行收款账户。"
            "填写前请阅读用途和保存期限；不提供也不影响退款，商家会用其他方式退给您。"
        )
    if actor is Actor.BUYER and step.name in ("refund_ok", "settle_entry"):
        look = words.end(at + lengths.get_deadline("arrival_objection"))
        return f"{goods}{news}。请核对是否到账；没有收到请在 {look} 前在这张售后单里提出「未到账」。"
    after = late(actor)
    tail = f"{after}（截止 {until}）" if case.due_at and after else ""
    return "。".join(part for part in (f"{goods}{news}" + (f"：{note}" if note else ""), tail) if part) + "。"


def _tell_places(case: Case, until: str, payer: str) -> str:
    """Goods go back to several places; which goes where stands in the case."""
    said = f"您的{words.TYPE[case.type]}申请已审核通过，商品要分开寄到 {case.place_count} 个地址，"
    if case.due_rule == "return_place":
        said += "其中有的地址还没有给出；请打开售后单，先寄已有地址的商品，寄回期限从地址给齐时开始算。"
    else:
        said += f"请打开售后单，按地址在 {until} 前分别寄回。"
    return f"{said}退回运费：{payer}。"


def send_reminder(case: Case, actor: Actor, now: datetime, after: str) -> None:
    """Remind the side that must act, before the deadline; ``after``: what it brings them."""
    if case.due_at is None:
        return
    left = words.span(case.due_at - now)
    turn = f"{case.remind_at.timestamp():.0f}" if case.remind_at else ""
    do = "提交证据" if case.stage == Stage.EVIDENCE else "作出裁决" if case.stage else "处理"
    please, can = f"请在 {words.end(case.due_at)} 前{do}", ""
    if told.is_refused(case) and actor is Actor.BUYER:
        please = f"不认可商家的拒绝，可以在 {words.end(case.due_at)} 前申请平台介入，或修改后重新提交"
        can = "可以提出"
    for user_id in list_reminded(case, actor):
        add_notice(
            user_id,
            case,
            kind="reminder",
            title=f"{told.tell_standing(case, actor)}，还剩 {left}{can}",
            body=f"「{case.goods}」{please}。{after}。",
            href=build_address(case, actor),
            at=now,
            dedupe_key=f"remind:{case.id}:{case.version}:{turn}:{user_id}",
        )


def list_reminded(case: Case, actor: Actor) -> list[int]:
    """Whom a reminder goes to: of the mediators the one who has the case, where one has."""
    if actor is Actor.MEDIATOR and (decides := mediators.find_decider(case.id, case.shop_id)) is not None:
        return [decides]
    return list_readers(case, actor, "reminder")


def tell_supervisors(case: Case, title: str, said: str, *, at: datetime) -> None:
    """Tell the operators of a decision that is late; they see no case, only its number."""
    for user_id in db.session.scalars(select(User.id).where(User.operator, User.disabled_at.is_(None))).all():
        add_notice(
            user_id,
            None,
            shop_id=case.shop_id,
            kind="decision_late",
            title=title,
            body=f"售后单 {case.case_no}：{said}",
            href="/operator",
            at=at,
            dedupe_key=f"late:{case.id}:{case.version}:{user_id}",
        )
        bump_unread(user_id)


def tell_passed_on(case: Case, user_id: int, *, at: datetime) -> None:
    """Tell a mediator that a case is another one's to decide now."""
    add_notice(
        user_id,
        case,
        kind="decision_passed",
        title="裁决已转交另一位裁决员",
        body=f"售后单 {case.case_no} 逾期没有裁决，已转由另一位裁决员处理，您不再参与这张售后单的裁决。",
        href=build_address(case, Actor.MEDIATOR),
        at=at,
        dedupe_key=f"passed:{case.id}:{case.version}:{user_id}",
    )
    bump_unread(user_id)


def tell_sent_back(case: Case, parcels: Sequence[str], *, at: datetime) -> None:
    """Tell the buyer that refused goods are on their way back."""
    for user_id in list_readers(case, Actor.BUYER):
        add_notice(
            user_id,
            case,
            kind="sent_back",
            title="商家已退还未通过验货的商品",
            body=f"「{case.goods}」未通过验货的部分已寄出：{'、'.join(parcels)}。",
            href=build_address(case, Actor.BUYER),
            at=at,
            dedupe_key=f"back:{case.id}:{at.timestamp():.6f}:{user_id}",
        )
        bump_unread(user_id)


def add_notice(
    user_id: int,
    case: Case | None,
    *,
    kind: str,
    title: str,
    body: str,
    href: str,
    at: datetime,
    dedupe_key: str,
    shop_id: int | None = None,
) -> None:
    if case is not None:
        shop_id = case.shop_id
    notice_id = db.session.scalar(
        insert(Notice).returning(Notice.id),
        {
            "shop_id": shop_id,
            "user_id": user_id,
            "case_id": case.id if case is not None else None,
            "kind": kind,
            "title": title,
            "body": body,
            "href": href,
            "at": at,
            "dedupe_key": dedupe_key,
        },
    )
    for channel in _channels.get():
        db.session.execute(
            insert(Delivery),
            {
                "notice_id": notice_id,
                "channel": channel,
                "state": "waiting",
                "tries": 0,
                "next_at": at,
                "problem": "",
                "dedupe_key": f"{channel}:{dedupe_key}",
            },
        )


_channels: PerApp[tuple[str, ...]] = PerApp("notice_channels", ())


def set_channels(*names: str) -> None:
    """The ways that notices take besides the portal itself, from now on."""
    _channels.set(names)


def bump_unread(user_id: int) -> None:
    """Something that this person's pages show has changed."""
    db.session.execute(update(User).where(User.id == user_id).values(version=User.version + 1))
