"""An application saves itself: each photo by itself, each field word for word, and nothing unjudged is handed in."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Draft, Evidence
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.pictures import jpeg, quarters
from tests.web.test_apply import choose, fill, line_of


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


def send(client: FlaskClient, url: str, content: bytes, **more: Any) -> Any:
    data = {"photo": (io.BytesIO(content), "一.jpg"), **more}
    return post(client, url, data, at="/me", content_type="multipart/form-data")


def on_draft() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Evidence.draft_id.is_not(None))) or 0


def different(number: int) -> bytes:
    return jpeg(quarters((64 + 8 * number, 48)))


def begun(cast: Cast, buyer: FlaskClient) -> tuple[str, int]:
    order = cast.order()
    line = line_of(order)
    choose(buyer, order.order_no, line)
    return order.order_no, line


def test_a_photo_hangs_on_the_draft_once(cast: Cast, buyer: FlaskClient) -> None:
    order_no, _ = begun(cast, buyer)
    url = f"/orders/{order_no}/apply/photos"
    first = send(buyer, url, different(0))
    assert first.status_code == 200 and 'name="drop_photo"' in first.text and "data-twice" not in first.text
    again = send(buyer, url, different(0))
    assert again.status_code == 200 and "data-twice" in again.text
    assert on_draft() == 1
    assert buyer.get(f"/orders/{order_no}/apply/details").text.count('name="drop_photo"') == 1


def test_the_tenth_photo_and_what_is_none_are_refused_in_words(cast: Cast, buyer: FlaskClient) -> None:
    order_no, _ = begun(cast, buyer)
    url = f"/orders/{order_no}/apply/photos"
    for number in range(9):
        assert send(buyer, url, different(number)).status_code == 200
    tenth = send(buyer, url, different(9))
    assert tenth.status_code == 422 and "最多 9 张照片，这一张没有添加" in tenth.text
    bad = send(buyer, url, b"GIF89a")
    assert bad.status_code == 422 and "这张照片是 GIF 动图" in bad.text
    assert on_draft() == 9


def test_a_photo_of_another_form_is_kept_for_it(cast: Cast, buyer: FlaskClient) -> None:
    cast.order()  # a photo lies with a shop that this person buys from
    first = send(buyer, "/photos", different(0))
    assert first.status_code == 200 and 'name="photos_kept"' in first.text
    public_id = first.text.split('data-id="')[1][:32]
    twice = send(buyer, "/photos", different(0), photos_kept=public_id)
    assert "data-twice" in twice.text and public_id in twice.text
    lost = send(buyer, "/photos", different(0), again="1")  # its answer was lost
    assert public_id in lost.text
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Evidence)) == 1


def test_fields_are_kept_word_for_word_and_not_handed_in(cast: Cast, buyer: FlaskClient) -> None:
    order_no, line = begun(cast, buyer)
    assert fill(buyer, order_no, line, "2").status_code == 303
    typed = {f"quantity_{line}": "三", "description": "卡号 6222021234567890128", "phone": "138", "name": "李雯"}
    assert post(buyer, f"/orders/{order_no}/apply/save", {**typed, "form_key": "k"}, at="/me").status_code == 204
    shown = buyer.get(f"/orders/{order_no}/apply/details").text
    assert 'value="三"' in shown and 'value="138"' in shown and "6222021234567890128" not in shown
    check = buyer.get(f"/orders/{order_no}/apply/check").text
    assert "×2" in check and "三" not in check and "13425059650" in check


def test_what_arrives_after_the_form_was_sent_on_changes_nothing(cast: Cast, buyer: FlaskClient) -> None:
    order_no, line = begun(cast, buyer)
    assert fill(buyer, order_no, line, "2", form_key="k" * 32).status_code == 303
    late = {f"quantity_{line}": "1", "description": "旧", "form_key": "k" * 32}
    assert post(buyer, f"/orders/{order_no}/apply/save", late, at="/me").status_code == 204
    assert "旧" not in buyer.get(f"/orders/{order_no}/apply/details").text


def test_a_mistake_is_still_there_after_a_refresh(cast: Cast, buyer: FlaskClient) -> None:
    order_no, line = begun(cast, buyer)
    assert fill(buyer, order_no, line, "2", phone="不是电话").status_code == 422
    assert "不是电话" in buyer.get(f"/orders/{order_no}/apply/details").text


def test_a_reason_that_was_tapped_begins_a_draft(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    line = line_of(order)
    data = {"line": str(line), "reason": "damaged"}
    assert post(buyer, f"/orders/{order.order_no}/apply/save", data, at="/me").status_code == 204
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Draft)) == 1
    shown = buyer.get(f"/orders/{order.order_no}/apply").text
    assert 'value="damaged" checked' in shown


def test_a_photo_may_come_before_the_reason(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    page = buyer.get(f"/orders/{number}/apply?line={line}").text
    assert f'data-upload="/orders/{number}/apply/photos?line={line}"' in page and 'capture="environment"' in page
    for wrong in ("", "0", "x", str(line + 1)):
        assert send(buyer, f"/orders/{number}/apply/photos?line={wrong}", different(0)).status_code == 404
    assert send(buyer, f"/orders/{number}/apply/photos?line={line}", different(0)).status_code == 200
    assert on_draft() == 1
    assert 'name="drop_photo"' in buyer.get(f"/orders/{number}/apply?line={line}").text
    choose(buyer, number, line)
    assert buyer.get(f"/orders/{number}/apply/details").text.count('name="drop_photo"') == 1


def test_without_script_the_photo_goes_along_with_the_reason(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    url, line = f"/orders/{order.order_no}/apply", line_of(order)
    data = {"line": line, "photos": [(io.BytesIO(different(1)), "一.jpg")]}
    again = post(buyer, url, data, at=f"{url}?line={line}", content_type="multipart/form-data")
    assert again.status_code == 422 and "photos_kept" in again.text  # no reason chosen: the photo stays
    data = {"line": line, "reason": "damaged", "photos": [(io.BytesIO(different(1)), "一.jpg")]}
    assert post(buyer, url, data, at=f"{url}?line={line}", content_type="multipart/form-data").status_code == 303
    assert on_draft() == 1
