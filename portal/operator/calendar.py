"""工作日历: the years there are, a year's days, a notice pasted and looked at before it is kept."""

from __future__ import annotations

from datetime import date, timedelta

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.calendar import calendars, workdays
from portal.operator import bp
from portal.rights import resale
from portal.web import events, guards
from portal.web.fields import Line, Text, Whole
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

FIRST_YEAR, LAST_YEAR = 2018, 2100


class YearForm(Form):
    """A year's notice, a line for each day that isn't what its weekday says."""

    source = Line("通知名称或文号", limit=120, missing="请填写通知的名称或文号，便于核对")
    days = Text("放假和调休", limit=6_000, missing="请粘贴这一年的放假和调休安排")


class NewYearForm(Form):
    """Which year to enter."""

    year = Whole("年份", least=FIRST_YEAR, most=LAST_YEAR, missing="请填写年份")


@bp.route("", methods=["GET", "POST"])
def calendar() -> ResponseReturnValue:
    """The years, and what is missing."""
    form = NewYearForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            year = form.year.data
            return once(lambda: f"/operator/calendar/{year}")
    return page(
        "operator/calendar.html",
        status,
        form=form,
        years=calendars.list_years(),
        missing=calendars.find_missing_year(g.now),
    )


@bp.route("/calendar/<int:year>", methods=["GET", "POST"])
def calendar_year(year: int) -> ResponseReturnValue:
    """One year: its months and its notice. The first POST shows what would change, the second keeps it."""
    guards.found(year if FIRST_YEAR <= year <= LAST_YEAR else None)
    row = calendars.find_year(year)
    form = YearForm()
    status, preview = 200, None
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            try:
                days = calendars.read_notice(form.days.data, year)
            except calendars.CalendarRefused as refused:
                form.days.errors = refused.sentences
            else:
                if request.form.get("confirmed") == "1":
                    source = form.source.data

                    def kept() -> str:
                        calendars.keep_year(year, days, source, by=g.who.user_id, now=g.now)
                        events.audit("config_change", change="calendar", year=year, days=len(days))
                        return f"/operator/calendar/{year}?said=calendar-saved"

                    answer = once(kept)
                    calendars.forget_copy()
                    resale.recompute(g.now)
                    return answer
                status, preview = 200, _changes(year, days)
        row = calendars.find_year(year)
    elif row is not None:
        form.source.data, form.days.data = row.source, calendars.write_notice(row.days)
    shown = workdays.calendar({year: calendars.list_days(row)}) if row is not None else workdays.Calendar()
    return page(
        "operator/year.html",
        status,
        form=form,
        year=year,
        row=row,
        months=_months(year, shown),
        preview=preview,
        provisional=workdays.PROVISIONAL,
    )


def _changes(year: int, days: list[workdays.Day]) -> list[str]:
    """What would be different, in sentences."""
    row = calendars.find_year(year)
    before = {each.day: each for each in calendars.list_days(row)} if row is not None else {}
    after = {each.day: each for each in days}
    said = []
    for day in sorted(before.keys() | after.keys()):
        old, new = before.get(day), after.get(day)
        if old != new:
            say = [f"{'休' if each.off else '班'} {each.name}" if each else "不特殊" for each in (old, new)]
            said.append(f"{day.month}月{day.day}日：{say[0]} → {say[1]}")
    return said


def _months(year: int, known: workdays.Calendar) -> list[dict[str, object]]:
    """Each month as weeks of days, Monday first; days of other months are None."""
    found = []
    for month in range(1, 13):
        day, cells = date(year, month, 1), [None] * date(year, month, 1).weekday()
        row: list[object] = list(cells)
        while day.month == month:
            special = known.years.get(year, {}).get(day)
            row.append({"day": day.day, "works": known.is_workday(day), "special": special})
            day += timedelta(days=1)
        row += [None] * (-len(row) % 7)
        found.append({"month": month, "weeks": [row[n : n + 7] for n in range(0, len(row), 7)]})
    return found
