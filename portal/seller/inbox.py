"""待办队列: the morning's numbers, the lists, and what in them came since it was looked at."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.cases import piles, saved_views, shop_queue
from portal.flow import CaseType
from portal.parcels import carriers
from portal.rights import reasons
from portal.seller import bp, listing, morning
from portal.web.pages import not_modified, page, unchanged


@bp.get("")
def inbox() -> ResponseReturnValue:
    """The queue; tab, filters and place in the address."""
    here = listing.read()
    etag, same = unchanged(
        g.who.user_id,
        g.who.role,
        g.who.shop_version,
        g.who.version,
        request.full_path,
        g.now.strftime("%Y%m%d%H%M"),
        request.headers.get("HX-Target", ""),
    )
    if same:
        return not_modified(etag)
    rows, key = here.load()
    tabs = listing.list_tabs()
    counts = shop_queue.count_tabs(g.who.shop_id, g.now, tuple(tabs), listing.seen_states())
    answer = page(
        "seller/inbox.html",
        rows=rows,
        here=here,
        tab=tabs[here.tab],
        tabs=tabs,
        groups=first_tabs(tabs),
        group_words=piles.GROUPS,
        counts=counts,
        count_to=morning.count_to,
        figures=morning.collect(counts),
        views=saved_views.list_views(g.who.shop_id, g.who.user_id),
        reasons=reasons.REASONS,
        types=tuple(CaseType),
        carriers=carriers.choices(),
        ages=listing.AGES,
        more=here.at(key).address if key else "",
        said_reason=reasons.said,
        soon=g.now + shop_queue.SOON,
        version=g.who.shop_version,
    )
    answer.set_etag(etag, weak=True)
    return answer


def first_tabs(tabs: dict[str, piles.Tab]) -> dict[str, str]:
    """The first tab of each group that has one, by the group."""
    found: dict[str, str] = {}
    for name, tab in tabs.items():
        found.setdefault(tab.group, name)
    return found


@bp.get("/queue/news")
def queue_news() -> ResponseReturnValue:
    """Asked now and then by an open queue: 204 while nothing changed, else the line that says so."""
    if request.args.get("seen", "") == str(g.who.shop_version):
        return "", 204
    here = listing.carry()
    return page("seller/_news.html", here=here)
