"""`portal demo` and `portal serve`."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import click
from sqlalchemy import select

from portal import create_app, database
from portal.backup import dumping
from portal.backup import making as backup_making
from portal.calendar import clock
from portal.cli.group import portal
from portal.cli.servers import (
    LOOPBACK,
    keep_together,
    refuse_open_qa,
    refuse_taken_port,
    refuse_weak_settings,
    start_server,
)
from portal.config import Settings, SettingsError
from portal.demo import accounts as demo_accounts
from portal.demo import building
from portal.extensions import db
from portal.models import User
from portal.money import encryption
from portal.web import compiled

PORT = click.IntRange(0, 65535)


@portal.command("demo")
@click.option("--port", default=5000, show_default=True, type=PORT)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="Where the demo lives; default: PORTAL_DATA/demo.")
@click.option("--reset", is_flag=True, help="Begin with a fresh world.")
@click.option(
    "--orders", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An order export to run on."
)
def run_demo(port: int, host: str, data: Path | None, reset: bool, orders: Path | None) -> None:
    """The main job in one step: database, a lively world, web server and sweep."""
    settings = Settings.from_env()
    refuse_open_qa(settings, host)
    refuse_taken_port(host, port)
    folder = (data or settings.data / "demo").absolute()
    if reset and folder.exists():
        for name in ("portal.db", "portal.db-wal", "portal.db-shm", "clock-shift", "event-heads"):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "evidence", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "secret"
    if not key.exists():
        key.write_text(secrets.token_hex(32))
    if not (folder / "bank-keys").exists():
        encryption.add_key(folder / "bank-keys")
    qa = "1" if host in LOOPBACK else settings.qa
    env = {
        **os.environ,
        "PORTAL_DATA": str(folder),
        "PORTAL_SECRET_KEY": key.read_text(),
        "PORTAL_QA": qa,
        "PORTAL_DATABASE_URL": "",
    }
    app = create_app(Settings.from_env(env))
    with app.app_context():
        database.upgrade_schema()
        database.join_files(app.extensions["portal_store"])
        if db.session.scalar(select(User.id).limit(1)) is None:
            click.echo("making the demo's world …", err=True)
            building.build(clock.now(), app.extensions["portal_store"], orders)
        able = select(User.member_name, User.company_name).where(User.password_hash.is_not(None))
        people = db.session.execute(able.order_by(User.id)).all()
        db.session.remove()
        db.engine.dispose()
    click.echo(f"\n  http://{host}:{port}/          phone: 我的 → 我的订单")
    click.echo(f"  http://{host}:{port}/seller    the seller's desk\n")
    for row in people[:40]:
        click.echo(f"  {row.member_name:<14} {row.company_name}")
    click.echo(f"\n  password of all: {demo_accounts.PASSWORD}\n")
    words = [sys.executable, "-m", "portal.cli", "sweep", "--every", "5"]
    keep_together(
        [
            lambda: start_server(host, port, 2, env),
            lambda: subprocess.Popen(words, env=env, start_new_session=True),  # noqa: S603  (our own words)
        ],
        compiled.compile_all(app),
    )


@portal.command("serve")
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1))
def serve(port: int, host: str, workers: int) -> None:
    """The server for production: settings from the environment, no demo data."""
    settings = Settings.from_env()
    if not settings.secret_key:
        raise SettingsError("PORTAL_SECRET_KEY is missing; any long random text will do, kept between restarts")
    refuse_open_qa(settings, host)
    refuse_weak_settings(settings, host)
    app = create_app(settings)
    with app.app_context():
        store = app.extensions["portal_store"]
        database.check_present(store)
        if not database.is_empty() and not database.is_current():
            _copy_before_migrating(settings)
            database.upgrade_schema()
        database.check(store)
    refuse_taken_port(host, port)
    keep_together([lambda: start_server(host, port, workers, dict(os.environ))], compiled.compile_all(app))


def _copy_before_migrating(settings: Settings) -> None:
    """A copy of the database as it was, in the data folder; the newest three are kept. Raises DumpFailed."""
    if (before := database.read_revision()) not in database.list_revisions():
        return  # of a newer portal: nothing is going to be migrated
    folder = settings.data.absolute()
    target = folder / f"before-migration-{before}-{clock.now().strftime(backup_making.STAMP)}"
    dumping.dump(settings.url, target)
    click.echo(f"the database as it was is kept in {target}", err=True)
    for old in sorted(folder.glob("before-migration-*"), key=lambda path: path.stat().st_mtime)[:-3]:
        old.unlink()
