"""今天谁做了什么: what the people of the shop did on a day; the owner sees everybody, others themselves."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import flow, inputs, words
from portal.cases import owners, workday
from portal.seller import bp
from portal.web import paging
from portal.web.pages import page


def name_step(name: str) -> str:
    """What a step is called here: by its button, or as the timeline notes it."""
    return _NAMES.get(name) or flow.NOTES.get(name, name)


_NAMES = {step.name: step.button for step in flow.STEPS if step.button}


def _read_day(raw: str, first: date, today: date) -> date:
    """The day of an address, not before anybody did anything nor after today; today for what is no day."""
    try:
        return max(first, min(date.fromisoformat(raw), today))
    except ValueError:
        return today


@bp.get("/day")
def day() -> ResponseReturnValue:
    """Numbers by person, each leading to its list; the list below."""
    today = g.now.astimezone(words.BEIJING).date()
    first = workday.find_first_day(g.who.shop_id) or today
    of = _read_day(request.args.get("day", ""), first, today)
    people = {each.user_id: each.member_name for each in owners.list_colleagues(g.who.shop_id)}
    who = inputs.read_id(request.args.get("who", ""))
    if g.who.role != "owner":
        who = g.who.user_id
    step = request.args.get("step", "")
    step = step if step in _NAMES or step in flow.NOTES else ""
    after = paging.moment_key(request.args.get("after", ""))
    rows, key = workday.list_day(g.who.shop_id, of, user_id=who, step=step, after=after)
    done = [each for each in workday.count_day(g.who.shop_id, of) if g.who.role == "owner" or each.user_id == who]
    chosen = {"day": of.isoformat(), "who": str(who or ""), "step": step}
    return page(
        "seller/day.html",
        rows=rows,
        done=done,
        people=people,
        chosen=chosen,
        day=of,
        before=(of - timedelta(days=1)).isoformat() if of > first else "",
        following=(of + timedelta(days=1)).isoformat() if of < today else "",
        name_step=name_step,
        more=f"/seller/day?{urlencode({**chosen, 'after': paging.said(key)})}" if key else "",
    )
