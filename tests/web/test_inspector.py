"""The inspector sees what it is there for, and a sound page passes."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.cast import Cast, sign_in
from tests.web.inspector import Browser, FaultyPage, faults

SOUND = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>我的</title></head>
<body><main id="page"><h1>我的</h1>BODY</main></body></html>"""


def page(body: str) -> str:
    return SOUND.replace("BODY", body)


@pytest.mark.parametrize(
    "body",
    [
        "",
        '<label for="q">订单号</label><input id="q" name="q">',
        '<label>订单号 <input name="q"></label>',
        '<input name="q" aria-label="订单号">',
        '<input type="hidden" name="form_key" value="1">',
        '<form method="post" action="/x" hx-post="/x"><input type="hidden" name="csrf_token" value="1"></form>',
        '<form action="/orders"><input name="q" aria-label="订单号"></form>',
        '<img src="/f/1" alt="" width="8" height="8">',
        '<a href="/me"><svg aria-hidden="true"><path d="M0 0"/></svg><span>我的</span></a>',
        '<a href="/me" aria-label="返回"><svg aria-hidden="true"></svg></a>',
        '<a href="#page">跳到正文</a>',
    ],
)
def test_sound_pages_pass(body: str) -> None:
    assert faults(page(body)) == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<h1>又一个</h1>", "one h1"),
        ("<main></main>", "one main"),
        ("<div><p></div></p>", "line 3"),
        ("<p><div></div></p>", "line 3"),
        ('<p class="a" class="b"></p>', "line 3"),
        ('<p id="page"></p>', "is there 2 times"),
        ('<input name="q">', "has no label"),
        ('<label for="other">订单号</label><input id="q" name="q">', "has no label"),
        ('<label for="q"></label><input id="q" name="q">', "has no label"),
        ('<input name="q" placeholder="订单号">', "has no label"),
        ("<textarea></textarea>", "has no label"),
        ("<select></select>", "has no label"),
        ('<form method="post"><input type="hidden" name="csrf_token" value="1"></form>', "posts to None"),
        ('<form method="post" action="https://a"><input type="hidden" name="csrf_token" value="1"></form>', "posts to"),
        ('<form method="post" action="/x"></form>', "has 0 tokens"),
        ('<form action="/x"><input type="hidden" name="csrf_token" value="1"></form>', "into the address"),
        ('<form action="/x" hx-post="/y"></form>', "or to '/y'"),
        ('<p style="color:red"></p>', "has style"),
        ('<p onclick="x()"></p>', "has onclick"),
        ("<style>p{}</style>", "inline style"),
        ("<script>x()</script>", "inline script"),
        ('<a href="javascript:x()">这里</a>', "has href="),
        ('<img src="/f/1" width="8" height="8">', "no alt"),
        ('<img src="/f/1" alt="">', "no size"),
        ('<a href="/me"></a>', "no name"),
        ('<a href="/me"><svg aria-hidden="true"></svg></a>', "no name"),
        ("<a>我的</a>", "leads nowhere"),
        ('<a href="#other">跳到正文</a>', "isn't there"),
        ('<p aria-describedby="other"></p>', "isn't there"),
    ],
)
def test_faults_are_seen(body: str, sentence: str) -> None:
    found = faults(page(body))
    assert any(sentence in fault for fault in found), found


def test_a_page_needs_title_and_language() -> None:
    found = faults(page("").replace("我的</title>", "</title>").replace(' lang="zh-CN"', ""))
    assert any("one title" in fault for fault in found)
    assert any("language" in fault for fault in found)
    assert faults("<p>没有框架</p>") == []  # a fragment


def test_every_page_of_these_tests_is_looked_at(app: Flask, cast: Cast) -> None:
    app.add_url_rule("/faulty", "faulty", lambda: page("<img src=/f/1>"))
    browser = sign_in(app, "buyer")
    assert isinstance(browser, Browser)
    assert browser.get("/me").status_code == 200
    with pytest.raises(FaultyPage, match="no alt"):
        browser.get("/faulty")
