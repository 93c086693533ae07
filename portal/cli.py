"""The command line: `portal demo | serve | sweep | import-orders | doctor | …`, and Flask's own commands."""

from __future__ import annotations

import contextlib
import csv
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup, ScriptInfo, with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, DatabaseError

from portal import create_app, database, doctor, inputs, sweeping
from portal.backup import dumping, restoring, sealing
from portal.backup import making as backup_making
from portal.calendar import calendars, clock
from portal.config import Settings, SettingsError
from portal.demo import accounts as demo_accounts
from portal.demo import building
from portal.extensions import Busy, db, writing
from portal.models import User
from portal.money import encryption
from portal.money.accounts import keeping as account_keeping
from portal.orders import known_shops
from portal.orders.export_format import ExportRefused, read
from portal.orders.importing import describe_row, import_orders, report_file
from portal.people import accounts, factors, sessions
from portal.system import notes, steadiness
from portal.talk import feedback

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORT = click.IntRange(0, 65535)
LEAST_KEY = 32
MOST_KILLS = 5  # a minute
CONFIRM = "nothing was swept; set the clock right, or: portal confirm-clock"


class Commands(FlaskGroup):
    """Ours and Flask's. With settings that can't be used the list is shorter, and says why in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        try:
            ctx.ensure_object(ScriptInfo).load_app()
        except (ValueError, OSError, ArgumentError) as error:
            click.echo(f"portal: {_in_a_line(error)}", err=True)
            return click.Group.list_commands(self, ctx)
        return super().list_commands(ctx)


@click.group(cls=Commands, create_app=create_app, add_version_option=False)
def portal() -> None:
    """After-sales exchanges (换货) for wholesale trade."""


def main() -> None:
    """The console script. Errors are one line on standard error."""
    os.environ.setdefault("FLASK_SKIP_DOTENV", "1")
    os.umask(0o077)  # what the portal writes is for nobody else on the machine
    try:
        done = portal.main(standalone_mode=False)
        sys.exit(done if isinstance(done, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"portal: {_in_a_line(error.format_message())}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except UnicodeDecodeError:  # a ValueError as well: what stands where names of tables should be
        sys.exit("portal: the database can't be used: it is damaged")
    except (SettingsError, accounts.AccountRefused, Busy, ValueError, OSError) as error:
        sys.exit(f"portal: {_in_a_line(error)}")
    except ArgumentError as error:
        sys.exit(f"portal: PORTAL_DATABASE_URL can't be used: {_in_a_line(error)}")
    except DatabaseError as error:
        sys.exit(f"portal: the database can't be used: {str(error.orig).splitlines()[0]}")


def _in_a_line(said: object) -> str:
    return " ".join(str(said).split())


def _check_free(host: str, port: int) -> None:
    """Raises OSError, saying why, when the server couldn't listen there."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return
    except OSError as error:
        raise OSError(f"{host}:{port} can't be listened at: {error.strerror}") from error


def _start_server(host: str, port: int, workers: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """granian on portal.serving; in a session of its own, so that all its processes can be ended together."""
    top = Path(__file__).resolve().parent.parent
    words = [
        sys.executable,
        "-m",
        "granian",
        "portal.serving.app:front",
        "--interface",
        "rsgi",
        "--no-ws",
        "--http",
        "1",
    ]
    words += ["--host", host, "--port", str(port), "--workers", str(workers), "--respawn-failed-workers"]
    words += ["--http1-header-read-timeout", "10000", "--workers-kill-timeout", "25", "--log-level", "warning"]
    return subprocess.Popen(words, env=env, cwd=top, start_new_session=True)  # noqa: S603  (our own words)


def _check_qa(settings: Settings, host: str) -> None:
    if settings.qa == "1" and host not in LOOPBACK:
        raise SettingsError("PORTAL_QA=1 is refused on an address that others reach; say PORTAL_QA=anywhere to open it")


def _check_open(settings: Settings, host: str) -> None:
    """Raises SettingsError for a server that strangers could make their own."""
    key = settings.secret_key
    if len(key) < LEAST_KEY or len(set(key)) < LEAST_KEY // 4:
        raise SettingsError(
            f"PORTAL_SECRET_KEY is weak: it needs {LEAST_KEY} random characters, such as those of: openssl rand -hex 32"
        )
    if settings.https == "1" and not settings.proxies:
        raise SettingsError("PORTAL_HTTPS=1 means a proxy in front: PORTAL_PROXIES must say how many there are")
    if settings.qa == "1" and settings.proxies:
        raise SettingsError("PORTAL_QA=1 is refused behind a proxy: everybody would seem to be on this machine")
    if host in LOOPBACK:
        return
    if not settings.trusted_hosts:
        raise SettingsError("PORTAL_TRUSTED_HOSTS is missing: an open address answers to its own names only")
    if not settings.https:
        raise SettingsError("plain http on an open address: put a proxy with https in front, or say PORTAL_HTTPS=0")


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
    _check_qa(settings, host)
    _check_free(host, port)
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
    _together(
        [
            lambda: _start_server(host, port, 2, env),
            lambda: subprocess.Popen(words, env=env, start_new_session=True),  # noqa: S603  (our own words)
        ]
    )


Start = Callable[[], "subprocess.Popen[bytes]"]


def _together(starts: list[Start]) -> None:
    """Run until one ends or somebody says stop; then end all. What is killed is said and started again."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    children = [start() for start in starts]
    kills: list[float] = []
    try:
        while all(
            child.poll() is None or _start_again(children, at, starts[at], kills) for at, child in enumerate(children)
        ):
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


def _start_again(children: list[subprocess.Popen[bytes]], at: int, start: Start, kills: list[float]) -> bool:
    """Replace a process that a signal killed; False when it ended by itself, or is killed too often."""
    child = children[at]
    if child.returncode >= 0:
        return False
    kills[:] = [*(moment for moment in kills if moment > time.monotonic() - 60), time.monotonic()]
    again = len(kills) <= MOST_KILLS
    ends = "it is started again" if again else "that is too often, the portal ends"
    click.echo(f"portal: process {child.pid} was killed by signal {-child.returncode}: {ends}", err=True)
    with contextlib.suppress(ProcessLookupError):  # its workers outlive it and hold the port
        os.killpg(child.pid, signal.SIGKILL)
    if again:
        children[at] = start()
    return again


@portal.command("serve")
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1))
def serve(port: int, host: str, workers: int) -> None:
    """The server for production: settings from the environment, no demo data."""
    settings = Settings.from_env()
    if not settings.secret_key:
        raise SettingsError("PORTAL_SECRET_KEY is missing; any long random text will do, kept between restarts")
    _check_qa(settings, host)
    _check_open(settings, host)
    app = create_app(settings)
    with app.app_context():
        store = app.extensions["portal_store"]
        database.check_present(store)
        if not database.is_empty() and not database.is_current():
            _copy_before_migrating(settings)
            database.upgrade_schema()
        database.check(store)
    _check_free(host, port)
    _together([lambda: _start_server(host, port, workers, dict(os.environ))])


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


@portal.command("feedback")
@click.option("--most", default=50, show_default=True, help="How many, the newest first.")
@with_appcontext
def read_feedback(most: int) -> None:
    """Print what people said of the portal itself."""
    _check_database()
    rows = feedback.list_newest(most)
    for row in rows:
        click.echo(f"{row.number} {row.at:%Y-%m-%d %H:%M} {feedback.KINDS[row.kind]} {row.member_name}: {row.words}")
    if not rows:
        click.echo("no feedback yet", err=True)


@portal.command("import-orders")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only report, change nothing.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every row's result as CSV.")
@click.option("--ask-buyers", is_flag=True, help="The file is a shop's: buyers new to it are asked first.")
@with_appcontext
def import_file(file: Path, dry_run: bool, report: Path | None, ask_buyers: bool) -> None:
    """Read an order export (xlsx, csv). Exit 0: all in; 1: some rows refused; 2: nothing could be read.

    Buyers see these orders at once: who runs the portal says that they are theirs.
    """
    _check_database()

    def progress(done: int, about: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done} / {about}", nl=False, err=True)

    try:
        with ExitStack() as opened:
            export = opened.enter_context(read(file))
            write = None
            if report is not None:
                try:
                    write = opened.enter_context(report_file(report))
                except OSError as error:
                    raise click.BadParameter(
                        f"{report} can't be written: {error.strerror}", param_hint="--report"
                    ) from error
            result = import_orders(
                export,
                now=clock.now(),
                dry_run=dry_run,
                vouched=not ask_buyers,
                on_progress=progress,
                on_row=write,
                source=Path(file).name,
            )
    except ExportRefused as refused:
        click.echo(f"portal: {refused.sentence}", err=True)
        sys.exit(2)
    if dry_run:
        click.echo("\n".join(result.describe()))
        click.echo(result.summary())
        sys.exit(0 if result.all_in else 1)
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    for row in result.problems:
        writer.writerow([describe_row(row.row, row.sheet), row.order_no, row.column, row.sentence])
    click.echo(result.summary())
    sys.exit(0 if result.all_in else 1)


@portal.command("doctor")
@click.option("--copy", is_flag=True, hidden=True, help="The database is a copy: its files may be newer than it.")
@with_appcontext
def check(copy: bool) -> None:
    """Check every invariant in the database, and every file; exit 0 when all hold."""
    _check_database()
    broken = 0
    for name, holds, found in doctor.report(current_app.extensions["portal_store"], copy=copy):
        click.echo(f"{'ok ' if not found else 'BAD'} {name}: {holds}")
        for line in found:
            click.echo(f"      {line}")
        broken += bool(found)
    if (year := calendars.find_missing_year(clock.now())) is not None:  # to be done, yet nothing is wrong
        click.echo(f"do  calendar: {calendars.TO_LOAD.format(year=year)}")
    sys.exit(1 if broken else 0)


def _check_database() -> None:
    """Raises WrongDatabase when there is no database, or not these files' one."""
    database.check(current_app.extensions["portal_store"])


def _make_database() -> None:
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


@portal.command("confirm-clock")
@with_appcontext
def confirm_clock() -> None:
    """Say that the machine's clock is right, after a jump of more than ten minutes stopped the sweep."""
    _check_database()
    click.echo(f"the sweep goes by {steadiness.confirm():%Y-%m-%d %H:%M:%S} UTC")


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
    _check_database()
    settings = current_app.extensions["portal_settings"]
    while True:
        now = clock.now() - clock.get_shift()
        made = backup_making.make(settings, current_app.extensions["portal_store"], folder, now, _check_copy)
        gone = backup_making.thin_out(folder, now, keep_days)
        _keep_bank_keys(settings, bank_keys)
        click.echo(f"{made.folder}: {made.copied} new files, {len(made.missing)} missing, {gone} old backups removed")
        for key in made.missing:
            click.echo(f"missing: {key}", err=True)
        if every is None:
            sys.exit(1 if made.missing else 0)
        time.sleep(every * 60)


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


def _name(text: str, limit: int) -> str:
    """As the sign-in form would read it. Raises AccountRefused for none and for one that is too long."""
    try:
        name = inputs.line(text, limit=limit)
    except inputs.InputRefused as refused:
        raise accounts.AccountRefused(refused.sentence) from None
    if not name:
        raise accounts.AccountRefused("a name can't be empty")
    return name


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
    _check_database()
    done = 0
    try:
        for many in account_keeping.rotate_keys():
            done += many
            if sys.stderr.isatty():
                click.echo(f"\r{done}", nl=False, err=True)
    finally:
        click.echo(f"{done} accounts sealed with the newest key")


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("password", hide_input=True, confirmation_prompt=True))
    said = sys.stdin.readline().rstrip("\r\n")
    if not said:
        raise click.UsageError("the password is missing: type it when asked, or send it as a line of standard input")
    return said


def _known(member_name: str) -> User:
    """Raises AccountRefused for a name that nobody has."""
    user = db.session.scalars(select(User).where(User.member_name == _name(member_name, 64))).one_or_none()
    if user is None:
        raise accounts.AccountRefused(f"there is no account {member_name}")
    return user


@portal.command("reset-password")
@click.argument("member_name")
@click.option("--address", default="http://127.0.0.1:8000", show_default=True, help="Where people reach the portal.")
@with_appcontext
def reset_password(member_name: str, address: str) -> None:
    """Print a link with which this person sets a new password: once, within 30 minutes. Make sure who asks."""
    user = _known(member_name)
    if user.disabled_at is not None:
        raise accounts.AccountRefused(f"{member_name} is disabled; first: portal enable-user {member_name}")
    with writing():
        token = accounts.make_link(user.id, clock.now())
        accounts.tell(
            user.id, "有人申请重设您的密码", "平台已生成重设密码的链接。不是您本人申请的，请联系平台客服。", clock.now()
        )
    click.echo(f"{address.rstrip('/')}/reset/{token}")


@portal.command("disable-user")
@click.argument("member_name")
@with_appcontext
def disable_user(member_name: str) -> None:
    """Let nobody sign in to this account; its sessions end at once."""
    user = _known(member_name)
    with writing():
        accounts.disable(user.id, clock.now())
    click.echo(f"{member_name} is disabled, all its sessions have ended")


@portal.command("enable-user")
@click.argument("member_name")
@with_appcontext
def enable_user(member_name: str) -> None:
    """Let a disabled account be used again."""
    user = _known(member_name)
    with writing():
        accounts.enable(user.id, clock.now())
    click.echo(f"{member_name} can sign in")


@portal.command("reset-second-factor")
@click.argument("member_name")
@with_appcontext
def reset_second_factor(member_name: str) -> None:
    """Take away a lost authenticator and its recovery codes; sessions end, the person is told."""
    user = _known(member_name)
    with writing():
        factors.turn_off(user.id)
        sessions.sign_out_others(user.id, "", clock.now())
        accounts.tell(
            user.id,
            "两步验证已重置",
            "平台已重置您的两步验证，请重新设置。不是您本人申请的，请联系平台客服。",
            clock.now(),
        )
    click.echo(f"{member_name} signs in with the password only")


@portal.command("create-user")
@click.argument("member_name")
@click.option("--company", default="", help="The company's name.")
@click.option("--operator", is_flag=True, help="Keeps the calendar and the public rules (运营).")
@click.option("--mediator", is_flag=True, help="Decides cases for the platform (平台介入).")
@with_appcontext
def create_user(member_name: str, company: str, mediator: bool, operator: bool) -> None:
    """Make an account, or give a dormant one its password: asked for, or the first line of standard input.

    Never a word of the command: others on the machine can read those, and shells keep them.
    """
    _make_database()
    member_name, company = _name(member_name, 64), _name(company, 200) if company else ""
    password = _password()
    accounts.check_password(password, member_name, company)
    with writing():
        known = db.session.scalars(select(User).where(User.member_name == member_name)).one_or_none()
        if known is not None and known.password_hash is None:
            known.password_hash = accounts.hash_password(password)
            known.mediator = known.mediator or mediator
            known.operator = known.operator or operator
            known_shops.vouch_for_cases(known.id, clock.now())
        else:
            accounts.create_user(
                member_name,
                now=clock.now(),
                company_name=company,
                password=password,
                mediator=mediator,
                operator=operator,
            )
    click.echo(f"{member_name} can sign in")


@portal.command("create-shop")
@click.argument("member_name")
@click.argument("name")
@with_appcontext
def create_shop(member_name: str, name: str) -> None:
    """Make a shop owned by an existing account."""
    _make_database()
    member_name, name = _name(member_name, 64), _name(name, 200)
    with writing():
        owner = db.session.scalars(select(User).where(User.member_name == member_name)).one_or_none()
        if owner is None:
            raise accounts.AccountRefused(f"there is no account {member_name}; make it with: portal create-user")
        accounts.create_shop(owner, name, clock.now())
    click.echo(f"{name} belongs to {member_name}")


if __name__ == "__main__":
    main()
