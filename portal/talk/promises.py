"""售前承诺: what a shop said before the purchase, pinned by either side, quoted in every later case of that product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BindParameter, and_, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.models import Case, CaseLine, Enquiry, EnquiryMessage, OrderLine, Product, Promise
from portal.prepared import Prepared


def pin(enquiry: Enquiry, message_id: int, side: str, now: datetime) -> bool:
    """Pin something that the shop said in this thread; False when it said no such thing. Inside ``writing()``."""
    said = db.session.execute(
        select(EnquiryMessage.words, EnquiryMessage.at).where(
            EnquiryMessage.id == message_id,
            EnquiryMessage.enquiry_id == enquiry.id,
            EnquiryMessage.shop_id == enquiry.shop_id,
            EnquiryMessage.side == "seller",
            EnquiryMessage.words != "",
        )
    ).one_or_none()
    if said is None:
        return False
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        "shop_id": enquiry.shop_id,
        "product_id": enquiry.product_id,
        "buyer_id": enquiry.buyer_id,
        "message_id": message_id,
        "words": said.words,
        "said_at": said.at,
        "side": side,
        "pinned_at": now,
    }
    db.session.execute(make(Promise).values(row).on_conflict_do_nothing())
    return True


_SHOP: BindParameter[int] = bindparam("shop_id")
_GOODS = (
    select(OrderLine.product_id)
    .join(CaseLine, and_(CaseLine.order_line_id == OrderLine.id, CaseLine.shop_id == OrderLine.shop_id))
    .where(CaseLine.case_id == bindparam("case_id"), CaseLine.shop_id == _SHOP, OrderLine.shop_id == _SHOP)
)
_OF_CASE = Prepared(
    select(Promise.words, Promise.said_at, Promise.side, Product.title)
    .join(Product, and_(Product.id == Promise.product_id, Product.shop_id == Promise.shop_id))
    .where(Promise.shop_id == _SHOP, Promise.buyer_id == bindparam("buyer_id"), Promise.product_id.in_(_GOODS))
    .order_by(Promise.said_at)
    .limit(20)
)


def list_of_case(case: Case) -> Sequence[Promise]:
    """What was promised to this case's buyer about its goods, the oldest first: words, said_at, side, title."""
    return _OF_CASE.list_rows(case_id=case.id, shop_id=case.shop_id, buyer_id=case.buyer_id)
