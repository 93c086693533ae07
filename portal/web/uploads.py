"""One photo at a time: sent while its form is still being filled in, answered with the tile that stands for it.

A photo sent again, because it was picked twice or because an answer was lost, is the photo that is there already.
"""

from __future__ import annotations

from flask import Response, g, request

from portal.applications import drafts
from portal.evidence import evidence, imaging
from portal.evidence.imaging import PreparedImage
from portal.extensions import db, writing
from portal.models import Draft
from portal.web import quotas
from portal.web.pages import page
from portal.web.photo_field import MOST_PHOTOS, sent_ids, shop_of_request, store

FULL = "最多 {} 张照片，这一张没有添加"


def take_photo(*, side: str, draft_id: int | None = None, line_id: int | None = None) -> Response:
    """The tile of the photo in this request, kept loose or on a draft; 422 with a sentence when it can't be taken."""
    file = request.files.get("photo")
    if file is None:
        return _refuse("没有收到照片，请重新选择")
    if refusal := quotas.photo_refusal(1, g.who.user_id):
        return _refuse(refusal)
    db.session.rollback()  # decoding takes its time, and needs no transaction
    images, refusals = imaging.prepare_each([imaging.IncomingFile(file.filename or "", file.stream)])
    if refusals:
        return _refuse(refusals[0].sentence.replace("第 1 张", "这张", 1))
    return _keep_on_draft(images[0], draft_id, line_id) if draft_id is not None else _keep_loose(images[0], side)


def _keep_loose(image: PreparedImage, side: str) -> Response:
    owner, others = g.who.user_id, evidence.count_loose(sent_ids("photos_kept"), g.who.user_id)
    if same := evidence.find_same(image.sha256, owner, others):
        return _answer(same, twice=True)
    if request.form.get("again") and (sent := evidence.find_loose(image.sha256, owner)):
        return _answer(sent)
    if len(set(others) - set(sent_ids("photos_drop"))) >= MOST_PHOTOS:
        return _refuse(FULL.format(MOST_PHOTOS))
    stored = evidence.add_photo(store(), [image])
    with writing():
        [public_id] = evidence.keep_photos(stored, shop_id=shop_of_request(), owner_id=owner, side=side, now=g.now)
    return _answer(public_id)


def _keep_on_draft(image: PreparedImage, draft_id: int, line_id: int | None) -> Response:
    stored = evidence.add_photo(store(), [image])
    owner = g.who.user_id
    with writing():
        draft = db.session.get(Draft, draft_id, with_for_update=True)
        same, most, public_id, number = None, 0, "", 0
        if draft is not None:
            drafts.keep_photos(draft, [], sent_ids("drop_photo"))
            same = evidence.find_same(image.sha256, owner, draft_id=draft_id)
            number = len(drafts.list_photos(draft)) + 1
            most = drafts.count_most_photos(draft.order_id, draft.shop_id)
            if not same and number <= most:
                [public_id] = evidence.keep_photos(
                    stored,
                    shop_id=draft.shop_id,
                    owner_id=owner,
                    side="buyer",
                    now=g.now,
                    draft_id=draft_id,
                    line_id=line_id,
                )
    if public_id:
        return _answer(public_id, on_draft=True, number=number)
    evidence.take_back(store(), stored)
    if same and evidence.by_public_ids([same])[0].order_line_id != line_id:
        return _refuse("这张照片已经添加在申请的另一处，没有重复添加")
    return _answer(same, twice=True, on_draft=True) if same else _refuse(FULL.format(most))


def _answer(public_id: str, *, twice: bool = False, on_draft: bool = False, number: int = 1) -> Response:
    [photo] = evidence.by_public_ids([public_id])
    strip = "" if photo.order_line_id else f"{request.path.removesuffix('/photos')}/strip"
    return page("shared/_photo.html", photo=photo, twice=twice, on_draft=on_draft, strip=strip, n=f" {number}")


def _refuse(sentence: str) -> Response:
    return page("shared/_photo.html", 422, sentence=sentence)
