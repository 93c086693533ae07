"""What was typed into a form when nobody is signed in any more: carried by the sign-in page, written down after signing
in. Nothing is stored for somebody who isn't signed in; what is stored for one person is bounded.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy import delete, select

from portal.extensions import db, writing
from portal.models import KeptForm
from portal.talk import card_numbers

MOST_FORMS = 20  # kept for one person; the oldest goes
MOST_BYTES = 64 * 1024  # of one form
# Never kept, and never in a hash without a key: it could be undone by trying.
SECRET = frozenset(
    {"password", "new_password", "again", "code", "half", "account_holder", "account_bank", "account_number"}
)
_NOT_KEPT = frozenset({"csrf_token", "form_key", "version", "carried"}) | SECRET
_EXACT = re.compile(r"number[0-9]?|\w+_(?:id|kept|drop)")  # tracking numbers and names of things


def typed() -> dict[str, list[str]]:
    """What stands in the form of this request and may be kept; nothing when it is too much."""
    fields = {
        name: [
            value if _EXACT.fullmatch(name) else card_numbers.mask_numbers(value)
            for value in request.form.getlist(name)
        ]
        for name in request.form
        if name not in _NOT_KEPT
    }
    return fields if len(json.dumps(fields).encode()) <= MOST_BYTES else {}


def keep(user_id: int, path: str, fields: dict[str, list[str]], now: datetime) -> None:
    """Keep a form for this person, instead of what was kept of the same page before."""
    with writing():
        mine = KeptForm.user_id == user_id
        db.session.execute(delete(KeptForm).where(mine, KeptForm.path == path[:300]))
        surplus = select(KeptForm.id).where(mine).order_by(KeptForm.id.desc()).offset(MOST_FORMS - 1)
        if old := db.session.scalars(surplus).all():
            db.session.execute(delete(KeptForm).where(KeptForm.id.in_(old)))
        db.session.add(KeptForm(user_id=user_id, path=path[:300], fields=fields, kept_at=now))


def pack() -> str:
    """This request's form as the text of one hidden field; empty when there is nothing to carry."""
    fields = typed()
    return json.dumps({"path": request.path[:300], "fields": fields}, ensure_ascii=False) if fields else ""


def unpack(text: str) -> tuple[str, dict[str, list[str]]] | None:
    """The path and the fields that a sign-in page carried; None for anything else."""
    if not text or len(text.encode("utf-8", "replace")) > MOST_BYTES + 1024:
        return None
    try:
        said: Any = json.loads(text)
        path, fields = said["path"], said["fields"]
        clean = {
            name: [card_numbers.mask_numbers(value) if not _EXACT.fullmatch(name) else value for value in values]
            for name, values in fields.items()
            if name not in _NOT_KEPT
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    good = isinstance(path, str) and path.startswith("/") and not path.startswith("//") and "\0" not in text
    return (path, clean) if good and clean and all(isinstance(name, str) for name in clean) else None
