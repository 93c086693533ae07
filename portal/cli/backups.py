"""Copies of everything, the way back, and the keys of bank data."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DatabaseError

from portal import database
from portal.backup import making as backup_making
from portal.backup import restoring, sealing
from portal.calendar import clock
from portal.cli.group import in_a_line, portal
from portal.cli.upkeep import check_database
from portal.config import Settings
from portal.extensions import Busy, db
from portal.money import encryption
from portal.money.accounts import keeping as account_keeping
from portal.notices import push


@portal.command("make-backup-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def make_backup_key(file: Path) -> None:
    """Write a secret key for backups to FILE, and say the public one that PORTAL_BACKUP_KEY takes.

    Keep FILE on another machine: nothing here needs it, and without it no backup can be read.
    """
    click.echo(sealing.make_key(file))


@portal.command("backup")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--every", type=click.FloatRange(1), help="Minutes between backups; without it one is made.")
@click.option("--keep-days", default=30, show_default=True, type=click.IntRange(1), help="Days that one a day is kept.")
@click.option("--bank-keys", type=click.Path(file_okay=False, path_type=Path), help="Another folder, for these alone.")
@with_appcontext
def run_backup(folder: Path, every: float | None, keep_days: int, bank_keys: Path | None) -> None:
    """Copy database and evidence into FOLDER while the portal runs, sealed, and check the copy with doctor."""
    check_database()
    settings = current_app.extensions["portal_settings"]
    while True:
        try:
            missing = _back_up(settings, folder, keep_days, bank_keys)
        except (ValueError, OSError, Busy, DatabaseError) as error:  # a full disk, a database that is being restarted
            if every is None or isinstance(error, sealing.KeyRefused):
                raise
            db.session.remove()
            click.echo(f"portal: no backup was made, the next is in {every:g} minutes: {in_a_line(error)}", err=True)
        else:
            if every is None:
                sys.exit(1 if missing else 0)
        time.sleep(every * 60)


def _back_up(settings: Settings, folder: Path, keep_days: int, bank_keys: Path | None) -> list[str]:
    """One backup, said in a line; returns what was missing."""
    now = clock.now() - clock.get_shift()
    made = backup_making.make(settings, current_app.extensions["portal_store"], folder, now, _check_copy)
    gone = backup_making.thin_out(folder, now, keep_days)
    _keep_bank_keys(settings, bank_keys)
    click.echo(f"{made.folder}: {made.copied} new files, {len(made.missing)} missing, {gone} old backups removed")
    for key in made.missing:
        click.echo(f"missing: {key}", err=True)
    return made.missing


def _check_copy(folder: Path) -> list[str]:
    """What `portal doctor` finds in a data folder that holds a copy, with the evidence and keys of this one."""
    settings = current_app.extensions["portal_settings"]
    for name in ("evidence", "bank-keys"):
        if (settings.data / name).exists():
            (folder / name).symlink_to((settings.data / name).absolute())
    environ = {**os.environ, "PORTAL_DATA": str(folder), "PORTAL_DATABASE_URL": "", "PORTAL_QA": ""}
    words = [sys.executable, "-m", "portal.cli", "doctor", "--copy"]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    lines = [line.strip() for line in done.stdout.splitlines() if line.startswith(("BAD", "      "))]
    return lines or ([done.stderr.strip()[-300:]] if done.returncode else [])


def _keep_bank_keys(settings: Settings, folder: Path | None) -> None:
    """The keys never lie beside the data they open."""
    file = settings.data / "bank-keys"
    if folder is None or not file.is_file():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "bank-keys.age").write_bytes(sealing.seal(file.read_bytes(), settings.backup_key))


@portal.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Secret key.")
@click.option("--at", default="", help="The backup's name; the newest when not given.")
@click.option("--replace", is_flag=True, help="Move database and evidence that are here aside first (SQLite).")
@with_appcontext
def run_restore(folder: Path, key: Path, at: str, replace: bool) -> None:
    """Bring back database and evidence from FOLDER into PORTAL_DATA. Nothing that is there is written over."""
    settings = current_app.extensions["portal_settings"]
    store = current_app.extensions["portal_store"]
    backup, opener = restoring.find_backup(folder, at), sealing.Opener(key)
    if replace and settings.sqlite:
        db.engine.dispose()
        click.echo(f"moved aside: {restoring.set_aside(settings.data, clock.now())}", err=True)
    elif not database.is_empty():
        raise restoring.RestoreRefused("there is a database already: stop the portal and use --replace, or empty it")
    db.engine.dispose()
    manifest = restoring.restore(backup, opener, settings, store)
    click.echo(f"restored {backup.name}: {len(manifest['files'])} files, {len(manifest['lost'])} lost")
    for lost in manifest["lost"]:
        click.echo(f"lost: {lost}", err=True)
    click.echo("now: portal db upgrade, then portal doctor; the file bank-keys comes from its own backup", err=True)
    sys.exit(1 if manifest["lost"] else 0)


@portal.command("make-push-key")
def make_push_key() -> None:
    """Print a new private key of Web Push, for PORTAL_PUSH_KEY. Another key ends all pushes that were allowed."""
    click.echo(push.make_key())


@portal.command("make-bank-key")
def make_bank_key() -> None:
    """Put a new key for bank accounts in front of those in the data folder's file bank-keys, or begin that file.

    With PORTAL_BANK_KEYS the keys are kept elsewhere: then it only prints a new one, to be put in front there.
    """
    settings = Settings.from_env()
    if settings.bank_keys:
        click.echo(encryption.make_key())
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    key_id = encryption.add_key(settings.data / "bank-keys")
    click.echo(f"key {key_id} seals from the next start on; then run: portal rotate-bank-keys")


@portal.command("rotate-bank-keys")
@with_appcontext
def rotate_bank_keys() -> None:
    """Seal every bank account with the newest key. Can be interrupted and run again; the others may go afterwards."""
    check_database()
    done = 0
    try:
        for many in account_keeping.rotate_keys():
            done += many
            if sys.stderr.isatty():
                click.echo(f"\r{done}", nl=False, err=True)
    finally:
        click.echo(f"{done} accounts sealed with the newest key")
