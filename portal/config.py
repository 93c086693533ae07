"""Settings: one frozen record read from the environment. The README's table is generated from ``SETTINGS``."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from portal import credentials
from portal.calendar import officehours


class SettingsError(ValueError):
    """A setting that can't be used; the message is one line that names it."""


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})(d|h|m)", text.strip())
    if not found:
        raise SettingsError(f"{text!r} is not a duration like 48h, 7d or 90m")
    amount, unit = int(found[1]), found[2]
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[unit]: amount})


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_push_key(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]{43}", text) is not None


def may_carry_keys(text: str) -> bool:
    """Whether keys may be sent to this address: by https, or to this machine."""
    return _is_web_address(text) and (
        urlsplit(text).scheme == "https" or urlsplit(text).hostname in ("127.0.0.1", "localhost", "::1")
    )


def _is_secret(text: str) -> bool:
    try:
        return text.startswith("whsec_") and bool(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def _name_driver(address: str) -> str:
    return re.sub(r"^postgresql://", "postgresql+psycopg://", address)


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; the environment variable is PORTAL_ and the field's name in capitals."""

    data: Path = field(default=Path("var"), metadata={"why": "where the database and the evidence are kept"})
    database_url: str = field(
        default="", metadata={"why": "SQLite in the data folder unless set; PostgreSQL as postgresql+psycopg://…"}
    )
    database_replica: str = field(
        default="", metadata={"why": "a standby of that PostgreSQL, which answers lists that it knows to be up to date"}
    )
    pooler: str = field(
        default="",
        metadata={"why": "1 when the database is reached through PgBouncer in transaction mode"},
    )
    store: str = field(
        default="",
        metadata={"why": "where photos are kept for several nodes: s3://bucket/prefix (AWS_… variables hold the keys)"},
    )
    store_endpoint: str = field(default="", metadata={"why": "an S3-compatible service other than AWS: its address"})
    secret_key: str = field(
        default="", metadata={"why": "signs form tokens; `portal serve` refuses to start without one"}
    )
    qa: str = field(default="", metadata={"why": "1 opens /qa on loopback only; `anywhere` opens it on any address"})
    sqlite_synchronous: str = field(
        default="FULL", metadata={"why": "FULL keeps the last commits at power loss; NORMAL is faster and may not"}
    )
    address: str = field(
        default="", metadata={"why": "what links begin with, https://portal.example; empty: as the reader reached it"}
    )
    trusted_hosts: str = field(
        default="", metadata={"why": "names this portal answers to, separated by commas; empty: any"}
    )
    proxies: int = field(
        default=0, metadata={"why": "how many trusted proxies set X-Forwarded-*; 0 ignores those headers"}
    )
    https: str = field(
        default="", metadata={"why": "1 when people reach the portal by https: __Host- cookie, Secure, HSTS"}
    )
    threads: int = field(default=4, metadata={"why": "threads of each web worker"})
    deadlines: str = field(
        default="",
        metadata={"why": "other deadlines than the defaults, as name=48h,name=7d (names: portal/flow/deadlines.py)"},
    )
    resale_start: str = field(
        default="received",
        metadata={
            "why": "what the term to apply of 铺货 orders runs from: received (else shipped), shipped or confirmed"
        },
    )
    resale_days: str = field(default="7,15", metadata={"why": "working days to apply, and to be done, for 铺货 orders"})
    webhook_url: str = field(default="", metadata={"why": "where notices go besides the portal itself; empty: nowhere"})
    quiet_hours: str = field(
        default="22:00-08:00", metadata={"why": "nothing is sent out in these hours of Beijing; empty: at any time"}
    )
    webhook_secret: str = field(default="", metadata={"why": "signs the webhooks (whsec_…, standardwebhooks format)"})
    push_key: str = field(
        default="",
        metadata={"why": "the private key of Web Push; empty: no pushes; `portal make-push-key` prints one"},
    )
    bank_keys: str = field(
        default="",
        metadata={
            "why": "keys that seal bank accounts, id:base64 of 32 bytes, the newest first; "
            "empty: the file bank-keys in the data folder, without it no account is ever asked for"
        },
    )
    bank_days: int = field(
        default=30, metadata={"why": "days after its payment, or the end of its case, that a bank account is erased"}
    )
    tracking: str = field(
        default="",
        metadata={"why": "who is asked where parcels are: kuaidi100 or kdniao; empty: nobody, people paste and import"},
    )
    kuaidi100_customer: str = field(default="", metadata={"why": "快递100: the customer number of 实时查询"})
    kuaidi100_key: str = field(default="", metadata={"why": "快递100: the key that signs"})
    kdniao_id: str = field(default="", metadata={"why": "快递鸟: the EBusinessID"})
    kdniao_key: str = field(default="", metadata={"why": "快递鸟: the AppKey that signs"})
    kdniao_type: str = field(
        default="1002", metadata={"why": "快递鸟: the RequestType that was subscribed to: 1002, 8001 or 8002"}
    )
    tracking_url: str = field(
        default="", metadata={"why": "another address of the tracking service; https, or http on this machine"}
    )
    tracking_wait: int = field(default=8, metadata={"why": "seconds to wait for each part of the service's answer"})
    tracking_per_minute: int = field(default=60, metadata={"why": "most questions a minute, of all processes together"})
    backup_key: str = field(
        default="",
        metadata={
            "why": "the public key (age1…) that `portal backup` seals for; `portal make-backup-key` makes a pair"
        },
    )
    security_log: str = field(
        default="", metadata={"why": "the file that security events are written to; empty: standard error"}
    )
    breached_passwords: str = field(
        default="",
        metadata={"why": "a folder of stolen passwords: a file for five digits of SHA-1, a line for each rest"},
    )
    second_factor: str = field(
        default="",
        metadata={
            "why": "1 asks operators and mediators for a second factor, 0 doesn't; empty: with PORTAL_HTTPS, not in QA"
        },
    )
    metrics_token: str = field(
        default="", metadata={"why": "who may read /metrics (Authorization: Bearer …); empty: this machine alone"}
    )
    log: str = field(default="", metadata={"why": "1 writes one JSON line a request to standard error"})

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read PORTAL_* variables. Raises SettingsError naming the variable that can't be used."""
        environ = os.environ if environ is None else environ
        values: dict[str, object] = {}
        for setting in fields(cls):
            raw = credentials.find_setting(environ, f"PORTAL_{setting.name.upper()}")
            if raw is None:
                continue
            if isinstance(setting.default, int):
                if not raw.isascii() or not raw.isdigit():
                    raise SettingsError(f"PORTAL_{setting.name.upper()} must be a whole number, not {raw!r}")
                values[setting.name] = int(raw)
            elif isinstance(setting.default, Path):
                values[setting.name] = Path(raw)
            else:
                values[setting.name] = raw
        made = cls(**values)  # type: ignore[arg-type]
        made.check()
        return made

    def check(self) -> None:
        """Raises SettingsError for values that would only fail later."""
        if self.sqlite_synchronous not in ("FULL", "NORMAL"):
            raise SettingsError("PORTAL_SQLITE_SYNCHRONOUS must be FULL or NORMAL")
        if self.qa not in ("", "0", "1", "anywhere"):
            raise SettingsError("PORTAL_QA must be 1 or anywhere")
        for name in ("https", "log", "pooler", "second_factor"):
            if getattr(self, name) not in ("", "0", "1"):
                raise SettingsError(f"PORTAL_{name.upper()} must be 1, or 0")
        if self.threads < 1:
            raise SettingsError("PORTAL_THREADS must be at least 1")
        if self.database_url and not re.match(r"(sqlite|postgresql|postgresql\+psycopg)://", self.database_url):
            raise SettingsError("PORTAL_DATABASE_URL must begin with postgresql+psycopg:// (or sqlite://)")
        if self.database_replica and not (
            self.database_replica.startswith(("postgresql://", "postgresql+psycopg://")) and not self.sqlite
        ):
            raise SettingsError("PORTAL_DATABASE_REPLICA must be a PostgreSQL's address, beside PORTAL_DATABASE_URL's")
        if self.store and not re.match(r"(s3|file|memory)://", self.store):
            raise SettingsError("PORTAL_STORE must begin with s3:// and name a bucket")
        if self.store_endpoint and not _is_web_address(self.store_endpoint):
            raise SettingsError("PORTAL_STORE_ENDPOINT must begin with https:// (or http://) and name a host")
        if self.address and (not _is_web_address(self.address) or urlsplit(self.address).path.strip("/")):
            raise SettingsError(
                "PORTAL_ADDRESS must begin with https:// (or http://), name a host and nothing below it"
            )
        if self.webhook_url and not _is_web_address(self.webhook_url):
            raise SettingsError("PORTAL_WEBHOOK_URL must begin with https:// (or http://) and name a host")
        if self.webhook_url and not _is_secret(self.webhook_secret):
            raise SettingsError("PORTAL_WEBHOOK_SECRET must be whsec_ and base64; webhooks are only sent signed")
        if self.push_key and not _is_push_key(self.push_key):
            raise SettingsError("PORTAL_PUSH_KEY must be what `portal make-push-key` prints")
        if not 1 <= self.bank_days <= 365:
            raise SettingsError("PORTAL_BANK_DAYS must be between 1 and 365")
        self._check_tracking()
        self.durations()
        self.quiet()
        self.resale()

    def _check_tracking(self) -> None:
        keys = {
            "kuaidi100": ("kuaidi100_customer", "kuaidi100_key"),
            "kdniao": ("kdniao_id", "kdniao_key"),
            "": (),
        }
        if self.tracking not in keys:
            raise SettingsError("PORTAL_TRACKING must be kuaidi100 or kdniao, or empty")
        for name in keys[self.tracking]:
            if not getattr(self, name).strip():
                raise SettingsError(f"PORTAL_{name.upper()} is missing; PORTAL_TRACKING={self.tracking} needs it")
        if self.kdniao_type not in ("1002", "8001", "8002"):
            raise SettingsError("PORTAL_KDNIAO_TYPE must be 1002, 8001 or 8002")
        if self.tracking_url and not may_carry_keys(self.tracking_url):
            raise SettingsError("PORTAL_TRACKING_URL must begin with https:// (http:// only on this machine)")
        if not 1 <= self.tracking_wait <= 60:
            raise SettingsError("PORTAL_TRACKING_WAIT must be between 1 and 60 seconds")
        if not 1 <= self.tracking_per_minute <= 6000:
            raise SettingsError("PORTAL_TRACKING_PER_MINUTE must be between 1 and 6000")

    def quiet(self) -> tuple[int, int]:
        """The quiet hours as minutes of the day; (0, 0): none. Raises SettingsError."""
        if not self.quiet_hours:
            return 0, 0
        begins, _, ends = self.quiet_hours.partition("-")
        try:
            return officehours.parse_minutes(begins), officehours.parse_minutes(ends)
        except ValueError:
            raise SettingsError("PORTAL_QUIET_HOURS must be like 22:00-08:00") from None

    def resale(self) -> tuple[str, int, int]:
        """From what the first term of 铺货 orders runs, and both terms in working days. Raises SettingsError."""
        if self.resale_start not in ("received", "shipped", "confirmed"):
            raise SettingsError("PORTAL_RESALE_START must be received, shipped or confirmed")
        found = re.fullmatch(r"([1-9]\d?),([1-9]\d?)", self.resale_days)
        if not found:
            raise SettingsError("PORTAL_RESALE_DAYS must be two numbers of working days like 7,15")
        return self.resale_start, int(found[1]), int(found[2])

    def durations(self) -> dict[str, timedelta]:
        """The deadlines given in PORTAL_DEADLINES, by name."""
        chosen: dict[str, timedelta] = {}
        for part in filter(None, (p.strip() for p in self.deadlines.split(","))):
            name, _, value = part.partition("=")
            try:
                chosen[name.strip()] = _duration(value)
            except SettingsError as error:
                raise SettingsError(f"PORTAL_DEADLINES: {error}") from None
        return chosen

    @property
    def url(self) -> str:
        """The database's address; the default is SQLite in the data folder."""
        return _name_driver(self.database_url) or f"sqlite:///{(self.data / 'portal.db').absolute()}"

    @property
    def replica_url(self) -> str:
        """The standby's address; empty: there is none."""
        return _name_driver(self.database_replica)

    @property
    def sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def needs_second_factor(self) -> bool:
        """Whether operators and mediators must have one."""
        return self.second_factor == "1" or (self.second_factor == "" and self.https == "1" and not self.qa_open)

    @property
    def qa_open(self) -> bool:
        return self.qa in ("1", "anywhere")
