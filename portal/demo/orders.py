"""The demo's orders: invented goods, or those of an export, in every state of delivery."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal.demo.accounts import TEXT
from portal.extensions import db, writing
from portal.models import Order, OrderLine, Product, Shipment, Sku, Track
from portal.orders import known_shops, receiving, sold
from portal.parcels import following, keeping
from portal.parcels.scans import Scan

GOODS = (  # title, unit, 分, the specifications at that price, a dearer and a cheaper one
    ("纯棉中筒袜 男女同款 四季", "双", 690, ("黑色；均码", "白色；均码", "灰色；均码"), ("加厚；均码", "薄款；均码")),
    ("纯棉圆领长袖打底衫 可印LOGO", "件", 1880, ("黑色；L", "白色；L", "黑色；XL"), ("加绒；L", "短袖；L")),
    ("不锈钢保温杯 500ml 商务款", "个", 2350, ("深空灰", "云白"), ("深空灰；750ml", "云白；350ml")),
    ("儿童积木拼装消防车 126粒", "盒", 1550, ("红色", "蓝色"), ("红色；168粒", "红色；88粒")),
    ("无线蓝牙耳机 半入耳式", "副", 3800, ("云白", "曜石黑"), ("曜石黑；降噪款", "云白；单耳")),
    ("加厚遮光窗帘布 定宽2.8米", "米", 1260, ("米白", "雾蓝"), ("米白；全遮光", "米白；半遮光")),
)


SOCKS, SHIRT, FLASK, BLOCKS, EARPHONES, CURTAIN = range(len(GOODS))  # what a story is about, where its words tell


STATUSES = ("unpaid", "unshipped", "in_transit", "delivered", "completed", "completed", "cancelled")


BACK = [("ZTO", "75484863576596")]
BACK_TOO = ("ZTO", "75484863576604")


OUT = [("YTO", "YT8893012345678")]
OUT_TOO = ("YTO", "YT8893012345686")


def follow_parcel(now: datetime) -> None:
    """Orders on their way with a carrier's scans, one of them stuck; and a number that nobody answers for."""
    with writing():
        following.follow_orders(now)
        own = select(Shipment.id, Order.ordered_at).join(Order).where(Shipment.parcel_id.is_(None))
        for number, row in enumerate(db.session.execute(own.order_by(Shipment.id)).all()):
            said = [Scan(row.ordered_at + timedelta(hours=6), "picked", "【义乌市】已揽收")]
            while number and said[-1].at < now - timedelta(hours=60):
                said.append(Scan(said[-1].at + timedelta(hours=50), "transit", "【杭州市】快件已到达杭州转运中心"))
            if number == 1:
                said.append(Scan(now - timedelta(hours=1), "delivering", "【杭州市】正在派送，请保持电话畅通"))
            keeping.keep_scans_of_order(row.id, said, now=now, origin="kuaidi100")
        asked = {"checked_at": now - timedelta(minutes=12), "tried_at": now - timedelta(minutes=12)}
        db.session.execute(update(Track).values(**asked))
        lost = select(Track.id).where(Track.tracking_no == OUT[0][1])
        silent = {"checked_at": now - timedelta(hours=8), "failures": 4, "error": "slow"}
        db.session.execute(update(Track).where(Track.id.in_(lost)).values(**silent))
        db.session.execute(update(Shipment).where(Shipment.track_id.in_(lost)).values(failing=True))


def make_order(
    buyer: int,
    shop: int,
    status: str,
    number: int,
    now: datetime,
    *,
    goods: int | None = None,
    new_shop: bool = False,
) -> Order:
    """One invented order of one or two lines, received a day or more before ``now``.

    Its first line is of ``goods``, a place in ``GOODS``, or else of those that its number comes to. Its buyer knows
    the shop, unless it is a ``new_shop`` that they are still to be asked about.
    """
    if not new_shop:
        known_shops.vouch({(buyer, shop)}, now)
    ordered = now - timedelta(days=5 + number % 9, hours=number % 24)
    received = now - timedelta(days=1 + number % 4) if status in ("delivered", "completed") else None
    order = Order(
        order_no=f"39{secrets.randbelow(10**16):016d}{secrets.randbelow(9) + 1}",  # one that ends in zeros is doubted
        shop_id=shop,
        buyer_id=buyer,
        shown=not new_shop,
        status=status,
        status_text=TEXT[status],
        ordered_at=ordered,
        paid_at=None if status == "unpaid" else ordered + timedelta(minutes=7),
        **receiving.make_receipt(received),
        receiver_name="李雯",
        receiver_phone="13425059650",
        receiver_address="浙江省 杭州市 余杭区 仓前街道文一西路 1 号",
        carrier_text="中通快递（ZTO）" if status in ("in_transit", "delivered", "completed") else "",
        tracking_text="73610555582883" if status in ("in_transit", "delivered", "completed") else "",
        imported_at=now,
        updated_at=now,
    )
    db.session.add(order)
    db.session.flush()
    for position in range(1 + number % 2):
        title, unit, price, specs, others = GOODS[((number if goods is None else goods) + position) % len(GOODS)]
        product = make_product(shop, title, price, specs, others)
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
                sku_cargo_no=f"{product.cargo_no}-01",
                product_id=product.id,
                guarantees="qtbh" if number % 4 == 0 else "",
                snapshot={"货品标题": title, "型号": specs[0], "单价(元)": f"{price / 100:.2f}", "单位": unit},
            )
        )
    order.paid_fen = order.goods_total_fen
    db.session.flush()
    sold.count_sold(shop, [order.id])
    return order


def make_product(shop: int, title: str, price: int, specs: tuple[str, ...], others: tuple[str, str]) -> Product:
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
