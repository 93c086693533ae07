"""导入订单 at the desk: upload, check, yes, result."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.calendar import clock
from portal.extensions import db
from portal.models import ImportJob, Order
from portal.orders import uploads as order_uploads
from portal.orders.explained import load_headings
from tests.cast import Cast, post, sign_in
from tests.exports import order, table, text

SAMPLE = Path(__file__).parents[1] / "data" / "orders-export.xlsx"


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., bytes]:
    """The bytes of an order export of ``many`` orders of one seller."""

    def make(seller: str = "seller", many: int = 1) -> bytes:
        rows = [order(str(39 * 10**17 + number), 卖家会员名=seller, 买家会员名="newbuyer") for number in range(many)]
        return text(tmp_path / "export.csv", table(rows)).read_bytes()

    return make


@pytest.fixture
def seller(app: Flask, cast: Cast) -> FlaskClient:
    return sign_in(app, "seller")


def imports(app: Flask) -> Path:
    return app.extensions["portal_settings"].data.absolute() / "imports"


def upload(client: FlaskClient, content: bytes, name: str = "订单.csv"):  # type: ignore[no-untyped-def]
    return post(client, "/seller/import", {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def test_a_file_is_checked_first_and_written_after_the_yes(
    app: Flask, cast: Cast, seller: FlaskClient, export: Callable[..., bytes]
) -> None:
    content = export(many=3)
    answer = upload(seller, content)
    assert answer.status_code == 303
    address = answer.location.split("?")[0]
    assert "等待检查" in seller.get(address).text
    assert seller.get(f"{address}/progress").status_code == 200

    assert order_uploads.work_off(imports(app), clock.now) == 1
    shown = seller.get(address).text
    assert "待确认" in shown and "确认导入 3 张订单" in shown
    assert db.session.scalar(db.select(db.func.count()).select_from(Order)) == 0
    assert seller.get(f"{address}/progress").status_code == 286

    assert post(seller, address).status_code == 303
    assert order_uploads.work_off(imports(app), clock.now) == 1
    assert "已导入" in seller.get(address).text
    assert db.session.scalar(db.select(db.func.count()).select_from(Order)) == 3
    report = seller.get(f"{address}/report.csv")
    assert report.status_code == 200 and "新增" in report.data.decode("utf-8-sig")
    assert "已导入" in seller.get("/seller/import").text

    again = upload(seller, content).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    assert "没有需要写入的订单" in seller.get(again).text


def test_the_same_fault_in_two_hundred_rows_is_one_line_with_a_list(
    app: Flask, cast: Cast, seller: FlaskClient, tmp_path: Path
) -> None:
    rows = [
        order(str(39 * 10**17 + number), 卖家会员名="seller", **{"运费(元)": f"第{number}档", "实付款(元)": 37.6})
        for number in range(1, 231)
    ]
    content = text(tmp_path / "export.csv", table(rows)).read_bytes()
    address = upload(seller, content, "订单.xls").location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    shown = seller.get(address).text
    assert shown.count("<details") == 1 and '<span class="muted">230 行</span>' in shown
    assert shown.count("这一格没有采用，原文已保留") == 201 and "前 200 行" in shown
    assert "确认导入 230 张订单" in shown


def test_the_list_says_what_waits_for_a_yes_and_what_has_nothing_to_write(
    app: Flask, cast: Cast, seller: FlaskClient, tmp_path: Path
) -> None:
    """A file that changes nothing is 已检查 in the list as on its page; one that waits has its button in the list."""
    content = text(tmp_path / "export.csv", table([order(卖家会员名="seller")])).read_bytes()
    address = upload(seller, content).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    listed = seller.get("/seller/import").text
    assert "待确认" in listed and f'href="{address}">查看并确认 1 张订单</a>' in listed
    assert post(seller, address).status_code == 303
    order_uploads.work_off(imports(app), clock.now)
    address = upload(seller, content).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    listed = seller.get("/seller/import").text
    assert "待确认" not in listed and "查看并确认" not in listed
    assert "已检查" in listed and "没有需要写入的订单" in listed
    assert "已检查" in seller.get(address).text


def other_tool(headings: list[str]) -> bytes:
    """A file of another tool with one order of this seller."""
    cells = ["3905403692550700019", "打底衫", "2", "18.8", "交易成功", "seller", "newbuyer"]
    return ("\n".join([",".join(headings), ",".join(cells)]) + "\n").encode()


def test_headings_of_another_tool_are_offered_and_remembered(app: Flask, cast: Cast, seller: FlaskClient) -> None:
    content = other_tool(["单据", "商品名称", "购买数量", "单价", "订单状态", "卖家会员名", "买家"])
    address = upload(seller, content).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    shown = seller.get(address).text
    assert "缺少必需的列：「订单编号」" in shown and "列的对应" in shown and "确认导入" not in shown
    assert '<option selected value="货品标题">' in shown

    wrong = post(seller, f"{address}/headings", {"heading1": "货品标题", "heading2": "货品标题"}, at=address)
    assert wrong.status_code == 422
    assert "「货品标题」已经选给上面的一列了" in wrong.text and "还缺少必需的列：「订单编号」「数量」" in wrong.text

    said = {"heading0": "订单编号", "heading1": "货品标题", "heading2": "数量", "heading3": "买家会员名"}
    assert post(seller, f"{address}/headings", said, at=address).status_code == 303
    order_uploads.work_off(imports(app), clock.now)
    assert "确认导入 1 张订单" in seller.get(address).text

    again = upload(seller, content).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    shown = seller.get(again).text
    assert "确认导入 1 张订单" in shown and "一列按" not in shown
    assert post(sign_in(app, "seller2"), f"{address}/headings", said, at="/seller/import").status_code == 404


def test_known_synonyms_are_shown_and_remembered_with_the_yes(app: Flask, cast: Cast, seller: FlaskClient) -> None:
    content = other_tool(["订单号", "商品名称", "购买数量", "单价", "订单状态", "卖家会员名", "买家会员名"])
    address = upload(seller, content).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    shown = seller.get(address).text
    assert "「订单号」一列按「订单编号」读取" in shown and '<option selected value="订单编号">' in shown
    assert load_headings(cast.shop) == {}

    post(seller, address)
    assert load_headings(cast.shop) == {"订单号": "订单编号", "商品名称": "货品标题", "购买数量": "数量"}
    assert load_headings(cast.shop2) == {}


def test_rows_of_other_shops_are_refused(
    app: Flask, cast: Cast, seller: FlaskClient, export: Callable[..., bytes]
) -> None:
    address = upload(seller, export("seller2")).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    shown = seller.get(address).text
    assert "需要留意的行" in shown and "确认导入" not in shown


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "", "请选择后台"),
        (b"x", "orders.pdf", "请上传 .xlsx、.xls 或 .csv 文件"),
    ],
)
def test_what_is_no_export_is_refused_beside_the_field(
    seller: FlaskClient, content: bytes, name: str, sentence: str
) -> None:
    answer = upload(seller, content, name)
    assert answer.status_code == 422
    assert sentence in answer.text and 'id="file-err"' in answer.text


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", "没有表头\n1,2,3\n".encode()])
def test_a_file_that_cannot_be_read_says_why(app: Flask, seller: FlaskClient, content: bytes) -> None:
    address = upload(seller, content or b" ", "orders.xlsx").location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    shown = seller.get(address).text
    assert "未导入" in shown and "said bad" in shown


def test_too_large_is_413_for_others_and_a_sentence_here(
    app: Flask, seller: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_uploads, "MOST_BYTES", 1000)
    answer = upload(seller, b"x" * 2000)
    assert answer.status_code == 422 and "100 MB" in answer.text
    assert not list(imports(app).glob("*"))
    assert db.session.scalar(db.select(db.func.count()).select_from(ImportJob)) == 0


def test_more_than_12_mb_is_taken_here_and_nowhere_else(app: Flask, cast: Cast, seller: FlaskClient) -> None:
    order = cast.order(shop=cast.shop2, buyer=cast.seller)
    large = b"x" * (13 * 1024 * 1024)
    assert upload(seller, large).status_code == 303
    elsewhere = post(
        seller,
        f"/orders/{order.order_no}/contact",
        {"photos": (io.BytesIO(large), "a.jpg"), "words": "看"},
        content_type="multipart/form-data",
    )
    assert elsewhere.status_code == 413
    buyer = sign_in(app, "buyer")
    assert (
        post(
            buyer,
            "/seller/import",
            {"file": (io.BytesIO(large), "a.csv")},
            at="/me",
            content_type="multipart/form-data",
        ).status_code
        == 413
    )


def test_a_job_whose_worker_has_gone_is_taken_up_again(
    app: Flask, cast: Cast, seller: FlaskClient, export: Callable[..., bytes]
) -> None:
    address = upload(seller, export()).location.split("?")[0]
    with app.test_request_context():
        from portal.extensions import writing

        with writing():
            job = db.session.scalars(db.select(ImportJob)).one()
            job.state, job.updated_at = "checking", clock.now()
        assert order_uploads.work_off(imports(app), clock.now) == 0
        assert order_uploads.work_off(imports(app), lambda: clock.now() + order_uploads.ALONE_FOR * 2) == 1
    assert "待确认" in seller.get(address).text


def test_strangers_get_404(app: Flask, cast: Cast, seller: FlaskClient, export: Callable[..., bytes]) -> None:
    address = upload(seller, export()).location.split("?")[0]
    other = sign_in(app, "seller2")
    for path in ("", "/progress", "/report.csv"):
        assert other.get(address + path).status_code == 404
    assert post(other, address, at="/seller/import").status_code == 404
    assert sign_in(app, "buyer").get("/seller/import").status_code == 404


def test_not_importing_after_all(app: Flask, cast: Cast, seller: FlaskClient, export: Callable[..., bytes]) -> None:
    address = upload(seller, export()).location.split("?")[0]
    order_uploads.work_off(imports(app), clock.now)
    assert post(seller, f"{address}/discard", at=address).status_code == 303
    assert "已取消导入" in seller.get(address).text
    assert order_uploads.work_off(imports(app), clock.now) == 0
