"""Error pages: what happened, what became of the words that were typed, one way on. Never a traceback."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from portal.extensions import Busy, db
from portal.flow import StepRefused
from portal.web import events, rates
from portal.web.carried import MOST_BYTES, SECRET
from portal.web.once import DifferentBody
from portal.web.pages import page

log = logging.getLogger("portal")

# status: (title, sentence)
PAGES: dict[int, tuple[str, str]] = {
    400: ("这个请求没看懂", "地址或表单内容不完整，请返回上一页再试一次。"),
    401: ("请先登录", "登录后会回到刚才的页面。"),
    403: ("这一步不能这样进行", "页面可能停留太久，或不是从本平台提交的。请返回上一页刷新后再试，填写的内容没有提交。"),
    404: ("没有找到这个页面", "地址可能有误，或者内容不属于当前账号。"),
    405: ("这个地址不支持这种操作", "请从页面上的按钮进入。"),
    409: ("状态已更新", "刚刚有新的变化，请看最新结果后再操作，没有任何重复提交。"),
    410: ("内容已移除", "这个页面已经不再提供。"),
    413: ("文件太大", "每张照片不超过 10 MB，一次提交总共不超过 12 MB。请减少照片数量或换小一些的照片，分几次上传。"),
    415: ("文件格式不支持", "请上传 JPEG、PNG 或 WebP 格式的照片。"),
    422: ("有内容需要修改", "请返回上一页，按提示修改后重新提交。"),
    429: ("操作太频繁", "请一分钟后再试。"),
    500: ("系统出了点问题", "我们已记录这个问题，没有任何内容被写坏。请稍后再试。"),
    503: ("系统正忙", "没有任何内容被重复提交，请几秒后再试一次。"),
    507: ("存储空间不足", "暂时无法保存新的内容，您填写的内容还没有提交，请稍后再试。"),
}


def answer(status: int, sentence: str = "", title: str = "") -> Response:
    """An error page; for htmx it goes into #page like any other."""
    known, usual = PAGES.get(status, PAGES[500])
    typed = _typed() if status in (429, 503, 507) else []
    made = page("errors/error.html", status, code=status, title=title or known, sentence=sentence or usual, typed=typed)
    if status in (429, 503):
        made.headers["Retry-After"] = "5"
    return made


def _typed() -> list[tuple[str, str]]:
    """The form of this request, to be handed in once more from the error page: also without script nothing is lost."""
    if request.method != "POST" or request.blueprint == "qa":
        return []
    try:
        fields = [(name, value) for name, value in request.form.items(multi=True) if name not in SECRET]
    except HTTPException:  # it was never read
        return []
    return fields if sum(len(value) for _, value in fields) <= MOST_BYTES else []


def _http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    _note(error.code)
    made = answer(error.code if error.code in PAGES else 400, getattr(error, "sentence", ""))
    if isinstance(error, rates.TooOften):
        made.headers["Retry-After"] = str(error.seconds)
    if error.code == 405 and (allowed := getattr(error, "valid_methods", None)):
        made.headers["Allow"] = ", ".join(sorted(allowed))
    return made


def _note(status: int) -> None:
    """Security events that show as an answer's status. (403 of a foreign form has its own.)"""
    if status == 429:
        events.say("rate_limit")
    elif status in (403, 404) and g.get("who") is not None:
        events.say("authz_fail", status=status)
    elif status in (400, 413, 415):
        events.say("input_strict", status=status)


def _refused(error: StepRefused) -> Response:
    return answer(409, error.sentence)


def _other_body(_error: DifferentBody) -> Response:
    return answer(422, "这个表单已经提交过一次，内容与这次不同。请返回查看结果，如需再次提交请重新打开页面。")


def _busy(_error: Busy) -> Response:
    return answer(503)


def _database(error: DBAPIError) -> Response:
    db.session.rollback()
    said = str(error.orig).lower()
    if isinstance(error, OperationalError) and ("locked" in said or "deadlock" in said or "connection" in said):
        return answer(503)
    if "disk is full" in said or "no space" in said or "disk i/o" in said:
        return answer(507)
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    log.error("unexpected error in request %s %s", g.get("request_id"), request.endpoint, exc_info=error)
    return answer(500)


def _no_space(error: OSError) -> Response:
    if error.errno in (28, 122, 27):  # ENOSPC, EDQUOT, EFBIG
        db.session.rollback()
        return answer(507)
    return _unexpected(error)


def _let_go(_error: BaseException | None) -> None:
    """End the request's reading, also on a connection that has gone meanwhile: the answer is made and must get out."""
    if not db.session.registry.has():
        return
    try:
        db.session.rollback()
    except DBAPIError:
        db.session().invalidate()


def install(app: Flask) -> None:
    """Answer every kind of failure with a page."""
    app.teardown_appcontext(_let_go)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StepRefused, _refused)
    app.register_error_handler(DifferentBody, _other_body)
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(OSError, _no_space)
    app.register_error_handler(Exception, _unexpected)
