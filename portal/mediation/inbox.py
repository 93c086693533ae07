"""我的介入: the mediators' queue."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.cases import mediation_queue, shop_queue
from portal.mediation import bp
from portal.rights import guarantees
from portal.web import paging
from portal.web.pages import page


@bp.get("")
def inbox() -> ResponseReturnValue:
    """The queue; tab, search and place in the address."""
    tab = request.args.get("tab", "")
    counts = mediation_queue.count_tabs(g.who)
    if not tab:  # what can be decided first
        tab = next((name for name in ("overdue", "deciding") if counts[name]), "evidence")
    if tab not in mediation_queue.TABS:
        abort(404)
    problem, words = "", ""
    try:
        words = inputs.line(request.args.get("q", ""), limit=24)
    except inputs.InputRefused as refused:
        problem = refused.sentence
    rows, key = mediation_queue.list_page(
        g.who, tab, words=words, after=paging.moment_key(request.args.get("after", ""))
    )
    more = {"tab": tab, "q": words, "after": f"{key[0].isoformat()}~{key[1]}"} if key else {}
    return page(
        "mediation/inbox.html",
        rows=rows,
        tab=tab,
        tabs=mediation_queue.TABS,
        counts=counts,
        q=words,
        problem=problem,
        more="/mediation?" + urlencode(more) if more else "",
        said_reason=guarantees.say_reason,
        soon=g.now + shop_queue.SOON,
    )
