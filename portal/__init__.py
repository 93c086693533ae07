"""The portal: after-sales exchange (换货) for wholesale trade."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask, Request, Response, g, request
from flask.sessions import SessionInterface, SessionMixin
from flask_compress import Compress
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from portal import models, told, words
from portal.calendar import clock, lengths
from portal.cases import anchors
from portal.config import Settings, SettingsError
from portal.evidence import imaging
from portal.evidence.bucket import BucketStore
from portal.evidence.store import DirectoryStore, Store
from portal.extensions import db, migrate, use_lock_file, use_pooler
from portal.money import encryption
from portal.money.accounts import keyring
from portal.notices import notices as kept_notices
from portal.orders import sharing
from portal.parcels import following
from portal.people import factors, passwords, sessions
from portal.resale.passing import moving as chain_moving
from portal.rights import resale as resale_terms
from portal.service import asking
from portal.web import (
    assets,
    early,
    errors,
    events,
    filters,
    inlined,
    kept,
    label_photo,
    metering,
    one_line_tags,
    replicas,
    request_log,
    security,
)
from portal.web import headers as web_headers

TOP = Path(__file__).resolve().parent.parent  # of the repository; a wheel brings what stands there along
if not (TOP / "templates").is_dir():
    TOP = Path(sys.prefix) / "share/huanhuo-portal"


def create_app(settings: Settings | None = None) -> Flask:
    """The application: settings, extensions, blueprints, error pages; no logic. Raises SettingsError."""
    settings = settings or Settings.from_env()
    app = Flask(__name__, template_folder=str(TOP / "templates"), static_folder=None)
    app.secret_key = settings.secret_key or "not-secret"
    app.session_interface = _NoSession()
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]  # nothing here is a coroutine: not asked each time
    data = settings.data.absolute()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close_to_others(data)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.url,
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=1000,
        TRUSTED_HOSTS=[name.strip() for name in settings.trusted_hosts.split(",") if name.strip()] or None,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=1,  # 4 makes a page a sixth smaller and costs a tenth of it
        COMPRESS_LEVEL=4,
        COMPRESS_MIN_SIZE=800,
        COMPRESS_STREAMS=False,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,  # the routes that have an ETag do that before they render
    )
    if settings.replica_url:
        app.config["SQLALCHEMY_BINDS"] = {replicas.NAME: replicas.describe(settings.replica_url)}
    app.extensions["portal_settings"] = settings
    app.extensions["portal_store"] = store = _make_store(settings, data)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension(one_line_tags.OneLineTags)
    app.jinja_env.add_extension(kept.Kept)
    app.jinja_env.add_extension(inlined.Inlined)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(TOP / "migrations"), compare_type=True)
    with app.app_context():
        _apply(settings, data)
        sharing.use_shared(store if isinstance(store, BucketStore) else None)

    built = assets.Assets(TOP / "static", data / "assets")
    built.build()
    app.extensions["portal_assets"] = built
    app.jinja_env.globals.update(asset=built.url, words=words, tell=told, accepted_photos=imaging.ACCEPTED)
    app.jinja_env.globals["reads_labels"] = label_photo.READS
    filters.install(app)
    events.install(settings.security_log)
    security.install(app, settings)
    errors.install(app)
    Compress(app)
    app.context_processor(_context)
    _blueprints(app, settings)

    app.wsgi_app = early.EarlyAnswers(app, app.wsgi_app, settings)  # type: ignore[method-assign]
    metering.install(app)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(built.target),
        prefix="static/",
        immutable_file_test=assets.is_immutable,
        allow_all_origins=False,
        add_headers_function=_static_headers(settings),
    )
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    if settings.log == "1":
        request_log.install(app)
    return app


def _make_store(settings: Settings, data: Path) -> Store:
    """A folder of this machine, or what several nodes share. Raises SettingsError."""
    if not settings.store:
        return DirectoryStore(data / "evidence")
    try:
        return BucketStore(settings.store, endpoint=settings.store_endpoint)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _close_to_others(data: Path) -> None:
    """A database that an earlier release left readable is for its owner alone."""
    for name in ("portal.db", "portal.db-wal", "portal.db-shm"):
        file = data / name
        if file.is_file() and file.stat().st_mode & 0o077 and file.stat().st_uid == os.getuid():
            file.chmod(file.stat().st_mode & 0o700)


def _apply(settings: Settings, data: Path) -> None:
    """Give the current app what its parts read from the settings. Raises SettingsError."""
    use_lock_file(str(data / "write.lock") if settings.sqlite else None)
    use_pooler(settings.pooler == "1")
    anchors.use_folder(data)
    sessions.use_key(settings.secret_key)
    factors.use_key(settings.secret_key)
    passwords.use_breached(Path(settings.breached_passwords) if settings.breached_passwords else None)
    clock.follow_shift(data / "clock-shift" if settings.qa_open else None)
    lengths.set_deadlines(settings.durations())
    resale_terms.set_rule(resale_terms.Rule(*settings.resale()))
    try:
        keys = (
            encryption.parse_keys(settings.bank_keys)
            if settings.bank_keys
            else encryption.read_keys(data / "bank-keys")
        )
    except encryption.KeysRefused as refused:
        raise SettingsError(f"PORTAL_BANK_KEYS: {refused}") from None
    keyring.set_keys(keys, timedelta(days=settings.bank_days))
    following.set_service(settings.tracking)
    chain_moving.start_listening()
    asking.set_quiet_hours(*settings.quiet())
    kept_notices.set_channels(*(["webhook"] if settings.webhook_url else []))


class _NoSession(SessionInterface):
    """Flask's own session in a signed cookie: not used, and not looked for at every request."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing to save."""


def _blueprints(app: Flask, settings: Settings) -> None:
    from portal import auth, buyer, consumer, files, health, mediation, metrics, operator, qa, seller

    for audience in (auth, buyer, seller, consumer, mediation, operator, files, health, metrics):
        app.register_blueprint(audience.bp)
    if settings.qa_open:
        app.register_blueprint(qa.bp)


def _static_headers(settings: Settings) -> Callable[[Headers, str, str], None]:
    always = dict(web_headers.HEADERS)
    if settings.https == "1":
        always["Strict-Transport-Security"] = web_headers.HSTS

    def add(headers: Headers, _path: str, _url: str) -> None:
        for name, value in always.items():
            headers[name] = value

    return add


def _context() -> dict[str, object]:
    """What every template knows: the macros, who is signed in, and how much is unread."""
    who = g.get("who")
    ui = _ui()
    return {
        "ui": ui,
        "who": who,
        "courier": following.get_service(),
        "now": g.get("now"),
        "said": words.SAID.get(request.args.get("said", "")),
        "unread": who.unread if who is not None else {},
    }


def _ui() -> object:
    from flask import current_app

    env = current_app.jinja_env
    made = env.globals.get("_ui")
    if made is None or env.auto_reload:
        made = env.get_template("ui.html").module
        env.globals["_ui"] = made
    return made


__all__ = ["TOP", "create_app", "models"]
