"""付款批次与对账: lists for the bank, and what its results would do and have done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import FileField

from portal import workbook
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor, StepRefused
from portal.models import PayoutFile
from portal.payments import batches as payment_batches
from portal.payments import results as bank_results
from portal.seller import bp
from portal.sheets import SheetRefused
from portal.web import guards, paging, rates, table_upload
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

SHOWN = 200  # rows of a report on its page


class PlainForm(Form):
    """A yes."""


class UploadForm(Form):
    """The bank's results."""

    file = FileField("付款结果文件")


@bp.get("/payouts/files")
def payout_files() -> ResponseReturnValue:
    """付款批次与对账: a list for the bank, its results, and those before."""
    return _files(200, PlainForm(formdata=None), UploadForm(formdata=None))


def _files(status: int, batch_form: Form, upload_form: Form) -> ResponseReturnValue:
    ready = payment_batches.list_ready(g.who.shop_id)
    key = paging.read_key("before")
    files = list(payment_batches.list_files(g.who.shop_id, key))
    more = ""
    if len(files) > payment_batches.FILES:
        more = "/seller/payouts/files?" + urlencode({"before": files[payment_batches.FILES - 1].id})
    return page(
        "seller/payout_files.html",
        status,
        batch_form=batch_form,
        upload_form=upload_form,
        ready=len(ready),
        form=upload_form if upload_form.errors else batch_form,
        most=payment_batches.MOST_IN_BATCH,
        columns=payment_batches.COLUMNS,
        ready_fen=sum(row.amount_fen for row in ready),
        files=files[: payment_batches.FILES],
        more=more,
        rows=bank_results.MOST_ROWS,
    )


@bp.route("/payouts/batch", methods=["GET", "POST"])
def make_batch() -> ResponseReturnValue:
    """Put what is ready on a numbered list."""
    if request.method != "POST":
        return redirect("/seller/payouts/files", 303)
    form = PlainForm()

    def made() -> str:
        payment_batches.make_batch(g.who.shop_id, by=g.who.user_id, now=g.now)
        return "/seller/payouts/files?said=batch-made"

    try:
        return once(made)
    except StepRefused as refused:
        form.refuse(refused.sentence)
        return _files(409, form, UploadForm(formdata=None))


def _file(file_id: str, kind: str) -> PayoutFile:
    return guards.found(payment_batches.find_file(g.who.shop_id, file_id, kind))


@bp.get("/payouts/batch/<batch_id>.xlsx")
def batch(batch_id: str) -> ResponseReturnValue:
    """A list for the bank, the same each time."""
    found = _file(batch_id, "batch")
    answer = Response(payment_batches.build_workbook(found), mimetype=workbook.MIME)
    name = quote(f"付款批次-{found.number}.xlsx", safe="")
    answer.headers["Content-Disposition"] = (
        f"attachment; filename=\"payouts-{found.number}.xlsx\"; filename*=UTF-8''{name}"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.route("/payouts/results", methods=["GET", "POST"])
def upload_results() -> ResponseReturnValue:
    """Read the bank's results; nothing is recorded yet."""
    if request.method != "POST":
        return redirect("/seller/payouts/files", 303)
    rates.limit("import-payouts", g.who.shop_id)
    form = UploadForm()
    try:
        return once(_read_upload())
    except SheetRefused as refused:
        form.refuse(refused.sentence, "file")
    return _files(422, PlainForm(formdata=None), form)


def _read_upload() -> Callable[[], str]:
    name, rows = table_upload.read_upload(
        bank_results.read_results,
        most_bytes=bank_results.MOST_BYTES,
        missing="请选择填好结果的付款批次，或银行的付款结果",
    )

    def keep() -> str:
        made = bank_results.begin_results(g.who.shop_id, name, rows, by=g.who.user_id, now=g.now)
        return f"/seller/payouts/results/{made.public_id}"

    return keep


@bp.route("/payouts/results/<results_id>", methods=["GET", "POST"])
def results(results_id: str) -> ResponseReturnValue:
    """What each row would do, or has done; POST carries out what can be."""
    found = _file(results_id, "results")
    if request.method == "POST":
        by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)
        done = bank_results.carry_out_results(results_id, g.who.shop_id, by=by, now=g.now)
        said = "?said=results-done" if done else "?said=results-more"
        return redirect(f"/seller/payouts/results/{results_id}{said}", 303)
    judged = [row for row in found.rows if "done" in row]
    begun = bool(judged)
    todo = bank_results.judge_rows(g.who.shop_id, [row for row in found.rows if "done" not in row], g.now)
    rows = sorted(judged + todo, key=lambda row: row["row"])
    counts = {kind: sum(row["outcome"] == kind for row in rows) for kind in OUTCOMES}
    return page(
        "seller/payout_results.html",
        file=found,
        rows=rows[:SHOWN],
        all_rows=len(rows),
        counts=counts,
        begun=begun,
        outcomes=OUTCOMES,
        left=len(todo),
        going=counts["settle"] + counts["fail"],
        form=PlainForm(formdata=None),
        at_once=bank_results.AT_ONCE,
        sums={kind: _add_up(rows, kind) for kind in OUTCOMES},
    )


def _add_up(rows: Sequence[Mapping[str, Any]], kind: str) -> int | None:
    """The sum of the rows of one outcome; None where one of them names no payment."""
    sums = [row.get("amount") for row in rows if row["outcome"] == kind]
    return sum(each for each in sums if each is not None) if None not in sums else None


OUTCOMES: dict[str, tuple[str, str]] = {  # of a row: what it is called, and the kind of its chip
    "settle": ("付款成功", "ok"),
    "fail": ("付款失败", "warn"),
    "same": ("已登记过", "off"),
    "differs": ("不一致", "bad"),
    "unknown": ("找不到款项", "bad"),
    "later": ("现在不能登记", "warn"),
    "bad": ("不能使用", "bad"),
}
