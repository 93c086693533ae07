"""The demo's world: the accounts everybody knows, orders in every status, cases in every state."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select

from portal import accounts, cases, evidence, imaging, policies
from portal.effects import By, Counted, Wanted
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, CaseLine, Order, OrderLine, Product, Shop, Sku, User
from portal.order_export import read
from portal.order_import import import_orders
from portal.store import Store

PASSWORD = "huanhuo-demo"  # noqa: S105  (a demo's, printed at its start; demo accounts exist only in a demo)
ACCOUNTS = (
    ("buyer", "杭州小满百货"),
    ("buyer2", "长沙同乐商行"),
    ("seller", "义乌恒盛针织"),
    ("seller2", "东莞星途电子"),
    ("distributor", "厦门海角铺货"),
    ("mediator", "平台客服"),
)
SHOPS = {"seller": "恒盛针织旗舰店", "seller2": "星途电子专营店", "distributor": "海角精选"}
GOODS = (
    ("纯棉中筒袜 男女同款 四季", "双", 690, ("黑色;均码", "白色;均码", "灰色;均码")),
    ("纯棉圆领长袖打底衫 可印LOGO", "件", 1880, ("黑色;L", "白色;L", "黑色;XL")),
    ("不锈钢保温杯 500ml 商务款", "个", 2350, ("深空灰", "云白")),
    ("儿童积木拼装消防车 126粒", "盒", 1550, ("红色", "蓝色")),
    ("无线蓝牙耳机 半入耳式", "副", 3800, ("云白", "曜石黑")),
    ("加厚遮光窗帘布 定宽2.8米", "米", 1260, ("米白", "雾蓝")),
)
STATUSES = ("unpaid", "unshipped", "in_transit", "delivered", "completed", "completed", "cancelled")
TEXT = {
    "unpaid": "等待买家付款",
    "unshipped": "等待卖家发货",
    "in_transit": "等待买家收货",
    "delivered": "买家已签收",
    "completed": "交易成功",
    "cancelled": "交易取消",
}
PARCELS = [("ZTO", "75484863576596")]


def build(now: datetime, store: Store, orders_file: Path | None = None) -> list[tuple[str, str]]:
    """Fill an empty database; returns (会员名, who) of the accounts that can sign in."""
    with writing():
        secret = accounts.hash_password(PASSWORD)
        for name, company in ACCOUNTS:
            user = accounts.create_user(name, now=now, company_name=company)
            user.password_hash = secret
            if name in SHOPS:
                _open(accounts.create_shop(user, SHOPS[name], now), now)
    if orders_file is None:
        _invent(now, store)
    else:
        with read(orders_file) as export:
            import_orders(export, now=now)
        with writing():
            for user in db.session.scalars(select(User).where(User.password_hash.is_(None))):
                user.password_hash = secret
            for shop in db.session.scalars(select(Shop)):
                if not policies.addresses(shop.id):
                    _open(shop, now)
    owners = dict(db.session.execute(select(Shop.owner_id, Shop.name)).all())
    people = db.session.execute(select(User.id, User.member_name, User.company_name).order_by(User.id)).all()
    return [(row.member_name, owners.get(row.id, row.company_name)) for row in people]


def _open(shop: Shop, now: datetime) -> None:
    policies.add_address(
        shop.id,
        name="退货组",
        phone="13800138000",
        address="浙江省金华市义乌市北苑街道雪峰西路 968 号 3 号仓",
        note="请在包裹外写明售后单号",
        make_default=True,
        now=now,
    )


def _invent(now: datetime, store: Store) -> None:
    people = dict(db.session.execute(select(User.member_name, User.id)).all())
    shops = dict(db.session.execute(select(Shop.owner_id, Shop.id)).all())
    ours = shops[people["seller"]]
    number = 0
    with writing():
        for buyer, shop, many in (
            (people["buyer"], ours, 2),
            (people["buyer2"], ours, 1),
            (people["buyer"], shops[people["seller2"]], 1),
            (people["distributor"], ours, 1),
            (people["buyer2"], shops[people["distributor"]], 1),
        ):
            for status in STATUSES * many:
                number += 1
                _order(buyer, shop, status, number, now)
    for story in _stories():
        story(_Teller(people["buyer"], people["seller"], ours, now, store))


def _order(buyer: int, shop: int, status: str, number: int, now: datetime) -> Order:
    """One invented order of one or two lines."""
    ordered = now - timedelta(days=3 + number % 9, hours=number)
    received = now - timedelta(days=1 + number % 4) if status in ("delivered", "completed") else None
    order = Order(
        order_no=f"39{secrets.randbelow(10**17):017d}",
        shop_id=shop,
        buyer_id=buyer,
        status=status,
        status_text=TEXT[status],
        ordered_at=ordered,
        paid_at=None if status == "unpaid" else ordered + timedelta(minutes=7),
        received_at=received,
        receiver_name="李雯",
        receiver_phone="13425059650",
        receiver_address="浙江省 杭州市 余杭区 仓前街道文一西路 1 号",
        carrier_text="中通快递(ZTO)" if status in ("in_transit", "delivered", "completed") else "",
        tracking_text="73610555582883" if status in ("in_transit", "delivered", "completed") else "",
        imported_at=now,
        updated_at=now,
    )
    db.session.add(order)
    db.session.flush()
    for position in range(1 + number % 2):
        title, unit, price, specs = GOODS[(number + position) % len(GOODS)]
        product = _product(shop, title, price, specs)
        milli = (12_500 if unit == "米" else 40_000) if number % 3 else 10_000
        order.goods_total_fen += price * milli // 1000
        db.session.add(
            OrderLine(
                order_id=order.id,
                position=position + 1,
                line_key=f"{product.product_key}|{position}",
                title=title,
                spec=specs[0],
                unit=unit,
                unit_price_fen=price,
                quantity_milli=milli,
                cargo_no=product.cargo_no,
                product_id=product.id,
                guarantees="qtbh" if number % 4 == 0 else "",
                snapshot={"货品标题": title, "型号": specs[0], "单价(元)": f"{price / 100:.2f}", "单位": unit},
            )
        )
    order.paid_fen = order.goods_total_fen
    db.session.flush()
    return order


def _product(shop: int, title: str, price: int, specs: tuple[str, ...]) -> Product:
    found = db.session.scalars(select(Product).where(Product.shop_id == shop, Product.title == title)).one_or_none()
    if found is not None:
        return found
    made = Product(
        shop_id=shop, product_key=secrets.token_hex(6), title=title, cargo_no=f"HH-{secrets.randbelow(900) + 100}"
    )
    db.session.add(made)
    db.session.flush()
    for spec in specs:
        db.session.add(Sku(product_id=made.id, sku_key=spec, spec=spec, price_fen=price))
    db.session.flush()
    return made


class _Teller:
    """Opens a case on a fresh order and takes it on, step by step."""

    def __init__(self, buyer: int, seller: int, shop: int, now: datetime, store: Store) -> None:
        self.buyer, self.seller, self.shop, self.now, self.store = buyer, seller, shop, now, store

    def case(self, reason: str = "damaged", words: str = "拆箱后发现破损", hours: float = 5) -> Case:
        at = self.now - timedelta(hours=hours)
        with writing():
            order = _order(self.buyer, self.shop, "completed", secrets.randbelow(90) + 7, self.now)
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).first()
            assert line is not None  # noqa: S101  (just made)
            opened = cases.open_case(
                by=By(Actor.BUYER, self.buyer, "buyer"),
                order=order,
                wanted=[Wanted(line.id, 2_000)],
                reason=reason,
                description=words,
                receiver=("李雯", "13425059650", "浙江省 杭州市 余杭区 仓前街道文一西路 1 号"),
                freight_payer="seller",
                basis="商品质量问题,收货后 15 天内可申请",
                policy_id=policies.current(self.shop).id,
                photos=[],
                now=at,
            )
            self.at, self.case_id = at, opened.id
        return opened

    def seller_takes(self, step: str, **values: Any) -> None:
        self._take(step, By(Actor.SELLER, self.seller, "seller"), values)

    def buyer_takes(self, step: str, **values: Any) -> None:
        self._take(step, By(Actor.BUYER, self.buyer, "buyer"), values)

    def _take(self, step: str, by: By, values: dict[str, Any]) -> None:
        self.at += timedelta(minutes=20)
        with writing():
            cases.take(self.case_id, step, by=by, now=self.at, **values)

    def lines(self) -> list[CaseLine]:
        return list(db.session.scalars(select(CaseLine).where(CaseLine.case_id == self.case_id)))


def _stories() -> list[Callable[[_Teller], None]]:
    def to_returning(t: _Teller) -> None:
        t.case("wrong_item", "拍的黑色,发来的是白色")
        t.seller_takes("agree")

    def to_inspecting(t: _Teller) -> None:
        to_returning(t)
        t.buyer_takes("ship_return", parcels=PARCELS)

    def to_reshipping(t: _Teller) -> None:
        to_inspecting(t)
        t.seller_takes("accept_goods")

    def to_confirming(t: _Teller) -> None:
        to_reshipping(t)
        t.seller_takes("ship_replacement", parcels=PARCELS, shipped={x.id: x.accepted_milli for x in t.lines()})

    def applied(t: _Teller) -> None:
        t.case("colour", "和详情页颜色差很多")

    def urgent(t: _Teller) -> None:
        t.case("damaged", "纸箱压扁,里面破了两双", hours=46)

    def revising(t: _Teller) -> None:
        t.case("defect", "袜口脱线")
        t.seller_takes("ask_evidence", note="请补拍脱线处的近照和外包装")

    def withdrawn(t: _Teller) -> None:
        t.case()
        t.buyer_takes("withdraw")

    def disputed(t: _Teller) -> None:
        to_inspecting(t)
        counted = [
            Counted(x.id, x.quantity_milli, x.quantity_milli // 2, "not_resellable", "一件有污渍") for x in t.lines()
        ]
        t.seller_takes("dispute_goods", counted=counted, note="一件有明显污渍", photos=_drawn(t.store, t.seller, t.now))

    def closed(t: _Teller) -> None:
        to_inspecting(t)
        counted = [Counted(x.id, x.quantity_milli, 0, "not_resellable", "均有污渍") for x in t.lines()]
        t.seller_takes("dispute_goods", counted=counted, note="全部有污渍", photos=_drawn(t.store, t.seller, t.now))
        t.buyer_takes("accept_result_none")

    def late(t: _Teller) -> None:
        t.case("size", "尺码标 L,实际量出来是 M", hours=120)
        t.seller_takes("agree_no_return")
        cases.settle_now(t.case_id, t.now)

    def completed(t: _Teller) -> None:
        to_confirming(t)
        t.buyer_takes("confirm")

    return [
        applied, urgent, revising, withdrawn, to_returning, to_inspecting, disputed, closed, to_reshipping, late,
        to_confirming, completed,
    ]  # fmt: skip


def _drawn(store: Store, owner: int, now: datetime) -> list[str]:
    """Two small pictures, drawn here, kept like any photo."""
    files = []
    for colour in ((196, 120, 90), (110, 130, 160)):
        out = io.BytesIO()
        Image.new("RGB", (640, 480), colour).save(out, "JPEG")
        files.append(imaging.IncomingFile("photo.jpg", out.getvalue()))
    stored = evidence.put(store, imaging.prepare(files))
    with writing():
        return evidence.keep(stored, owner_id=owner, side="seller", now=now)
