"""What the people of a shop were told."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from portal.seller import bp
from portal.web import notices as lists

HERE = "/seller/notices"


@bp.route("/notices", methods=["GET", "POST"])
def notices() -> ResponseReturnValue:
    """The list; POST marks all as read."""
    return lists.show_notices("seller/notices.html", HERE)


@bp.post("/notices/<int:notice_id>/open")
def open_notice(notice_id: int) -> ResponseReturnValue:
    """What a row stands for is read; on to where it leads."""
    return lists.open_notice(notice_id, HERE)
