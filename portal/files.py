"""Serves photos to those who may see what they hang on; never by path."""

from __future__ import annotations

from flask import Blueprint, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, and_, select

from portal.cases import mediation_queue
from portal.extensions import db
from portal.models import Case, Conversation, Draft, Enquiry, EnquiryMessage, Evidence, Message, Product
from portal.parcels import intake
from portal.service import remedies
from portal.web import guards, photos

bp = Blueprint("files", __name__, url_prefix="/f")
bp.before_request(guards.need_signed_in)


@bp.get("/<public_id>")
def full(public_id: str) -> ResponseReturnValue:
    """The photo as it is kept (at most 2560 px, a long one at its own width)."""
    return _send(public_id, thumb=False)


@bp.get("/<public_id>/thumb")
def thumb(public_id: str) -> ResponseReturnValue:
    """Its small picture (at most 400 px)."""
    return _send(public_id, thumb=True)


def _send(public_id: str, *, thumb: bool) -> ResponseReturnValue:
    row = db.session.execute(
        select(
            Evidence.public_id,
            Evidence.key,
            Evidence.thumb_key,
            Evidence.sha256,
            Evidence.thumb_sha256,
            Evidence.owner_id,
            Evidence.case_id,
            Evidence.draft_id,
            Evidence.message_id,
            Evidence.product_id,
            Evidence.complaint_id,
            Evidence.enquiry_message_id,
            Evidence.batch_id,
            Evidence.remedy_id,
            Evidence.shop_id,
        ).where(Evidence.public_id == public_id)
    ).one_or_none()
    if row is None or not _may_see(row):
        abort(404)
    answer = photos.send(row, thumb=thumb)
    answer.set_etag(f"{public_id}{'t' if thumb else ''}")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer.make_conditional(request)


def _may_see(row: Row[*tuple[object, ...]]) -> bool:
    """The parties of the case or conversation, the owner of a draft or loose photo, anybody signed in for a product;
    of a complaint whoever made it and whoever looks into it.

    A mediator sees the photos of the cases on the docket, those of a conversation only while the platform is in it.
    """
    user_id, shop_id = g.who.user_id, g.who.shop_id or -1
    if row.case_id is not None:
        query = select(Case.buyer_id, Case.shop_id).where(Case.id == row.case_id)
        if g.who.mediator and mediation_queue.may_see_case(g.who, row.case_id):
            return True
    elif row.message_id is not None:
        query = (
            select(Conversation.buyer_id, Conversation.shop_id)
            .join(Message, and_(Message.conversation_id == Conversation.id, Message.shop_id == Conversation.shop_id))
            .where(Message.id == row.message_id)
        )
        if g.who.mediator and mediation_queue.may_see_message(g.who, row.message_id):
            return True
    elif row.draft_id is not None:
        owner = db.session.scalar(select(Draft.buyer_id).where(Draft.id == row.draft_id))
        return bool(owner == user_id)
    elif row.enquiry_message_id is not None:
        query = (
            select(Enquiry.buyer_id, Enquiry.shop_id)
            .join(
                EnquiryMessage,
                and_(EnquiryMessage.enquiry_id == Enquiry.id, EnquiryMessage.shop_id == Enquiry.shop_id),
            )
            .where(EnquiryMessage.id == row.enquiry_message_id)
        )
    elif row.complaint_id is not None:
        return bool(row.owner_id == user_id or g.who.operator)
    elif row.batch_id is not None:
        return bool(row.shop_id == shop_id)
    elif row.remedy_id is not None:
        return row.shop_id == shop_id or remedies.is_shown(row.remedy_id, row.shop_id)
    elif row.product_id is not None:
        return db.session.get(Product, row.product_id) is not None
    else:
        return bool(row.owner_id == user_id) or (row.shop_id == shop_id and intake.has_photo(shop_id, row.public_id))
    parties = db.session.execute(query).one_or_none()
    return parties is not None and (parties.buyer_id == user_id or parties.shop_id == shop_id)
