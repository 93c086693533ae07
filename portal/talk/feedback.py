"""What people say of the portal itself: kept with a receipt number, read by the operator."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.calendar.officehours import BEIJING
from portal.extensions import db
from portal.models import Feedback, User

KINDS = {"problem": "用不了或出错", "wish": "建议", "privacy": "隐私", "false": "不实信息或侵权", "praise": "表扬"}


def keep_feedback(user_id: int, kind: str, words: str, now: datetime) -> str:
    """Keep it; returns the receipt number."""
    number = f"FK{now.astimezone(BEIJING):%y%m%d}{secrets.randbelow(10**6):06d}"
    db.session.add(Feedback(number=number, user_id=user_id, kind=kind, words=words, at=now))
    db.session.flush()
    return number


def list_newest(most: int = 50) -> Sequence[Any]:
    """The newest first."""
    return db.session.execute(
        select(Feedback.number, Feedback.kind, Feedback.words, Feedback.at, User.member_name)
        .join(User, User.id == Feedback.user_id)
        .order_by(Feedback.id.desc())
        .limit(most)
    ).all()
