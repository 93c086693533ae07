"""Commands of everyday operation: sweep, doctor, files and clock."""

from __future__ import annotations

import sys

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal import database, doctor, sweeping
from portal.calendar import calendars, clock
from portal.cli.group import in_a_line, portal
from portal.evidence import copying
from portal.evidence.bucket import BucketStore
from portal.extensions import db
from portal.system import notes, steadiness

CONFIRM = "nothing was swept; set the clock right, or: portal confirm-clock"


@portal.command("sweep")
@click.option("--once", is_flag=True, help="One round, then end.")
@click.option(
    "--every", default=10.0, show_default=True, type=click.FloatRange(0, min_open=True), help="Seconds between rounds."
)
@with_appcontext
def run_sweep(once: bool, every: float) -> None:
    """Take overdue clock steps and send due notices. Safe to run twice at once."""
    store = current_app.extensions["portal_store"]
    settings = current_app.extensions["portal_settings"]
    database.check(store)
    if once:
        if not steadiness.is_steady():
            stopped = notes.read(notes.CLOCK)
            raise click.ClickException(f"{stopped.value['said'] if stopped else 'the clock'}: {CONFIRM}")
        imports = sweeping.imports_of(settings)
        moved, files = sweeping.sweep_if_steady(), sweeping.take_in(imports)
        answers = sweeping.ask_carriers(settings)
        sent = sweeping.send_out(settings)
        sweeping.tidy(store, imports)
        click.echo(f"{moved} cases moved, {files} files taken in, {answers} parcels asked, {sent} notices sent")
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    sweeping.keep_sweeping(every, store, settings, app.app_context)


@portal.command("doctor")
@click.option("--copy", is_flag=True, hidden=True, help="The database is a copy: its files may be newer than it.")
@with_appcontext
def check(copy: bool) -> None:
    """Check every invariant in the database, and every file; exit 0 when all hold."""
    check_database()
    broken = 0
    for name, holds, found in doctor.report(current_app.extensions["portal_store"], copy=copy):
        click.echo(f"{'ok ' if not found else 'BAD'} {name}: {holds}")
        for line in found:
            click.echo(f"      {in_a_line(line)}")
        broken += bool(found)
    for line in doctor.list_doubtful_payments():
        click.echo(f"do  payments: {line}; what is over can't be refunded, its shop should import it again, corrected")
    if (year := calendars.find_missing_year(clock.now())) is not None:  # to be done, yet nothing is wrong
        click.echo(f"do  calendar: {calendars.TO_LOAD.format(year=year)}")
    sys.exit(1 if broken else 0)


def check_database() -> None:
    """Raises WrongDatabase when there is no database, or not these files' one."""
    database.check(current_app.extensions["portal_store"])


def make_database() -> None:
    """Bring the database up to date, and say so when it had to be made. Raises WrongDatabase."""
    store = current_app.extensions["portal_store"]
    database.check_present(store)
    if database.upgrade_schema():
        click.echo(f"a new database was made: {db.engine.url.render_as_string()}", err=True)
    database.join_files(store)


@portal.command("adopt-files")
@with_appcontext
def adopt_files() -> None:
    """Say that this database and these files of evidence belong together, when the portal can't see that they do."""
    store = current_app.extensions["portal_store"]
    database.check_present(store)
    database.adopt_files(store)
    click.echo("database and evidence carry the same name now; portal doctor says what is missing")


@portal.command("copy-evidence")
@click.argument("address")
@click.option("--endpoint", default="", help="An S3-compatible service other than AWS.")
@with_appcontext
def copy_evidence(address: str, endpoint: str) -> None:
    """Copy all photos to the bucket at ADDRESS (s3://bucket/prefix), and read each back; may be run again.

    Exit 0: all are there, whole; PORTAL_STORE may be set. What came meanwhile is copied by the next run.
    """
    check_database()
    try:
        target = BucketStore(address, endpoint=endpoint)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    copied, broken = copying.copy_all(current_app.extensions["portal_store"], target)
    for line in broken:
        click.echo(line, err=True)
    click.echo(f"{copied} photos copied, {len(broken)} not")
    sys.exit(1 if broken else 0)


@portal.command("confirm-clock")
@with_appcontext
def confirm_clock() -> None:
    """Say that the machine's clock is right, after a jump of more than ten minutes stopped the sweep."""
    check_database()
    click.echo(f"the sweep goes by {steadiness.confirm():%Y-%m-%d %H:%M:%S} UTC")
