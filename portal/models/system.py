"""What the portal keeps about itself: whose files these are, when the sweep ran, what went wrong and still is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model


class SystemNote(Model):
    """One fact about this installation. ``at`` is the machine's time, never a shifted one."""

    __tablename__ = "system_notes"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    about: Mapped[str] = mapped_column(String(80), primary_key=True, default="")
    at: Mapped[datetime]
    value: Mapped[dict[str, Any]]
