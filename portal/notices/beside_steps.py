"""Notices of what happens beside the steps of a case: parcels, photos, payments, orders, accounts, alarms."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select

from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, Notice, Staff
from portal.notices.notices import add_notice, build_address, bump_unread, list_readers
from portal.people import roles


def tell_of_account(user_id: int, *, title: str, body: str, at: datetime) -> None:
    """Tell somebody of a change to the security of their account."""
    dedupe_key = f"account:{user_id}:{secrets.token_hex(8)}"  # each change is told, also two of one moment
    add_notice(
        user_id, None, kind="account", title=title[:120], body=body, href="/me/account", at=at, dedupe_key=dedupe_key
    )
    bump_unread(user_id)


def tell_of_parcel(
    user_id: int,
    case: Case | None,
    *,
    shop_id: int,
    title: str,
    body: str,
    href: str,
    at: datetime,
    dedupe_key: str,
) -> None:
    """Tell one person where a parcel is; once for each ``dedupe_key``."""
    if not db.session.scalar(select(Notice.id).where(Notice.dedupe_key == dedupe_key)):
        add_notice(
            user_id,
            case,
            shop_id=shop_id,
            kind="parcel",
            title=title,
            body=body,
            href=href,
            at=at,
            dedupe_key=dedupe_key,
        )
        bump_unread(user_id)


def tell_of_photos(case: Case, many: int, note: str, *, at: datetime) -> None:
    """Tell the shop that a consumer has uploaded photos by their link."""
    for user_id in list_readers(case, Actor.SELLER, "photos"):
        add_notice(
            user_id,
            case,
            kind="photos",
            title="消费者补充了照片",
            body=f"「{case.goods}」消费者通过链接上传了 {many} 张照片" + (f"：{note}" if note else "。"),
            href=build_address(case, Actor.SELLER),
            at=at,
            dedupe_key=f"photos:{case.id}:{at.timestamp():.6f}:{user_id}",
        )
        bump_unread(user_id)


def tell_colleague(case: Case, user_id: int, *, kind: str, title: str, body: str, at: datetime, key: str) -> None:
    """Tell one person of the shop what a colleague wrote to them about a case."""
    add_notice(
        user_id,
        case,
        kind=kind,
        title=title[:120],
        body=body,
        href=build_address(case, Actor.SELLER),
        at=at,
        dedupe_key=f"{kind}:{key}:{user_id}",
    )
    bump_unread(user_id)


def tell_of_payment(
    case: Case, user_id: int, *, title: str, body: str, href: str, at: datetime, dedupe_key: str
) -> None:
    """Tell one person of the shop about a payment that is far too late."""
    add_notice(user_id, case, kind="payment_late", title=title, body=body, href=href, at=at, dedupe_key=dedupe_key)
    bump_unread(user_id)


def tell_of_order(
    user_id: int, *, shop_id: int, kind: str, title: str, body: str, href: str, at: datetime, dedupe_key: str
) -> None:
    """Tell one person of something about an order as a whole; once for each ``dedupe_key``."""
    key = f"order:{dedupe_key}:{user_id}"
    if not db.session.scalar(select(Notice.id).where(Notice.dedupe_key == key)):
        add_notice(user_id, None, shop_id=shop_id, kind=kind, title=title, body=body, href=href, at=at, dedupe_key=key)
        bump_unread(user_id)


def tell_shop_of_order(
    shop_id: int, *, kind: str, title: str, body: str, href: str, at: datetime, dedupe_key: str
) -> None:
    """Tell those of a shop whose business it is of something about an order; once for each ``dedupe_key``."""
    for user_id, role in db.session.execute(select(Staff.user_id, Staff.role).where(Staff.shop_id == shop_id)).all():
        if roles.is_told(role, kind, ""):
            tell_of_order(
                user_id, shop_id=shop_id, kind=kind, title=title, body=body, href=href, at=at, dedupe_key=dedupe_key
            )


def tell_of_order_change(
    case: Case, actor: Actor, *, body: str, at: datetime, key: str, title: str = "商家导入的订单资料与申请时不同"
) -> None:
    """Tell one side that the shop changed, or wanted to, what stands beside the case; once for each ``key``."""
    for user_id in list_readers(case, actor, "order_changed"):
        add_notice(
            user_id,
            case,
            kind="order_changed",
            title=title,
            body=body,
            href=build_address(case, actor),
            at=at,
            dedupe_key=f"case:{case.id}:{key}:{actor}:{user_id}",
        )
        bump_unread(user_id)


def tell_alarm(
    user_id: int,
    *,
    shop_id: int,
    title: str,
    body: str,
    at: datetime,
    dedupe_key: str,
    href: str = "/seller/bank-data",
) -> bool:
    """Warn one person of something that hangs on no one case; once for each ``dedupe_key``: False the second time."""
    key = f"alarm:{dedupe_key}:{user_id}"
    if db.session.scalar(select(Notice.id).where(Notice.dedupe_key == key)):
        return False
    add_notice(user_id, None, shop_id=shop_id, kind="alarm", title=title, body=body, href=href, at=at, dedupe_key=key)
    bump_unread(user_id)
    return True
