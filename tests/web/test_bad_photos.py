"""Every file of tests/pictures.py through the real forms: taken, or refused in its own words; nothing else is lost."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from portal import doctor
from portal.extensions import db, writing
from portal.models import Draft, Evidence, Message, OrderLine
from portal.web import rates
from tests import pictures
from tests.cast import Cast, post, sign_in, token_of
from tests.pictures import NAMES, NOT_A_PHOTO, PICTURES, Picture
from tests.web.inspector import inspect
from tests.web.places import Quick

TOGETHER = 5  # files in one request
MOST = 9 * 1024 * 1024  # bytes in one request with others
BUILT: dict[str, bytes] = {}


def content(picture: Picture) -> bytes:
    return BUILT.setdefault(picture.id, picture.build())


def each_sentence() -> list[Picture]:
    """One picture for each sentence of refusal, and as many good ones."""
    bad = list({picture.refused: picture for picture in PICTURES if picture.refused}.values())
    return bad + [picture for picture in PICTURES if not picture.refused][: len(bad)]


def batches(some: Sequence[Picture] = PICTURES) -> list[list[Picture]]:
    """All of them, good and bad mixed, as many at a time as a request may carry."""
    order = sorted(some, key=lambda picture: hash_of(picture.id))
    found: list[list[Picture]] = [[]]
    size = 0
    for picture in order:
        size += len(content(picture))
        if len(found[-1]) == TOGETHER or (found[-1] and size > MOST):
            found.append([])
            size = len(content(picture))
        found[-1].append(picture)
    return found


def hash_of(text: str) -> int:
    """The same in every process, unlike hash()."""
    return sum(ord(char) * 31**at for at, char in enumerate(text)) % 1_009


@pytest.fixture
def app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    app.test_client_class = Quick
    for name in rates.LIMITS:
        monkeypatch.setitem(rates.LIMITS, name, (10**9, timedelta(days=1)))
    yield app
    db.session.rollback()
    assert not any(doctor.findings(app.extensions["portal_store"]))


def on_disk(app: Flask) -> list[Path]:
    folder = app.extensions["portal_settings"].data / "evidence"
    return [path for path in folder.rglob("*") if path.is_file()]


def files(some: Sequence[Picture]) -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(content(picture)), picture.name) for picture in some]


def explained(page: TestResponse, some: Sequence[Picture]) -> None:
    """Each refused file with its number and its own words; the good ones with none."""
    text = page.get_data(as_text=True)
    for number, picture in enumerate(some, 1):
        mark = f"第 {number} 张照片"
        if picture.refused:
            assert mark in text, (picture.id, mark)
            assert str(escape(picture.refused)) in text, (picture.id, picture.refused)
        else:
            assert mark not in text, picture.id


@pytest.mark.parametrize("share", range(4))
def test_in_a_message(app: Flask, cast: Cast, now: object, share: int) -> None:
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(app, "buyer")
    kept, said = 0, 0
    for some in batches()[share::4]:
        good = [picture for picture in some if not picture.refused]
        answer = post(buyer, url, {"words": "有破损", "photos": files(some)})
        kept += len(good)
        assert len(on_disk(app)) == 2 * kept  # a photo and its small picture, nothing of the others
        if len(good) == len(some):
            assert answer.status_code == 303
        else:
            assert answer.status_code == 422
            explained(answer, some)
            assert "有破损" in answer.text
            assert answer.text.count('name="photos_kept"') == len(good)
            again = {"words": "有破损", "photos_kept": kept_in(answer)}
            assert buyer.post(url, data={**token_of(answer), **again}).status_code == 303
        said += 1
        db.session.rollback()
        newest = db.session.scalar(select(func.max(Message.id)))
        assert db.session.scalar(select(func.count()).where(Evidence.message_id == newest)) == len(good)
    assert db.session.scalar(select(func.count()).select_from(Message)) == said


def kept_in(page: TestResponse) -> list[str]:
    return [part.split('"')[0] for part in page.text.split('name="photos_kept" value="')[1:]]


def begin(buyer: FlaskClient, cast: Cast) -> tuple[str, dict[str, str]]:
    """A new draft for broken goods, which needs a photo: the address of its details, and a good form."""
    order = cast.order()
    order_no = order.order_no
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
    assert post(buyer, f"/orders/{order_no}/apply", {"line": line, "reason": "damaged"}).status_code == 303
    good = {
        f"quantity_{line}": "2",
        "description": "袜子破洞",
        "name": "李雯",
        "phone": "13425059650",
        "address": "成都市",
    }
    return f"/orders/{order_no}/apply/details", good


def test_in_an_application(app: Flask, cast: Cast, now: object) -> None:
    """The gate is the same as in a message: here by day only each sentence, and what becomes of the form."""
    apply_with(app, cast, batches(each_sentence()))


@pytest.mark.nightly
@pytest.mark.parametrize("share", range(4))
def test_all_in_an_application(app: Flask, cast: Cast, now: object, share: int) -> None:
    apply_with(app, cast, batches()[share::4])


def apply_with(app: Flask, cast: Cast, many: list[list[Picture]]) -> None:
    buyer = sign_in(app, "buyer")
    kept = 0
    for some in many:
        url, form = begin(buyer, cast)
        good = [picture for picture in some if not picture.refused]
        answer = post(buyer, url, {**form, "photos": files(some)})
        kept += len(good)
        assert len(on_disk(app)) == 2 * kept
        assert answer.status_code == (303 if len(good) == len(some) else 422)
        if answer.status_code == 422:
            explained(answer, some)
        shown = buyer.get(url)
        for value in form.values():
            assert value in shown.text  # nothing of the other fields is lost
        assert shown.text.count('name="drop_photo"') == len(good)
        if good and answer.status_code == 422:
            assert post(buyer, url, form).status_code == 303  # the good ones are enough
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(Evidence.draft_id.is_not(None))) == kept


def test_a_bad_photo_and_a_bad_field_at_once(app: Flask, cast: Cast, now: object) -> None:
    """Both are said; the good photo stays, and so do the good fields and those that were there before."""
    buyer = sign_in(app, "buyer")
    url, form = begin(buyer, cast)
    assert post(buyer, url, {**form, "photos": [(io.BytesIO(pictures.jpeg()), "一.jpg")]}).status_code == 303
    mixed = [(io.BytesIO(pictures.png()), "二.png"), (io.BytesIO(b"MZ"), "三.jpg")]
    answer = post(buyer, url, {**form, "phone": "不是电话", "photos": mixed})
    assert answer.status_code == 422
    assert "第 2 张照片" in answer.text and "请填写 11 位手机号" in answer.text
    assert "不是电话" in answer.text and "袜子破洞" in answer.text
    assert answer.text.count('name="drop_photo"') == 2
    assert len(on_disk(app)) == 4
    inspect(answer)


def test_ten_photos_are_one_too_many(app: Flask, cast: Cast, now: object) -> None:
    buyer = sign_in(app, "buyer")
    url, form = begin(buyer, cast)
    ten = [(io.BytesIO(pictures.jpeg()), f"{number}.jpg") for number in range(10)]
    answer = post(buyer, url, {**form, "photos": ten})
    assert answer.status_code == 422
    assert "最多 9 张照片，多出的 1 张没有保存" in answer.text
    assert len(on_disk(app)) == 18
    more = post(buyer, url, {**form, "photos": [(io.BytesIO(pictures.jpeg()), "11.jpg")]})
    assert more.status_code == 422 and len(on_disk(app)) == 18


def test_more_than_a_request_may_carry(app: Flask, cast: Cast, now: object) -> None:
    buyer = sign_in(app, "buyer")
    url, form = begin(buyer, cast)
    large = pictures.jpeg().ljust(7 * 1024 * 1024, b"\0")
    answer = post(buyer, url, {**form, "photos": [(io.BytesIO(large), "一.jpg"), (io.BytesIO(large), "二.jpg")]})
    assert answer.status_code == 413
    assert "每张照片不超过 10 MB，一次提交总共不超过 12 MB" in answer.text
    assert on_disk(app) == []
    inspect(answer)


def test_names_of_files_matter_nowhere(app: Flask, cast: Cast, now: object) -> None:
    """What a file is called decides nothing, is kept nowhere, and breaks no page."""
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(app, "buyer")
    token = token_of(buyer.get(url))
    for raw, _ in NAMES:
        if not raw or "\ud800" in raw:
            continue  # no file was chosen; and what can't be sent
        name = raw.replace("\r", "").replace("\n", "")  # the test client can't send a broken header
        answer = buyer.post(url, data={**token, "photos": (io.BytesIO(b"no photo"), name)})
        assert answer.status_code == 422
        assert NOT_A_PHOTO in answer.text
        inspect(answer, repr(name[:80]))
    assert on_disk(app) == []


def test_photos_of_others_and_of_nobody(app: Flask, cast: Cast, now: object) -> None:
    """A photo is named by a random number; one that isn't one's own counts for nothing."""
    buyer = sign_in(app, "buyer")
    url, form = begin(buyer, cast)
    [foreign] = cast.photos(1, cast.buyer2)
    for named in (foreign, "0" * 32, "", "\x00" * 32, "../../etc/passwd", "x" * 5_000):
        answer = post(buyer, url, {**form, "photos_kept": named, "drop_photo": foreign})
        assert answer.status_code == 422, named[:40]
        assert "请上传能看出问题的照片" in answer.text
    db.session.rollback()
    row = db.session.execute(select(Evidence.draft_id, Evidence.owner_id)).one()
    assert (row.draft_id, row.owner_id) == (None, cast.buyer2)
    store = app.extensions["portal_store"]
    for key in db.session.execute(select(Evidence.key, Evidence.thumb_key)).one():
        store.put(key, b"x")
    with writing():
        same = hashlib.sha256(b"x").hexdigest()
        db.session.execute(update(Evidence).values(sha256=same, thumb_sha256=same))
    assert db.session.scalar(select(func.count()).select_from(Draft)) == 1
