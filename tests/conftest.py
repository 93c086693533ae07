"""The fixed cast and a fresh database for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask, current_app
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as property_settings

from portal import create_app, database
from portal.config import Settings
from portal.extensions import db
from portal.models import User
from portal.people import accounts
from tests import quicker
from tests.borrowed import borrowed_database
from tests.cast import Cast
from tests.postgres import postgres_server  # noqa: F401  (a fixture)

QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
BANK_KEYS = f"test:{'A' * 43}="  # seals nothing but tests' inventions
quicker.install()
# No test is timed: a busy machine takes longer for an example than the 200 ms that Hypothesis grants. By day a test has
# the same examples each time, so that no commit fails by another's luck; the long run by night looks for new ones.
property_settings.register_profile("night", deadline=None, suppress_health_check=[HealthCheck.too_slow])
property_settings.register_profile("day", property_settings.get_profile("night"), derandomize=True)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


def pytest_configure(config: pytest.Config) -> None:
    """``-m nightly`` or all tests: the profile of the night."""
    property_settings.load_profile("day" if "not nightly" in config.option.markexpr else "night")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy for each test."""
    folder = tmp_path_factory.mktemp("template")
    app = create_app(Settings(data=folder, secret_key="template"))
    with app.app_context():
        database.upgrade_schema()
        db.session.remove()
        db.engine.dispose()
    return folder


def make_app(folder: Path, template: Path, **settings: object) -> Flask:
    """An app on a copy of the migrated template, or on the database that the settings name."""
    folder.mkdir(parents=True, exist_ok=True)
    if not settings.get("database_url"):
        shutil.copy(template / "portal.db", folder / "portal.db")
    if (template / "assets").is_dir() and not (folder / "assets").exists():
        (folder / "assets").symlink_to(template / "assets")
    settings.setdefault("bank_keys", BANK_KEYS)
    app = create_app(Settings(data=folder, secret_key="test", **settings))  # type: ignore[arg-type]
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def begin_on_sqlite(request: pytest.FixtureRequest, folder: Path) -> Iterator[Flask]:
    """An app on SQLite that a test stands in; where the test asks for the cast, they are there from the beginning."""
    with_cast = bool({"cast", "cast_both"} & set(request.fixturenames))
    template = request.getfixturevalue("sqlite_template")
    if with_cast:
        template = request.getfixturevalue("cast_template")[0].parent
    made = make_app(folder, template)
    made.extensions["tests.cast"] = with_cast
    yield from stand_in(made)


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An app on SQLite, with an application context that the test stands in."""
    yield from begin_on_sqlite(request, tmp_path / "data")


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """The same app on each database in turn."""
    if request.param == "sqlite":
        yield from begin_on_sqlite(request, tmp_path / "data")
        return
    request.getfixturevalue("postgres_server")
    with borrowed_database("portal", prepare=migrate) as url:
        yield from stand_in(make_app(tmp_path / "data", sqlite_template, database_url=url))


def stand_in(made: Flask) -> Iterator[Flask]:
    """The app, with an application context that the test stands in."""
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


def migrate(url: str) -> None:
    """Fill the template database that every PostgreSQL test copies."""
    folder = Path(tempfile.mkdtemp())
    made = create_app(Settings(data=folder, secret_key="test", database_url=url))
    with made.app_context():
        database.upgrade_schema()
        db.session.remove()
        db.engine.dispose()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cast_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """An SQLite database in which nobody is but the cast."""
    folder = tmp_path_factory.mktemp("cast") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", QUICK_HASHER)
        with make_app(folder, sqlite_template).app_context():
            made = Cast.make(NOW)
            db.session.remove()
            db.engine.dispose()
    return folder / "portal.db", made


def bring_in(cast_template: tuple[Path, Cast]) -> Cast:
    """The cast in the current app's database; where nobody is yet, it comes from the template."""
    path, (file, made) = db.engine.url.database, cast_template
    if current_app.extensions.get("tests.cast"):
        return replace(made)
    if db.engine.dialect.name != "sqlite" or db.session.scalar(db.select(User.id).limit(1)) is not None:
        return Cast.make(NOW)
    db.session.rollback()
    copy_database(file, Path(str(path)))
    return replace(made)


def copy_database(source: Path, target: Path) -> None:
    """Put the contents of one SQLite database in the place of another's, whoever is connected to it."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        written.execute("PRAGMA synchronous=OFF")
        read.backup(written)


def copy_data(source: Path, app: Flask) -> None:
    """Give an app the database and the files of the app whose data lay in ``source``."""
    target: Path = app.extensions["portal_settings"].data
    own = shutil.ignore_patterns("portal.db*", "assets")
    shutil.copytree(source, target, ignore=own, dirs_exist_ok=True)
    copy_database(source / "portal.db", target / "portal.db")


@pytest.fixture
def cast(app: Flask, cast_template: tuple[Path, Cast]) -> Cast:
    """One buyer, one seller with a shop, and two who are always somebody else."""
    return bring_in(cast_template)


@pytest.fixture
def cast_both(both: Flask, cast_template: tuple[Path, Cast]) -> Cast:
    """The same cast on each database."""
    return bring_in(cast_template)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs 65 ms each on purpose; tests of other things need not pay."""
    monkeypatch.setattr(accounts, "_hasher", QUICK_HASHER)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The portal's clock, standing still at NOW until it is moved."""
    from portal.calendar import clock

    made = Clock()
    monkeypatch.setattr(clock, "now", lambda: made.at)
    yield made


class Clock:
    """A clock in the hand."""

    def __init__(self) -> None:
        self.at = NOW

    def forward(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


def pytest_collection_finish() -> None:
    quicker.sweep_less()


# Where the code itself differs between the databases, or what is found does: PostgreSQL has every example by day.
DIFFERS = (
    "tests/domain/test_claims.py",
    "tests/domain/test_doctor.py",
    "tests/domain/test_prepared.py",
    "tests/domain/test_races.py",
    "tests/fault/",
    "tests/guards/",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest go first, so that no worker is left alone with one of them at the end.

    SQLite has every example of a test by day, PostgreSQL the first one and by night the others.
    """
    met: set[str] = set()
    for item in items:
        if isinstance(item, pytest.Function) and "postgresql" in _read_parameters(item):
            test = item.nodeid.partition("[")[0]
            if test in met and not item.nodeid.startswith(DIFFERS):
                item.add_marker(pytest.mark.nightly)
            met.add(test)
    items.sort(key=lambda item: "tests/property/" not in item.nodeid)


def _read_parameters(item: pytest.Function) -> list[object]:
    return list(item.callspec.params.values()) if hasattr(item, "callspec") else []
