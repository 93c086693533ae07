"""Orders as the platform exported them, their lines with the ledger counter, and the products the lines are of."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
    false,
    insert,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import OrderNamed
from portal.extensions import Model
from portal.models.keys import ShopRow, cut_head, cut_tail, index_inner, refer

STATUSES = ("unpaid", "unshipped", "in_transit", "delivered", "completed", "cancelled", "refunding", "unknown")

# What partial indexes hold. A query uses such an index only when it says the same in the same words.
SHOWN = "shown"  # to its buyer
HIDDEN = "NOT shown"
RECEIVING = "status IN ('in_transit','delivered')"
WITH_CASES = "case_count > 0"
RESOLD = "(is_dropship OR downstream_order_no <> '' OR downstream_channel <> '')"  # 铺货, see portal/rights/resale.py
FOLDED = "folded <> ''"
FOLD = "CASE WHEN upper(order_no) <> lower(order_no) THEN upper(order_no) ELSE '' END"
UNFOLLOWED = "status = 'in_transit' AND tracking_text <> followed_text"


def _only(words: str) -> dict[str, Any]:
    return {"sqlite_where": text(words), "postgresql_where": text(words)}


class Order(ShopRow, Model):
    """One order. ``status`` is ours (STATUSES), ``status_text`` what the export said."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("order_no", "shop_id"),
        CheckConstraint(
            "status IN ('unpaid','unshipped','in_transit','delivered','completed','cancelled','refunding','unknown')",
            name="status",
        ),
        CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name="refunded"),
        Index("ix_orders_buyer_ordered", "buyer_id", "ordered_at", "id", **_only(SHOWN)),
        Index("ix_orders_buyer_status", "buyer_id", "status", "ordered_at", "id", **_only(SHOWN)),
        Index("ix_orders_buyer_receiving", "buyer_id", "ordered_at", "id", **_only(f"{RECEIVING} AND {SHOWN}")),
        Index("ix_orders_buyer_cases", "buyer_id", "ordered_at", "id", **_only(f"{WITH_CASES} AND {SHOWN}")),
        Index("ix_orders_buyer_hidden", "buyer_id", "shop_id", "ordered_at", **_only(HIDDEN)),
        Index("ix_orders_shop_buyer", "shop_id", "buyer_id", "ordered_at"),
        Index("ix_orders_to_promise", "id", **_only(f"{RESOLD} AND apply_from IS NULL")),
        Index("ix_orders_provisional", "id", **_only("apply_provisional")),
        Index("ix_orders_shop_ordered", "shop_id", "ordered_at", "id"),
        Index("ix_orders_no_tail", "shop_id", "no_tail", "id"),
        Index("ix_orders_down_tail", "shop_id", "down_tail", "id", **_only("down_tail <> ''")),
        Index("ix_orders_phone_tail", "shop_id", "phone_tail", "id"),
        Index("ix_orders_receiver_head", "shop_id", "receiver_head", "id"),
        *index_inner("orders", "receiver_name", "shop_id"),
        Index("ix_orders_unfollowed", "id", **_only(UNFOLLOWED)),
        Index("ix_orders_shop_status", "shop_id", "status", "ordered_at", "id"),
    )

    order_no: Mapped[str] = mapped_column(String(40))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    shown: Mapped[bool] = mapped_column(default=False, server_default=false())  # to its buyer, who knows the shop
    contested: Mapped[bool] = mapped_column(default=False, server_default=false())  # another shop has its number too
    status: Mapped[str] = mapped_column(String(12))
    status_text: Mapped[str] = mapped_column(String(60), default="")
    ordered_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]  # when the buyer got the goods, as far as is known
    term_from: Mapped[datetime | None]  # the latest that was ever known of that: no term gets shorter
    goods_total_fen: Mapped[int] = mapped_column(default=0)
    freight_fen: Mapped[int] = mapped_column(default=0)
    adjustment_fen: Mapped[int] = mapped_column(default=0)  # 涨价或折扣, may be negative
    paid_fen: Mapped[int] = mapped_column(default=0)
    refunded_fen: Mapped[int] = mapped_column(default=0)  # planned and done, of all cases
    lines_gap_fen: Mapped[int] = mapped_column(
        default=0, server_default=text("0")
    )  # 货品总价 less the lines, as imported
    receiver_name: Mapped[str] = mapped_column(String(100), default="")
    receiver_phone: Mapped[str] = mapped_column(String(40), default="")
    receiver_address: Mapped[str] = mapped_column(String(400), default="")
    # What people search by: the last four of a number, the first two of a name.
    no_tail: Mapped[str] = mapped_column(String(4), Computed(cut_tail("order_no")))
    down_tail: Mapped[str] = mapped_column(String(4), Computed(cut_tail("downstream_order_no")))
    phone_tail: Mapped[str] = mapped_column(String(4), Computed(cut_tail("receiver_phone")))
    receiver_head: Mapped[str] = mapped_column(String(2), Computed(cut_head("receiver_name")))
    carrier_text: Mapped[str] = mapped_column(String(300), default="")
    tracking_text: Mapped[str] = mapped_column(String(600), default="")
    followed_text: Mapped[str] = mapped_column(String(600), default="", server_default="")  # what of it is followed
    buyer_note: Mapped[str] = mapped_column(Text, default="")
    downstream_channel: Mapped[str] = mapped_column(String(60), default="")
    downstream_order_no: Mapped[str] = mapped_column(String(80), default="")
    is_dropship: Mapped[bool] = mapped_column(default=False)
    more: Mapped[dict[str, Any]] = mapped_column(default=dict)  # other columns of the export, by key
    case_count: Mapped[int] = mapped_column(default=0)
    consumer: Mapped[bool] = mapped_column(default=False, server_default=false())  # 为生活消费需要: 7天无理由
    apply_from: Mapped[datetime | None]  # 铺货: since when the term to apply runs; None: to be promised anew
    apply_by: Mapped[datetime | None]
    apply_provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    both_terms: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  # 铺货 by a later word, or no more: the longer of the terms holds
    shipped_at: Mapped[datetime | None]  # when the shop said here that it sent it
    cancelled_at: Mapped[datetime | None]  # when the buyer called it off here; no import opens it again
    version: Mapped[int] = mapped_column(default=1)
    imported_at: Mapped[datetime]
    updated_at: Mapped[datetime]


def find_path(order: OrderNamed) -> str:
    """Where its buyer finds an order, or a row with its order_no, shop_id and contested."""
    return f"/orders/{order.order_no}~{order.shop_id}" if order.contested else f"/orders/{order.order_no}"


class OrderHead(Model):
    """Where an order is: by its number, which more than one shop may claim, and by its buyer, whose list crosses shops.

    Written in the transaction that makes the order. No shop's table: it lives where the users live.
    """

    __tablename__ = "order_heads"
    __table_args__ = (
        Index("ix_order_heads_buyer", "buyer_id", "order_id"),
        Index("ix_order_heads_folded", "folded", **_only(FOLDED)),
    )

    order_no: Mapped[str] = mapped_column(String(40), primary_key=True)
    folded: Mapped[str] = mapped_column(String(40), Computed(FOLD))  # of a number with letters: in upper case
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    order_id: Mapped[int]
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class KnownShop(Model):
    """What a member said of a shop with orders of theirs, 是我买的 or 不是我的: once for all its orders, revocable."""

    __tablename__ = "known_shops"
    __table_args__ = (CheckConstraint("source IN ('member','portal','before')", name="source"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    accepted: Mapped[bool]
    source: Mapped[str] = mapped_column(String(8))  # the member; who runs the portal; orders from before it was asked
    at: Mapped[datetime]


class Product(ShopRow, Model):
    """A product of a shop, known from its orders; a seller can give it a picture or take it out of exchanging."""

    __tablename__ = "products"
    __table_args__ = (UniqueConstraint("shop_id", "product_key"), Index("ix_products_shop_title", "shop_id", "title"))

    product_key: Mapped[str] = mapped_column(String(120))  # Offer ID, else 货号, else the title's hash
    title: Mapped[str] = mapped_column(String(300))
    cargo_no: Mapped[str] = mapped_column(String(80), default="")
    picture: Mapped[str | None] = mapped_column(String(60))  # public id of an evidence file
    exchangeable: Mapped[bool] = mapped_column(default=True)
    unexchangeable_at: Mapped[datetime | None]  # since when it isn't, for orders placed after that; None: always
    no_reason_excluded: Mapped[str] = mapped_column(String(12), default="", server_default="")  # EXCLUSIONS' codes
    excluded_at: Mapped[datetime | None]  # since when, likewise
    kind: Mapped[str] = mapped_column(String(8), default="", server_default="")  # of portal/rights/faults.py


class Sku(ShopRow, Model):
    """One specification of a product, at the price it was last sold for (分 a unit)."""

    __tablename__ = "skus"
    __table_args__ = (
        refer("product_id", "products"),
        UniqueConstraint("product_id", "sku_key", "shop_id"),
    )

    product_id: Mapped[int]
    sku_key: Mapped[str] = mapped_column(String(200))  # SKU ID, else 单品货号, else 型号
    spec: Mapped[str] = mapped_column(String(300), default="")
    price_fen: Mapped[int]
    in_stock: Mapped[bool] = mapped_column(default=True)


class OrderLine(ShopRow, Model):
    """One line: what was bought and how much of it after-sales cases have claimed. Quantities in thousandths."""

    __tablename__ = "order_lines"
    __table_args__ = (
        refer("order_id", "orders"),
        refer("product_id", "products"),
        CheckConstraint("claimed_milli BETWEEN 0 AND quantity_milli", name="ledger"),
        CheckConstraint("quantity_milli > 0", name="quantity"),
        CheckConstraint("refunded_fen >= 0 AND refunded_milli BETWEEN 0 AND quantity_milli", name="refunded"),
        CheckConstraint("own_paid_fen >= 0", name="own_paid"),
        CheckConstraint("own_status IN ('', 'unknown', 'refunding', 'cancelled')", name="own_status"),
        UniqueConstraint("order_id", "line_key", "shop_id"),
        Index("ix_order_lines_goods", "product_id", "spec", "order_id"),
    )

    order_id: Mapped[int]
    position: Mapped[int]
    line_key: Mapped[str] = mapped_column(String(500))
    title: Mapped[str] = mapped_column(String(300))
    spec: Mapped[str] = mapped_column(String(300), default="")  # 型号
    unit: Mapped[str] = mapped_column(String(20), default="件")
    unit_price_fen: Mapped[int]
    quantity_milli: Mapped[int]
    claimed_milli: Mapped[int] = mapped_column(default=0)
    refunded_fen: Mapped[int] = mapped_column(default=0)
    refunded_milli: Mapped[int] = mapped_column(default=0)  # units refunded whole, so that the last one takes the rest
    cargo_no: Mapped[str] = mapped_column(String(80), default="")
    sku_cargo_no: Mapped[str] = mapped_column(
        String(80), default="", server_default=""
    )  # 单品货号, of one specification
    offer_id: Mapped[str] = mapped_column(String(40), default="")
    sku_id: Mapped[str] = mapped_column(String(40), default="")
    guarantees: Mapped[str] = mapped_column(String(200), default="")  # codes separated by commas
    product_id: Mapped[int | None]
    unfit_confirmed_at: Mapped[datetime | None]  # the buyer confirmed, when buying, that it isn't fit to be returned
    snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)  # 交易快照: the row's own words, never changed
    own_paid_fen: Mapped[int | None]  # what was paid for this line alone, where an export says it; the first that did
    own_status: Mapped[str] = mapped_column(String(20), default="", server_default="")  # it ended, not the whole order


class SoldAs(Model):
    """What lines of a shop say of their goods, once each: a search looks here, and then for the lines that say so.

    Written in the transaction that makes the line; never changed, as the words of a line aren't.
    """

    __tablename__ = "sold_as"
    __table_args__ = (refer("product_id", "products"), Index("ix_sold_as_goods", "product_id", "spec"))

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    mark: Mapped[str] = mapped_column(String(32), primary_key=True)  # of those below
    product_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    spec: Mapped[str] = mapped_column(String(300))
    cargo_no: Mapped[str] = mapped_column(String(80))
    sku_cargo_no: Mapped[str] = mapped_column(String(80), default="", server_default="")


def make_sold_as(
    shop_id: int, product_id: int, title: str, spec: str, cargo_no: str, sku_cargo_no: str = ""
) -> dict[str, object]:
    """The row of SoldAs for a line that says so; the same for the same words."""
    said = {"product_id": product_id, "title": title, "spec": spec, "cargo_no": cargo_no}
    # Without a 单品货号 the mark is the one that rows had before it was kept.
    marked = json.dumps([*said.values(), *([sku_cargo_no] if sku_cargo_no else [])])
    mark = hashlib.sha256(marked.encode()).hexdigest()[:32]
    return {"shop_id": shop_id, "mark": mark, **said, "sku_cargo_no": sku_cargo_no}


class Cancellation(Model):
    """Orders that somebody called off together, and what became of each: [order number, outcome, case number]."""

    __tablename__ = "cancellations"
    __table_args__ = (Index("ix_cancellations_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(String(20))
    rows: Mapped[list[Any]] = mapped_column(default=list)
    at: Mapped[datetime]


@event.listens_for(Order, "after_insert")
def _keep_head(_mapper: object, connection: Connection, order: Order) -> None:
    head = {"order_no": order.order_no, "order_id": order.id, "shop_id": order.shop_id, "buyer_id": order.buyer_id}
    connection.execute(insert(OrderHead), head)


@event.listens_for(OrderLine, "after_insert")
def _keep_sold_as(_mapper: object, connection: Connection, line: OrderLine) -> None:
    if line.product_id is not None:
        there = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(SoldAs)
        numbers = (line.cargo_no or "", line.sku_cargo_no or "")
        said = make_sold_as(line.shop_id, line.product_id, line.title, line.spec or "", *numbers)
        connection.execute(there.on_conflict_do_nothing(), said)
