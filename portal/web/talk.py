"""The form and the fragments of a conversation, the same for both sides."""

from __future__ import annotations

from portal.web.fields import Text
from portal.web.forms import Form
from portal.web.photo_field import Photos


class TalkForm(Form):
    """A message: words, photos, or both. A quick phrase is a button that sends itself."""

    words = Text("消息", limit=500, optional=True)
    photos = Photos("照片")


class BoxForm(TalkForm):
    """The same on a page that has more forms: its fields have ids of their own."""

    words = Text("消息", limit=500, optional=True, id="box-words")
    photos = Photos("照片", id="box-photos")
