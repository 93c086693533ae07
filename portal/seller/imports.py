"""导入订单: upload an order export, read what it would do, say yes, see what it did."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from flask import Response, abort, current_app, g, redirect, request, send_file
from flask.typing import ResponseReturnValue
from wtforms import FileField

from portal.config import Settings
from portal.extensions import writing
from portal.models import ImportJob
from portal.orders import explained
from portal.orders import uploads as order_uploads
from portal.seller import bp
from portal.service import wordings
from portal.web import guards, paging, rates
from portal.web.fields import Pick
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.security import accepts_large

SIZE = 20
ENDINGS = (".xlsx", ".xls", ".csv", ".txt", ".tsv")
RUNNING = frozenset({"waiting", "checking", "confirmed", "importing"})
MOST_SENT = order_uploads.MOST_BYTES + 1024 * 1024  # the file and the form around it


class UploadForm(Form):
    """One order export."""

    file = FileField("订单导出文件")


def folder() -> Path:
    """Where uploaded exports are kept."""
    settings: Settings = current_app.extensions["portal_settings"]
    return settings.data.absolute() / "imports"


@bp.route("/import", methods=["GET", "POST"])
@accepts_large(MOST_SENT)
def import_orders() -> ResponseReturnValue:
    """Upload a file, and the files before."""
    form = UploadForm()
    status = 200
    if request.method == "POST":
        rates.limit("import", g.who.shop_id)
        status = 422
        sent = request.files.getlist("file")
        name = (sent[0].filename or "").replace("\\", "/").rsplit("/", 1)[-1][:200] if sent else ""
        if not name:
            form.refuse("请选择后台「导出订单」得到的文件", "file")
        elif len(sent) > 1:
            form.refuse("一次上传一个文件", "file")
        elif not name.lower().endswith(ENDINGS):
            form.refuse("请上传 .xlsx、.xls 或 .csv 文件；其他格式请在表格软件里另存为 .xlsx", "file")
        else:
            try:
                path = order_uploads.receive_file(folder(), sent[0].stream, name)  # type: ignore[arg-type]
            except order_uploads.TooLarge:
                form.refuse("文件超过 100 MB，请按时间分几次导出", "file")
            else:
                return once(lambda: _begin(path, name))
    key = paging.read_key("before")
    jobs = list(order_uploads.list_of_shop(g.who.shop_id, key, SIZE))
    more = f"/seller/import?before={jobs[SIZE - 1].id}" if len(jobs) > SIZE else ""
    going = {job.id: _count_going(job) for job in jobs[:SIZE]}
    return page("seller/imports.html", status, form=form, jobs=jobs[:SIZE], more=more, going=going)


def _count_going(job: ImportJob) -> int:
    """How many orders a yes would write; 0 when there is nothing to say yes to."""
    orders = job.report.get("orders") or {}
    return int(orders.get("new", 0) + orders.get("updated", 0)) if job.state == "checked" else 0


def _begin(path: Path, name: str) -> str:
    job = order_uploads.begin_upload(path, shop_id=g.who.shop_id, user_id=g.who.user_id, file_name=name, now=g.now)
    return f"/seller/import/{job.public_id}?said=import-started"


def _job(job_id: str) -> ImportJob:
    return guards.found(order_uploads.find_of_shop(job_id, g.who.shop_id))


@bp.route("/import/<job_id>", methods=["GET", "POST"])
def import_job(job_id: str) -> ResponseReturnValue:
    """What became of a file so far; POST is the yes after the check."""
    job = _job(job_id)
    if request.method == "POST":

        def yes() -> str:
            order_uploads.confirm_upload(_job(job_id), g.now)
            return f"/seller/import/{job_id}"

        return once(yes)
    return _show(job, _headings_form(job))


def _show(job: ImportJob, headings: Form | None, status: int = 200) -> ResponseReturnValue:
    titles = wordings.list_open_titles(g.who.shop_id)[0] if job.state == "done" else []
    running = job.state in RUNNING
    return page(
        "seller/import.html",
        status,
        job=job,
        form=Form(),
        headings=headings,
        running=running,
        titles=titles[:1],
        going=_count_going(job),
    )


def _headings_form(job: ImportJob) -> Form | None:
    """A choice for each heading that isn't ours, or None when there is nothing to say about them (any more)."""
    seen = order_uploads.headings_of(job)
    if job.state not in ("checked", "failed") or not seen.theirs:
        return None
    offered = [("", "不导入这一列"), *((heading, heading) for heading in explained.OURS if heading not in seen.own)]
    fields = {
        f"heading{number}": Pick(theirs, optional=True, choices=offered, default=ours)
        for number, (theirs, ours) in enumerate(seen.theirs.items())
    }
    return cast(Form, type("HeadingsForm", (Form,), fields)())


@bp.post("/import/<job_id>/headings")
def explain_headings(job_id: str) -> ResponseReturnValue:
    """Which columns of ours the file's headings are; remembered for the shop, and the file is checked again."""
    job = _job(job_id)
    form = _headings_form(job)
    if form is None:
        return redirect(f"/seller/import/{job_id}", 303)
    fields = [field for field in form if field.name.startswith("heading")]
    said = {theirs: field.data for theirs, field in zip(order_uploads.headings_of(job).theirs, fields, strict=True)}
    good = form.validate()
    chosen: set[str] = set()
    for field in fields:
        if field.data and field.data in chosen:
            form.refuse(f"「{field.data}」已经选给上面的一列了，请只选一次", field.name)
            good = False
        chosen.add(field.data)
    if missing := explained.list_missing(order_uploads.headings_of(job), said):
        form.refuse(f"还缺少必需的列：「{'」「'.join(missing)}」，请选出文件里对应的列")
        good = False
    if not good:
        return _show(job, form, 422)

    def keep() -> str:
        order_uploads.explain_headings(_job(job_id), said, g.now)
        return f"/seller/import/{job_id}?said=headings-kept"

    return once(keep)


@bp.get("/import/<job_id>/progress")
def import_progress(job_id: str) -> ResponseReturnValue:
    """How far it is, asked every few seconds; 286 ends the asking."""
    g.polled = True
    job = _job(job_id)
    return page("seller/import_progress.html", 200 if job.state in RUNNING else 286, job=job)


@bp.get("/import/<job_id>/report.csv")
def import_report(job_id: str) -> ResponseReturnValue:
    """Every row's result."""
    path = order_uploads.report_path(folder(), _job(job_id))
    if not path.is_file():
        abort(404)
    answer: Response = send_file(path, mimetype="text/csv", as_attachment=True, download_name="导入结果.csv", max_age=0)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/import/<job_id>/discard")
def discard_import(job_id: str) -> ResponseReturnValue:
    """Not to be imported after all."""
    with writing():
        job = _job(job_id)
        if job.state == "checked":
            job.state, job.problem, job.updated_at = "failed", "已取消导入", g.now
    return redirect("/seller/import", 303)
