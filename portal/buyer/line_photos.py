"""Photos of an application that show one of several goods: picked in its row, and beside it for the shop."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from portal.applications import drafts
from portal.buyer.applying_forms import StripForm
from portal.columns import PhotoSeen
from portal.extensions import db, writing
from portal.models import Draft, OrderLine
from portal.rights import reasons
from portal.web.photo_field import Photos


def sort_by_line(
    photos: Sequence[PhotoSeen], lines: Sequence[OrderLine]
) -> tuple[list[PhotoSeen], dict[int | None, list[PhotoSeen]]]:
    """The photos of the whole application, and those of each line; of a single line all are of the whole."""
    of_line: dict[int | None, list[PhotoSeen]] = {line.id: [] for line in lines} if len(lines) > 1 else {}
    whole: list[PhotoSeen] = []
    for photo in photos:
        of_line.get(photo.order_line_id, whole).append(photo)
    return whole, of_line


def keep_sent(draft: Draft, lines: Sequence[OrderLine]) -> dict[int, str]:
    """Keep the pictures that this request brings in the rows of the lines; returns what is wrong with them, by line."""
    key, problems = (draft.id, draft.shop_id), {}
    for line_id in [line.id for line in lines] if len(lines) > 1 else ():
        if not any(file.filename for file in request.files.getlist(f"photo_of_{line_id}")):
            continue
        field = Photos("照片", name=f"photo_of_{line_id}", _form=StripForm())
        field.belong_to(
            key[0], len(drafts.list_photos(db.session.get_one(Draft, key))), reasons.most_photos(len(lines))
        )
        field.process(request.form)
        field.keep()
        with writing():
            drafts.keep_photos(db.session.get_one(Draft, key), field.data or [], line_id=line_id)
        if field.refusals:
            problems[line_id] = "；".join(field.refusals)
    return problems


def find_line(line: str, lines: Sequence[OrderLine]) -> int | None:
    """The line of the order that an address names."""
    return next((each.id for each in lines if str(each.id) == line), None)
