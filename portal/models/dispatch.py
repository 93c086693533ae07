"""Tables with waybills of orders that a shop uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow

SENDING = "tried_at IS NOT NULL AND done_at IS NULL"


class DispatchFile(ShopRow, Model):
    """A table of orders with their waybills: read and looked at, then sent in the background after the shop's yes.

    ``rows``: of each order its number, its parcels as (carrier, number), and why it wasn't sent where it was tried.
    """

    __tablename__ = "dispatch_files"
    __table_args__ = (
        UniqueConstraint("public_id", "shop_id"),
        Index("ix_dispatch_files_shop", "shop_id", "id"),
        Index("ix_dispatch_files_made", "made_at"),
        Index("ix_dispatch_files_sending", "id", sqlite_where=text(SENDING), postgresql_where=text(SENDING)),
    )

    public_id: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))  # who uploaded it, then who said yes
    author: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    name: Mapped[str] = mapped_column(String(200))
    rows: Mapped[list[Any]]
    made_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]  # the yes
    rows_done: Mapped[int] = mapped_column(default=0)  # so many of ``rows`` were gone through since
    done_at: Mapped[datetime | None]
