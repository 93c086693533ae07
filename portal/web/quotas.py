"""How much one person, and one shop, may keep and send: so that one account can't fill a disk or another's inbox."""

from __future__ import annotations

from typing import NamedTuple

from flask import g, request
from sqlalchemy import func, select

from portal.applications import drafts as applications_drafts
from portal.extensions import db
from portal.models import Draft, Evidence
from portal.web import rates

MOST_PHOTO_BYTES = 500 * 1024 * 1024  # of one person
TOO_MANY_BYTES = "您上传的照片已占满 500 MB 空间，不能再上传；删除不用的草稿后可以继续，或联系平台客服"
TOO_MANY_PHOTOS = "上传的照片太多，{}起可以再传"


class Usage(NamedTuple):
    """A quota as its owner reads it."""

    name: str
    used: int
    most: int
    unit: str


def photo_refusal(files: int, owner_id: int) -> str:
    """Why this person can't upload so many photos now, or nothing. Counts them when they can."""
    if _photo_bytes(owner_id) >= MOST_PHOTO_BYTES:
        return TOO_MANY_BYTES
    at_desk = g.who is not None and g.who.shop_id is not None
    for _ in range(files):
        name = "upload-desk" if at_desk else "upload"
        if not rates.count(name, owner_id, g.now):
            return TOO_MANY_PHOTOS.format(rates.say_again(name, g.now))
        if at_desk and not rates.count("upload-shop", g.who.shop_id, g.now):
            return TOO_MANY_PHOTOS.format(rates.say_again("upload-shop", g.now))
    return ""


def limit_message() -> None:
    """429 when this person, or the shop as a whole, has said too much."""
    rates.limit("message", g.who.user_id)
    rates.limit("message-day", g.who.user_id)
    if request.blueprint == "seller":
        rates.limit("message-shop", g.who.shop_id)


def of_person(user_id: int) -> list[Usage]:
    """What this person has used of each quota."""
    drafts = db.session.scalar(select(func.count()).select_from(Draft).where(Draft.buyer_id == user_id)) or 0
    return [
        Usage("照片", _photo_bytes(user_id) // 1024 // 1024, MOST_PHOTO_BYTES // 1024 // 1024, "MB"),
        Usage("草稿", drafts, applications_drafts.MOST_DRAFTS, "份"),
        Usage("今天发送的消息", rates.used("message-day", user_id, g.now), rates.LIMITS["message-day"][0], "条"),
    ]


def of_shop(shop_id: int) -> list[Usage]:
    """What the people of this shop have used together today."""
    return [
        Usage("今天全店上传的照片", rates.used("upload-shop", shop_id, g.now), rates.LIMITS["upload-shop"][0], "张"),
        Usage("今天全店发送的消息", rates.used("message-shop", shop_id, g.now), rates.LIMITS["message-shop"][0], "条"),
    ]


def _photo_bytes(owner_id: int) -> int:
    return db.session.scalar(select(func.sum(Evidence.bytes)).where(Evidence.owner_id == owner_id)) or 0
