"""The command line: `portal demo | serve | sweep | import-orders | doctor | …`, and Flask's own commands."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from portal import accounts, bankdata, clock, create_app, crypto, database, demo, doctor, sweeping
from portal.config import Settings, SettingsError
from portal.extensions import Busy, db, writing
from portal.models import User
from portal.order_export import ExportRefused, read
from portal.order_import import import_orders, report_file

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.group(cls=FlaskGroup, create_app=create_app, add_version_option=False)
def portal() -> None:
    """After-sales exchanges (换货) for wholesale trade."""


def main() -> None:
    """The console script. Errors are one line on standard error."""
    os.environ.setdefault("FLASK_SKIP_DOTENV", "1")
    try:
        portal.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except UnicodeDecodeError:  # a ValueError as well: what stands where names of tables should be
        sys.exit("portal: the database can't be used: it is damaged")
    except (SettingsError, accounts.AccountRefused, Busy, ValueError, OSError) as error:
        sys.exit(f"portal: {error}")
    except DatabaseError as error:
        sys.exit(f"portal: the database can't be used: {str(error.orig).splitlines()[0]}")


def _gunicorn(host: str, port: int, workers: int, threads: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    top = Path(__file__).resolve().parent.parent
    words = [
        sys.executable, "-m", "gunicorn", "--chdir", str(top), "--worker-class", "gthread", "--workers", str(workers),
        "--threads", str(threads), "--bind", f"{host}:{port}", "--graceful-timeout", "25", "--log-level", "warning",
        "wsgi:app",
    ]  # fmt: skip
    return subprocess.Popen(words, env=env)  # noqa: S603  (our own words)


def _check_qa(settings: Settings, host: str) -> None:
    if settings.qa == "1" and host not in LOOPBACK:
        raise SettingsError("PORTAL_QA=1 is refused on an address that others reach; say PORTAL_QA=anywhere to open it")


@portal.command("demo")
@click.option("--port", default=5000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="Where the demo lives; default: PORTAL_DATA/demo.")
@click.option("--reset", is_flag=True, help="Begin with a fresh world.")
@click.option(
    "--orders", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An order export to run on."
)
def run_demo(port: int, host: str, data: Path | None, reset: bool, orders: Path | None) -> None:
    """The main job in one step: database, a lively world, web server and sweep."""
    settings = Settings.from_env()
    folder = (data or settings.data / "demo").absolute()
    if reset and folder.exists():
        for name in ("portal.db", "portal.db-wal", "portal.db-shm", "clock-shift"):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "evidence", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "secret"
    if not key.exists():
        key.write_text(secrets.token_hex(32))
    if not (folder / "bank-keys").exists():
        crypto.add_to(folder / "bank-keys")
    qa = "1" if host in LOOPBACK else settings.qa
    env = {
        **os.environ, "PORTAL_DATA": str(folder), "PORTAL_SECRET_KEY": key.read_text(), "PORTAL_QA": qa,
        "PORTAL_DATABASE_URL": "",
    }  # fmt: skip
    app = create_app(Settings.from_env(env))
    with app.app_context():
        database.upgrade()
        if db.session.scalar(select(User.id).limit(1)) is None:
            click.echo("making the demo's world …", err=True)
            demo.build(clock.now(), app.extensions["portal_store"], orders)
        people = db.session.execute(select(User.member_name, User.company_name).order_by(User.id)).all()
        db.session.remove()
        db.engine.dispose()
    click.echo(f"\n  http://{host}:{port}/          phone: 我的 → 我的订单")
    click.echo(f"  http://{host}:{port}/seller    the seller's desk\n")
    for row in people[:40]:
        click.echo(f"  {row.member_name:<14} {row.company_name}")
    click.echo(f"\n  password of all: {demo.PASSWORD}\n")
    web = _gunicorn(host, port, 2, settings.threads, env)
    sweep = subprocess.Popen([sys.executable, "-m", "portal.cli", "sweep", "--every", "5"], env=env)
    _together([web, sweep])


def _together(children: list[subprocess.Popen[bytes]]) -> None:
    """Run until one ends or somebody says stop; then end all."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.3)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
    sys.exit(max(abs(child.returncode or 0) for child in children))


@portal.command("serve")
@click.option("--port", default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--workers", default=2, show_default=True)
def serve(port: int, host: str, workers: int) -> None:
    """The server for production: settings from the environment, no demo data."""
    settings = Settings.from_env()
    if not settings.secret_key:
        raise SettingsError("PORTAL_SECRET_KEY is missing; any long random text will do, kept between restarts")
    _check_qa(settings, host)
    app = create_app(settings)
    with app.app_context():
        database.check_present(app.extensions["portal_store"])
        database.upgrade()
    _together([_gunicorn(host, port, workers, settings.threads, dict(os.environ))])


@portal.command("sweep")
@click.option("--once", is_flag=True, help="One round, then end.")
@click.option("--every", default=10.0, show_default=True, help="Seconds between rounds.")
@with_appcontext
def run_sweep(once: bool, every: float) -> None:
    """Take overdue clock steps and send due notices. Safe to run twice at once."""
    store = current_app.extensions["portal_store"]
    settings = current_app.extensions["portal_settings"]
    if once:
        imports = sweeping.imports_of(settings)
        moved, files, sent = sweeping.sweep(), sweeping.take_in(imports), sweeping.send_out(settings)
        sweeping.tidy(store, imports)
        click.echo(f"{moved} cases moved, {files} files taken in, {sent} notices sent")
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    sweeping.keep_sweeping(every, store, settings, app.app_context)


@portal.command("import-orders")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only report, change nothing.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every row's result as CSV.")
@with_appcontext
def import_file(file: Path, dry_run: bool, report: Path | None) -> None:
    """Read an order export (xlsx, csv). Exit 0: all in; 1: some rows refused; 2: nothing could be read."""
    database.upgrade()

    def progress(done: int, about: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done} / {about}", nl=False, err=True)

    try:
        with read(file) as export:
            if report is None:
                result = import_orders(export, now=clock.now(), dry_run=dry_run, on_progress=progress)
            else:
                with report_file(report) as write:
                    result = import_orders(export, now=clock.now(), dry_run=dry_run, on_progress=progress, on_row=write)
    except ExportRefused as refused:
        click.echo(f"portal: {refused.sentence}", err=True)
        sys.exit(2)
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    for row in result.problems:
        writer.writerow([f"第 {row.row} 行", row.order_no, row.column, row.sentence])
    click.echo(result.summary())
    sys.exit(0 if result.all_in else 1)


@portal.command("doctor")
@with_appcontext
def check() -> None:
    """Check every invariant in the database; exit 0 when all hold."""
    broken = 0
    for name, holds, found in doctor.report(current_app.extensions["portal_store"]):
        click.echo(f"{'ok ' if not found else 'BAD'} {name}: {holds}")
        for line in found:
            click.echo(f"      {line}")
        broken += bool(found)
    sys.exit(1 if broken else 0)


@portal.command("make-bank-key")
def make_bank_key() -> None:
    """Put a new key for bank accounts in front of those in the data folder's file bank-keys, or begin that file.

    With PORTAL_BANK_KEYS the keys are kept elsewhere: then it only prints a new one, to be put in front there.
    """
    settings = Settings.from_env()
    if settings.bank_keys:
        click.echo(crypto.make())
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    key_id = crypto.add_to(settings.data / "bank-keys")
    click.echo(f"key {key_id} seals from the next start on; then run: portal rotate-bank-keys")


@portal.command("rotate-bank-keys")
@with_appcontext
def rotate_bank_keys() -> None:
    """Seal every bank account with the newest key. Can be interrupted and run again; the others may go afterwards."""
    done = 0
    try:
        for many in bankdata.rotate():
            done += many
            if sys.stderr.isatty():
                click.echo(f"\r{done}", nl=False, err=True)
    finally:
        click.echo(f"{done} accounts sealed with the newest key")


@portal.command("create-user")
@click.argument("member_name")
@click.option("--company", default="", help="The company's name.")
@click.option("--password", help="Asked for when not given.")
@with_appcontext
def create_user(member_name: str, company: str, password: str | None) -> None:
    """Make an account, or give a dormant one its password."""
    database.upgrade()
    if password is None:
        password = click.prompt("password", hide_input=True, confirmation_prompt=True)
    accounts.check_password(password, member_name)
    with writing():
        known = db.session.scalars(select(User).where(User.member_name == member_name)).one_or_none()
        if known is not None and known.password_hash is None:
            known.password_hash = accounts.hash_password(password)
        else:
            accounts.create_user(member_name, now=clock.now(), company_name=company, password=password)
    click.echo(f"{member_name} can sign in")


@portal.command("create-shop")
@click.argument("member_name")
@click.argument("name")
@with_appcontext
def create_shop(member_name: str, name: str) -> None:
    """Make a shop owned by an existing account."""
    database.upgrade()
    with writing():
        owner = db.session.scalars(select(User).where(User.member_name == member_name)).one_or_none()
        if owner is None:
            raise accounts.AccountRefused(f"there is no account {member_name}; make it with: portal create-user")
        accounts.create_shop(owner, name, clock.now())
    click.echo(f"{name} belongs to {member_name}")


if __name__ == "__main__":
    main()
