"""快递100 and 快递鸟: what is sent, how it is signed, how answers are read; and the line between us and them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from portal.config import Settings, SettingsError
from portal.parcels import carriers, couriers
from portal.parcels.couriers import AskFailed, Kdniao, Kuaidi100, asking, kdniao, kuaidi100
from portal.parcels.scans import Scan

ZTO, YTO = (carrier for code in ("ZTO", "YTO") if (carrier := carriers.by_code(code)))
assert ZTO is not None and YTO is not None
NUMBER = "75484863576596"


def test_kuaidi100_signs_just_what_it_sends() -> None:
    form = Kuaidi100("CUSTOMER", "KEY").form(ZTO, NUMBER, "9650")
    param = '{"com":"zhongtong","num":"75484863576596","resultv2":"4","show":"0","order":"asc","phone":"9650"}'
    assert form == {"customer": "CUSTOMER", "param": param, "sign": kuaidi100.sign(param, "KEY", "CUSTOMER")}
    assert kuaidi100.sign("a", "b", "c") == "900150983CD24FB0D6963F7D28E17F72"  # md5("abc"), RFC 1321
    assert "phone" not in json.loads(Kuaidi100("C", "K").form(YTO, "YT1", "")["param"])


def test_kdniao_signs_just_what_it_sends() -> None:
    form = Kdniao("1237100", "KEY", kind="8001").form(ZTO, NUMBER, "9650")
    data = '{"ShipperCode":"ZTO","LogisticCode":"75484863576596","CustomerName":"9650"}'
    assert form == {
        "RequestData": data,
        "EBusinessID": "1237100",
        "RequestType": "8001",
        "DataType": "2",
        "DataSign": kdniao.sign(data, "KEY"),
    }
    assert kdniao.sign("a", "bc") == "OTAwMTUwOTgzY2QyNGZiMGQ2OTYzZjdkMjhlMTdmNzI="  # base64 of md5("abc") in hex
    assert "CustomerName" not in Kdniao("1", "K").form(YTO, "YT1", "9650")["RequestData"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_kuaidi100_answers_are_read() -> None:
    answer = {
        "message": "ok",
        "nu": NUMBER,
        "status": "200",
        "state": "3",
        "data": [
            {"time": "2026-11-21 10:00:00", "context": "已签收", "statusCode": "3"},
            {"time": "2026-11-21 08:00:00", "context": "正在派送中,请准备签收", "statusCode": "0"},
            {"time": "2026-11-20 12:30:11", "context": "【义乌市】揽收", "statusCode": "103"},
            {"time": "2026-11-20 13:00:00", "context": "客户已签收", "statusCode": "0"},
            {"time": "2026-11-20 14:00:00", "context": "客户已签收"},
            {"time": "garbage", "context": "x"},
            {"time": "2026-11-20 12:00:00"},
            7,
        ],
    }
    assert kuaidi100.understood(answer, NUMBER) == [
        Scan(at("2026-11-20T04:30:11"), "picked", "【义乌市】揽收"),
        Scan(at("2026-11-20T05:00:00"), "transit", "客户已签收", unclear=True),  # the code doesn't say so
        Scan(at("2026-11-20T06:00:00"), "signed", "客户已签收"),
        Scan(at("2026-11-21T00:00:00"), "delivering", "正在派送中,请准备签收"),
        Scan(at("2026-11-21T02:00:00"), "signed", "已签收"),
    ]


def test_kdniao_answers_are_read() -> None:
    answer = {
        "Success": True,
        "State": "3",
        "LogisticCode": NUMBER,
        "Traces": [
            {"AcceptTime": "2026-11-20 12:30:11", "AcceptStation": "已收件", "Action": "1"},
            {"AcceptTime": "2026-11-21 08:00:00", "AcceptStation": "派件中", "Action": "202"},
            {"AcceptTime": "2026-11-21 09:00:00", "AcceptStation": "已放入柜", "Action": "211"},
            {"AcceptTime": "2026-11-21 10:00:00", "AcceptStation": "取件", "Action": "311"},
        ],
    }
    found = kdniao.understood(answer, NUMBER)
    assert [scan.status for scan in found] == ["picked", "delivering", "station", "signed"]


@pytest.mark.parametrize(
    ("code", "words", "status", "unclear"),
    [
        ("3", "已签收,签收人:本人", "signed", False),
        ("3", "感谢您的惠顾", "signed", False),  # words that say nothing leave it to the code
        ("3", "收件人拒收", "exception", True),
        ("3", "快件到达【杭州转运中心】", "transit", True),
        ("3", "已由菜鸟驿站代收,请及时取件", "station", True),
        ("3", "部分签收", "transit", True),
        ("5", "已签收,签收人:本人", "delivering", True),
        ("1002", "已签收", "transit", True),
        ("4", "退回件已签收", "returned", False),
        ("4", "已签收", "returned", False),
        ("4", "已签收,签收人:本人", "returned", True),
        ("99999", "签收人不在,约定明日派送", "exception", False),  # a code that isn't known
        ("99999", "签收信息已更新", "transit", True),
    ],
)
def test_a_code_and_words_that_contradict_each_other_are_doubtful(
    code: str, words: str, status: str, unclear: bool
) -> None:
    answer = {"status": "200", "data": [{"time": "2026-11-21 10:00:00", "context": words, "statusCode": code}]}
    assert kuaidi100.understood(answer, NUMBER) == [Scan(at("2026-11-21T02:00:00"), status, words, unclear)]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"result": False, "returnCode": "500", "message": "查询无结果,请隔段时间再查"}, "not_found"),
        ({"result": False, "returnCode": "408", "message": "验证码错误"}, "phone"),
        ({"result": False, "returnCode": "503", "message": "验证签名失败"}, "refused"),
        ({"result": False, "returnCode": "601", "message": "POLL_KEY"}, "limit"),
        ({"result": False, "returnCode": "400", "message": "查询次数用完"}, "limit"),
        ({"result": False, "returnCode": "502"}, "unreachable"),
        ({}, "garbled"),
        ({"status": "200", "data": "x"}, "garbled"),
        ({"status": "200", "data": [{"time": "x"}]}, "garbled"),
        ({"status": "200", "nu": "OTHER", "data": []}, "garbled"),
    ],
)
def test_kuaidi100_refusals_are_told_apart(answer: dict[str, Any], problem: str) -> None:
    with pytest.raises(AskFailed) as failed:
        kuaidi100.understood(answer, NUMBER)
    assert failed.value.problem == problem


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"Success": False, "Reason": "非法参数[请核实ID和key]"}, "refused"),
        ({"Success": False, "Reason": "业务错误[没有可用套餐]"}, "limit"),
        ({"Success": False, "Reason": "请输入手机号后四位"}, "phone"),
        ({"Success": False, "Reason": "暂无轨迹信息"}, "not_found"),
        ({"Success": True, "State": "0", "Traces": []}, "not_found"),
        ({"Success": True, "State": "2", "Traces": None}, "garbled"),
        ({"Success": "yes"}, "garbled"),
    ],
)
def test_kdniao_refusals_are_told_apart(answer: dict[str, Any], problem: str) -> None:
    with pytest.raises(AskFailed) as failed:
        kdniao.understood(answer, NUMBER)
    assert failed.value.problem == problem


# The line ------------------------------------------------------------------------------------------------------------


Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def server() -> Iterator[Callable[[Answer], str]]:
    """Starts a server that answers every POST as told; gives its address."""
    running: list[HTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer(self)

            def log_message(self, *_args: object) -> None:
                pass

        made = HTTPServer(("127.0.0.1", 0), Handler)
        running.append(made)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{made.server_port}/poll?x=1"

    yield start
    for each in running:
        each.shutdown()
        each.server_close()


def says(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_a_form_is_sent_and_an_object_read(server: Callable[[Answer], str]) -> None:
    heard: list[Any] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        heard.append((handler.path, parse_qs(body)))
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write('{"a": "好"}'.encode())

    assert asking.post(server(answer), {"param": '{"x":"+ &"}'}, 2) == {"a": "好"}
    assert heard == [("/poll?x=1", {"param": ['{"x":"+ &"}']})]


def drips(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(50):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (says(302, b"", Location="http://127.0.0.1:9/"), "unreachable"),
        (says(500, b"{}"), "unreachable"),
        (says(403, b"{}"), "refused"),
        (says(429, b"{}"), "limit"),
        (says(200, b"<html>"), "garbled"),
        (says(200, b"[]"), "garbled"),
        (says(200, b"[" * 100_000), "garbled"),
        (says(200, b'"' + b"x" * (asking.MOST_BYTES + 10) + b'"'), "garbled"),
        (lambda handler: time.sleep(0.6), "slow"),
        (lambda handler: handler.connection.close(), "unreachable"),
        (drips, "slow"),
    ],
)
def test_what_goes_wrong_is_told_apart_and_ends(server: Callable[[Answer], str], answer: Answer, problem: str) -> None:
    began = time.monotonic()
    with pytest.raises(AskFailed) as failed:
        asking.post(server(answer), {"a": "b"}, 0.3)
    assert failed.value.problem == problem
    assert time.monotonic() - began < 2


def test_nobody_there() -> None:
    with pytest.raises(AskFailed) as failed:
        asking.post("http://127.0.0.1:9/", {}, 0.5)
    assert failed.value.problem == "unreachable"


def test_keys_go_nowhere_by_http() -> None:
    with pytest.raises(AskFailed) as failed:
        asking.post("http://poll.kuaidi100.com/poll/query.do", {}, 0.5)
    assert failed.value.problem == "refused"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PORTAL_TRACKING": "ems"}, "PORTAL_TRACKING"),
        ({"PORTAL_TRACKING": "kuaidi100"}, "PORTAL_KUAIDI100_CUSTOMER"),
        ({"PORTAL_TRACKING": "kuaidi100", "PORTAL_KUAIDI100_CUSTOMER": "c"}, "PORTAL_KUAIDI100_KEY"),
        ({"PORTAL_TRACKING": "kdniao", "PORTAL_KDNIAO_ID": "c"}, "PORTAL_KDNIAO_KEY"),
        ({"PORTAL_KDNIAO_TYPE": "1"}, "PORTAL_KDNIAO_TYPE"),
        ({"PORTAL_TRACKING_URL": "http://elsewhere.example/"}, "PORTAL_TRACKING_URL"),
        ({"PORTAL_TRACKING_WAIT": "0"}, "PORTAL_TRACKING_WAIT"),
        ({"PORTAL_TRACKING_PER_MINUTE": "0"}, "PORTAL_TRACKING_PER_MINUTE"),
    ],
)
def test_settings_that_cannot_work_are_named(environ: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings.from_env(environ)


def test_the_settings_choose_the_service() -> None:
    assert couriers.of(Settings()) is None
    hundred = couriers.of(Settings(tracking="kuaidi100", kuaidi100_customer="c", kuaidi100_key="k"))
    bird = couriers.of(Settings(tracking="kdniao", kdniao_id="c", kdniao_key="k", tracking_url="http://127.0.0.1:1/"))
    assert hundred is not None and hundred.name == "kuaidi100" and hundred.knows(ZTO)
    assert bird is not None and bird.name == "kdniao" and bird.knows(ZTO)
    paper = carriers.by_code("FREIGHT_OTHER")
    assert paper is not None and not bird.knows(paper) and not hundred.knows(paper)
