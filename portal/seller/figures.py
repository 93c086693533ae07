"""数据: the shop's figures of a period by what its cases are grouped by; every number of cases leads to its list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.cases.figures import counted, group_names, groups, tables, times
from portal.cases.queue_filters import FREIGHT, Filters
from portal.people import roles
from portal.seller import bp, listing, listing_words
from portal.web.pages import page
from portal.words import BEIJING

_DAYS = (30, 90)  # the first is what is shown unasked
SPANS: dict[str, str] = {"month": "本月", **{str(days): f"近 {days} 天" for days in _DAYS}, "own": "自选日期"}
_USUAL = str(_DAYS[0])
BY: dict[str, str] = {
    "week": "每周",
    "reason": "原因",
    "sku": "商品规格",
    "buyer": "买家",
    "carrier": "物流公司",
    "supplier": "供应商",
    "staff": "负责人",
}
LONGEST = timedelta(days=366)


class Point(NamedTuple):
    """One bar."""

    label: str
    number: int
    said: str


@dataclass(frozen=True)
class Asked:
    """What the address asks for: both days are there. ``problem``: what couldn't be read, in a sentence."""

    span: str
    by: str
    here: listing.Listing
    problem: str = ""

    @property
    def filters(self) -> Filters:
        return self.here.filters

    def at(self, **other: str) -> str:
        """The address of these figures with something else."""
        own = self.span == "own"
        said = [pair for pair in parse_qsl(self.here.query) if own or pair[0] not in ("since", "until")]
        chosen = {**dict(said), "span": self.span, "by": self.by, **other}
        chosen.pop("tab", None)
        return f"/seller/figures?{urlencode(chosen)}"

    def narrowed_to(self, filters: Filters) -> str:
        """The figures of one group: of a week by reason, of others by week."""
        here = replace(self.here, filters=filters)
        if self.by == "week":
            return replace(self, span="own", here=here).at(by="reason")
        return replace(self, here=here).at(by="week")


def read_asked() -> Asked:
    """The period, the grouping and the filters of this request's address."""
    here = replace(listing.read_from(request.args), tab="every", after=None, sort="")
    today = g.now.astimezone(BEIJING).date()
    span, by = request.args.get("span", _USUAL), request.args.get("by", "week")
    span, by = span if span in SPANS else _USUAL, by if by in BY else "week"
    since, until, problem = _read_days(here.filters, span, today)
    filters = replace(here.filters, did="", day="", since=since.isoformat(), until=until.isoformat())
    here = replace(here, filters=filters)
    return Asked(span, by, here, here.problem or problem)


def _read_days(filters: Filters, span: str, today: date) -> tuple[date, date, str]:
    if span != "own":
        return (today.replace(day=1) if span == "month" else today - timedelta(days=int(span) - 1)), today, ""
    usual = today - timedelta(days=_DAYS[0] - 1), today
    if not (filters.since and filters.until):
        return *usual, f"请填写开始日期和结束日期，例如 {today}；下面是{SPANS[_USUAL]}的数据"
    since, until = date.fromisoformat(filters.since), date.fromisoformat(filters.until)
    if since > until:
        return *usual, f"开始日期不能晚于结束日期；下面是{SPANS[_USUAL]}的数据"
    if until - since >= LONGEST:
        return *usual, f"一次最多看一年；下面是{SPANS[_USUAL]}的数据"
    return since, until, ""


@bp.get("/figures")
def figures() -> ResponseReturnValue:
    """The figures, drawn here; who doesn't see all cases gets numbers without lists, 仓库 no money."""
    asked = read_asked()
    found = tables.work_out(g.who.shop_id, asked.filters, asked.by, g.now)
    names = group_names.name_groups(g.who.shop_id, asked.by, found.rows)
    return page(
        "seller/figures.html",
        asked=asked,
        found=found,
        names=names,
        points=_draw_weeks(found, asked),
        most=max((row.number for row in found.rows), default=0),
        lists=listing.seen_states() is None,
        list_of=lambda filters: replace(asked.here, filters=filters).address,
        money_shown=roles.may_see_money(g.who.role),
        about=list(listing_words.describe_all(g.who.shop_id, replace(asked.filters, since="", until=""))),
        spans=SPANS,
        bys=BY,
        payers=FREIGHT,
        least=counted.LEAST,
        most_counted=counted.MOST,
        most_timed=times.MOST,
        kept=[pair for pair in parse_qsl(asked.here.query) if pair[0] not in ("tab", "since", "until")],
    )


def _draw_weeks(found: tables.Figures, asked: Asked) -> list[Point]:
    """A bar for each week of the period, also for those without a case."""
    if asked.by != "week" or not found.rows:
        return []
    numbers: dict[Any, int] = {row.key: row.number for row in found.rows}
    since, until = (date.fromisoformat(day) for day in (found.narrowed.since, found.narrowed.until))
    monday, points = since - timedelta(days=since.weekday()), []
    while monday <= until:
        first, _ = groups.bound_week(found.narrowed, monday)
        number = numbers.get(monday, 0)
        points.append(Point(f"{first:%m-%d}", number, str(number)))
        monday += timedelta(days=7)
    return points
