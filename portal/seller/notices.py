"""What the people of a shop were told."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.cases import notice_rows
from portal.extensions import writing
from portal.notices import reading
from portal.seller import bp
from portal.web import guards, notice_links, paging
from portal.web.pages import page

SIZE = 20


@bp.route("/notices", methods=["GET", "POST"])
def notices() -> ResponseReturnValue:
    """By case, the newest first, by key; POST marks all as read."""
    if request.method == "POST":
        with writing():
            reading.mark_all_read(g.who.user_id, g.now)
        return redirect("/seller/notices?said=notices-read", 303)
    key = paging.read_key("before")
    found = list(notice_rows.list_page(g.who.user_id, key, SIZE, g.now))
    more = f"/seller/notices?before={found[SIZE - 1].notice.id}" if len(found) > SIZE else ""
    return page("seller/notices.html", rows=found[:SIZE], more=more, opens=notice_links.can_open)


@bp.post("/notices/<int:notice_id>/open")
def open_notice(notice_id: int) -> ResponseReturnValue:
    """What a row stands for is read; on to where it leads."""
    with writing():
        notice = guards.found(reading.mark_opened(g.who.user_id, notice_id, g.now))
    address = notice_links.find_address(notice, notice_rows.find_case(notice), "/seller/notices")
    return ("", 204) if request.headers.get("HX-Request") else redirect(address, 303)
