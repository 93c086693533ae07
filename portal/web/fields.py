"""Fields of forms: text, quantities, money, choices, kept as they were typed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, time
from typing import Any

from wtforms import Field, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import ValidationError
from wtforms.widgets import TextArea, TextInput

from portal import inputs
from portal.words import BEIJING

Known = Callable[[Collection[str]], Collection[str]]  # which of these digits are numbers of the thing at hand


class Typed(Field):
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

    def show(self, value: object) -> str:
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

    def pre_validate(self, form: object) -> None:
        if self.data in (None, "") and not self.process_errors and not self.optional:
            raise ValidationError(self.missing)


class Line(Typed):
    """One line of text."""

    def __init__(self, label: str = "", *, limit: int = 100, **kwargs: Any) -> None:
        self.limit = limit
        super().__init__(label, **kwargs)

    def read(self, text: str) -> str:
        return inputs.line(text, limit=self.limit)


class Place(Line):
    """An address: one line, in a box that shows a long one to its end."""

    widget = TextArea()  # type: ignore[assignment]

    def __init__(self, label: str = "", **kwargs: Any) -> None:
        super().__init__(label, limit=200, render_kw={"rows": 2}, **kwargs)


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


class Text(Typed):
    """Several lines of text, limited by what a person sees as characters."""

    widget = TextArea()

    def __init__(self, label: str = "", *, limit: int = 500, least: int = 0, **kwargs: Any) -> None:
        self.limit, self.least = limit, least
        super().__init__(label, **kwargs)

    def read(self, text: str) -> str:
        return inputs.text(text, limit=self.limit, least=self.least)


class Quantity(Typed):
    """How much, in thousandths. ``most`` and ``unit`` are set by the route from the order."""

    most: int | None = None
    unit: str = "件"

    def read(self, text: str) -> int:
        return inputs.quantity(text, most=self.most, unit=self.unit)

    def show(self, value: Any) -> str:
        return inputs.quantity_text(value)


def read_day(text: str) -> datetime | None:
    """The beginning of a day in Beijing, typed as 2026-11-28; None where it is none."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), BEIJING)
    except ValueError:
        return None


class Whole(Typed):
    """A whole number between two bounds."""

    def __init__(self, label: str = "", *, least: int = 0, most: int = 999_999, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(label, **kwargs)

    def read(self, text: str) -> int:
        return inputs.whole_number(text, least=self.least, most=self.most)


class Money(Typed):
    """An amount in 分, typed in 元. ``least`` and ``most`` in 分."""

    def __init__(self, label: str = "", *, least: int = 1, most: int = 9_999_999_999, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(label, **kwargs)

    def read(self, text: str) -> int:
        return inputs.money(text, least=self.least, most=self.most)

    def show(self, value: Any) -> str:
        return inputs.money_typed(value)


class Phone(Typed):
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

    def pre_validate(self, form: object) -> None:
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

    def pre_validate(self, form: object) -> None:
        known = {str(value) for value, *_ in self.iter_choices()}
        if not self.data or str(self.data) not in known:
            if self.optional and not self.data:
                return
            raise ValidationError(self.missing)


class Boxes(_Offers, SelectMultipleField):
    """Any of several, as boxes that the template draws."""
