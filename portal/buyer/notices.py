"""What this person was told."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.cases import notice_rows
from portal.extensions import writing
from portal.notices import push, reading
from portal.web import guards, notice_links, paging, security
from portal.web.pages import page

SIZE = 20


@bp.route("/notices", methods=["GET", "POST"])
def notices() -> ResponseReturnValue:
    """By case, the newest first, by key; POST marks all as read."""
    if request.method == "POST":
        with writing():
            reading.mark_all_read(g.who.user_id, g.now)
        return redirect("/notices?said=notices-read", 303)
    key = paging.read_key("before")
    found = list(notice_rows.list_page(g.who.user_id, key, SIZE, g.now))
    more = f"/notices?before={found[SIZE - 1].notice.id}" if len(found) > SIZE else ""
    return page("buyer/notices.html", rows=found[:SIZE], more=more, opens=notice_links.can_open, **_push())


@bp.post("/notices/<int:notice_id>/open")
def open_notice(notice_id: int) -> ResponseReturnValue:
    """What a row stands for is read; on to where it leads."""
    with writing():
        notice = guards.found(reading.mark_opened(g.who.user_id, notice_id, g.now))
    address = notice_links.find_address(notice, notice_rows.find_case(notice), "/notices")
    return ("", 204) if request.headers.get("HX-Request") else redirect(address, 303)


def _push() -> dict[str, Any]:
    """The public key for 推送, and whether this browser has it; nothing where no key is set."""
    key = push.tell_public_key(security.settings().push_key)
    return {"push_key": key, "pushed": bool(key) and push.has_subscription(g.who.session)}
