"""Forms: one base and a few field types, all standing on ``portal/inputs.py``.

A field that can't be read explains itself beside the field and keeps what was typed. Photos are taken out of the
request first and kept, so that a mistake in another field costs nobody a photo.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import g, request
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField

from portal import inputs
from portal.cases.changes import Change
from portal.extensions import db
from portal.models import KeptForm
from portal.talk import card_numbers
from portal.web.csrf import csrf_token
from portal.web.fields import Boxes, Known, Secret, Typed
from portal.web.photo_field import Photos


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms. The app checks ``csrf_token`` on every POST itself; ``form_key`` makes a submission happen
    once; ``version`` is what the page showed: the version of the case, and the sums before and after a step.

    Bank card numbers in what was typed are hidden before anybody else sees it. ``known`` says which of some digits are
    numbers of the order that this is about; it is asked only when something looks like a card.
    """

    class Meta:
        csrf = False  # checked for every POST in web/security.py, forms or not

    form_key = HiddenField()
    version = HiddenField()
    change: Change | None = None  # what a step makes of the money, as the page shows it
    problems: Mapping[Any, str] | None = None  # what is wrong with the fields that a page draws by hand, by their key

    def __init__(self, *args: Any, known: Known | None = None, **kwargs: Any) -> None:
        self.known, self.hid_cards = known, False
        kwargs.setdefault("formdata", find_kept_form() if request.method in ("GET", "HEAD") else request.form)
        if kwargs["formdata"] is None:
            kwargs.pop("formdata")
            super().__init__(*args, formdata=None, **kwargs)
        else:
            super().__init__(*args, **kwargs)
        if request.method in ("GET", "HEAD") or not self.form_key.data:
            self.form_key.data = secrets.token_hex(16)
        for field in self:
            field.of_form = self
            if isinstance(field, Typed) and not field.exact:
                field.without_cards(self.without_cards)

    def without_cards(self, text: str) -> str:
        """A text with card numbers hidden; remembers in ``hid_cards`` that there was one."""
        found = card_numbers.find_numbers(text)
        if not found:
            return text
        masked = card_numbers.mask_numbers(text, self.known(found) if self.known else ())
        self.hid_cards |= masked != text
        return masked

    def and_say(self, location: str, said: str = "note-card-hidden") -> str:
        """Where to go after this form; the page there tells the sender when a card number was hidden."""
        if not self.hid_cards:
            return location
        return f"{location}{'&' if '?' in location else '?'}said={said}"

    def hidden_tag(self, *fields: Field) -> Markup:
        """The token, the form key and the version the page showed."""
        parts = [Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token())]
        parts.append(Markup('<input type="hidden" name="form_key" value="{}">').format(self.form_key.data))
        if self.version.data:
            parts.append(Markup('<input type="hidden" name="version" value="{}">').format(self.version.data))
        return Markup("").join(parts)

    def validate_on_submit(self, extra_validators: object = None) -> bool:
        """Whether this is a POST whose every field is right. Photos are kept before anything is judged."""
        if request.method != "POST":
            return False
        for field in self:
            if isinstance(field, Photos):
                field.keep()
        return bool(self.validate(extra_validators))

    @property
    def shown_version(self) -> int | None:
        """The version of the case that the page showed; None when the form has none."""
        return inputs.read_id(str(self.version.data or "").partition(":")[0])

    @property
    def shown_sums(self) -> str:
        """The mark of the sums that the page showed; "" when it showed none."""
        return str(self.version.data or "").partition(":")[2]

    @property
    def as_shown(self) -> dict[str, Any]:
        """What a step is bound to, as ``taking.take`` asks for it."""
        return {"version": self.shown_version, "shown": self.shown_sums}

    def show_sums(self, case_version: int, change: Change | None) -> None:
        """Bind the form to what the page shows: the version of the case, and the sums before and after the step."""
        self.change = change
        self.version.data = f"{case_version}:{change.mark}" if change is not None else str(case_version)

    @property
    def first_wrong(self) -> Field | None:
        """The first field with an error, in the order of the form."""
        return next((field for field in self if field.errors), None)

    @property
    def keeps_typed(self) -> bool:
        """Whether something that a person typed or uploaded is there again: no password, no file, and no choice, which
        may be the page's own."""
        if self.problems is not None:  # its fields are drawn by the page
            return any(value.strip() for name, value in request.form.items() if name not in _OWN)
        return any(_is_typed(field) for field in self)

    def refuse(self, sentence: str, field: str = "") -> None:
        """Put a sentence beside a field, or over the form."""
        if field and field in self:
            self[field].errors = [*self[field].errors, sentence]
        else:
            self.form_errors.append(sentence)

    def refuse_lines(self, problems: Mapping[Any, str], lines: Mapping[Any, Any] | None = None) -> None:
        """Say over the form what is wrong with fields that the page draws by hand, each with its sentence beside it.

        ``lines``: whose fields they are, by the same keys; with several, each sentence names its own.
        """
        self.problems = problems
        named = lines if lines and len(lines) > 1 else {}
        names = {key: f"{line.title} {line.spec}".strip() for key, line in named.items()}
        for key, sentence in problems.items():
            self.refuse(f"{names[key]}：{sentence}" if key in names else sentence)


_OWN = ("csrf_token", "form_key", "version")


def _is_typed(field: object) -> bool:
    if isinstance(field, Photos):
        return bool(field.data)
    if isinstance(field, Secret) or not isinstance(field, (Typed, Boxes)):
        return False
    return any(str(value).strip() for value in field.raw_data or ())


def find_kept_form() -> Any:
    """What this person had typed here when the session ended, while the page says so."""
    if request.args.get("said") != "draft-kept" or g.get("who") is None:
        return None
    fields = db.session.scalar(
        select(KeptForm.fields)
        .where(KeptForm.user_id == g.who.user_id, KeptForm.path == request.path[:300])
        .order_by(KeptForm.id.desc())
        .limit(1)
    )
    return MultiDict([(name, value) for name, values in fields.items() for value in values]) if fields else None
