"""常用语: a shop's own words to its buyers, with places for what differs from case to case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow


class Reply(ShopRow, Model):
    """One text with variables; ``step``: what it promises, by the step's name, "" for nothing."""

    __tablename__ = "replies"
    __table_args__ = (CheckConstraint("name <> '' AND words <> ''", name="said"), Index("ix_replies_shop", "shop_id"))

    name: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(500))
    step: Mapped[str] = mapped_column(String(32), default="")
    made_at: Mapped[datetime]
