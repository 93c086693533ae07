"""待办队列: what must be done first."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import flow, inputs
from portal.cases import shop_queue
from portal.people import roles, sessions
from portal.rights import reasons
from portal.seller import bp, has_room
from portal.web import early, paging
from portal.web.pages import not_modified, page, unchanged


def tabs_of_role() -> dict[str, tuple[str, tuple[flow.State, ...]]]:
    """The tabs of the queue whose cases this person's role sees."""
    return {
        tab: named
        for tab, named in shop_queue.TABS.items()
        if roles.may_open(g.who.role, "contact")
        or (len(named[1]) == 1 and roles.may_see_state(g.who.role, named[1][0]))
    }


def _queue_made_of(who: sessions.Who, full_path: str, now: datetime, target: str) -> tuple[object, ...]:
    return who.user_id, who.role, who.shop_version, who.version, full_path, now.strftime("%Y%m%d%H%M"), target


@early.unless_changed(bp, "")
def _same_queue(asked: early.Asked) -> tuple[object, ...] | None:
    if not has_room(asked.who, "inbox"):
        return None
    return _queue_made_of(asked.who, asked.full_path, asked.now, asked.target)


@bp.get("")
def inbox() -> ResponseReturnValue:
    """The queue; tab, search, reason and place in the address."""
    tabs = tabs_of_role()
    tab = request.args.get("tab", "") or next(iter(tabs))
    if tab not in tabs:
        abort(404)
    problem, words = "", ""
    try:
        words = inputs.line(request.args.get("q", ""), limit=60)
    except inputs.InputRefused as refused:
        problem = refused.sentence
    reason = request.args.get("reason", "")
    reason = reason if reasons.reason(reason) else ""
    etag, same = unchanged(*_queue_made_of(g.who, request.full_path, g.now, request.headers.get("HX-Target", "")))
    if same:
        return not_modified(etag)
    rows, key = shop_queue.list_page(
        g.who.shop_id, tab, g.now, words=words, reason=reason, after=paging.moment_key(request.args.get("after", ""))
    )
    more = {"tab": tab, "q": words, "reason": reason, "after": f"{key[0].isoformat()}~{key[1]}"} if key else {}
    answer = page(
        "seller/inbox.html",
        rows=rows,
        tab=tab,
        tabs=tabs,
        counts=shop_queue.count_tabs(g.who.shop_id, g.now),
        q=words,
        reason=reason,
        reasons=reasons.REASONS,
        problem=problem,
        more="/seller?" + urlencode(more) if more else "",
        said_reason=reasons.said,
        soon=g.now + shop_queue.SOON,
    )
    answer.set_etag(etag, weak=True)
    return answer
