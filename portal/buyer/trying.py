"""先试试: whether what the shop suggests has solved it, asked inside the application; the way on stays open."""

from __future__ import annotations

import re

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal.applications import drafts, entered, talk_photos
from portal.applications import goods as applications_goods
from portal.buyer import bp
from portal.buyer.applying import find_begun, find_order
from portal.buyer.applying_forms import StripForm
from portal.extensions import db, writing
from portal.models import Draft
from portal.service import remedies
from portal.web import guards
from portal.web.photo_field import sent_ids


@bp.post("/orders/<order_no>/apply/tried")
def apply_tried(order_no: str) -> ResponseReturnValue:
    """Solved: the draft stays, and back to the order. Not solved: on with the application, as it was typed."""
    order = find_order(order_no)
    draft = guards.found(find_begun(order))
    said = re.fullmatch(r"([0-9]{1,18})-(yes|no)", request.form.get("tried", ""))
    lines = {line.id: line for line in applications_goods.list_lines(order.id, order.shop_id)}
    line = lines.get(draft.fields.get("line_id") or 0)
    if said is None or line is None:
        abort(404)
    reason = draft.fields.get("reason", "")
    offered = {shown.remedy.id for shown in remedies.list_for_line(line, order.shop_id, reason, g.who.user_id)}
    remedy_id, helped = int(said[1]), said[2] == "yes"
    if remedy_id not in offered:
        abort(404)
    form, order_id, shop_id, line_id = StripForm(), order.id, order.shop_id, line.id
    form.photos.belong_to(
        draft.id, len(drafts.list_photos(draft)), drafts.count_most_photos(draft.order_id, draft.shop_id)
    )
    key = (draft.id, draft.shop_id)
    form.validate_on_submit()
    with writing():
        kept = guards.found(db.session.get(Draft, key, with_for_update=True))
        drafts.keep_photos(kept, form.photos.data or [], sent_ids("drop_photo"))
        talk_photos.add_photos(kept, sent_ids("talk_photo"), g.now)
        fields = entered.read_entered(request.form, order_id)
        entered.save_entered(kept, fields, request.form.get("form_key", ""), g.now)
        remedies.answer(remedy_id, shop_id, line_id, g.who.user_id, helped=helped, now=g.now)
    if helped:
        return redirect(f"/orders/{order_no}?said=tried-helped", 303)
    return redirect(f"/orders/{order_no}/apply/details?said=tried-not", 303)
