"""The demo's world: the accounts everybody knows, orders in every status, cases in every state."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select, update

from portal.applications import applications, unsent
from portal.cases import clock as case_clock
from portal.cases import opening, taking
from portal.cases.effects import step_context
from portal.cases.effects.hand_ins import Approval, InspectedLine, RequestedLine, SentParcels
from portal.cases.effects.step_context import ActedBy
from portal.cases.proposals import Terms
from portal.evidence import evidence, imaging
from portal.evidence.store import Store
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Order, OrderLine, Parcel, Product, Shipment, Shop, Sku, Staff, Track, User
from portal.money.accounts import consent as bank_accounts
from portal.orders import receiving
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from portal.parcels import following, keeping, scans
from portal.parcels.scans import Scan
from portal.people import accounts
from portal.resale import across, chain_view, consumers, downstream
from portal.resale import alarm as chain_alarm
from portal.resale import chain as chain_links
from portal.rights import eligibility, policies, resale
from portal.rights import goods as goods_facts
from portal.talk import conversations
from portal.tracking import scans as case_scans

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
MEDIATORS = frozenset({"mediator"})
FINANCE = ("finance", "finance2")  # of seller's shop: what is above its limit needs one of them beside the proposer
APPROVAL_FEN = 50_000
SHOPS = {"seller": "恒盛针织旗舰店", "seller2": "星途电子专营店", "distributor": "海角精选"}
GOODS = (  # title, unit, 分, the specifications at that price, a dearer and a cheaper one
    ("纯棉中筒袜 男女同款 四季", "双", 690, ("黑色;均码", "白色;均码", "灰色;均码"), ("加厚;均码", "薄款;均码")),
    ("纯棉圆领长袖打底衫 可印LOGO", "件", 1880, ("黑色;L", "白色;L", "黑色;XL"), ("加绒;L", "短袖;L")),
    ("不锈钢保温杯 500ml 商务款", "个", 2350, ("深空灰", "云白"), ("深空灰;750ml", "云白;350ml")),
    ("儿童积木拼装消防车 126粒", "盒", 1550, ("红色", "蓝色"), ("红色;168粒", "红色;88粒")),
    ("无线蓝牙耳机 半入耳式", "副", 3800, ("云白", "曜石黑"), ("曜石黑;降噪款", "云白;单耳")),
    ("加厚遮光窗帘布 定宽2.8米", "米", 1260, ("米白", "雾蓝"), ("米白;全遮光", "米白;半遮光")),
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
            user = accounts.create_user(
                name, now=now, company_name=company, mediator=name in MEDIATORS, operator=name == "operator"
            )
            user.password_hash = secret
            if name in SHOPS:
                _open(accounts.create_shop(user, SHOPS[name], now), now)
        shop = db.session.scalars(select(Shop).where(Shop.name == SHOPS["seller"])).one()
        shop.approval_fen = APPROVAL_FEN
        for user in db.session.scalars(select(User).where(User.member_name.in_((*FINANCE, "mediator")))):
            user.mediator = user.member_name == "mediator"
            if not user.mediator:
                db.session.add(Staff(user_id=user.id, shop_id=shop.id, role="finance"))
    if orders_file is not None:
        with read(orders_file) as export:
            import_orders(export, now=now)
        with writing():
            for user in db.session.scalars(select(User).where(User.password_hash.is_(None))):
                user.password_hash = secret
            for shop in db.session.scalars(select(Shop)):
                if not policies.list_addresses(shop.id):
                    _open(shop, now)
    elif scenario != "empty":
        _invent(now, store, told)


def _open(shop: Shop, now: datetime) -> None:
    shop.bank_data = bank_accounts.is_ready()
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
                _order(buyer, shop, status, number, now).is_dropship = buyer == people["distributor"]
        first = db.session.scalars(
            select(Order).where(Order.shop_id == ours, Order.status == "completed").order_by(Order.id)
        ).first()
        if first is not None:
            talk = conversations.get_of_order(first, now)
            conversations.add_message(
                talk, "buyer", people["buyer"], "你好,这批袜子里有几双好像有色差", now=now - timedelta(hours=2)
            )
            conversations.add_message(
                talk, "seller", people["seller"], "您好,麻烦拍张照片,我们核对一下", now=now - timedelta(hours=1)
            )
    photos = _Photos(store, now)
    for story in told:
        story(_Teller(people["buyer"], people["seller"], ours, now, photos))
    _follow(now)
    resale.promise_terms(now)


def _follow(now: datetime) -> None:
    """Orders on their way with a carrier's scans, one of them stuck; and a number that nobody answers for."""
    with writing():
        following.follow_orders(now)
        own = select(Shipment.id, Order.ordered_at).join(Order).where(Shipment.parcel_id.is_(None))
        for number, row in enumerate(db.session.execute(own.order_by(Shipment.id)).all()):
            said = [Scan(row.ordered_at + timedelta(hours=6), "picked", "【义乌市】已揽收")]
            while number and said[-1].at < now - timedelta(hours=60):
                said.append(Scan(said[-1].at + timedelta(hours=50), "transit", "【杭州市】快件已到达杭州转运中心"))
            if number == 1:
                said.append(Scan(now - timedelta(hours=1), "delivering", "【杭州市】正在派送,请保持电话畅通"))
            keeping.keep_scans_of_order(row.id, said, now=now, origin="kuaidi100")
        asked = {"checked_at": now - timedelta(minutes=12), "tried_at": now - timedelta(minutes=12)}
        db.session.execute(update(Track).values(**asked))
        lost = select(Track.id).where(Track.tracking_no == OUT[0][1])
        silent = {"checked_at": now - timedelta(hours=8), "failures": 4, "error": "slow"}
        db.session.execute(update(Track).where(Track.id.in_(lost)).values(**silent))
        db.session.execute(update(Shipment).where(Shipment.track_id.in_(lost)).values(failing=True))


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
        **receiving.make_receipt(received),
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
        title, unit, price, specs, others = GOODS[(number + position) % len(GOODS)]
        product = _product(shop, title, price, specs, others)
        milli = (12_500 if unit == "米" else 40_000) if number % 3 else 10_000
        order.goods_total_fen += price * milli // 1000
        db.session.add(
            OrderLine(
                shop_id=shop,
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


def _product(shop: int, title: str, price: int, specs: tuple[str, ...], others: tuple[str, str]) -> Product:
    found = db.session.scalars(select(Product).where(Product.shop_id == shop, Product.title == title)).one_or_none()
    if found is not None:
        return found
    made = Product(
        shop_id=shop, product_key=secrets.token_hex(6), title=title, cargo_no=f"HH-{secrets.randbelow(900) + 100}"
    )
    db.session.add(made)
    db.session.flush()
    prices = [(spec, price) for spec in specs] + [(others[0], price + 250), (others[1], price - 180)]
    for spec, fen in prices:
        db.session.add(Sku(shop_id=shop, product_id=made.id, sku_key=spec, spec=spec, price_fen=fen))
    db.session.flush()
    return made


class _Photos:
    """Small pictures, drawn here once and kept like any photo."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._images = imaging.prepare([imaging.IncomingFile("photo.jpg", _drawn(*tones)) for tones in TONES])

    def of(self, shop: int, owner: int, side: str, many: int = 2) -> list[str]:
        """The public ids of ``many`` loose photos of this person."""
        stored = evidence.add_photo(self._store, self._images[:many])
        with writing():
            return evidence.keep_photos(stored, shop_id=shop, owner_id=owner, side=side, now=self._now)


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
        *,
        status: str = "completed",
        negotiated: bool = False,
        dearer: bool = False,
        whole: bool = False,
    ) -> Case:
        """``dearer``: for the dearer specification. ``whole``: a large order, and all of it."""
        at = self.now - timedelta(hours=hours)
        public_ids = self.photos.of(self.shop, self.buyer, "buyer")
        with writing():
            order = _order(self.buyer, self.shop, status, 4 if whole else secrets.randbelow(90) + 7, at)
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).first()
            assert line is not None  # noqa: S101  (just made)
            milli = line.quantity_milli if whole else 2_000
            policy = policies.get_current(self.shop)
            verdict = eligibility.check(
                applications.describe_goods(order, line),
                kind,
                reason,
                goods_facts.Evidence(milli, 2, len(words)),
                at,
                applications.describe_policy(policy),
                negotiated=negotiated,
            )
            assert verdict.allowed, verdict.why  # noqa: S101  (the demo tells no story that couldn't be)
            sku = next(
                (sku.id for sku in applications.list_replacements(line) if sku.price_fen > line.unit_price_fen), None
            )
            opened = opening.open_case(
                by=ActedBy(Actor.BUYER, self.buyer, "buyer"),
                order=order,
                wanted=[RequestedLine(line.id, milli, sku if dearer else None)],
                reason=reason,
                description=words,
                receiver=("李雯", "13425059650", "浙江省 杭州市 余杭区 仓前街道文一西路 1 号"),
                freight_payer=str(verdict.freight_payer or "negotiated"),
                basis=verdict.basis,
                policy_id=policy.id,
                photos=public_ids,
                now=at,
                case_type=kind,
                negotiated=verdict.negotiated,
            )
            self.at, self.case_id = at, opened.id
        return opened

    def terms(self, kind: CaseType, fen: int = 0, **more: Any) -> Terms:
        """Terms for all lines as they are."""
        lines = tuple((line.id, line.quantity_milli, None) for line in self.lines())
        return Terms(kind, lines, "seller", amount_fen=fen, **more)

    def seller_takes(self, step: str, **values: Any) -> None:
        self._take(step, ActedBy(Actor.SELLER, self.seller, "seller"), values)

    def buyer_takes(self, step: str, **values: Any) -> None:
        self._take(step, ActedBy(Actor.BUYER, self.buyer, "buyer"), values)

    def _take(self, step: str, by: ActedBy, values: dict[str, Any]) -> None:
        self.at += timedelta(minutes=20)
        with writing():
            taking.take(self.case_id, step, by=by, now=self.at, handed=step_context.hand_in_type(step)(**values))

    def travels(self, leg: str, *said_by_carrier: str, signed: bool = False) -> None:
        """The carrier's words on the way, an hour apart."""
        parcel_id = db.session.scalars(
            select(Parcel.id).where(Parcel.case_id == self.case_id, Parcel.leg == leg).order_by(Parcel.id.desc())
        ).first()
        for number, said in enumerate(said_by_carrier):
            self.at += timedelta(minutes=20)
            status = "signed" if signed and number == len(said_by_carrier) - 1 else scans.status_of(said)
            with writing():
                case_scans.record_trace(parcel_id or 0, at=self.at, status=status, said=said, now=self.at)

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
        InspectedLine(x.id, x.quantity_milli, x.quantity_milli // 2, "not_resellable", "一件有污渍") for x in t.lines()
    ]
    t.seller_takes(
        "dispute_goods", counted=counted, note="一件有明显污渍", photos=t.photos.of(t.shop, t.seller, "seller")
    )


def _closed(t: _Teller) -> None:
    _to_inspecting(t)
    counted = [InspectedLine(x.id, x.quantity_milli, 0, "not_resellable", "均有污渍") for x in t.lines()]
    t.seller_takes("dispute_goods", counted=counted, note="全部有污渍", photos=t.photos.of(t.shop, t.seller, "seller"))
    t.buyer_takes("accept_result_none")


def _late(t: _Teller) -> None:
    t.case("size", "尺码标 L,实际量出来是 M", hours=120)
    t.seller_takes("agree_no_return")
    case_clock.settle_now(t.case_id, t.now)


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
    case_clock.settle_now(t.case_id, t.now)


# ---------------------------------------------------------------- 平台介入


def _mediator_takes(t: _Teller, step: str, **values: Any) -> None:
    mediator = db.session.scalars(select(User.id).where(User.member_name == "mediator")).one()
    t._take(step, ActedBy(Actor.MEDIATOR, mediator, "mediator"), values)


def _refused(t: _Teller, hours: float) -> None:
    """Refused with words and photos, so that the buyer may call for the platform."""
    opened = t.case("defect", "洗了一次袜口就松了,有十几双都这样", hours=hours)
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, opened.order_id), t.at)
        conversations.add_message(
            talk, "buyer", t.buyer, "洗过一次就松口了,客人都退给我", now=t.at + timedelta(minutes=5)
        )
        conversations.add_message(
            talk, "seller", t.seller, "洗过的我们没法二次销售,换不了", now=t.at + timedelta(minutes=15)
        )
    t.seller_takes("ask_evidence", note="请补拍松口处的近照和吊牌")
    t.buyer_takes(
        "modify", description="洗了一次袜口就松了,补拍了近照和吊牌", photos=t.photos.of(t.shop, t.buyer, "buyer")
    )
    t.seller_takes(
        "reject",
        refusal="man_made",
        note="吊牌已剪,已经洗过,影响二次销售",
        photos=t.photos.of(t.shop, t.seller, "seller"),
    )


def _called_for(t: _Teller, hours: float) -> None:
    _refused(t, hours)
    t.buyer_takes(
        "escalate",
        because="refused",
        wish="换 2 双新的,运费由商家承担",
        note="没有下水前看不出来,属于质量问题",
        photos=t.photos.of(t.shop, t.buyer, "buyer"),
    )


def _collecting(t: _Teller) -> None:
    _called_for(t, hours=20)


def _heard(t: _Teller, hours: float) -> None:
    _called_for(t, hours)
    t.seller_takes("submit_evidence", note="出库前抽检合格,附检测照片", photos=t.photos.of(t.shop, t.seller, "seller"))


def _deciding(t: _Teller) -> None:
    _heard(t, hours=72)
    case_clock.settle_now(t.case_id, t.now)


def _undecided(t: _Teller) -> None:
    _heard(t, hours=24 * 8)
    case_clock.settle_now(t.case_id, t.now)


def _decided(t: _Teller) -> None:
    _heard(t, hours=30)
    _mediator_takes(
        t,
        "decide_return",
        note="买家照片能看出袜口脱丝,检测照片的批次与本单不符,采信买家。",
        freight_payer="seller",
    )


def _not_sent(t: _Teller) -> None:
    """A shop that ships nothing: the clock has called for the platform."""
    t.case("damaged", "纸箱进水,全湿了", hours=24 * 7)
    t.seller_takes("agree_no_return")
    case_clock.settle_now(t.case_id, t.now)


def _proposed(t: _Teller) -> None:
    t.case("defect", "袜口脱线,洗过一次就散了")
    t.seller_takes("propose", terms=t.terms(CaseType.EXCHANGE, compensation_fen=300, note="换一批并补偿 3 元"))


def _converted(t: _Teller) -> None:
    _proposed(t)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, note="直接补发,不用寄回"))
    t.buyer_takes("accept_convert")


def _paying(t: _Teller) -> None:
    t.case("wrong_order", "拍错了,想换成加厚的", hours=30, dearer=True)
    t.seller_takes("agree")
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【义乌市】已签收,签收人:仓库", signed=True)
    t.seller_takes("accept_goods_diff")


def _negotiated(t: _Teller) -> None:
    t.case("dislike", "颜色和店里的灯光不搭,希望能换成别的颜色", negotiated=True)


def _mediation(t: _Teller) -> None:
    _revising(t)
    t.buyer_takes("escalate", note="已经补过照片,商家仍不认可,希望换货", photos=t.photos.of(t.shop, t.buyer, "buyer"))


R, M = CaseType.RETURN_REFUND, CaseType.REFUND_ONLY


def _surplus(t: _Teller) -> None:
    t.case("over_qty", "多拍了两件,没有拆封", hours=30, kind=R)


def _return_proposed(t: _Teller) -> None:
    t.case("colour", "和详情页颜色差很多,想退货", kind=R)
    t.seller_takes("propose", terms=t.terms(R, 600, goods_back=False, note="不用寄回,退 6 元"))


def _return_asked(t: _Teller) -> None:
    t.case("size", "实测胸围比页面小 6 厘米", kind=R)
    t.seller_takes("ask_evidence", note="请把尺子放在衣服上再拍一张")


def _return_withdrawn(t: _Teller) -> None:
    _surplus(t)
    t.buyer_takes("withdraw")


def _to_return(t: _Teller) -> None:
    _surplus(t)
    t.seller_takes("agree")


def _to_return_inspecting(t: _Teller) -> None:
    _to_return(t)
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【杭州市】已揽收", "【义乌市】已签收,签收人:仓库", signed=True)


def _return_counted(t: _Teller, accepted: int) -> None:
    _to_return_inspecting(t)
    counted = [InspectedLine(x.id, x.quantity_milli, accepted, "not_resellable", "包装已拆、有污渍") for x in t.lines()]
    t.seller_takes("dispute_goods", counted=counted, note="有拆封痕迹", photos=t.photos.of(t.shop, t.seller, "seller"))


def _return_disputed(t: _Teller) -> None:
    _return_counted(t, 1_000)


def _return_closed(t: _Teller) -> None:
    _return_counted(t, 0)
    t.buyer_takes("accept_result_none")


def _return_refunding(t: _Teller) -> None:
    _to_return_inspecting(t)
    t.seller_takes("accept_goods")


def _return_waiting(t: _Teller) -> None:
    t.case("damaged", "整箱被压,全部破损,要求退货", hours=30, kind=R, whole=True)
    t.seller_takes("agree")
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【义乌市】已签收,签收人:仓库", signed=True)
    t.seller_takes("accept_goods")


def _return_failed(t: _Teller) -> None:
    _return_refunding(t)
    t.seller_takes("refund_fail", note="原付款账户已注销,退款被退回")


def _returned(t: _Teller) -> None:
    _return_refunding(t)
    t.seller_takes("refund_ok", reference="2026112300017")


def _return_converted(t: _Teller) -> None:
    t.case("damaged", "杯口有裂,想退货", kind=R)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, note="直接补发,不用寄回"))
    t.buyer_takes("accept_convert")


def _return_negotiated(t: _Teller) -> None:
    t.case("dislike", "收到后觉得不合用,想退掉,包装完好", kind=R, negotiated=True)


def _unsent(t: _Teller) -> None:
    t.case("not_wanted", "计划有变,先不要了", kind=M, status="unshipped")


def _refund_proposed(t: _Teller) -> None:
    t.case("missing_item", "一箱少了两件,不用补发了", kind=M)
    t.seller_takes("propose", terms=t.terms(M, 500, note="先退 5 元,差额下单时抵扣"))


def _refund_asked(t: _Teller) -> None:
    t.case("empty_parcel", "打开是空的,只有填充纸", kind=M)
    t.seller_takes("ask_evidence", note="请补拍快递面单上的重量")


def _refund_withdrawn(t: _Teller) -> None:
    _unsent(t)
    t.buyer_takes("withdraw")


def _refund_closed(t: _Teller) -> None:
    _unsent(t)
    t.seller_takes("goods_shipped")


def _refund_refunding(t: _Teller) -> None:
    t.case("not_delivered", "物流停了六天没有更新", kind=M, status="in_transit", hours=20)
    t.seller_takes("agree")


def _refund_failed(t: _Teller) -> None:
    _refund_refunding(t)
    t.seller_takes("refund_fail", note="支付平台返回:收款方账户异常")


def _refunded(t: _Teller) -> None:
    t.case("out_of_stock", "卖家通知这款停产", hours=20, kind=M, status="unshipped")
    t.seller_takes("agree")
    t.seller_takes("refund_ok", reference="2026112300042")


def _refund_converted(t: _Teller) -> None:
    _refund_proposed(t)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, note="今天补发少的两件"))
    t.buyer_takes("accept_convert")


def _cancelled_order(t: _Teller) -> None:
    """Called off before it was sent: the refund is owed at once."""
    at = t.now - timedelta(hours=3)
    with writing():
        order = _order(t.buyer, t.shop, "unshipped", secrets.randbelow(90) + 7, at)
        by = ActedBy(Actor.BUYER, t.buyer, "buyer")
        unsent.cancel_many([order.order_no], by=by, reason="downstream", now=at)


def _owing(t: _Teller) -> None:
    """Goods replaced by agreed terms, and a compensation on top that is still owed."""
    t.seller_takes("ship_replacement", parcels=OUT, shipped={x.id: x.accepted_milli for x in t.lines()})
    t.travels("out", "【义乌市】已揽收", "【杭州市】已签收,签收人:本人", signed=True)
    t.buyer_takes("confirm")


def _exchange_refunding(t: _Teller) -> None:
    t.case("defect", "袜口脱线,耽误了出货", hours=30)
    terms = t.terms(CaseType.EXCHANGE, compensation_fen=500, note="不用寄回,直接换新并补偿 5 元")
    t.seller_takes("propose", terms=terms)
    t.buyer_takes("accept_reship")
    _owing(t)


def _exchange_failed(t: _Teller) -> None:
    _exchange_refunding(t)
    t.seller_takes("refund_fail", note="收款方账户已冻结")


def _missing_proposed(t: _Teller) -> None:
    _missing(t)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, compensation_fen=200, note="今天补发,另补偿 2 元"))


def _missing_refunding(t: _Teller) -> None:
    t.case("missing_item", "少发了两件,客户在等", hours=30, kind=CaseType.REISSUE)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, compensation_fen=300, note="今天补发,另补偿 3 元"))
    t.buyer_takes("accept_reship")
    _owing(t)


def _missing_failed(t: _Teller) -> None:
    _missing_refunding(t)
    t.seller_takes("refund_fail", note="付款通道提示收款方账户异常")


def _missing_converted(t: _Teller) -> None:
    t.case("missing_item", "少发了两件,这款已经断货", hours=20, kind=CaseType.REISSUE)
    t.seller_takes("propose", terms=t.terms(M, 900, note="这款断货,退 9 元"))
    t.buyer_takes("accept_convert")


def _account_asked(t: _Teller) -> None:
    _refund_failed(t)
    if bank_accounts.is_ready():
        t.seller_takes("ask_account")


def _account_given(t: _Teller) -> None:
    _account_asked(t)
    if bank_accounts.is_ready():
        invented = bank_accounts.Account("李雯", "中国工商银行杭州余杭支行", "6222021234567890128")
        t.buyer_takes("give_account", account=invented, consent=bank_accounts.CONSENT)


def _chains(t: _Teller) -> None:
    """铺货: the distributor's two pairs of cases, one in the middle of things, one whose clock above is the shorter."""
    people = dict(db.session.execute(select(User.member_name, User.id)).all())
    middle, shop = people["distributor"], downstream.find_owned_shop(people["distributor"]) or 0
    for number, (asked, words) in enumerate((("damaged", "杯口有裂,想换一个"), ("wrong_item", "颜色发错了,想换"))):
        at = t.now - timedelta(hours=20)
        with writing():
            purchase = _order(middle, t.shop, "completed", 12 + number * 2, at)
            purchase.is_dropship, purchase.downstream_channel = True, "淘宝店"
            purchase.downstream_order_no = f"TB26112300{number + 1}"
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == purchase.id)).first()
            assert line is not None  # noqa: S101  (just made)
            sold = downstream.record_order(
                purchase,
                shop_id=shop,
                order_no=purchase.downstream_order_no,
                channel="淘宝店",
                receiver=("王小雨", "13712345678", "福建省 厦门市 思明区 环岛南路 9 号"),
                goods=[downstream.Bought(line.id, 2_000, line.unit_price_fen * 2)],
                ordered_at=purchase.ordered_at,
                received_at=purchase.received_at,
                by=middle,
                now=at,
            )
            consumer, unit = (
                sold.buyer_id,
                db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == sold.id)),
            )
            below = opening.open_case(
                by=ActedBy(Actor.SELLER, middle, "distributor"),
                order=sold,
                wanted=[RequestedLine(unit.one(), 1_000)],
                reason=asked,
                description=words,
                receiver=(sold.receiver_name, sold.receiver_phone, sold.receiver_address),
                freight_payer="seller",
                basis="商家按买家的要求代为申请",
                policy_id=policies.get_current(shop).id,
                photos=[],
                now=at,
                consent=words,
            ).id
        photos = t.photos.of(shop, consumer, "buyer")
        with writing():
            by = consumers.act_as_consumer(consumer, "")
            consumers.add_photos(below, photos, note="", by=by, now=at + timedelta(hours=1))
            made = across.open_upstream(
                db.session.get_one(Case, below),
                by=ActedBy(Actor.BUYER, middle, "distributor"),
                description="消费者反馈" + words,
                route_back="direct",
                route_out="direct",
                now=at + timedelta(hours=2),
            ).id
        t.at, t.case_id = at + timedelta(hours=3), made
        if number:  # the supplier waits for the distributor, the consumer has longer
            t.seller_takes("agree")
            with writing():
                address = across.find_direct_address(db.session.get_one(Case, below))
                by_shop = ActedBy(Actor.SELLER, middle, "distributor")
                taking.take(below, "agree", by=by_shop, now=at + timedelta(hours=8), handed=Approval(direct=address))
            chain_alarm.raise_alarms(t.now)
        else:
            t.seller_takes("agree")
            with writing():
                address = across.find_direct_address(db.session.get_one(Case, below))
                by_shop = ActedBy(Actor.SELLER, middle, "distributor")
                taking.take(below, "agree", by=by_shop, now=at + timedelta(hours=8), handed=Approval(direct=address))
                taking.take(below, "ship_return", by=by, now=at + timedelta(hours=9), handed=SentParcels(parcels=BACK))
                link = chain_view.describe_above(below)
                chain_links.arrange_goods(
                    link.id if link else 0,
                    shop,
                    route_back="direct",
                    route_out="direct",
                    freight_back=(800, "supplier"),
                    freight_out=(0, "supplier"),
                )


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
    "mediation-evidence": _collecting,
    "mediation-deciding": _deciding,
    "mediation-overdue": _undecided,
    "mediation-decided": _decided,
    "mediation-not-sent": _not_sent,
    "proposed": _proposed,
    "converted": _converted,
    "paying": _paying,
    "negotiated": _negotiated,
    "mediation": _mediation,
    "return-applied": _surplus,
    "return-proposed": _return_proposed,
    "return-revising": _return_asked,
    "return-withdrawn": _return_withdrawn,
    "return-returning": _to_return,
    "return-inspecting": _to_return_inspecting,
    "return-disputed": _return_disputed,
    "return-closed": _return_closed,
    "return-refunding": _return_refunding,
    "return-waiting": _return_waiting,
    "return-failed": _return_failed,
    "return-completed": _returned,
    "return-converted": _return_converted,
    "return-negotiated": _return_negotiated,
    "refund-applied": _unsent,
    "refund-proposed": _refund_proposed,
    "refund-revising": _refund_asked,
    "refund-withdrawn": _refund_withdrawn,
    "refund-closed": _refund_closed,
    "refund-refunding": _refund_refunding,
    "refund-failed": _refund_failed,
    "refund-completed": _refunded,
    "refund-converted": _refund_converted,
    "exchange-refunding": _exchange_refunding,
    "exchange-failed": _exchange_failed,
    "reissue-proposed": _missing_proposed,
    "reissue-refunding": _missing_refunding,
    "reissue-failed": _missing_failed,
    "reissue-converted": _missing_converted,
    "order-cancelled": _cancelled_order,
    "account-asked": _account_asked,
    "account-given": _account_given,
}
BECOMING = frozenset(
    {"converted", "reissue-converted", "return-converted", "refund-converted"}
)  # these tell of two cases
# What a demo or a test can begin with: everything, accounts alone, orders without cases, or one case of a story.
SCENARIOS: dict[str, Sequence[Story]] = {
    "demo": (*STORIES.values(), _chains),
    "chains": (_chains,),
    "empty": (),
    "orders": (),
    **{name: (story,) for name, story in STORIES.items()},
}
