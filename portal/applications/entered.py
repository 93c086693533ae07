"""What stands in the fields of an application while it is filled in: kept word for word, judged when it is sent on.

It is kept apart from what was judged, so that nothing unjudged can be handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from portal.applications import drafts
from portal.models import Draft
from portal.orders import order_lists
from portal.talk import card_numbers

_NAME = re.compile(
    r"line|reason|type|amount|description|stated|measured|name|phone|address|(?:quantity|sku)_[0-9]{1,18}"
)
MOST_FIELDS = 400
MOST_CHARACTERS = 4_000  # of one field
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def read_entered(form: Mapping[str, str], order_id: int) -> dict[str, str]:
    """The fields of an application in a form, card numbers hidden."""
    found: dict[str, str] = {}
    for name in list(form)[:MOST_FIELDS]:
        if _NAME.fullmatch(name):
            text = _UNSTORABLE.sub("", form[name])[:MOST_CHARACTERS]
            numbers = card_numbers.find_numbers(text)
            found[name] = (
                card_numbers.mask_numbers(text, order_lists.known_numbers(order_id, numbers)) if numbers else text
            )
    return found


def save_entered(draft: Draft, fields: Mapping[str, str], form_key: str, now: datetime) -> None:
    """Keep them beside those of the application's other page; of a form that was sent on meanwhile nothing."""
    if form_key and form_key == draft.fields.get("sent_on"):
        return
    drafts.save_draft(draft, {"entered": {**(draft.fields.get("entered") or {}), **fields}}, now)


def end_entered(draft: Draft, form_key: str, now: datetime) -> None:
    """The form has been judged and sent on: what was kept of it word for word is of no more use."""
    drafts.save_draft(draft, {"entered": None, "sent_on": form_key}, now)


def find_entered(draft: Draft | None, field: str) -> dict[str, str] | None:
    """What was typed on the page of the application that has this field, where it was kept."""
    kept = (draft.fields.get("entered") or {}) if draft is not None else {}
    return dict(kept) if field in kept else None
