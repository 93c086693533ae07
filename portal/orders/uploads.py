"""Order exports that sellers upload: received, checked as a dry run, and imported after the seller's yes.

The web only receives the file and the yes; the work is done beside the sweep, one file at a time, and can be broken
off at any moment: a job whose worker has gone is taken up again, and an import run twice doubles nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, select, update

from portal.extensions import db, writing
from portal.models import ImportJob, OrderDoubt
from portal.orders import sharing
from portal.orders.explained import load_headings, remember_headings
from portal.orders.export_format import ExportRefused, HeadingsRefused, SeenHeadings, read
from portal.orders.importing import import_orders, report_file

MOST_BYTES = 100 * 1024 * 1024
KEPT_FOR = timedelta(days=30)  # files and reports
ALONE_FOR = timedelta(minutes=2)  # a worker that has said nothing for so long is gone
_WAITING = {"waiting": "checking", "confirmed": "importing"}
_DONE = {"checking": "checked", "importing": "done"}


class TooLarge(Exception):
    """More bytes than MOST_BYTES."""


def receive_file(folder: Path, stream: BinaryIO, file_name: str) -> Path:
    """Keep an uploaded file, whole or not at all. Raises TooLarge and OSError. Outside any transaction."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ending = ".csv" if file_name.lower().endswith((".csv", ".txt", ".tsv")) else ".xlsx"
    target = folder / f"{secrets.token_hex(16)}{ending}"
    draft = target.with_suffix(".new")
    size = 0
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while piece := stream.read(1 << 20):
                size += len(piece)
                if size > MOST_BYTES:
                    raise TooLarge
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
        sharing.share(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise
    return target


def begin_upload(path: Path, *, shop_id: int, user_id: int, file_name: str, now: datetime) -> ImportJob:
    """A job for a received file; it waits to be checked."""
    job = ImportJob(
        public_id=secrets.token_hex(16),
        shop_id=shop_id,
        user_id=user_id,
        file_name=file_name,
        path=path.name,
        created_at=now,
        updated_at=now,
    )
    db.session.add(job)
    db.session.flush()
    return job


def find_of_shop(public_id: str, shop_id: int) -> ImportJob | None:
    """A job of this shop."""
    return db.session.scalars(
        select(ImportJob).where(ImportJob.public_id == public_id, ImportJob.shop_id == shop_id)
    ).one_or_none()


def list_of_shop(shop_id: int, before: int | None, size: int) -> Sequence[ImportJob]:
    """A shop's jobs, the newest first; one more than ``size`` when there are more."""
    query = select(ImportJob).where(ImportJob.shop_id == shop_id).order_by(ImportJob.id.desc()).limit(size + 1)
    if before is not None:
        query = query.where(ImportJob.id < before)
    return db.session.scalars(query).all()


def confirm_upload(job: ImportJob, now: datetime) -> bool:
    """The seller's yes to a checked file, and to how its headings were read; False when it was given already."""
    done = db.session.execute(
        update(ImportJob)
        .where(ImportJob.id == job.id, ImportJob.shop_id == job.shop_id, ImportJob.state == "checked")
        .values(state="confirmed", rows_done=0, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    seen = headings_of(job)
    remember_headings(job.shop_id, {theirs: ours for theirs, ours in seen.theirs.items() if ours}, now)
    return True


def headings_of(job: ImportJob) -> SeenHeadings:
    """The headings of a file that has been read, as far as they were; none before."""
    kept = job.report.get("headings") or {"theirs": {}, "own": []}
    return SeenHeadings(kept["theirs"], kept["own"])


def explain_headings(job: ImportJob, explained: Mapping[str, str], now: datetime) -> bool:
    """Remember what a shop says of its file's headings, and check the file again. False when it is past that."""
    done = db.session.execute(
        update(ImportJob)
        .where(ImportJob.id == job.id, ImportJob.shop_id == job.shop_id, ImportJob.state.in_(("checked", "failed")))
        .values(state="waiting", problem="", rows_done=0, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    remember_headings(job.shop_id, explained, now)
    return True


def report_path(folder: Path, job: ImportJob) -> Path:
    """Where every row's result stands."""
    return sharing.fetch(folder / f"{Path(job.path).stem}.report.csv")


def work_off(folder: Path, clock_now: Callable[[], datetime]) -> int:
    """Do all jobs that wait, one after the other; returns how many. Called outside ``writing()``."""
    done = 0
    while (job_id := claim_upload(clock_now())) is not None:
        run_upload(job_id, folder, clock_now)
        done += 1
    return done


def claim_upload(now: datetime) -> int | None:
    """Take the oldest job that waits, or whose worker has gone; two workers never take the same."""
    stale = ImportJob.state.in_(_DONE) & (ImportJob.updated_at < now - ALONE_FOR)
    waits = ImportJob.state.in_(_WAITING) | stale
    if db.session.scalar(select(ImportJob.id).where(waits).limit(1)) is None:
        db.session.rollback()
        return None
    db.session.rollback()
    with writing():
        job = db.session.scalars(
            select(ImportJob).where(waits).order_by(ImportJob.id).limit(1).with_for_update(skip_locked=True)
        ).first()
        if job is None:
            return None
        job.state = _WAITING.get(job.state, job.state)
        job.claimed_at = job.updated_at = now
        db.session.flush()
        return job.id


def run_upload(job_id: int, folder: Path, clock_now: Callable[[], datetime]) -> None:
    job = db.session.get_one(ImportJob, job_id)
    state, shop_id, path, file_name = job.state, job.shop_id, folder / job.path, job.file_name
    report_to = folder / f"{path.stem}.report.csv"
    explained = load_headings(shop_id)
    db.session.rollback()

    def say(**values: object) -> None:
        with writing():
            db.session.execute(
                update(ImportJob)
                .where(ImportJob.id == job_id, ImportJob.shop_id == shop_id)
                .values(updated_at=clock_now(), **values)
                .execution_options(synchronize_session=False)
            )

    def progress(done: int, about: int) -> None:
        say(rows_done=done, rows_all=about)

    try:
        with read(sharing.fetch(path), explained) as export, report_file(report_to) as write:
            say(rows_all=export.rows_about)
            report = import_orders(
                export,
                now=clock_now(),
                shop_id=shop_id,
                dry_run=state == "checking",
                on_progress=progress,
                on_row=write,
                source=file_name,
                import_id=job_id,
            )
    except HeadingsRefused as refused:
        say(state="failed", problem=refused.sentence[:400], report={"headings": refused.seen._asdict()})
        return
    except ExportRefused as refused:
        say(state="failed", problem=refused.sentence[:400])
        return
    except FileNotFoundError:
        say(state="failed", problem="上传的文件已不在服务器上，请重新上传")
        return
    sharing.share(report_to)
    said = report.as_dict() | {"summary": report.summary(), "headings": export.seen._asdict()}
    say(state=_DONE[state], report=said, problem=report.stopped[:400])


def clear_old(folder: Path, now: datetime) -> None:
    """Remove files, reports and doubts that nobody comes back to."""
    with writing():
        old = delete(OrderDoubt).where(OrderDoubt.at < now - KEPT_FOR)
        db.session.execute(old.execution_options(synchronize_session=False))
    sharing.clear(now - KEPT_FOR)
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        if file.stat().st_mtime < (now - KEPT_FOR).timestamp():
            file.unlink(missing_ok=True)
