"""Forms: one base and a few field types, all standing on ``portal/inputs.py``.

A field that can't be read explains itself beside the field and keeps what was typed. Photos are taken out of the
request first and kept, so that a mistake in another field costs nobody a photo.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from flask import abort, current_app, g, request
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import Field, HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import ValidationError
from wtforms.widgets import FileInput, TextArea, TextInput

from portal import inputs
from portal.evidence import evidence, imaging
from portal.evidence.store import Store
from portal.extensions import db, writing
from portal.models import CaseHead, KeptForm, Order
from portal.orders import order_lists
from portal.talk import card_numbers
from portal.web import events, quotas
from portal.web.security import csrf_token

MOST_PHOTOS = evidence.MOST_PER_STEP
Known = Callable[[Collection[str]], Collection[str]]  # which of these digits are numbers of the thing at hand


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms. The app checks ``csrf_token`` on every POST itself; ``form_key`` makes a submission happen
    once; ``version`` is what the page showed of the case.

    Bank card numbers in what was typed are hidden before anybody else sees it. ``known`` says which of some digits are
    numbers of the order that this is about; it is asked only when something looks like a card.
    """

    class Meta:
        csrf = False  # checked for every POST in web/security.py, forms or not

    form_key = HiddenField()
    version = HiddenField()
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
            if isinstance(field, _Typed) and not field.exact:
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

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
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
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None

    @property
    def first_wrong(self) -> Field | None:
        """The first field with an error, in the order of the form."""
        return next((field for field in self if field.errors), None)

    def refuse(self, sentence: str, field: str = "") -> None:
        """Put a sentence beside a field, or over the form."""
        if field and field in self:
            self[field].errors = [*self[field].errors, sentence]
        else:
            self.form_errors.append(sentence)

    def refuse_lines(self, problems: Mapping[Any, str]) -> None:
        """Say over the form what is wrong with fields that the page draws by hand, each with its sentence beside it."""
        self.problems = problems
        for sentence in problems.values():
            self.refuse(sentence)


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


class _Typed(Field):
    """A field whose raw text is kept for showing again and whose value comes from the input layer.

    ``exact``: for names and numbers that mean something as they are; in other fields card numbers are hidden.
    """

    widget: Any = TextInput()
    optional = False

    def __init__(
        self, label: str = "", *, missing: str = "", optional: bool = False, exact: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)
        self.optional, self.missing, self.raw, self.exact = optional, missing or f"请填写{label}", "", exact

    def without_cards(self, hide: Callable[[str], str]) -> None:
        """Read again what was typed with card numbers hidden, so that neither the raw text nor the value has one."""
        masked = hide(self.raw)
        if masked != self.raw:
            self.process_errors = []
            try:
                self.process_formdata([masked])
            except ValueError as refused:
                self.process_errors.append(str(refused))
        if self.raw and isinstance(self.data, str):
            self.data = hide(self.data)

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def show(self, value: Any) -> str:
        return str(value)

    def _value(self) -> str:
        if self.raw:
            return self.raw
        return "" if self.data is None or self.data == "" else self.show(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if len(valuelist) > 1:
            raise ValueError(f"{self.label.text}只能填写一次")
        self.raw = valuelist[0] if valuelist else ""
        self.data = None
        if not self.raw.strip():
            return
        try:
            self.data = self.read(self.raw)
        except inputs.InputRefused as refused:
            raise ValueError(refused.sentence) from None

    def pre_validate(self, form: Any) -> None:
        if self.data in (None, "") and not self.process_errors and not self.optional:
            raise ValidationError(self.missing)


class Line(_Typed):
    """One line of text."""

    def __init__(self, label: str = "", *, limit: int = 100, **kwargs: Any) -> None:
        self.limit = limit
        super().__init__(label, **kwargs)

    def read(self, text: str) -> str:
        return inputs.line(text, limit=self.limit)


class Secret(Line):
    """One line that is never shown again, not even to who typed it: a mistake elsewhere in the form costs a retyping.

    Its name must be one of carried.SECRET, so that it isn't kept for signing in again either.
    """

    def __init__(self, label: str = "", *, reads: Callable[[str], str] | None = None, **kwargs: Any) -> None:
        self.reads = reads
        super().__init__(label, exact=True, **kwargs)

    def read(self, text: str) -> str:
        return self.reads(text) if self.reads else super().read(text)

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        finally:
            self.raw = ""

    def _value(self) -> str:
        return ""


class Text(_Typed):
    """Several lines of text, limited by what a person sees as characters."""

    widget = TextArea()

    def __init__(self, label: str = "", *, limit: int = 500, least: int = 0, **kwargs: Any) -> None:
        self.limit, self.least = limit, least
        super().__init__(label, **kwargs)

    def read(self, text: str) -> str:
        return inputs.text(text, limit=self.limit, least=self.least)


class Quantity(_Typed):
    """How much, in thousandths. ``most`` and ``unit`` are set by the route from the order."""

    most: int | None = None
    unit: str = "件"

    def read(self, text: str) -> int:
        return inputs.quantity(text, most=self.most, unit=self.unit)

    def show(self, value: Any) -> str:
        return inputs.quantity_text(value)


class Whole(_Typed):
    """A whole number between two bounds."""

    def __init__(self, label: str = "", *, least: int = 0, most: int = 999_999, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(label, **kwargs)

    def read(self, text: str) -> int:
        return inputs.whole_number(text, least=self.least, most=self.most)


class Money(_Typed):
    """An amount in 分, typed in 元. ``least`` and ``most`` in 分."""

    def __init__(self, label: str = "", *, least: int = 1, most: int = 9_999_999_999, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(label, **kwargs)

    def read(self, text: str) -> int:
        return inputs.money(text, least=self.least, most=self.most)

    def show(self, value: Any) -> str:
        return inputs.money_text(value)


class Phone(_Typed):
    """A telephone number."""

    def read(self, text: str) -> str:
        return inputs.phone(text)


class _Offers(SelectField):
    """A field that offers something: said as pairs of a value and its words, now or at any later time."""

    def __init__(self, *args: Any, choices: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "choices" and value is not None:
            value = [SelectChoice(*pair) for pair in value]
        super().__setattr__(name, value)


class Choice(_Offers, RadioField):
    """One of several, as radios. A missing choice says ``missing``."""

    def __init__(self, label: str = "", *, missing: str = "", optional: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("validate_choice", False)
        super().__init__(label, **kwargs)
        self.missing, self.optional = missing or f"请选择{label}", optional

    def pre_validate(self, form: Any) -> None:
        if self.raw_data and len(self.raw_data) > 1:
            raise ValidationError(f"{self.label.text}只能选择一项")
        known = {str(value) for value, *_ in self.iter_choices()}
        if not self.data or str(self.data) not in known:
            if self.optional and not self.data:
                return
            raise ValidationError(self.missing)


class Pick(_Offers):
    """One of many, as a drop-down."""

    def __init__(self, label: str = "", *, missing: str = "", optional: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("validate_choice", False)
        super().__init__(label, **kwargs)
        self.missing, self.optional = missing or f"请选择{label}", optional

    def pre_validate(self, form: Any) -> None:
        known = {str(value) for value, *_ in self.iter_choices()}
        if not self.data or str(self.data) not in known:
            if self.optional and not self.data:
                return
            raise ValidationError(self.missing)


class Boxes(_Offers, SelectMultipleField):
    """Any of several, as boxes that the template draws."""


_UPLOADS = {"buyer": "/photos", "seller": "/seller/photos"}  # by blueprint


class Photos(Field):
    """Photos: new ones from the request, and those kept from an earlier try (by public id).

    ``data`` is the list of public ids of this person's loose photos. New files are judged, re-encoded and kept by
    ``keep()``; what is refused explains itself beside the field, the good ones stay.
    """

    widget = FileInput(multiple=True)

    def __init__(
        self, label: str = "凭证", *, least: int = 0, most: int = MOST_PHOTOS, missing: str = "", **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)
        self.least, self.most, self.missing = least, most, missing or "请上传能看出问题的照片"
        self.draft_id: int | None = None  # of the draft that they go to
        self.already = 0  # photos that the draft or case has besides these
        self.upload_url = _UPLOADS.get(request.blueprint or "", "")  # where scripts send each photo by itself
        self.refusals: list[str] = []
        self.drop: list[str] = []

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = []
        self.data = []
        self.files: list[FileStorage] = []
        if formdata is not None and request.method != "POST":  # kept while nobody was signed in
            self.data = evidence.count_loose(sent_ids(f"{self.name}_kept", formdata)[: self.most], g.who.user_id)
        elif formdata is not None:
            self.data = sent_ids(f"{self.name}_kept")[: self.most]
            self.drop = sent_ids(f"{self.name}_drop")
            self.files = [file for file in request.files.getlist(self.name) if file and file.filename]

    def keep(self) -> None:
        """Keep the new files; outside a transaction, because decoding and the disk take their time."""
        owner = g.who.user_id if g.who is not None else g.guest  # whom a consumer's link stands for
        self.data = [public_id for public_id in evidence.count_loose(self.data, owner) if public_id not in self.drop]
        room = self.most - self.already - len(self.data)
        if len(self.files) > room:
            self.refusals.append(f"最多 {self.most} 张照片,多出的 {len(self.files) - max(room, 0)} 张没有保存")
            self.files = self.files[: max(room, 0)]
        if not self.files:
            return
        if refusal := quotas.photo_refusal(len(self.files), owner):
            self.refusals.append(refusal)
            events.say("upload_reject", files=len(self.files))
            return
        db.session.rollback()
        incoming = [imaging.IncomingFile(file.filename or "", file.stream) for file in self.files]
        images, refusals = imaging.prepare_each(incoming)
        self.refusals += [refusal.sentence for refusal in refusals]
        if refusals:
            events.say("upload_reject", files=len(refusals))
        if not images:
            return
        stored = evidence.add_photo(store(), images)
        with writing():
            side = "seller" if request.blueprint == "seller" else "buyer"
            there = list(self.data)  # a photo of an earlier try that was picked again is that one
            again = [
                item
                for item in stored
                if evidence.find_same(item.image.sha256, owner, there, draft_id=self.draft_id) is not None
            ]
            fresh = [item for item in stored if item not in again]
            self.data += evidence.keep_photos(fresh, shop_id=shop_of_request(), owner_id=owner, side=side, now=g.now)
        evidence.take_back(store(), again)

    @property
    def kept(self) -> Sequence[Any]:
        """The kept photos as rows, for showing again."""
        return evidence.by_public_ids(self.data or [])

    def pre_validate(self, form: Any) -> None:
        if self.refusals:
            raise ValidationError("；".join(self.refusals))
        if self.already + len(self.data or []) < self.least:
            raise ValidationError(self.missing)

    def _value(self) -> bool:
        return False


def shop_of_request() -> int:
    """The shop that the address is about: of the signed-in seller, of its order or case, else of the last order."""
    args = request.view_args or {}
    found = None
    if g.who is not None and request.blueprint == "seller":
        found = g.who.shop_id
    elif "case_no" in args:
        found = db.session.scalar(select(CaseHead.shop_id).where(CaseHead.case_no == args["case_no"]))
    elif "order_no" in args:
        order = order_lists.find_of_buyer(args["order_no"], g.who.user_id if g.who is not None else g.guest)
        found = None if order is None else order.shop_id
    if found is None:
        owner = g.who.user_id if g.who is not None else g.guest
        mine = select(Order.shop_id).where(Order.buyer_id == owner, Order.shown | (g.who is None))
        found = db.session.scalar(mine.order_by(Order.id.desc()).limit(1)) or (g.who and g.who.shop_id)
    if found is None:
        abort(404)
    return int(found)


def sent_ids(name: str, form: MultiDict[str, str] | None = None) -> list[str]:
    """The public ids of photos that a field says, of this request's form or another; what can't be one is left out."""
    return [
        value for value in (request.form if form is None else form).getlist(name) if re.fullmatch("[0-9a-f]{32}", value)
    ]


def store() -> Store:
    """The store of the running app."""
    made: Store = current_app.extensions["portal_store"]
    return made
