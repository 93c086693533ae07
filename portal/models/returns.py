"""Where the lines of a case go back to, when they don't all go to one address; frozen like the case's own."""

from __future__ import annotations

from sqlalchemy import Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class ReturnPlace(ShopRow, Model):
    """One of several addresses that the goods of a case go back to; the first one is the case's own too.

    ``waits``: who receives the goods hasn't said where to yet; until then the address is only what the clock falls
    back on, and nobody is told to send anything there.
    """

    __tablename__ = "return_places"
    __table_args__ = (refer("case_id", "cases"), Index("ix_return_places_case_id", "case_id"))

    case_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(30))
    address: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    waits: Mapped[bool] = mapped_column(default=False, server_default=false())


class PlacedLine(ShopRow, Model):
    """A case line that goes back to a place, with all its units."""

    __tablename__ = "placed_lines"
    __table_args__ = (
        refer("place_id", "return_places"),
        refer("case_line_id", "case_lines"),
        UniqueConstraint("case_line_id", "shop_id"),
        Index("ix_placed_lines_place_id", "place_id"),
    )

    place_id: Mapped[int]
    case_line_id: Mapped[int]
