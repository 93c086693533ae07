"""What this person was told."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.notices import push
from portal.web import notices as lists
from portal.web import security

HERE = "/notices"


@bp.route("/notices", methods=["GET", "POST"])
def notices() -> ResponseReturnValue:
    """The list, and 推送 to this browser."""
    return lists.show_notices("buyer/notices.html", HERE, **_push())


@bp.post("/notices/<int:notice_id>/open")
def open_notice(notice_id: int) -> ResponseReturnValue:
    """What a row stands for is read; on to where it leads."""
    return lists.open_notice(notice_id, HERE)


def _push() -> dict[str, object]:
    """The public key for 推送, and whether this browser has it; nothing where no key is set."""
    key = push.tell_public_key(security.settings().push_key)
    return {"push_key": key, "pushed": bool(key) and push.has_subscription(g.who.session)}
