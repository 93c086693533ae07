"""An application saves itself: each photo when it is picked, each field while it is filled in."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.applications import drafts, entered, goods, talk_photos
from portal.buyer import bp, line_photos
from portal.buyer.applying_forms import StripForm
from portal.extensions import db, writing
from portal.models import Draft, Order
from portal.orders import order_lists
from portal.web import guards, uploads
from portal.web.photo_field import sent_ids

_MOVES = {"earlier": -1, "later": 1}  # by the button's name


@bp.post("/photos")
def upload_photo() -> ResponseReturnValue:
    """One photo of a form that isn't sent yet."""
    return uploads.take_photo(side="buyer")


@bp.post("/orders/<order_no>/apply/photos")
def apply_photo(order_no: str) -> ResponseReturnValue:
    """One photo of an application; it hangs on the draft at once. ``of``: the line that it shows."""
    order = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    draft = guards.found(
        drafts.find_draft(order.id, g.who.user_id) or _start_draft(order, request.args.get("line", ""))
    )
    line_id = line_photos.find_line(request.args.get("of", ""), goods.list_lines(order.id, order.shop_id))
    return uploads.take_photo(side="buyer", draft_id=draft.id, line_id=line_id)


@bp.post("/orders/<order_no>/apply/strip")
def apply_strip(order_no: str) -> ResponseReturnValue:
    """Move a photo, or take those chosen from the conversation; what was typed on the page is kept."""
    order = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    line = request.form.get("line", "")
    draft = guards.found(drafts.find_draft(order.id, g.who.user_id) or _start_draft(order, line))
    form, order_id, key = StripForm(), order.id, (draft.id, draft.shop_id)
    form.photos.belong_to(
        draft.id, len(drafts.list_photos(draft)), drafts.count_most_photos(draft.order_id, draft.shop_id)
    )
    form.validate_on_submit()
    with writing():
        draft = guards.found(db.session.get(Draft, key, with_for_update=True))
        drafts.keep_photos(draft, form.photos.data or [], sent_ids("drop_photo"))
        fields = entered.read_entered(request.form, order_id)
        entered.save_entered(draft, fields, request.form.get("form_key", ""), g.now)
        left = talk_photos.add_photos(draft, sent_ids("talk_photo"), g.now)
        for name, by in _MOVES.items():
            for public_id in sent_ids(name):
                drafts.move_photo(draft, public_id, by)
    asked = {name: request.form[name] for name in _MOVES if name in request.form}
    asked |= {"left": "1"} if left or form.photos.errors else {}
    if "description" in request.form:
        return redirect(f"/orders/{order_no}/apply/details?{urlencode(asked)}", 303)
    return redirect(f"/orders/{order_no}/apply?{urlencode({'line': line, **asked})}", 303)


def _start_draft(order: Order, line: str) -> Draft | None:
    """The draft that a photo begins, before a reason was chosen; None for what is no line of the order."""
    if line not in {str(each.id) for each in goods.list_lines(order.id, order.shop_id)}:
        return None
    shop_id, order_id = order.shop_id, order.id
    with writing():
        return drafts.start_draft(shop_id, order_id, g.who.user_id, source="order", now=g.now, line_id=int(line))


@bp.post("/orders/<order_no>/apply/save")
def apply_save(order_no: str) -> ResponseReturnValue:
    """What stands in the fields of an application just now; nothing of it is judged."""
    order = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id))
    fields = entered.read_entered(request.form, order.id)
    with writing():
        draft = drafts.find_draft(order.id, g.who.user_id)
        line_id = fields.get("line", "")
        if draft is None:
            draft = _start_draft(order, line_id)
        if draft is not None:
            entered.save_entered(draft, fields, request.form.get("form_key", ""), g.now)
    return "", 204


@bp.post("/orders/<order_no>/apply/discard")
def apply_discard(order_no: str) -> ResponseReturnValue:
    """Remove the draft."""
    order_id = guards.found(order_lists.find_of_buyer(order_no, g.who.user_id)).id
    with writing():
        found = drafts.find_draft(order_id, g.who.user_id)
        if found is not None:
            drafts.discard_draft(found)
    return redirect(f"/orders/{order_no}?said=draft-removed", 303)
