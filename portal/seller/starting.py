"""What a new shop still has to do before its first case goes well; said where its queue is still empty."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from portal.extensions import db
from portal.models import Order
from portal.rights import policies


class Todo(NamedTuple):
    """One thing to do: in words, what it is for, the page where it is done, and whether it has been."""

    words: str
    why: str
    address: str
    done: bool


def list_todos(shop_id: int) -> list[Todo]:
    """All of them in the order to do them; nothing once goods could come back and there are orders to apply for."""
    has_orders = db.session.scalar(select(Order.id).where(Order.shop_id == shop_id).limit(1)) is not None
    has_place = policies.get_default_address(shop_id) is not None
    if has_orders and has_place:
        return []
    decided = policies.get_current(shop_id).version > 1
    return [
        Todo("添加退货地址", "没有默认退货地址时，超时不会自动同意，买家也无法寄回。", "/seller/addresses", has_place),
        Todo("导入订单", "买家在导入的订单上申请换货；没有订单就没有申请。", "/seller/import", has_orders),
        Todo("看一遍换货政策", "没有改过时按系统默认的期限和运费。", "/seller/policy", decided),
    ]
