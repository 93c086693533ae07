"""How often something may be done; counted in the database so that all nodes agree."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta

from flask import g, request
from sqlalchemy import delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import TooManyRequests

from portal import words
from portal.extensions import db, writing
from portal.models import RateCount
from portal.web import once

# name: (how often, in which time)
LIMITS: dict[str, tuple[int, timedelta]] = {
    "apply": (30, timedelta(hours=1)),
    "message": (30, timedelta(minutes=1)),
    "message-day": (500, timedelta(days=1)),
    "message-shop": (10_000, timedelta(days=1)),
    "upload": (60, timedelta(hours=1)),
    "upload-desk": (300, timedelta(hours=1)),
    "upload-shop": (5_000, timedelta(days=1)),
    "label": (60, timedelta(hours=1)),
    "label-desk": (300, timedelta(hours=1)),
    "search": (60, timedelta(minutes=1)),
    "push": (30, timedelta(hours=1)),
    "fetch": (60, timedelta(hours=1)),
    "complaint": (10, timedelta(hours=1)),
    # Each kind of table has an allowance of its own: who imports orders all day can still upload what was paid.
    "import": (20, timedelta(hours=1)),
    "import-payouts": (20, timedelta(hours=1)),
    "import-traces": (20, timedelta(hours=1)),
    "import-chain": (20, timedelta(hours=1)),
    "import-shipping": (20, timedelta(hours=1)),
    "invite": (20, timedelta(hours=1)),
    "export": (6, timedelta(hours=1)),
    "trace": (30, timedelta(hours=1)),
    "track": (30, timedelta(minutes=10)),
    "consumer-link": (30, timedelta(hours=1)),
    "bank-look": (20, timedelta(hours=1)),
}
WHAT: dict[str, str] = {  # what is done too often, and what it is counted in
    "apply": "提交申请|次",
    "message": "发送消息|条",
    "message-day": "发送消息|条",
    "message-shop": "全店发送消息|条",
    "upload": "上传照片|张",
    "upload-desk": "上传照片|张",
    "upload-shop": "全店上传照片|张",
    "label": "用照片读运单号|次",
    "label-desk": "用照片读号码|次",
    "search": "搜索|次",
    "push": "设置推送|次",
    "fetch": "抓取图片|次",
    "complaint": "提交反馈|次",
    "import": "上传订单文件|次",
    "import-payouts": "上传付款结果|次",
    "import-traces": "上传物流记录|次",
    "import-chain": "上传下游订单表|次",
    "import-shipping": "上传发货表|次",
    "invite": "邀请成员|次",
    "export": "下载|次",
    "trace": "录入物流|次",
    "track": "刷新物流|次",
    "consumer-link": "这样操作|次",
    "bank-look": "查看收款账户|次",
}
_WINDOWS = {
    timedelta(minutes=1): "每分钟",
    timedelta(minutes=10): "每 10 分钟",
    timedelta(hours=1): "每小时",
    timedelta(days=1): "每天",
}


class TooOften(TooManyRequests):
    """Something was done more often than it may be; ``sentence`` says until when."""

    def __init__(self, name: str, now: datetime) -> None:
        self.sentence, self.seconds = say_limit(name, now), count_wait(name, now)
        super().__init__(self.sentence)


def say_limit(name: str, now: datetime) -> str:
    """How often this may be done, and from when on it may be done again, in Beijing's time."""
    (most, window), (what, unit) = LIMITS[name], WHAT[name].split("|")
    return f"{_WINDOWS[window]}最多{what} {most} {unit}，这一段已用完；{say_again(name, now)}起可以继续。"


def say_again(name: str, now: datetime) -> str:
    """From when on it may be done again: 「北京时间 15:00 」."""
    here, again = now.astimezone(words.BEIJING), _end_window(name, now).astimezone(words.BEIJING)
    day = "" if again.date() == here.date() else f"{again.month}月{again.day}日 "
    return f"北京时间 {day}{again:%H:%M} "


def count_wait(name: str, now: datetime) -> int:
    """Whole seconds until it may be done again."""
    return max(math.ceil((_end_window(name, now) - now).total_seconds()), 1)


def _end_window(name: str, now: datetime) -> datetime:
    return _window(name, "", now)[1]


_COUNT = text(
    "INSERT INTO rate_counts (bucket, until, count) VALUES (:bucket, :until, 1) "
    "ON CONFLICT (bucket) DO UPDATE SET count = rate_counts.count + 1 RETURNING count"
)


def count(name: str, whom: object, now: datetime) -> bool:
    """Count one more; False when that is too many. Commits on its own, because a refusal must count as well."""
    most, _ = LIMITS[name]
    bucket, until = _window(name, whom, now)
    with writing():
        bound = until.replace(tzinfo=None) if db.session.get_bind().dialect.name == "sqlite" else until
        number = db.session.execute(_COUNT, {"bucket": bucket, "until": bound}).scalar_one()
    return bool(number <= most)


def used(name: str, whom: object, now: datetime) -> int:
    """How often it was done in the present window, at most as often as it may be."""
    bucket, _ = _window(name, whom, now)
    return min(db.session.scalar(select(RateCount.count).where(RateCount.bucket == bucket)) or 0, LIMITS[name][0])


def _window(name: str, whom: object, now: datetime) -> tuple[str, datetime]:
    seconds = LIMITS[name][1].total_seconds()
    start = int(now.timestamp() // seconds)
    return f"{name}:{whom}:{start}"[:120], datetime.fromtimestamp((start + 1) * seconds, now.tzinfo)


def limit(name: str, whom: object) -> None:
    """429 when this was done too often. The same form sent again, as a double tap or a retry does, counts once."""
    marker = _marker(name, whom) if request.form.get("form_key") else ""
    if marker and not _first(marker, LIMITS[name][1]):
        return
    if not count(name, whom, g.now):
        if marker:  # sent again later it is a new try
            with writing():
                db.session.execute(delete(RateCount).where(RateCount.bucket == marker))
        raise TooOften(name, g.now)


def _marker(name: str, whom: object) -> str:
    """What stands for this very form; nothing for one with files, which aren't compared, until it has been done."""
    key = request.form["form_key"]
    if any(file.filename for _, file in request.files.items(multi=True)) and not once.was_done(key):
        return ""
    said = hashlib.sha256(f"{whom}:{key}:{once.fingerprint()}".encode("utf-8", "surrogatepass")).hexdigest()[:40]
    return f"same:{name}:{said}"


def _first(marker: str, window: timedelta) -> bool:
    """Whether no form like this was counted before."""
    row = {"bucket": marker, "until": g.now + window, "count": 1}
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    with writing():
        made = make(RateCount).values(row).on_conflict_do_nothing().returning(RateCount.bucket)
        return db.session.scalar(made) is not None and not once.was_done(request.form["form_key"])


def forget(now: datetime) -> None:
    """Remove windows that have passed."""
    db.session.execute(delete(RateCount).where(RateCount.until < now))
