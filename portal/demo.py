"""The demo's world: the accounts everybody knows, orders in every status, cases in every state."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select

from portal import accounts, applications, bankdata, cases, chat, eligibility, evidence, imaging, policies
from portal.effects import By, Counted, Wanted
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Order, OrderLine, Parcel, Product, Shop, Sku, User
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
BACK = [("ZTO", "75484863576596")]
OUT = [("YTO", "YT8893012345678")]
TONES = (("#D9C7B0", "#8C6A4A", "#2B1D12"), ("#C9D3DC", "#4A6A8C", "#101C28"))  # ground, goods, flaw


Story = Callable[["_Teller"], None]


def build(now: datetime, store: Store, orders_file: Path | None = None, scenario: str = "demo") -> None:
    """Fill an empty database with a scenario of SCENARIOS, or with the orders of an export. Raises KeyError."""
    told = SCENARIOS[scenario]
    with writing():
        secret = accounts.hash_password(PASSWORD)
        for name, company in ACCOUNTS:
            user = accounts.create_user(name, now=now, company_name=company)
            user.password_hash = secret
            if name in SHOPS:
                _open(accounts.create_shop(user, SHOPS[name], now), now)
    if orders_file is not None:
        with read(orders_file) as export:
            import_orders(export, now=now)
        with writing():
            for user in db.session.scalars(select(User).where(User.password_hash.is_(None))):
                user.password_hash = secret
            for shop in db.session.scalars(select(Shop)):
                if not policies.addresses(shop.id):
                    _open(shop, now)
    elif scenario != "empty":
        _invent(now, store, told)


def _open(shop: Shop, now: datetime) -> None:
    shop.bank_data = bankdata.ready()
    policies.add_address(
        shop.id,
        name="退货组",
        phone="13800138000",
        address="浙江省金华市义乌市北苑街道雪峰西路 968 号 3 号仓",
        note="请在包裹外写明售后单号",
        make_default=True,
        now=now,
    )


def _invent(now: datetime, store: Store, told: Sequence[Story]) -> None:
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
        first = db.session.scalars(
            select(Order).where(Order.shop_id == ours, Order.status == "completed").order_by(Order.id)
        ).first()
        if first is not None:
            talk = chat.of_order(first, now)
            chat.say(talk, "buyer", people["buyer"], "你好,这批袜子里有几双好像有色差", now=now - timedelta(hours=2))
            chat.say(talk, "seller", people["seller"], "您好,麻烦拍张照片,我们核对一下", now=now - timedelta(hours=1))
    photos = _Photos(store, now)
    for story in told:
        story(_Teller(people["buyer"], people["seller"], ours, now, photos))


def _order(buyer: int, shop: int, status: str, number: int, now: datetime) -> Order:
    """One invented order of one or two lines, received a day or more before ``now``."""
    ordered = now - timedelta(days=5 + number % 9, hours=number % 24)
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


class _Photos:
    """Small pictures, drawn here once and kept like any photo."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._images = imaging.prepare([imaging.IncomingFile("photo.jpg", _drawn(*tones)) for tones in TONES])

    def of(self, owner: int, side: str, many: int = 2) -> list[str]:
        """The public ids of ``many`` loose photos of this person."""
        stored = evidence.put(self._store, self._images[:many])
        with writing():
            return evidence.keep(stored, owner_id=owner, side=side, now=self._now)


def _drawn(ground: str, goods: str, flaw: str) -> bytes:
    """A parcel with something wrong on it."""
    picture = Image.new("RGB", (960, 720), ground)
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((180, 150, 780, 600), 24, fill=goods)
    pen.rectangle((455, 150, 505, 600), fill=ground)
    pen.line([(560, 190), (610, 290), (570, 350), (640, 470), (600, 590)], fill=flaw, width=10)
    pen.ellipse((250, 380, 380, 500), outline=flaw, width=12)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


class _Teller:
    """Opens a case on a fresh order and takes it on, step by step."""

    def __init__(self, buyer: int, seller: int, shop: int, now: datetime, photos: _Photos) -> None:
        self.buyer, self.seller, self.shop, self.now, self.photos = buyer, seller, shop, now, photos

    def case(
        self,
        reason: str = "damaged",
        words: str = "拆箱后发现破损",
        hours: float = 5,
        kind: CaseType = CaseType.EXCHANGE,
    ) -> Case:
        at = self.now - timedelta(hours=hours)
        public_ids = self.photos.of(self.buyer, "buyer")
        with writing():
            order = _order(self.buyer, self.shop, "completed", secrets.randbelow(90) + 7, at)
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).first()
            assert line is not None  # noqa: S101  (just made)
            policy = policies.current(self.shop)
            verdict = eligibility.check(
                applications.goods_of(order, line), kind, reason, eligibility.Evidence(2_000, 2, len(words)), at,
                applications.facts_of_policy(policy),
            )  # fmt: skip
            opened = cases.open_case(
                by=By(Actor.BUYER, self.buyer, "buyer"),
                order=order,
                wanted=[Wanted(line.id, 2_000)],
                reason=reason,
                description=words,
                receiver=("李雯", "13425059650", "浙江省 杭州市 余杭区 仓前街道文一西路 1 号"),
                freight_payer=str(verdict.freight_payer or "negotiated"),
                basis=verdict.basis,
                policy_id=policy.id,
                photos=public_ids,
                now=at,
                case_type=kind,
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

    def travels(self, leg: str, *scans: str, signed: bool = False) -> None:
        """The carrier's words on the way, an hour apart."""
        parcel_id = db.session.scalars(
            select(Parcel.id).where(Parcel.case_id == self.case_id, Parcel.leg == leg).order_by(Parcel.id.desc())
        ).first()
        for number, said in enumerate(scans):
            self.at += timedelta(minutes=20)
            last = signed and number == len(scans) - 1
            with writing():
                cases.record_trace(
                    parcel_id or 0, at=self.at, status="signed" if last else "transit", said=said, now=self.at
                )

    def lines(self) -> list[CaseLine]:
        return list(db.session.scalars(select(CaseLine).where(CaseLine.case_id == self.case_id)))


def _to_returning(t: _Teller) -> None:
    t.case("wrong_item", "拍的黑色,发来的是白色", hours=30)
    t.seller_takes("agree")


def _to_inspecting(t: _Teller) -> None:
    _to_returning(t)
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【杭州市】已揽收", "【义乌市】已到达义乌转运中心")


def _to_reshipping(t: _Teller) -> None:
    _to_inspecting(t)
    t.travels("back", "【义乌市】已签收,签收人:仓库", signed=True)
    t.seller_takes("accept_goods")


def _to_confirming(t: _Teller) -> None:
    _to_reshipping(t)
    t.seller_takes("ship_replacement", parcels=OUT, shipped={x.id: x.accepted_milli for x in t.lines()})
    t.travels("out", "【义乌市】已揽收", "【杭州市】派送中")


def _applied(t: _Teller) -> None:
    t.case("colour", "和详情页颜色差很多")


def _urgent(t: _Teller) -> None:
    t.case("damaged", "纸箱压扁,里面破了两双", hours=46)


def _revising(t: _Teller) -> None:
    t.case("defect", "袜口脱线")
    t.seller_takes("ask_evidence", note="请补拍脱线处的近照和外包装")


def _withdrawn(t: _Teller) -> None:
    t.case()
    t.buyer_takes("withdraw")


def _disputed(t: _Teller) -> None:
    _to_inspecting(t)
    counted = [
        Counted(x.id, x.quantity_milli, x.quantity_milli // 2, "not_resellable", "一件有污渍") for x in t.lines()
    ]
    t.seller_takes("dispute_goods", counted=counted, note="一件有明显污渍", photos=t.photos.of(t.seller, "seller"))


def _closed(t: _Teller) -> None:
    _to_inspecting(t)
    counted = [Counted(x.id, x.quantity_milli, 0, "not_resellable", "均有污渍") for x in t.lines()]
    t.seller_takes("dispute_goods", counted=counted, note="全部有污渍", photos=t.photos.of(t.seller, "seller"))
    t.buyer_takes("accept_result_none")


def _late(t: _Teller) -> None:
    t.case("size", "尺码标 L,实际量出来是 M", hours=120)
    t.seller_takes("agree_no_return")
    cases.settle_now(t.case_id, t.now)


def _completed(t: _Teller) -> None:
    _to_confirming(t)
    t.travels("out", "【杭州市】已签收,签收人:本人", signed=True)
    t.buyer_takes("confirm")


def _missing(t: _Teller) -> None:
    t.case("missing_item", "一箱少了两件,清单和照片在这里", kind=CaseType.REISSUE)


def _missing_asked(t: _Teller) -> None:
    _missing(t)
    t.seller_takes("ask_evidence", note="请补拍快递面单和称重")


def _missing_withdrawn(t: _Teller) -> None:
    _missing(t)
    t.buyer_takes("withdraw")


def _to_resending(t: _Teller) -> None:
    t.case("missing_item", "少发了两件", hours=20, kind=CaseType.REISSUE)
    t.seller_takes("agree")


def _to_receiving(t: _Teller) -> None:
    _to_resending(t)
    t.seller_takes("ship_replacement", parcels=OUT, shipped={x.id: x.accepted_milli for x in t.lines()})
    t.travels("out", "【义乌市】已揽收", "【杭州市】派送中")


def _reissued(t: _Teller) -> None:
    _to_receiving(t)
    t.buyer_takes("confirm")


def _missing_closed(t: _Teller) -> None:
    t.case("missing_item", "好像少了一件", hours=24 * 9, kind=CaseType.REISSUE)
    t.seller_takes("ask_evidence", note="请补拍快递面单和称重")
    cases.settle_now(t.case_id, t.now)


def _to_refund_failed(t: _Teller) -> None:
    t.case("defect", "开箱就是坏的,不要了", hours=40, kind=CaseType.REFUND_ONLY)
    t.seller_takes("agree")
    t.seller_takes("refund_fail", note="买家原付款账户已注销")


def _account_asked(t: _Teller) -> None:
    _to_refund_failed(t)
    if bankdata.ready():
        t.seller_takes("ask_account")


def _account_given(t: _Teller) -> None:
    _account_asked(t)
    if bankdata.ready():
        invented = bankdata.Account("李雯", "中国工商银行杭州余杭支行", "6222021234567890128")
        t.buyer_takes("give_account", account=invented, consent=bankdata.CONSENT)


STORIES: dict[str, Story] = {
    "applied": _applied,
    "urgent": _urgent,
    "revising": _revising,
    "withdrawn": _withdrawn,
    "returning": _to_returning,
    "inspecting": _to_inspecting,
    "disputed": _disputed,
    "closed": _closed,
    "reshipping": _to_reshipping,
    "late": _late,
    "confirming": _to_confirming,
    "completed": _completed,
    "reissue-applied": _missing,
    "reissue-revising": _missing_asked,
    "reissue-withdrawn": _missing_withdrawn,
    "reissue-reshipping": _to_resending,
    "reissue-confirming": _to_receiving,
    "reissue-completed": _reissued,
    "reissue-closed": _missing_closed,
    "account-asked": _account_asked,
    "account-given": _account_given,
}
# What a demo or a test can begin with: everything, accounts alone, orders without cases, or one case of a story.
SCENARIOS: dict[str, Sequence[Story]] = {
    "demo": tuple(STORIES.values()),
    "empty": (),
    "orders": (),
    **{name: (story,) for name, story in STORIES.items()},
}
