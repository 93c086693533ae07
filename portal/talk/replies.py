"""常用语: texts with variables. What a case doesn't say becomes a gap that a person fills, never a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from portal.extensions import db
from portal.models import Reply, Shop

MOST = 60
VARIABLES: dict[str, str] = {
    "收件人": "换货或补发商品的收件人，要寄商品时才填得上",
    "电话": "收件人的电话，要寄商品时才填得上",
    "地址": "收件人的地址，要寄商品时才填得上",
    "退货地址": "买家寄回商品的地址",
    "截止": "售后单当前这一步的截止时间",
    "差价": "买家要补的差价",
    "退款金额": "申请或商定的退款金额",
    "售后单号": "这张售后单的编号",
    "订单号": "订单编号",
    "商品": "申请售后的商品",
}
OF_RECEIVER = ("收件人", "电话", "地址")
PROMISES: dict[str, str] = {  # steps that a text may promise
    "": "没有承诺",
    "agree": "同意申请",
    "agree_no_return": "同意，无需寄回",
    "ask_evidence": "请补充凭证",
    "ship_replacement": "已发出商品",
}
_PLACE = re.compile(r"[{｛]([^{}｛｝]*)[}｝]")
_GAP = re.compile(r"【待填：[^】]*】")


class TooMany(Exception):
    """The shop has as many texts as it may have."""


def find_unknown(words: str) -> list[str]:
    """The variables of a text that nobody knows, in their order; a brace that stands alone is one too."""
    unknown = [name for name in _PLACE.findall(words) if name.strip() not in VARIABLES]
    unknown += re.findall(r"[{}｛｝]", _PLACE.sub("", words))
    return list(dict.fromkeys(unknown))


def fill_in(words: str, values: Mapping[str, str]) -> str:
    """The text with its variables said; what has no value is a gap in sight."""

    def say(found: re.Match[str]) -> str:
        name = found[1].strip()
        return values.get(name) or make_gap(name)

    return _PLACE.sub(say, words)


def make_gap(name: str) -> str:
    """What stands for a variable that has no value."""
    return f"【待填：{name}】"


def find_gaps(words: str) -> list[str]:
    """The gaps that are still open in a message."""
    return list(dict.fromkeys(_GAP.findall(words)))


def list_replies(shop_id: int) -> Sequence[Reply]:
    return db.session.scalars(select(Reply).where(Reply.shop_id == shop_id).order_by(Reply.id)).all()


def find_reply(shop_id: int, reply_id: int) -> Reply | None:
    return db.session.scalars(select(Reply).where(Reply.shop_id == shop_id, Reply.id == reply_id)).one_or_none()


def add_reply(shop_id: int, name: str, words: str, step: str, now: datetime) -> Reply:
    """Keep another text. Raises TooMany."""
    db.session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update())
    if (db.session.scalar(select(func.count()).where(Reply.shop_id == shop_id)) or 0) >= MOST:
        raise TooMany
    row = Reply(shop_id=shop_id, name=name, words=words, step=step, made_at=now)
    db.session.add(row)
    db.session.flush()
    return row


def remove_reply(shop_id: int, reply_id: int) -> None:
    """Forget a text; one that is gone already is gone."""
    db.session.execute(delete(Reply).where(Reply.shop_id == shop_id, Reply.id == reply_id))
