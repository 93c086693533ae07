"""待办队列: the morning's numbers, the lists, and what in them came since it was looked at."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.cases import bulk, desk_facts, held, piles, saved_views, shop_queue
from portal.cases.waiting import tell_each
from portal.flow import CaseType
from portal.parcels import carriers
from portal.people import roles, sessions
from portal.rights import guarantees, reasons
from portal.seller import bp, has_room, listing, listing_words, morning, starting
from portal.seller.bulk import list_kinds
from portal.web import early, replicas
from portal.web.pages import not_modified, page, unchanged


def _queue_made_of(who: sessions.Who, full_path: str, now: datetime, target: str) -> tuple[object, ...]:
    return who.user_id, who.role, who.shop_version, who.version, full_path, now.strftime("%Y%m%d%H%M"), target


@early.unless_changed(bp, "")
def _same_queue(asked: early.Asked) -> tuple[object, ...] | None:
    if not has_room(asked.who, "inbox"):
        return None
    return _queue_made_of(asked.who, asked.full_path, asked.now, asked.target)


@bp.get("")
@replicas.may_answer
def inbox() -> ResponseReturnValue:
    """The queue; tab, filters and place in the address."""
    here = listing.read()
    etag, same = unchanged(*_queue_made_of(g.who, request.full_path, g.now, request.headers.get("HX-Target", "")))
    if same:
        return not_modified(etag)
    rows, key = here.load()
    work = desk_facts.load_of_list(g.who.shop_id, [row.id for row in rows], g.who.user_id, g.now)
    tabs = listing.list_tabs()
    version = g.who.session, g.who.shop_version
    counts = shop_queue.count_tabs(g.who.shop_id, g.now, tuple(tabs), listing.seen_states(), version=version)
    all_count = count_all(here, len(rows), whole=key is None and here.after is None)
    views = saved_views.list_views(g.who.shop_id, g.who.user_id, (*version, g.who.version))
    begins = not rows and not here.filtered and here.after is None and roles.may_open(g.who.role, "owner")
    answer = page(
        "seller/inbox.html",
        rows=rows,
        here=here,
        strips=held.list_recent(g.who.shop_id, g.who.user_id, g.now),
        tab=tabs[here.tab],
        tabs=tabs,
        groups=first_tabs(tabs),
        group_words=piles.GROUPS,
        counts=counts,
        numbers={here.tab: all_count} if here.filtered else tell_numbers(counts),
        figures=morning.collect(counts),
        changes=morning.collect_changes(version),
        sorts=listing.list_sorts(),
        whole=piles.DONE,
        about=list(listing_words.describe_kept(g.who.shop_id, here.filters)) if here.filtered else [],
        views=views,
        opened=next((view.name for view in views if here.is_of(view.query)), ""),
        reasons=reasons.REASONS,
        types=tuple(CaseType),
        carriers=carriers.choices(),
        me=g.who.user_id,
        work=work,
        waiting=tell_each(work.waiting, g.who.user_id, g.now),
        columns=listing.list_columns(),
        shown=tuple(name for name in work.columns if name in listing.list_columns()),
        ages=listing.AGES,
        kinds=list_kinds(),
        all_count=all_count,
        more=here.at(key).address if key else "",
        said_reason=guarantees.say_reason,
        soon=g.now + shop_queue.SOON,
        todos=starting.list_todos(g.who.shop_id) if begins else [],
        version=g.who.shop_version,
    )
    answer.set_etag(etag, weak=True)
    return answer


def count_all(here: listing.Listing, shown: int, *, whole: bool) -> str:
    """How many cases the list has, exactly as far as a run goes; ``whole``: they are all ``shown``."""
    if whole:
        return str(shown)
    found = shop_queue.list_ids(
        g.who.shop_id, here.tab, g.now, bulk.MOST + 1, filters=here.filters, states=listing.seen_states()
    )
    return str(len(found)) if len(found) <= bulk.MOST else f"超过 {bulk.MOST}"


def tell_numbers(counts: dict[str, int]) -> dict[str, str]:
    """The number on each tab as it is said; beside a filter only the list that is shown has one of its own."""
    return {name: str(number) if name in piles.DONE else morning.count_to(number) for name, number in counts.items()}


def first_tabs(tabs: dict[str, piles.Tab]) -> dict[str, str]:
    """The first tab of each group that has one, by the group."""
    found: dict[str, str] = {}
    for name, tab in tabs.items():
        found.setdefault(tab.group, name)
    return found


@early.nothing_new(bp, "/queue/news")
def _no_news(asked: early.Asked) -> bool:
    seen = re.match(r"seen=([0-9]{1,17})(&|$)", asked.query)
    return seen is not None and has_room(asked.who, "queue_news") and seen[1] == str(asked.who.shop_version)


@bp.get("/queue/news")
def queue_news() -> ResponseReturnValue:
    """Asked now and then by an open queue: 204 while nothing changed, else the line that says so."""
    g.polled = True
    if request.args.get("seen", "") == str(g.who.shop_version):
        return "", 204
    asking = listing.read_query(urlsplit(request.referrer or "").query)  # the list is in the address of its page
    return page("seller/_news.html", here=asking)
