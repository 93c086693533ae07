"""What the demo's shop does before and after its cases: 咨询, 常见问答, 先试试, 抽检, 整改, a note on a customer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.demo.orders import EARPHONES, FLASK, GOODS, SOCKS
from portal.demo.teller import Teller
from portal.extensions import db, writing
from portal.models import Enquiry, EnquiryMessage, OrderLine, Product, User
from portal.orders import customers
from portal.service import batches, fixes, remedies
from portal.service.quality import Cell
from portal.talk import enquiries, faqs, promises
from portal.words import BEIJING


def build_service(t: Teller) -> None:
    """One thread of each kind, two batches of which the newer one was rejected, and what is done about it."""
    other = db.session.scalars(select(User.id).where(User.member_name == "buyer2")).one()
    with writing():
        goods = {of: _find(t.shop, GOODS[of][0]) for of in (SOCKS, FLASK, EARPHONES)}
        _ask(t, goods[SOCKS], t.buyer, "可以换颜色吗？", "没拆封的可以换色，破损包赔", timedelta(days=20), pinned=True)
        _ask(t, goods[FLASK], other, "杯盖可以单独买吗？", "", timedelta(hours=3))
        for of, question, answer in (
            (SOCKS, "会起球吗？", "反面机洗不容易起球，请不要和毛巾一起洗。"),
            (EARPHONES, "充一次能用多久？", "充满能听一个上午，放回充电盒还可以再充四次。"),
        ):
            kept = faqs.keep(goods[of], question, answer, by=t.seller, now=t.now - timedelta(days=15))
            faqs.decide(kept.id, t.shop, "shown", by=t.seller)
            faqs.vote(kept, other, "useful", "", t.now - timedelta(days=3))
        draft = faqs.keep(goods[FLASK], "能放洗碗机吗？", "杯身可以，杯盖请手洗。", by=t.seller, now=t.now)
        assert draft.state == "draft"  # noqa: S101  (waits for a look)
        tried = remedies.keep(
            goods[EARPHONES],
            None,
            of_kind=False,
            fault="defect",
            minutes=2,
            steps="1. 放回充电盒，按住盒子的按键 10 秒，灯闪三下。\n2. 在手机蓝牙里删除旧的配对，重新连接。",
            picture=None,
            by=t.seller,
            now=t.now - timedelta(days=15),
        )
        remedies.decide(tried, "shown", by=t.seller)
        customers.add_note(
            t.shop, t.buyer, tag="老客户", words="每月补货一次，换货先发照片确认颜色。", by=t.seller, now=t.now
        )
    _sample(t, goods[SOCKS])


def _find(shop: int, title: str) -> Product:
    return db.session.scalars(select(Product).where(Product.shop_id == shop, Product.title == title)).one()


def _ask(
    t: Teller, product: Product, buyer: int, question: str, answer: str, before: timedelta, *, pinned: bool = False
) -> None:
    at = t.now - before
    enquiries.ask(t.shop, product.id, buyer, question, [], now=at)
    thread = db.session.scalars(
        select(Enquiry).where(Enquiry.product_id == product.id, Enquiry.buyer_id == buyer, Enquiry.shop_id == t.shop)
    ).one()
    if answer:
        enquiries.answer(thread, t.seller, answer, [], now=at + timedelta(minutes=25))
    if pinned:
        said = select(EnquiryMessage.id).where(EnquiryMessage.enquiry_id == thread.id, EnquiryMessage.side == "seller")
        promises.pin(thread, db.session.scalars(said).one(), "buyer", at + timedelta(hours=1))


def _begin(at: datetime) -> datetime:
    """The first moment of a day."""
    return at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def _sample(t: Teller, product: Product) -> None:
    photos = t.photos.of(t.shop, t.seller, "seller")
    spec = db.session.scalars(select(OrderLine.spec).where(OrderLine.product_id == product.id)).first() or ""
    with writing():
        for days, supplier, defects, note in (
            (60, "义乌第一针织厂", 2, ""),
            (20, "诸暨三厂", 9, "9 双袜口脱线，已和供应商确认。"),
        ):
            begin = _begin(t.now - timedelta(days=days))
            made = batches.make_batch(
                product, spec="", supplier=supplier, size=2000, from_at=begin, aql="2.5", by=t.seller, now=begin
            )
            of_this = photos if note else ()
            batches.record_defects(made, defects, note, of_this, by=t.seller, now=begin + timedelta(hours=5))
        fixes.make_fix(
            Cell(product.id, spec, "broken"),
            t.shop,
            measure="supplier",
            note="退回这一批，下一批先抽检再发货",
            owner_id=t.seller,
            due_at=_begin(t.now + timedelta(days=7)),
            by=t.seller,
            now=t.now - timedelta(days=1),
        )
