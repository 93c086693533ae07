"""What becomes of goods that came back and passed: sold again, checked, sent to the supplier, scrapped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

KINDS = ("resale", "check", "supplier", "scrap")
_MILLI = tuple(f"{kind}_milli" for kind in KINDS)
_ONE = ",".join(f"'{kind}'" for kind in KINDS)


class Disposal(ShopRow, Model):
    """The units of a case line that somebody counted, in thousandths, and where those that are the shop's are kept.

    What didn't pass is the buyer's and in none of the four. ``version`` rises with every change.
    """

    __tablename__ = "disposals"
    __table_args__ = (
        refer("case_id", "cases"),
        refer("case_line_id", "case_lines"),
        refer("order_id", "orders"),
        UniqueConstraint("case_line_id", "shop_id"),
        CheckConstraint(" AND ".join(f"{column} >= 0" for column in _MILLI), name="kinds"),
        CheckConstraint(f"{' + '.join(_MILLI)} <= counted_milli", name="counted"),
        Index("ix_disposals_case", "shop_id", "case_id"),
        Index("ix_disposals_counted", "shop_id", "counted_at", "id"),
    )

    case_id: Mapped[int]
    case_line_id: Mapped[int]
    order_id: Mapped[int]
    cargo_no: Mapped[str] = mapped_column(String(80), default="")
    title: Mapped[str] = mapped_column(String(300))
    spec: Mapped[str] = mapped_column(String(300), default="")
    unit: Mapped[str] = mapped_column(String(20), default="")
    condition: Mapped[str] = mapped_column(String(24), default="")  # in which they came
    counted_milli: Mapped[int]
    resale_milli: Mapped[int] = mapped_column(default=0)
    check_milli: Mapped[int] = mapped_column(default=0)
    supplier_milli: Mapped[int] = mapped_column(default=0)
    scrap_milli: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[datetime]
    by_clock: Mapped[bool] = mapped_column(default=False)  # accepted by a deadline: nobody has counted
    by_hand: Mapped[bool] = mapped_column(default=False)  # somebody said where they go; else the condition did
    version: Mapped[int] = mapped_column(default=1)


class DisposalMove(ShopRow, Model):
    """Units that went from one kind to another; "": they came in, or are not the shop's any more. Never changed."""

    __tablename__ = "disposal_moves"
    __table_args__ = (
        refer("disposal_id", "disposals"),
        CheckConstraint(f"source IN ('',{_ONE}) AND target IN ('',{_ONE}) AND source <> target", name="kinds"),
        CheckConstraint("milli > 0", name="milli"),
        Index("ix_disposal_moves_disposal", "shop_id", "disposal_id", "id"),
    )

    disposal_id: Mapped[int]
    source: Mapped[str] = mapped_column(String(8))
    target: Mapped[str] = mapped_column(String(8))
    milli: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: the clock, the buyer or the platform
    author: Mapped[str] = mapped_column(String(64), default="")  # 会员名 at that time
    at: Mapped[datetime]
