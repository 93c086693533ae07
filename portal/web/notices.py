"""通知: the list and its rows, the same for both sides."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.cases import notice_rows
from portal.extensions import writing
from portal.notices import reading
from portal.web import guards, notice_links, paging
from portal.web.pages import page

SIZE = 20


def show_notices(template: str, here: str, **shown: Any) -> ResponseReturnValue:
    """By case, the newest first, by key; POST marks all as read. ``here``: the list's own address."""
    if request.method == "POST":
        with writing():
            reading.mark_all_read(g.who.user_id, g.now)
        return redirect(f"{here}?said=notices-read", 303)
    found = list(notice_rows.list_page(g.who.user_id, paging.read_key("before"), SIZE, g.now))
    more = f"{here}?before={found[SIZE - 1].notice.id}" if len(found) > SIZE else ""
    return page(template, rows=found[:SIZE], more=more, opens=notice_links.can_open, **shown)


def open_notice(notice_id: int, here: str) -> ResponseReturnValue:
    """What a row stands for is read; on to where it leads."""
    with writing():
        notice = guards.found(reading.mark_opened(g.who.user_id, notice_id, g.now))
    address = notice_links.find_address(notice, notice_rows.find_case(notice), here)
    return ("", 204) if request.headers.get("HX-Request") else redirect(address, 303)
