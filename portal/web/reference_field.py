"""The field for the number that a bank or a wallet gave a payment."""

from __future__ import annotations

from typing import Any

from wtforms import ValidationError

from portal.money import references
from portal.web.fields import Line


class Reference(Line):
    """A payment's number: blanks, full width and a label that was copied along are taken off before it is judged.

    ``judged``: anything that is no such number is refused here; otherwise who has the form looks closer.
    """

    def __init__(self, label: str = "流水号", *, judged: bool = True, **kwargs: Any) -> None:
        self.judged = judged
        super().__init__(label, exact=True, **kwargs)

    def read(self, text: str) -> str:
        return references.tidy(super().read(text))

    def pre_validate(self, form: object) -> None:
        super().pre_validate(form)
        if self.judged and self.data and not references.is_reference(self.data):
            raise ValidationError(references.ODD)
