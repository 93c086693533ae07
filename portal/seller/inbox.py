"""待办队列: what must be done first."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs, queue, reasons
from portal.seller import bp
from portal.web import paging
from portal.web.pages import not_modified, page, unchanged


@bp.get("")
def inbox() -> ResponseReturnValue:
    """The queue; tab, search, reason and place in the address."""
    tab = request.args.get("tab", "open")
    if tab not in queue.TABS:
        abort(404)
    problem, words = "", ""
    try:
        words = inputs.line(request.args.get("q", ""), limit=60)
    except inputs.InputRefused as refused:
        problem = refused.sentence
    reason = request.args.get("reason", "")
    reason = reason if reasons.reason(reason) else ""
    etag, same = unchanged(
        g.who.user_id, g.who.shop_version, g.who.version, request.full_path, g.now.strftime("%Y%m%d%H%M"),
        request.headers.get("HX-Target", ""),
    )  # fmt: skip
    if same:
        return not_modified(etag)
    rows, key = queue.page_of(
        g.who.shop_id, tab, g.now, words=words, reason=reason, after=paging.moment_key(request.args.get("after", ""))
    )
    more = {"tab": tab, "q": words, "reason": reason, "after": f"{key[0].isoformat()}~{key[1]}"} if key else {}
    answer = page(
        "seller/inbox.html", rows=rows, tab=tab, tabs=queue.TABS, counts=queue.counts(g.who.shop_id, g.now), q=words,
        reason=reason, reasons=reasons.REASONS, problem=problem, more="/seller?" + urlencode(more) if more else "",
        said_reason=reasons.said, soon=g.now + queue.SOON,
    )  # fmt: skip
    answer.set_etag(etag, weak=True)
    return answer
