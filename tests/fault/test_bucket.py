"""Photos and order exports in a bucket that nodes share: the same as in a folder, and seen by every node."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from flask import Flask
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from portal import create_app, database
from portal.calendar import clock
from portal.cli.servers import refuse_weak_settings
from portal.config import Settings, SettingsError
from portal.evidence import copying, evidence
from portal.evidence.bucket import BucketStore
from portal.evidence.imaging import IncomingFile, prepare
from portal.evidence.store import BadKey, DirectoryStore
from portal.extensions import db, writing
from portal.orders import uploads
from tests.cast import Cast
from tests.conftest import BANK_KEYS
from tests.pictures import jpeg, png
from tests.postgres import fresh_database

KEY = "ab/ab" + "0" * 30 + ".webp"
OTHER = "cd/cd" + "1" * 30 + ".jpg"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(service: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty bucket."""
    for name, value in (("ACCESS_KEY_ID", "id"), ("SECRET_ACCESS_KEY", "secret"), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    name = f"bucket-{secrets.token_hex(6)}"
    boto3.client("s3", endpoint_url=service, region_name="us-east-1").create_bucket(Bucket=name)
    return f"s3://{name}/photos"


def test_a_bucket_keeps_what_a_folder_keeps(bucket: str, service: str) -> None:
    store = BucketStore(bucket, endpoint=service)
    assert (list(store.keys()), store.read_identity()) == ([], "")
    store.put(KEY, b"picture")
    store.put(OTHER, b"")
    store.claim("this one")
    with store.open(KEY) as file:
        assert file.read() == b"picture"
    assert {key for key, _ in store.keys()} == {KEY, OTHER}
    assert all(abs(datetime.now(UTC) - at) < timedelta(minutes=5) for _, at in store.keys())
    store.set_aside(KEY)
    store.set_aside(KEY)
    assert ([key for key, _ in store.keys()], [key for key, _ in store.list_aside()]) == ([OTHER], [KEY])
    assert store.clear_aside(datetime.now(UTC)) == 0
    assert (store.take_back(KEY), store.take_back(KEY)) == (True, False)
    store.set_aside(KEY)
    assert store.clear_aside(datetime.now(UTC) + timedelta(days=31)) == 1
    store.delete(OTHER)
    store.delete(OTHER)
    assert (list(store.keys()), list(store.list_aside()), store.read_identity()) == ([], [], "this one")
    with pytest.raises(FileNotFoundError):
        store.open(KEY)


@pytest.mark.parametrize("key", ["", "identity", "aside/" + KEY, "../" + KEY, KEY.upper(), KEY + "x"])
def test_other_keys_are_refused(bucket: str, service: str, key: str) -> None:
    store = BucketStore(bucket, endpoint=service)
    for act in (store.open, store.delete, store.set_aside, store.take_back, lambda k: store.put(k, b"x")):
        with pytest.raises(BadKey):
            act(key)


def test_a_service_that_is_away_is_an_error_of_the_system(bucket: str) -> None:
    store = BucketStore(bucket, endpoint="http://127.0.0.1:9")
    store.objects = S3Store.from_url(
        bucket, endpoint="http://127.0.0.1:9", client_options={"allow_http": True}, retry_config={"max_retries": 0}
    )
    with pytest.raises(OSError, match="the store doesn't answer"):
        store.put(KEY, b"x")


@pytest.mark.parametrize("address", ["photos", "https://example.com/b", "s3://"])
def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="PORTAL_STORE"):
        Settings.from_env({"PORTAL_STORE": address, "PORTAL_DATA": str(tmp_path)})
        create_app(Settings(data=tmp_path, secret_key="test", store=address))


def test_nodes_must_have_the_same_bank_keys(tmp_path: Path) -> None:
    (tmp_path / "bank-keys").write_text("x")
    settings = Settings(data=tmp_path, secret_key=secrets.token_hex(32), store="s3://bucket/photos")
    with pytest.raises(SettingsError, match="PORTAL_BANK_KEYS must hold the same keys"):
        refuse_weak_settings(settings, "127.0.0.1")


def make_node(folder: Path, url: str, bucket: str, service: str) -> Flask:
    settings = Settings(
        data=folder, secret_key="test", database_url=url, bank_keys=BANK_KEYS, store=bucket, store_endpoint=service
    )
    node = create_app(settings)
    node.testing = True
    return node


@pytest.mark.usefixtures("postgres_server")
def test_two_nodes_see_the_same_photos_and_exports(tmp_path: Path, bucket: str, service: str) -> None:
    url = fresh_database()
    here, there = (make_node(tmp_path / name, url, bucket, service) for name in ("a", "b"))
    picture = jpeg()
    with here.app_context():
        database.upgrade_schema()
        database.join_files(here.extensions["portal_store"])
        stored = evidence.add_photo(here.extensions["portal_store"], prepare([IncomingFile("a.jpg", picture)]))
        cast = Cast.make(clock.now())
        shop_id, user_id = cast.shop, cast.seller
        path = uploads.receive_file(tmp_path / "a" / "imports", io.BytesIO(b"no export"), "orders.csv")
        with writing():
            job = uploads.begin_upload(
                path, shop_id=shop_id, user_id=user_id, file_name="orders.csv", now=clock.now()
            ).public_id
        db.session.remove()
        db.engine.dispose()
    with there.app_context():
        database.check(there.extensions["portal_store"])
        with there.extensions["portal_store"].open(stored[0].key) as file:
            assert file.read()
        assert uploads.work_off(tmp_path / "b" / "imports", clock.now) == 1
        found = uploads.find_of_shop(job, shop_id)
        assert found is not None
        assert found.state == "failed"
        assert "不在服务器上" not in found.problem  # it was read, and is no export
        db.session.remove()
        db.engine.dispose()


def test_photos_are_copied_once_and_damage_is_said(app: Flask, cast: Cast, bucket: str, service: str) -> None:
    source, target = app.extensions["portal_store"], BucketStore(bucket, endpoint=service)
    assert isinstance(source, DirectoryStore)
    images = prepare([IncomingFile("a.jpg", jpeg()), IncomingFile("b.png", png())])
    stored = evidence.add_photo(source, images)
    with writing():
        evidence.keep_photos(stored, owner_id=cast.buyer, side="buyer", shop_id=cast.shop, now=cast.now)
    database.join_files(source)
    first = {key for key, _ in source.keys()}
    assert len(first) == 4
    copied, broken = copying.copy_all(source, target)
    assert (copied, broken) == (len(first), [])
    assert copying.copy_all(source, target) == (0, [])
    assert target.read_identity() == source.read_identity() != ""
    key = sorted(first)[0]  # nobody asks which
    source.path(key).write_bytes(b"something else")
    target.delete(key)
    assert copying.copy_all(source, target) == (0, [f"{key}: damaged"])
    assert key not in {name for name, _ in target.keys()}
