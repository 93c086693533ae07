"""Templates that an earlier process compiled: found again, never stale, and nothing breaks that they lie on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import DictLoader

from portal.config import Settings
from portal.web import compiled
from tests.conftest import make_app

TEXTS = {"a.html": "{% include 'b.html' %}{{ word }}", "b.html": "<p>乙</p>", "c.html": "{{ 5 }}"}


@pytest.fixture
def start(tmp_path: Path, sqlite_template: Path) -> Callable[[], Flask]:
    """Another process on the same data folder, with three small templates."""

    def begin() -> Flask:
        app = make_app(tmp_path / "data", sqlite_template)
        app.jinja_env.loader = DictLoader(TEXTS)
        return app

    return begin


def _folder(app: Flask) -> Path:
    settings: Settings = app.extensions["portal_settings"]
    (found,) = (settings.data / "compiled").iterdir()
    return found


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("compiled again")


def test_a_second_process_compiles_nothing(start: Callable[[], Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    list(compiled.compile_all(start()))
    again = start()
    monkeypatch.setattr(type(again.jinja_env), "compile", _refuse)
    compiled.use_kept(again)
    assert again.jinja_env.get_template("a.html").render(word="甲") == "<p>乙</p>甲"


@pytest.mark.parametrize("content", [b"", b"j2", b"\x80", b"not code at all", None])
def test_a_broken_file_costs_a_compilation_only(content: bytes | None, start: Callable[[], Flask]) -> None:
    first = start()
    list(compiled.compile_all(first))
    for file in _folder(first).iterdir():
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2] if content is None else content)
    again = start()
    compiled.use_kept(again)
    assert again.jinja_env.get_template("a.html").render(word="甲") == "<p>乙</p>甲"


def test_where_nothing_can_be_kept_pages_are_there(start: Callable[[], Flask]) -> None:
    app = start()
    (app.extensions["portal_settings"].data / "compiled").write_text("no folder")
    assert set(compiled.compile_all(app)) == set(TEXTS)
    assert app.jinja_env.get_template("c.html").render() == "5"


def test_what_another_release_left_goes(start: Callable[[], Flask]) -> None:
    app = start()
    old = app.extensions["portal_settings"].data / "compiled" / "0123456789abcdef"
    old.mkdir(parents=True)
    (old / "x.cache").write_bytes(b"old")
    assert set(compiled.compile_all(app)) == set(TEXTS)
    assert not old.exists()
    assert _folder(app).stat().st_mode & 0o077 == 0


def test_any_change_of_code_or_of_an_include_is_another_state(app: Flask, tmp_path: Path) -> None:
    top = tmp_path / "top"
    for name in ("portal/filters.py", "portal/web/kept.py", "templates/a.html", "templates/seller/b.html"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    seen = [compiled.digest_code(app.jinja_env, top)]
    for file in sorted(top.rglob("*.*")):
        file.write_text("another")
        seen.append(compiled.digest_code(app.jinja_env, top))
    (top / "templates" / "new.html").write_text("")
    seen.append(compiled.digest_code(app.jinja_env, top))
    assert len(set(seen)) == 6
    assert compiled.digest_code(app.jinja_env, top) == seen[-1]


def test_one_template_that_is_broken_holds_up_no_other(start: Callable[[], Flask]) -> None:
    app = start()
    app.jinja_env.loader = DictLoader({**TEXTS, "0.html": "{% if %}"})
    assert set(compiled.compile_all(app)) == {*TEXTS, "0.html"}
    assert len(list(_folder(app).iterdir())) == 3
