"""The field for photos: each its own upload, kept and shown again when a form is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import abort, current_app, g, request
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import Field
from wtforms.validators import ValidationError
from wtforms.widgets import FileInput

from portal.columns import PhotoSeen
from portal.evidence import evidence, imaging
from portal.evidence.store import Store
from portal.extensions import db, writing
from portal.models import CaseHead, Order
from portal.orders import order_lists
from portal.web import events, quotas

MOST_PHOTOS = evidence.MOST_PER_STEP


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

    def belong_to(self, draft_id: int | None, already: int, most: int) -> None:
        """The photos go to this draft, which has ``already`` so many and may have ``most``."""
        self.draft_id, self.already, self.most = draft_id, already, most

    def keep(self) -> None:
        """Keep the new files; outside a transaction, because decoding and the disk take their time."""
        owner = g.who.user_id if g.who is not None else g.guest  # whom a consumer's link stands for
        self.data = [public_id for public_id in evidence.count_loose(self.data, owner) if public_id not in self.drop]
        room = self.most - self.already - len(self.data)
        if len(self.files) > room:
            self.refusals.append(f"最多 {self.most} 张照片，多出的 {len(self.files) - max(room, 0)} 张没有保存")
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
    def kept(self) -> Sequence[PhotoSeen]:
        """The kept photos as rows, for showing again."""
        return evidence.by_public_ids(self.data or [])

    def pre_validate(self, form: object) -> None:
        if self.refusals:
            raise ValidationError("；".join(self.refusals))
        if (over := self.already + len(self.data or []) - self.most) > 0 and self.data:
            raise ValidationError(f"最多 {self.most} 张照片，请移除 {over} 张")
        if self.already + len(self.data or []) < self.least:
            raise ValidationError(self.missing)

    def _value(self) -> bool:
        return False


def shop_of_request() -> int:
    """The shop that the address is about: of the signed-in seller, of its order or case, else of the last order."""
    found = find_shop_of_request()
    if found is None:
        abort(404)
    return found


def find_shop_of_request() -> int | None:
    """The same; None for somebody who has neither an order nor a shop, and so no place to keep a photo."""
    args = request.view_args or {}
    found = None
    if g.who is not None and request.blueprint == "seller":
        found = g.who.shop_id
    elif "case_no" in args:
        found = db.session.scalar(select(CaseHead.shop_id).where(CaseHead.case_no == args["case_no"]))
    elif "product_id" in args and "shop_id" in args:
        found = args["shop_id"]
    elif "order_no" in args:
        order = order_lists.find_of_buyer(args["order_no"], g.who.user_id if g.who is not None else g.guest)
        found = None if order is None else order.shop_id
    if found is None:
        owner = g.who.user_id if g.who is not None else g.guest
        mine = select(Order.shop_id).where(Order.buyer_id == owner, Order.shown | (g.who is None))
        found = db.session.scalar(mine.order_by(Order.id.desc()).limit(1)) or (g.who and g.who.shop_id)
    return None if found is None else int(found)


def sent_ids(name: str, form: MultiDict[str, str] | None = None) -> list[str]:
    """The public ids of photos that a field says, of this request's form or another; what can't be one is left out."""
    return [
        value for value in (request.form if form is None else form).getlist(name) if re.fullmatch("[0-9a-f]{32}", value)
    ]


def store() -> Store:
    """The store of the running app."""
    made: Store = current_app.extensions["portal_store"]
    return made
