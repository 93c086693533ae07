"""A waybill read off a photo of its label: by a form's own button, with and without script, nothing kept or judged."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, Evidence, Parcel
from portal.web import rates
from tests.cast import Cast, post, sign_in
from tests.labels_photographed import draw_label, take_photo
from tests.pictures import photo
from tests.web.test_consumer import Consumer

NUMBER, OTHER = "SF1234567890123", "YT1234567890123"


def label(*numbers: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(take_photo(draw_label(*numbers), (1400, 1400))), "label.jpg"


def value(page: str, name: str) -> str:
    [tag] = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)
    return (re.findall(r'value="([^"]*)"', tag) or [""])[0]


@pytest.fixture
def going(app: Flask, cast: Cast) -> tuple[FlaskClient, str, int]:
    """A buyer whose case waits for the parcel, and the address of the form."""
    case = cast.until("returning")
    return sign_in(app, "buyer"), f"/cases/{case.case_no}/ship_return", case.id


def test_one_number_is_filled_in_and_everything_else_stays(going: tuple[FlaskClient, str, int]) -> None:
    buyer, at, case_id = going
    typed: dict[str, Any] = {"carrier2": "ZTO", "number2": "75484863576596", "reads": "number"}
    answer = post(
        buyer, at, typed | {"label_number": label(NUMBER), "photos": (io.BytesIO(photo((300, 200))), "box.jpg")}
    )
    page = answer.text
    assert answer.status_code == 200
    assert value(page, "number") == NUMBER and value(page, "number2") == "75484863576596"
    assert f"已读出顺丰速运的运单号 {NUMBER}，请对照面单核对" in page
    assert '<option selected value="ZTO">' in page and "<details open>" in page
    assert page.count('name="photos_kept"') == 1, "the photo chosen before is there again"
    assert 'class="summary"' not in page, "nothing is judged"
    assert db.session.get_one(Case, case_id).state == "returning"
    assert db.session.scalar(select(func.count()).select_from(Evidence).where(Evidence.case_id.is_(None))) == 1
    kept = re.findall(r'name="photos_kept" value="([^"]+)"', page)
    sent = post(buyer, at, {"number": value(page, "number"), "photos_kept": kept[0]})
    assert sent.status_code == 303
    assert db.session.scalar(select(Parcel.tracking_no).where(Parcel.case_id == case_id)) == NUMBER


def test_the_field_that_asked_is_filled(going: tuple[FlaskClient, str, int]) -> None:
    buyer, at, _ = going
    form = {"number": OTHER, "reads": "number3", "label_number3": label(NUMBER)}
    page = post(buyer, at, form).text
    assert (value(page, "number"), value(page, "number3")) == (OTHER, NUMBER) and "<details open>" in page
    for unknown in ("note", "form_key", "carrier", "number9", "number:", ":", "x" * 300):
        page = post(buyer, at, {"number": OTHER, "reads": unknown, "label_number": label()}).text
        assert value(page, "number") == OTHER


def test_of_several_one_is_chosen(going: tuple[FlaskClient, str, int]) -> None:
    buyer, at, _ = going
    page = post(buyer, at, {"reads": "number", "label_number": label(NUMBER, OTHER)}).text
    assert "照片里有 2 个号码，请点面单上的那一个" in page and value(page, "number") == ""
    offered = re.findall(r'name="reads"\s+value="(number:[^"]+)"', page)
    assert sorted(offered) == [f"number:{NUMBER}", f"number:{OTHER}"]
    page = post(buyer, at, {"reads": offered[0], "carrier": "ZTO"}).text
    assert value(page, "number") == offered[0].partition(":")[2] and '<option selected value="ZTO">' in page


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (None, "请先点「拍面单，自动填写」，拍下或选择面单的照片"),
        (b"", "这张照片是空文件，请重新选择"),
        (b"GIF89a", "这张照片是 GIF 动图，不是 JPEG、PNG 或 WebP 图片，请换一张照片"),
        (b"\xff\xd8\xff\xe0broken", "这张照片不完整或已损坏，可能没有上传完，请重新选择"),
        (photo((300, 200)), "照片里没有读到运单号。请把条码拍正、拍满画面再试一次，或者照着面单手工填写"),
        (b"\xff\xd8\xff" + b"\0" * (10 * 1024 * 1024), "这张照片文件超过 10 MB，请缩小后再上传"),
    ],
)
def test_what_can_not_be_read_is_said_plainly(
    going: tuple[FlaskClient, str, int], sent: bytes | None, said: str
) -> None:
    buyer, at, _ = going
    file = {} if sent is None else {"label_number": (io.BytesIO(sent), "a.jpg")}
    answer = post(buyer, at, {"number": "7548 half", "reads": "number", **file})
    assert answer.status_code == 200 and said in answer.text
    assert value(answer.text, "number") == "7548 half"
    assert db.session.scalar(select(func.count()).select_from(Parcel).where(Parcel.tracking_no == "7548")) == 0


def test_a_number_of_another_kind_is_no_waybill(going: tuple[FlaskClient, str, int]) -> None:
    buyer, at, _ = going
    assert "没有读到运单号" in post(buyer, at, {"reads": "number", "label_number": label("HH20261128000001")}).text
    page = post(buyer, at, {"reads": "number:13812345678"}).text
    assert "没有读到运单号" in page and value(page, "number") == ""


def test_it_is_counted_and_needs_a_token(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cast.until("returning")
    at = f"/cases/{case.case_no}/ship_return"
    buyer = sign_in(app, "buyer")
    monkeypatch.setitem(rates.LIMITS, "label", (2, rates.LIMITS["label"][1]))
    asked = [post(buyer, at, {"reads": "number", "label_number": label(NUMBER)}).status_code for _ in range(3)]
    assert asked == [200, 200, 429]
    assert sign_in(app, "buyer2").get(at).status_code == 404
    assert buyer.post(at, data={"reads": "number"}).status_code == 303, "without the page's token it is asked again"


def test_a_correction_is_read_as_well(app: Flask, cast: Cast) -> None:
    case = cast.until("inspecting")
    buyer = sign_in(app, "buyer")
    at = f"/cases/{case.case_no}/edit_parcel"
    shown = buyer.get(at).text
    assert 'enctype="multipart/form-data"' in shown and 'name="label_number"' in shown
    answer = post(buyer, at, {"parcel_id": value(shown, "parcel_id"), "reads": "number", "label_number": label(NUMBER)})
    assert (answer.status_code, value(answer.text, "number")) == (200, NUMBER)
    assert value(answer.text, "parcel_id") == value(shown, "parcel_id")


def test_a_consumer_reads_it_by_the_link(app: Flask, cast: Cast) -> None:
    consumer = Consumer(app, cast)
    before = db.session.scalar(select(func.count()).select_from(Evidence))
    consumer.chain.down.take(consumer.case, "agree", Actor.SELLER)
    page = consumer.sends(does="parcel", reads="number", label_number=label(NUMBER)).text
    assert value(page, "number") == NUMBER and "已读出顺丰速运的运单号" in page
    page = consumer.sends(does="parcel", reads="number", label_number=label(NUMBER, OTHER)).text
    assert page.count('name="reads"') == 3 + 4, "what was found, this field's own, and those of four more parcels"
    assert consumer.sends(does="parcel", number=NUMBER).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Evidence)) == before, "nothing of the photo is kept"


def test_the_warehouse_reads_a_label_into_its_box(app: Flask, cast: Cast) -> None:
    case = cast.until("inspecting")
    desk = sign_in(app, "seller")
    box = desk.get("/seller/scan").text
    assert 'action="/seller/scan/photo"' in box
    answer = post(desk, "/seller/scan/photo", at="/seller/scan", data={"label": label(NUMBER)})
    assert (answer.status_code, answer.location) == (303, f"/seller/scan?number={NUMBER}")
    answer = post(desk, "/seller/scan/photo", at="/seller/scan", data={"label": label(case.case_no, NUMBER)})
    assert answer.location == f"/seller/scan?number={case.case_no}"
    answer = post(desk, "/seller/scan/photo", at="/seller/scan", data={"label": label(NUMBER, OTHER)})
    assert answer.status_code == 200 and "照片里有 2 个号码，请选择" in answer.text
    assert f'href="/seller/scan?number={NUMBER}"' in answer.text
    answer = post(
        desk, "/seller/scan/photo", at="/seller/scan", data={"label": (io.BytesIO(photo((300, 200))), "a.jpg")}
    )
    assert answer.status_code == 422 and "照片里没有读到条码。请把条码拍正" in answer.text


def test_where_no_codes_can_be_read_nothing_is_offered(going: tuple[FlaskClient, str, int], app: Flask) -> None:
    buyer, at, _ = going
    app.jinja_env.globals["reads_labels"] = False
    try:
        assert "自动填写" not in buyer.get(at).text
    finally:
        app.jinja_env.globals["reads_labels"] = True
