"""One submission, done once: a double tap, a retry or a lost answer gives the same result."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import abort, current_app, g, redirect, request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.wrappers import Response

from portal.extensions import db, writing
from portal.models import FormKey
from portal.talk import card_numbers
from portal.web.carried import SECRET

KEPT_FOR = timedelta(days=7)
_KEY = re.compile(r"[!-~]{0,64}")  # what the column holds


class DifferentBody(Exception):
    """The form key was used already, with other words in the form."""


def once(work: Callable[[], str]) -> Response:
    """Do ``work`` in a write transaction and go where it says (303); the same form key gives the same answer again.

    Raises DifferentBody when the key was used with another body. A request without a form key is simply done.
    Done in the name of whoever is signed in, or of ``g.guest``, whom a consumer's link stands for.
    """
    key = request.form.get("form_key", "")
    if not _KEY.fullmatch(key):
        abort(400)
    with writing():
        if not key:
            return redirect(work(), 303)
        said = fingerprint()
        if not _claim(key, said):
            kept = db.session.execute(
                select(FormKey.fingerprint, FormKey.location).where(FormKey.user_id == _whose(), FormKey.key == key)
            ).one()
            if kept.fingerprint != said:
                raise DifferentBody
            return redirect(kept.location, 303)
        location = work()
        db.session.execute(
            update(FormKey)
            .where(FormKey.user_id == _whose(), FormKey.key == key)
            .values(location=location)
            .execution_options(synchronize_session=False)
        )
    return redirect(location, 303)


def was_done(key: str) -> bool:
    """Whether a submission with this key has been done already."""
    if not _KEY.fullmatch(key):
        return False
    asked = select(FormKey.id).where(FormKey.user_id == _whose(), FormKey.key == key)
    return db.session.scalar(asked) is not None


def _whose() -> int:
    return int(g.who.user_id if g.who is not None else g.guest)


def _claim(key: str, fingerprint: str) -> bool:
    """Whether this request is the first with its key; a second one waits here until the first has committed."""
    row = {"user_id": _whose(), "key": key, "fingerprint": fingerprint, "location": "", "at": g.now}
    dialect = db.session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    made = make(FormKey).values(row).on_conflict_do_nothing().returning(FormKey.id)
    return db.session.scalar(made) is not None  # the number of rows is not known on PostgreSQL


def fingerprint() -> str:
    """What this form says, but for its token and key, as a keyed hash; of files only their names."""
    said = hmac.new(str(current_app.secret_key).encode(), request.path.encode(), hashlib.sha256)
    for name in sorted(request.form):
        if name not in ("csrf_token", "form_key"):
            for value in request.form.getlist(name):
                if name not in SECRET:
                    value = card_numbers.mask_numbers(value)
                said.update(f"\x00{name}\x01{value}".encode("utf-8", "surrogatepass"))
    for name in sorted(request.files):
        for file in request.files.getlist(name):
            said.update(f"\x02{name}\x01{file.filename}".encode("utf-8", "surrogatepass"))
    return said.hexdigest()


def forget(now: datetime) -> None:
    """Remove keys nobody will send again."""
    db.session.execute(delete(FormKey).where(FormKey.at < now - KEPT_FOR))
