"""The form and the fragments of a conversation, the same for both sides."""

from __future__ import annotations

from typing import Any

from flask import Response, g
from flask.typing import ResponseReturnValue

from portal.talk import conversations
from portal.web import paging
from portal.web.fields import Text
from portal.web.forms import Form
from portal.web.guards import found
from portal.web.pages import page
from portal.web.photo_field import Photos


class TalkForm(Form):
    """A message: words, photos, or both. A quick phrase is a button that sends itself."""

    words = Text("消息", limit=500, optional=True)
    photos = Photos("照片")


class BoxForm(TalkForm):
    """The same on a page that has more forms: its fields have ids of their own."""

    words = Text("消息", limit=500, optional=True, id="box-words")
    photos = Photos("照片", id="box-photos")


def answer_newer(talk: Any, side: str) -> ResponseReturnValue:
    """What was said since the message that the address names: 204 when nothing. ``talk``: how it stands, or None."""
    g.polled = True
    talk, after = found(talk), paging.read_key("after") or 0
    newer = conversations.list_newer(talk.talk_id, talk.shop_id, after) if (talk.last_message_id or 0) > after else []
    if not newer:
        return Response(status=204)
    photos = conversations.list_photos(talk.shop_id, [message.id for message in newer])
    return page("shared/_messages.html", messages=newer, side=side, photos=photos)
