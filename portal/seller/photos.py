"""Photos of the desk's forms, each sent by itself."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from portal.seller import bp
from portal.web import uploads


@bp.post("/photos")
def upload_photo() -> ResponseReturnValue:
    """One photo of a form that isn't sent yet."""
    return uploads.take_photo(side="seller")
