"""证据包: every event and every file is in it, it can be checked without the portal, and nobody else gets it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from portal import dossier
from portal.evidence import evidence, imaging
from portal.extensions import Model, db, writing
from portal.flow import Actor
from portal.models import Case, CaseEvent, Evidence, Message, Order, OrderLine, Parcel, RateCount, Shop
from portal.orders import order_lists
from portal.rights import policies
from portal.talk import conversations
from portal.tracking import scans as case_scans
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.pictures import photo
from tests.web.inspector import elements, faults

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {} {0} %s &amp; 双引号“”"


def real_photos(app: Flask, number: int, owner: int, side: str, at: Any) -> list[str]:
    """Loose photos with their files in the store; each another picture."""
    store = app.extensions["portal_store"]
    incoming = [imaging.IncomingFile(f"{n}.jpg", io.BytesIO(photo((64 + n, 48)))) for n in range(min(number, 3))]
    images, _ = imaging.prepare_each(incoming)
    images = [images[n % len(images)] for n in range(number)]
    stored = evidence.add_photo(store, images)
    shop_id = db.session.scalars(db.select(db.func.min(Shop.id))).one()
    with writing():
        return evidence.keep_photos(stored, shop_id=shop_id, owner_id=owner, side=side, now=at)


def talk(app: Flask, cast: Cast, case: Case, *said: tuple[str, str, int]) -> None:
    """Messages of (side, words, how many photos)."""
    order_id, now = case.order_id, cast.now
    for side, words, photos in said:
        owner = cast.buyer if side == "buyer" else cast.seller
        kept = real_photos(app, photos, owner, side, now) if photos else []
        with writing():
            order = db.session.get_one(Order, order_id)
            conversations.add_message(conversations.get_of_order(order, now), side, owner, words, now=now, photos=kept)  # type: ignore[arg-type]


def lively(app: Flask, cast: Cast) -> Case:
    """A case that has been through most of it, with photos of both sides, parcels with scans and a conversation."""
    case = cast.open_case(cast.order(lines=2), lines=2)
    talk(app, cast, case, ("buyer", "什么时候处理?", 0), ("seller", "请看图", 2), ("buyer", "收到,谢谢", 1))
    case = cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍外包装")
    photos = real_photos(app, 3, cast.buyer, "buyer", cast.now)
    case = cast.take(case, "modify", Actor.BUYER, photos=photos, note="", reason="damaged", description="两处破洞")
    case = cast.take(case, "agree", Actor.SELLER)
    case = cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", "75484863576596")])
    parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id)).one()
    with writing():
        case_scans.record_trace(parcel, at=cast.now, status="signed", said="已签收,签收人是门卫", now=cast.now)
    facts = cast._facts_of(case, {"dispute": 1_000}, cast.now)
    facts["photos"] = real_photos(app, 2, cast.seller, "seller", cast.now)
    return cast.take(case, "dispute_goods", Actor.SELLER, **facts)


def url_of(case_no: str, side: str) -> str:
    return f"{'/seller' if side == 'seller' else ''}/cases/{case_no}/pack.zip"


def files_of(answer: TestResponse) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.status_code
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        assert pack.testzip() is None
        return {name: pack.read(name) for name in pack.namelist()}


def unpacked(answer: TestResponse, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        pack.extractall(folder)
    return folder


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the README tells people to run."""
    command = ["sha256sum", "--strict", "-c", dossier.MANIFEST]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(params=["buyer", "seller"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_everything_is_in_it(app: Flask, cast: Cast, now: Clock, side: str) -> None:
    case = lively(app, cast)
    case_id, case_no = case.id, case.case_no
    browser = sign_in(app, side)
    page = browser.get(url_of(case_no, side).removesuffix("/pack.zip"))
    assert f'href="{url_of(case_no, side)}" download' in page.text
    answer = browser.get(url_of(case_no, side))
    assert answer.mimetype == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=\"evidence-{case_no}.zip\"; filename*=UTF-8''%E8%AF%81%E6%8D%AE%E5%8C%85-{case_no}.zip"
    )
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    files = files_of(answer)
    assert {name for name in files if "/" not in name} == {
        "timeline.html",
        "case.json",
        "messages.html",
        "messages.json",
        "README.txt",
        "MANIFEST.sha256",
    }

    record = json.loads(files["case.json"])
    stored = db.session.execute(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version))
    events = list(stored.scalars())
    assert len(events) == 6
    for event, said in zip(events, record["events"], strict=True):
        for name in ("version", "step", "actor", "author", "user_id", "note", "before_hash", "hash"):
            assert said[name] == getattr(event, name)
        for name, value in event.data.items():
            assert (said["data"][name] == value) == (name not in said["hidden"])
    whose = {"buyer": ["return_address"], "seller": ["receiver"]}[side]  # nothing is sent either way any more
    assert [name for said in record["events"] for name in said["hidden"]] == whose
    timeline = files["timeline.html"].decode()
    for event in events:
        assert event.hash in timeline and f"第 {event.version} 条" in timeline
        assert not event.note or event.note in timeline
    for word in (
        "两处破洞",
        "退货地址：仓* 138****8000" if side == "buyer" else "退货地址：仓库 13800138000",
        "寄回的包裹",
        "已签收,签收人是门卫",
        "交易快照",
        "货品标题",
        "¥12.50",
        "收到 2，通过 1",
        "2026-11-23 10:00:00",
        "哈希链完整",
        "收货后 15 天内可申请",
    ):
        assert word in timeline, word
    assert [line["order_line"]["snapshot"]["型号"] for line in record["lines"]] == ["黑色;L"] * 2
    assert record["parcels"][0]["traces"] == [
        {"at": "2026-11-23T02:00:00+00:00", "status": "signed", "words": "已签收,签收人是门卫"}
    ]
    assert record["policy"]["version"] == 1 and record["policy"]["text"]
    assert record["case"]["state"] == "disputed" and record["case"]["version"] == 6
    assert record["order"]["paid_fen"] == 25_000

    used = (Evidence.case_id.is_not(None)) | (Evidence.message_id.is_not(None))
    rows = db.session.scalars(select(Evidence).where(used).order_by(Evidence.id)).all()
    photos = [name for name in files if name.startswith("photos/")]
    assert len(photos) == len(rows) == 8
    assert sorted(hashlib.sha256(files[name]).hexdigest() for name in photos) == sorted(row.sha256 for row in rows)
    assert {photo["file"] for photo in record["photos"]} == set(photos[:5])
    for name in photos[:5]:
        assert f'src="{name}"' in timeline
    messages = json.loads(files["messages.json"])
    assert [message["words"] for message in messages] == ["什么时候处理?", "请看图", "收到,谢谢"]
    assert [len(message["photos"]) for message in messages] == [0, 2, 1]
    assert {photo["file"] for message in messages for photo in message["photos"]} == set(photos[5:])
    for name in photos[5:]:
        assert f'src="{name}"' in files["messages.html"].decode()


def test_it_can_be_checked_without_the_portal(app: Flask, cast: Cast, now: Clock, side: str, tmp_path: Path) -> None:
    """By the two ways that the README gives, run as it says them; and both find what was altered."""
    case = lively(app, cast)
    folder = unpacked(sign_in(app, side).get(url_of(case.case_no, side)), tmp_path / "pack")
    done = check(folder)
    assert done.returncode == 0, done.stderr
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {line.split(":")[0] for line in done.stdout.splitlines()} == present - {dossier.MANIFEST}

    script = (folder / dossier.README).read_text().split("-----8<-----\n")[1]
    chain = [sys.executable, "-c", script]
    good = subprocess.run(chain, cwd=folder, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    newest = db.session.scalar(select(CaseEvent.hash).order_by(CaseEvent.version.desc()))
    assert newest is not None and newest in good.stdout

    record = folder / "case.json"
    record.write_text(record.read_text().replace("请补拍外包装", "请补拍内包装"))
    assert check(folder).returncode == 1
    bad = subprocess.run(chain, cwd=folder, capture_output=True, text=True, check=False)
    assert bad.returncode == 1 and "第 2 条记录与哈希不符" in bad.stderr


def test_a_broken_chain_is_said(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    case_id, case_no = case.id, case.case_no
    with writing():
        db.session.execute(db.text("DROP TRIGGER case_events_unchanged"))
        first = (CaseEvent.case_id == case_id, CaseEvent.version == 1)
        db.session.execute(update(CaseEvent).where(*first).values(note="别的话"))
    files = files_of(sign_in(app, "buyer").get(url_of(case_no, "buyer")))
    assert "哈希链不完整：第 1 条" in files["timeline.html"].decode()
    assert json.loads(files["case.json"])["broken_events"] == [1]
    assert "第 1 条记录与登记的哈希不符" in files["README.txt"].decode()


def test_the_same_case_gives_the_same_file(app: Flask, cast: Cast, now: Clock, side: str) -> None:
    case_no = lively(app, cast).case_no
    browser = sign_in(app, side)
    first = browser.get(url_of(case_no, side)).data
    now.forward(minutes=7)
    assert browser.get(url_of(case_no, side)).data == first
    with zipfile.ZipFile(io.BytesIO(first)) as pack:
        assert {entry.date_time for entry in pack.infolist()} == {(2026, 11, 23, 10, 0, 0)}
        for entry in pack.infolist():
            stored = entry.filename.startswith("photos/")
            assert entry.compress_type == (zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
            assert re.fullmatch(r"(photos/)?[\w.-]+", entry.filename, re.ASCII)


def test_whose_address_is_shown(app: Flask, cast: Cast, now: Clock) -> None:
    """As on the page of that side; what isn't verbatim is named, and the chain of hashes still holds."""
    case_no = cast.until("returning").case_no
    of_buyer = files_of(sign_in(app, "buyer").get(url_of(case_no, "buyer")))
    of_seller = files_of(sign_in(app, "seller").get(url_of(case_no, "seller")))
    timeline = of_seller["timeline.html"].decode()
    assert "李* 134****9650 四川省成都市武侯区****" in timeline
    assert not any(b"13425059650" in content or "一环路".encode() in content for content in of_seller.values())
    case = json.loads(of_seller["case.json"])
    assert (case["case"]["receiver_phone"], case["case"]["receiver_masked"]) == ("134****9650", True)
    assert [event["hidden"] for event in case["events"]] == [["receiver"], []]
    assert "hidden 不为空" in of_seller["README.txt"].decode()
    assert "13425059650" in of_buyer["timeline.html"].decode()
    script = of_seller["README.txt"].decode().split("-----8<-----")[1]
    for files in (of_buyer, of_seller):
        assert run_check(script, files["case.json"]).startswith("哈希链完整")
    forged = of_seller["case.json"].replace("买家提交了".encode(), b"").replace(b'"agree"', b'"reject"')
    with pytest.raises(SystemExit):
        run_check(script, forged)


def run_check(script: str, content: bytes) -> str:
    """What the README's program says of a case.json."""
    said: list[str] = []
    names = {
        "open": lambda *_args, **_named: io.StringIO(content.decode()),
        "print": lambda *a: said.append(" ".join(a)),
    }
    exec(script, names)
    return said[-1]


@pytest.mark.parametrize("name", ["buyer2", "seller2"])
def test_a_stranger_finds_nothing(app: Flask, cast: Cast, now: Clock, side: str, name: str) -> None:
    case_no = cast.until("applied").case_no
    stranger = sign_in(app, name)
    assert stranger.get(url_of(case_no, side)).status_code == 404
    assert stranger.head(url_of(case_no, side)).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(RateCount)) == 0
    other = "buyer" if side == "seller" else "seller"
    assert sign_in(app, other).get(url_of(case_no, side)).status_code == 404


def test_signed_out_it_asks(cast: Cast, now: Clock, client: FlaskClient, side: str) -> None:
    answer = client.get(url_of(cast.until("applied").case_no, side))
    assert answer.status_code == 303 and answer.location.startswith("/login?next=")


def test_six_in_an_hour(app: Flask, cast: Cast, now: Clock, side: str) -> None:
    url = url_of(cast.until("applied").case_no, side)
    browser = sign_in(app, side)
    for _ in range(6):
        assert browser.get(url).status_code == 200
        assert browser.head(url).status_code == 200  # which isn't counted
    refused = browser.get(url)
    assert refused.status_code == 429
    assert "每小时最多下载 6 次" in refused.text and refused.headers["Retry-After"] == "3600"
    now.forward(hours=1)
    assert browser.get(url).status_code == 200


def test_looking_changes_nothing(app: Flask, cast: Cast, now: Clock, side: str) -> None:
    case_no = lively(app, cast).case_no
    browser = sign_in(app, side)

    def rows() -> dict[str, list[Any]]:
        db.session.rollback()
        tables = [table for table in Model.metadata.sorted_tables if table.name != "rate_counts"]
        return {table.name: list(db.session.execute(select(table))) for table in tables}

    before = rows()
    assert browser.get(url_of(case_no, side)).status_code == 200
    assert rows() == before
    folder = app.extensions["portal_settings"].data
    assert not [path for path in folder.iterdir() if path.name.startswith("tmp")]


def test_a_missing_and_an_altered_photo(app: Flask, cast: Cast, now: Clock, side: str, tmp_path: Path) -> None:
    case = cast.open_case()
    photos = real_photos(app, 3, cast.buyer, "buyer", cast.now)
    case = cast.take(case, "modify", Actor.BUYER, photos=photos)
    case_no = case.case_no
    rows = db.session.execute(select(Evidence.key, Evidence.sha256).order_by(Evidence.id)).all()
    db.session.rollback()
    store = app.extensions["portal_store"]
    store.delete(rows[0].key)
    store.path(rows[1].key).write_bytes(b"something else")
    answer = sign_in(app, side).get(url_of(case_no, side))
    files = files_of(answer)
    assert len([name for name in files if name.startswith("photos/")]) == 2
    readme, manifest = files["README.txt"].decode(), files["MANIFEST.sha256"].decode()
    for text in (readme, manifest):
        assert "文件缺失" in text and rows[0].sha256 in text
        assert "与登记的校验值不符" in text and rows[1].sha256 in text
    timeline = files["timeline.html"].decode()
    assert '<div class="missing">文件缺失</div>' in timeline and "文件与登记的校验值不符" in timeline
    assert timeline.count("<img ") == 2
    record = json.loads(files["case.json"])["photos"]
    assert [photo["file"] is None for photo in record] == [True, False, False]
    done = check(unpacked(answer, tmp_path / "pack"))
    assert done.returncode == 0, done.stderr  # what is there is whole; what isn't is a remark


def test_rows_without_any_file(app: Flask, cast: Cast, now: Clock, side: str) -> None:
    case_no = cast.until("disputed").case_no  # the cast's photos have no files
    files = files_of(sign_in(app, side).get(url_of(case_no, side)))
    assert files["README.txt"].decode().count("文件缺失") == 2


def test_a_key_that_no_store_knows(app: Flask, cast: Cast, now: Clock) -> None:
    case_no = cast.until("disputed").case_no
    with writing():
        db.session.execute(update(Evidence).values(key="../../../etc/passwd"))
    files = files_of(sign_in(app, "buyer").get(url_of(case_no, "buyer")))
    assert all(".." not in name for name in files)
    assert files["README.txt"].decode().count("文件缺失") == 2


def test_words_of_people_are_only_words(app: Flask, cast: Cast, now: Clock, side: str) -> None:
    """Whatever stands in any text of the case, order, policy or conversation, no tag comes of it."""
    with writing():
        policies.publish_policy(
            cast.shop,
            window_days=15,
            hidden_days=30,
            special_freight="seller",
            guarantees=[],
            excluded=[NASTY],
            words=NASTY,
            by=cast.seller,
            now=cast.now,
        )
    case = cast.until("inspecting")
    case_id, order_id, case_no = case.id, case.order_id, case.case_no
    talk(app, cast, case, ("buyer", NASTY, 0), ("seller", NASTY, 1))
    with writing():
        case = db.session.get_one(Case, case_id)
        case.description = case.basis = case.return_note = case.receiver_address = NASTY
        case.receiver_name = f"<b>{NASTY}"[:90]
        order = db.session.get_one(Order, order_id)
        order.carrier_text = order.tracking_text = NASTY
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).one()
        line.cargo_no, line.snapshot = NASTY[:60], {NASTY: NASTY, "数": 5, "空": None}
        db.session.execute(update(Parcel).values(note=NASTY, tracking_no="<i>1</i>", carrier_name="<u>x</u>"))
        db.session.execute(update(Evidence).values(taken_note='"><script>'))
        db.session.execute(update(Message).values(data={"lines": [[1, NASTY]]}))
        parcel = db.session.scalars(select(Parcel.id)).one()
        case_scans.record_trace(parcel, at=cast.now, status="transit", said=NASTY, now=cast.now)
    cast.take(
        db.session.get_one(Case, case_id),
        "edit_parcel",
        Actor.BUYER,
        parcel_id=parcel,
        carrier="SF",
        number="SF1234567890123",
        note=NASTY,
    )
    files = files_of(sign_in(app, side).get(url_of(case_no, side)))
    for name in ("timeline.html", "messages.html"):
        text = files[name].decode()
        assert "&lt;script&gt;alert(1)" in text
        tree = html5lib.parse(text, namespaceHTMLElements=False)
        assert not {"script", "iframe", "object", "form", "b", "i", "u"} & {element.tag for element in tree.iter()}
        assert all(not key.startswith("on") for element in tree.iter() for key in element.attrib)
        for element in elements(tree, "a", "img", "link"):
            address = element.get("href") or element.get("src") or ""
            assert re.fullmatch(r"photos/[\w.-]+|#v\d+", address), address
    assert json.loads(files["messages.json"])[0]["words"] == NASTY


def test_the_pages_are_sound(app: Flask, cast: Cast, now: Clock, side: str) -> None:
    files = files_of(sign_in(app, side).get(url_of(lively(app, cast).case_no, side)))
    for name in ("timeline.html", "messages.html"):
        text = files[name].decode()
        assert [fault for fault in faults(text) if fault != "an inline style"] == []
        assert "script-src 'none'" in text and "http" not in text.replace("http-equiv", "")


def test_forty_photos(app: Flask, cast: Cast, now: Clock, side: str, tmp_path: Path) -> None:
    case = cast.open_case()
    photos = real_photos(app, evidence.MOST_PER_SIDE, cast.buyer, "buyer", cast.now)
    case = cast.take(case, "modify", Actor.BUYER, photos=photos)
    answer = sign_in(app, side).get(url_of(case.case_no, side))
    names = [name for name in files_of(answer) if name.startswith("photos/")]
    assert len(names) == 40
    assert [name[7:9] for name in names] == [f"{number:02d}" for number in range(1, 41)]
    assert check(unpacked(answer, tmp_path / "pack")).returncode == 0


def test_a_long_conversation(app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read some messages at a time, and of very many photos only the newest come along."""
    monkeypatch.setattr(dossier.facts, "MESSAGES_AT_ONCE", 7)
    monkeypatch.setattr(dossier.facts, "MOST_TALK_PHOTOS", 2)
    case = cast.open_case()
    case_no = case.case_no
    talk(app, cast, case, *[("buyer", f"第{number:03d}句", number % 10 == 0) for number in range(40)])
    files = files_of(sign_in(app, "buyer").get(url_of(case_no, "buyer")))
    messages = json.loads(files["messages.json"])
    assert [message["words"] for message in messages] == [f"第{number:03d}句" for number in range(40)]
    named = [photo["file"] for message in messages for photo in message["photos"]]
    assert [name is None for name in named] == [True, True, False, False]
    assert files["messages.html"].decode().count("照片未附上") == 2


def test_without_a_conversation_there_is_no_file_of_it(app: Flask, cast: Cast, now: Clock) -> None:
    files = files_of(sign_in(app, "buyer").get(url_of(cast.open_case().case_no, "buyer")))
    assert not [name for name in files if name.startswith("messages")]
    assert "messages" not in files["README.txt"].decode()


def test_another_document_is_one_row(app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seam for agreements, money and mediation: a row is a file, named in the README and the manifest."""
    rows = (
        *dossier.DOCUMENTS,
        dossier.Document("agreements.html", "双方达成的方案", lambda found: [f"协议 {found.case.case_no}"]),
        dossier.Document("none.json", "没有的", lambda found: []),
    )
    monkeypatch.setattr(dossier, "DOCUMENTS", rows)
    case_no = cast.open_case().case_no
    files = files_of(sign_in(app, "seller").get(url_of(case_no, "seller")))
    assert files["agreements.html"].decode() == f"协议 {case_no}"
    assert "none.json" not in files
    assert "双方达成的方案" in files["README.txt"].decode()
    assert "  agreements.html\n" in files["MANIFEST.sha256"].decode()


def test_no_room_is_said_as_such(app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, content: Any) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("portal.web.packs.tempfile.TemporaryFile", lambda dir: Full())
    answer = sign_in(app, "buyer").get(url_of(cast.open_case().case_no, "buyer"))
    assert answer.status_code == 507


def test_on_both_databases(both: Flask, cast_both: Cast, now: Clock) -> None:
    """Straight through the domain."""
    case = lively(both, cast_both)
    into = io.BytesIO()
    dossier.build(case.id, Actor.SELLER, store=both.extensions["portal_store"], into=into, now=now.at)
    with zipfile.ZipFile(into) as pack:
        record = json.loads(pack.read("case.json"))
    assert record["broken_events"] == [] and len(record["events"]) == 6


def test_a_pack_has_no_card_number(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    order_no = db.session.get_one(Order, case.order_id).order_no
    case_no = case.case_no
    assert order_lists.known_numbers(case.order_id, {order_no}) == {order_no}
    post(sign_in(app, "buyer"), f"/orders/{order_no}/contact", {"words": "退到 6222 0212 3456 7890 128"})
    files = files_of(sign_in(app, "seller").get(url_of(case_no, "seller")))
    assert "退到 **** **** **** 0128" in files["messages.html"].decode()
    assert not [name for name, content in files.items() if b"6222 0212" in content]
