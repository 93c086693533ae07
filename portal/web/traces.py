"""Typing in what a carrier said: the form that both sides have."""

from __future__ import annotations

from datetime import datetime

from portal.parcels import scans
from portal.parcels.scans import LinesRefused, Scan
from portal.web.forms import Form, Text


class TraceForm(Form):
    """录入物流: lines as a carrier's page shows them."""

    words = Text("物流记录", limit=20_000, missing=f"请粘贴物流记录,每行一条,例如:{scans.EXAMPLE}")

    def read(self, now: datetime) -> list[Scan]:
        """The scans; none when they can't be read, and the form says which lines."""
        if not self.validate_on_submit():
            return []
        try:
            return scans.read(self.words.data, now)
        except LinesRefused as refused:
            for sentence in refused.sentences:
                self.refuse(sentence, "words")
            return []
