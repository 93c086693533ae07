"""满意度 where people meet it: the form of the one question, the same for a buyer and for a consumer with a link."""

from __future__ import annotations

from datetime import datetime

from portal.models import Case
from portal.service import ratings
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.photo_field import Photos


class RatingForm(Form):
    """1 to 5, and words and a photo from whoever wants to say more."""

    stars = Choice(
        "这次售后您满意吗？",
        choices=[(str(n), f"{n} 分 {said}") for n, said in ratings.WORDS.items()],
        missing="请选择 1 到 5 分",
    )
    words = Text("想说的话", limit=500, optional=True)
    photos = Photos("照片", most=1)

    def keep(self, case: Case, *, by_link: bool, now: datetime) -> None:
        """Keep the answer. Raises RatingRefused."""
        photos = self.photos.data or ()
        ratings.rate(case, int(self.stars.data), self.words.data or "", photos, by_link=by_link, now=now)
