"""The demo's accounts and shops: who everybody knows, and the words of their orders' states."""

from __future__ import annotations

from datetime import datetime

from portal.models import Shop
from portal.money.accounts import keyring
from portal.rights import policies

PASSWORD = "huanhuo-demo"  # noqa: S105  (a demo's, printed at its start; demo accounts exist only in a demo)


ACCOUNTS = (
    ("buyer", "杭州小满百货"),
    ("buyer2", "长沙同乐商行"),
    ("seller", "义乌恒盛针织"),
    ("seller2", "东莞星途电子"),
    ("distributor", "厦门海角铺货"),
    ("mediator", "平台客服"),
    ("operator", "平台运营"),
    ("finance", "恒盛针织财务"),
    ("finance2", "恒盛针织出纳"),
)


BUYERS = ("buyer", "buyer2", "distributor")  # of seller's shop, also before it has imported anything


MEDIATORS = frozenset({"mediator"})


FINANCE = ("finance", "finance2")  # of seller's shop: what is above its limit needs one of them beside the proposer


APPROVAL_FEN = 50_000


SHOPS = {"seller": "恒盛针织旗舰店", "seller2": "星途电子专营店", "distributor": "海角精选"}


TEXT = {
    "unpaid": "等待买家付款",
    "unshipped": "等待卖家发货",
    "in_transit": "等待买家收货",
    "delivered": "买家已签收",
    "completed": "交易成功",
    "cancelled": "交易取消",
}


def open_shop(shop: Shop, now: datetime) -> None:
    shop.bank_data = keyring.is_ready()
    policies.add_address(
        shop.id,
        name="退货组",
        phone="13800138000",
        address="浙江省金华市义乌市北苑街道雪峰西路 968 号 3 号仓",
        note="请在包裹外写明售后单号",
        make_default=True,
        now=now,
    )
