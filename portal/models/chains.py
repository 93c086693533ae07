"""铺货: which order came out of which purchase, which case hangs on which, and the consumer's links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

LIVE = "ended_at IS NULL"  # what partial indexes hold; a query uses them when it says the same words
_only_live: dict[str, Any] = {"sqlite_where": text(LIVE), "postgresql_where": text(LIVE)}


class OrderLink(Model):
    """A distributor's order to a consumer, and a purchase that serves it; there may be several.

    ``applies``: what the consumer applies for goes to the supplier by itself, and the goods take these routes.
    """

    __tablename__ = "order_links"
    __table_args__ = (
        refer("downstream_id", "orders"),
        Index("ix_order_links_upstream_id", "upstream_id"),
        Index("ix_order_links_shop", "shop_id", "downstream_id"),
    )

    downstream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)  # distributor's
    upstream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    upstream_shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))  # as of CaseLink
    channel: Mapped[str] = mapped_column(String(60), default="")  # where the consumer bought it
    applies: Mapped[bool] = mapped_column(default=False, server_default=false())
    route_back: Mapped[str] = mapped_column(String(6), default="via", server_default="via")
    route_out: Mapped[str] = mapped_column(String(6), default="via", server_default="via")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class QualityShare(Model):
    """A distributor shows a supplier how often the supplier's goods were faulty; no row: they don't."""

    __tablename__ = "quality_shares"
    __table_args__ = (
        CheckConstraint("shop_id <> supplier_shop_id", name="two"),
        Index("ix_quality_shares_supplier", "supplier_shop_id"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)  # distributor's
    supplier_shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    shared_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    shared_at: Mapped[datetime]


class CaseLink(ShopRow, Model):
    """A case of a consumer and the distributor's own case with a supplier, which has one live link. The consumer's case
    has one for each purchase that its goods came from.

    Routes: ``direct`` between consumer and supplier, or ``via`` the distributor. The freight is what the distributor
    writes down (分), with who bears it.
    """

    __tablename__ = "case_links"
    __table_args__ = (
        refer("downstream_id", "cases"),
        CheckConstraint("downstream_id <> upstream_id", name="two"),
        CheckConstraint("route_back IN ('direct','via')", name="route_back"),
        CheckConstraint("route_out IN ('direct','via')", name="route_out"),
        CheckConstraint("freight_back_fen >= 0 AND freight_out_fen >= 0", name="freight"),
        CheckConstraint(
            "freight_back_payer IN ('distributor','supplier','consumer') "
            "AND freight_out_payer IN ('distributor','supplier','consumer')",
            name="payers",
        ),
        UniqueConstraint("downstream_id", "upstream_id", "shop_id"),
        Index("ix_case_links_shop", "shop_id", "id"),
        Index("ix_case_links_downstream_live", "downstream_id", "shop_id", **_only_live),
        Index(
            "uq_case_links_upstream_live",
            "upstream_id",
            "shop_id",
            unique=True,
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
    )

    downstream_id: Mapped[int]
    upstream_id: Mapped[int]  # of the supplier's shop: no foreign key leads from shop to shop, portal doctor looks
    upstream_shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    route_back: Mapped[str] = mapped_column(String(6), default="via")
    route_out: Mapped[str] = mapped_column(String(6), default="via")
    freight_back_fen: Mapped[int] = mapped_column(default=0)
    freight_back_payer: Mapped[str] = mapped_column(String(12), default="distributor")
    freight_out_fen: Mapped[int] = mapped_column(default=0)
    freight_out_payer: Mapped[str] = mapped_column(String(12), default="distributor")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    alarmed_at: Mapped[datetime | None]  # when the distributor was warned, once


class AccessLink(ShopRow, Model):
    """A link by which a consumer without account sees one case, or one order's. Only the token's hash is kept.

    ``created_by`` is None for a link that order number and telephone number opened.
    """

    __tablename__ = "access_links"
    __table_args__ = (
        UniqueConstraint("token_hash", "shop_id"),
        refer("case_id", "cases"),
        refer("order_id", "orders"),
        CheckConstraint("(case_id IS NULL) <> (order_id IS NULL)", name="one_thing"),
        Index("ix_access_links_case_id", "case_id"),
        Index("ix_access_links_expires_at", "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[int | None]
    order_id: Mapped[int | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]  # when something was last handed in by it
