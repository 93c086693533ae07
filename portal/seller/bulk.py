"""批量处理: many cases chosen in the queue, looked at together, then worked off in the background."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence

from flask import Response, abort, g, redirect, request, send_file
from flask.typing import ResponseReturnValue

from portal.cases import bulk, case_numbers, shop_queue
from portal.cases.effects.step_context import ActedBy
from portal.exporting.kind import Cell
from portal.exporting.kinds import KINDS
from portal.flow import Actor
from portal.inputs import money_typed
from portal.models import BulkRun
from portal.people import roles
from portal.seller import bp, listing, not_yours
from portal.seller.bulk_forms import FORMS
from portal.sheets import safe_cell
from portal.web import guards
from portal.web.once import once
from portal.web.pages import page
from portal.workbook import Column


def list_kinds() -> dict[str, str]:
    """What this person's role may do with many cases at once."""
    role = g.who.role
    return {
        kind: said
        for kind, said in bulk.KINDS.items()
        if kind == bulk.HAND_OVER
        or (roles.may_open(role, "contact") if kind == bulk.REPLY else roles.may_take(role, kind))
    }


@bp.route("/bulk", methods=["GET", "POST"])
def bulk_runs() -> ResponseReturnValue:
    """GET: this person's last runs. POST: a new one for what was chosen, to be looked at first."""
    if request.method != "POST":
        return page("seller/bulk_runs.html", runs=bulk.list_runs(g.who.shop_id, g.who.user_id), kinds=bulk.KINDS)
    here = listing.read()
    kind = request.form.get("kind", "")
    if kind not in bulk.KINDS:
        abort(400)
    if kind not in list_kinds():
        return not_yours()
    if request.form.get("scope") == "all":
        most = bulk.MOST + 1
        seen = listing.seen_states()
        chosen = shop_queue.list_ids(g.who.shop_id, here.tab, g.now, most, filters=here.filters, states=seen)
    else:
        chosen = bulk.pick_known(g.who.shop_id, request.form.getlist("case"))
    if not chosen:
        return redirect(f"{here.address}&said=bulk-none", 303)
    if len(chosen) > bulk.MOST:
        return redirect(f"{here.address}&said=bulk-many", 303)
    by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

    def made() -> str:
        run_id = bulk.make_run(g.who.shop_id, kind, chosen, by=by, query=here.at(None).query, now=g.now)
        return f"/seller/bulk/{run_id}"

    return once(made)


def _find(run_id: int) -> BulkRun:
    return guards.found(bulk.find_run(g.who.shop_id, run_id, g.who.user_id))


@bp.route("/bulk/<int:run_id>", methods=["GET", "POST"])
def bulk_run(run_id: int) -> ResponseReturnValue:
    """The preview, the progress or the result of a run. POST lets it be worked off."""
    run = _find(run_id)
    if run.kind not in list_kinds():
        return not_yours()
    form = FORMS[run.kind]()
    form.prepare(run.shop_id, first=request.method != "POST")
    if request.method != "POST":
        form.fill(run.facts)
    if request.method == "POST":
        good = form.validate_on_submit()
        parcels = form.parcels(bulk.list_case_nos(run)) if good else None
        if good and not form.errors:
            facts = form.facts()

            def begun() -> str:
                bulk.start(_find(run_id), facts, g.now, parcels)
                return f"/seller/bulk/{run_id}"

            return once(begun)
        run = _find(run_id)
    return page(
        "seller/bulk.html",
        422 if form.errors else 200,
        run=run,
        form=form,
        kind=bulk.KINDS[run.kind],
        groups=bulk.list_groups(run),
        counts=bulk.count_items(run),
    )


@bp.get("/bulk/<int:run_id>/progress")
def bulk_progress(run_id: int) -> ResponseReturnValue:
    """How far it is, asked every few seconds; 286 ends the asking."""
    g.polled = True
    run = _find(run_id)
    status = 200 if run.state == "running" else 286
    return page("seller/_bulk_progress.html", status, run=run, counts=bulk.count_items(run))


@bp.get("/queue/export.csv")
def export_queue() -> ResponseReturnValue:
    """导出: all cases of the list, page by page, however many."""
    here = place = listing.read().at(None)
    queue = KINDS["queue"]
    columns = {name: queue.columns[name] for name in queue.list_columns(money=roles.may_see_money(g.who.role))}
    kept = tempfile.TemporaryFile()
    kept.write(b"\xef\xbb\xbf" + _line([column.heading for column in columns.values()]))
    while True:
        rows, key = place.load()
        numbers = case_numbers.load_numbers(g.who.shop_id, [row.id for row in rows])
        for row in rows:
            found = (row, numbers.get(row.id, case_numbers.NONE))
            kept.write(_line([_say_cell(column, queue.say(name, found)) for name, column in columns.items()]))
        if key is None:
            break
        place = here.at(key)
    kept.seek(0)
    answer: Response = send_file(kept, mimetype="text/csv", as_attachment=True, download_name="售后单.csv", max_age=0)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _say_cell(column: Column, cell: Cell) -> str:
    return money_typed(cell) if column.yuan and isinstance(cell, int) else str(cell)


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue().encode()
