"""The look, as far as numbers hold it: contrast of the tokens in both themes, sizes on the wire, icons that exist."""

from __future__ import annotations

import re
from pathlib import Path

import brotli
import pytest

from portal.web import modules
from portal.web.assets import SCRIPTS, join_scripts, squeeze

PROJECT = Path(__file__).parents[2]
CSS = (PROJECT / "static/css/app.css").read_text()
Theme = dict[str, str]


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def themes() -> dict[str, Theme]:
    """The custom properties that are colours, as each theme sees them."""
    light, dark, *_ = re.findall(r":root \{(.*?)\}", CSS, flags=re.DOTALL)
    colours = [dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6})", text)) for text in (light, dark)]
    return {"light": colours[0], "dark": {**colours[0], **colours[1]}}


def tints() -> dict[str, list[tuple[str, str]]]:
    pairs = re.findall(r"\.tint-\d \{ background: (#\w{6}); color: (#\w{6}); \}", CSS)
    return {"light": pairs[:8], "dark": pairs[8:]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read_on_every_ground(theme: str) -> None:
    colour = themes()[theme]
    inks = ("ink", "muted", "brand", "ok", "warn", "bad", "info")
    pairs = [(name, ground) for name in inks for ground in ("canvas", "surface")]
    pairs += [(name, f"{name}-bg") for name in ("brand", "ok", "warn", "bad", "info")]
    pairs += [(name, f"{tint}-bg") for name in ("ink", "muted") for tint in ("brand", "ok", "warn", "bad", "info")]
    pairs += [("on-brand", "brand"), ("surface", "bad"), ("surface", "ink")]
    assert [pair for pair in pairs if contrast(colour[pair[0]], colour[pair[1]]) < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_fields_are_seen(theme: str) -> None:
    colour = themes()[theme]
    assert min(contrast(colour["edge"], colour[ground]) for ground in ("canvas", "surface")) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_placeholder_pictures_can_be_read(theme: str) -> None:
    pairs = tints()[theme]
    assert len(pairs) == 8
    assert min(contrast(*pair) for pair in pairs) >= 4.5


def test_files_of_a_first_visit_are_small() -> None:
    static = PROJECT / "static"
    files = {"css/app.css": squeeze(CSS).encode(), "app.js": join_scripts(static)}
    files["start.js"] = (static / "start.js").read_bytes()
    sizes = {name: len(brotli.compress(content, quality=11)) for name, content in files.items()}
    assert sizes["css/app.css"] <= 9 * 1024
    assert sum(sizes.values()) <= 40 * 1024  # and 5 KB of HTML


@pytest.mark.parametrize(
    ("css", "short"),
    [
        ("/* a { b } */\na {\n  color: red;\n}\n", "a{color: red;}"),
        ("a > b,\nc d { margin: 0 calc(1px + 2px) }", "a>b,c d{margin: 0 calc(1px + 2px)}"),
        ('a::after { content: "x y"; }', 'a::after{content: "x y";}'),
        ("@media (a) and (b) { c :is(d) { e: f } }", "@media (a) and (b){c :is(d){e: f}}"),
    ],
)
def test_a_stylesheet_loses_only_what_readers_need(css: str, short: str) -> None:
    assert squeeze(css) == short


def test_a_key_is_named_only_where_there_is_a_mouse() -> None:
    """A phone has no keyboard, a desk has both. What is hidden so is the hint alone, never the button."""
    hidden = re.findall(r"@media not all and ([^{]*)\{([^}]*)\}", CSS)
    assert [(ground.strip(), rule.strip()) for ground, rule in hidden] == [
        (
            "(any-hover: hover) and (any-pointer: fine)",
            ".btn kbd, .find kbd, .picks kbd, .keys { display: none !important;",
        )
    ]
    templates = sorted((PROJECT / "templates").rglob("*.html"))
    named = [path.name for path in templates for kbd in re.findall(r".*<kbd", path.read_text()) if kbd]
    known = {"base.html", "_line.html", "_strips.html", "scan.html", "shipping.html", "ui.html"}
    assert named and set(named) <= known, "in buttons and in the search"
    said = [line for path in templates for line in re.findall(r"<p[^>]*>[^<]*(?:数字键|键盘)", path.read_text())]
    assert said and all("keys" in line for line in said), "so is a sentence about keys"
    stuck = [path.name for path in templates if re.search('placeholder="[^"]*/', path.read_text())]
    assert not stuck, "a hint in a placeholder can't be hidden"


def test_every_icon_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (PROJECT / "static/icons.svg").read_text()))
    used = {
        name
        for path in (PROJECT / "templates").rglob("*.html")
        for name in re.findall(r'(?:ui\.icon\(|icon=)"([\w-]+)"|sprite \}\}#([\w-]+)', path.read_text())
        for name in name
        if name
    }
    assert used - drawn == set()


def test_nothing_is_fetched_from_elsewhere_or_run_from_text() -> None:
    assert not re.search(r"https?://|@import|data:", CSS)
    for path in (*(PROJECT / "static/js").glob("*.js"), *(PROJECT / "static").glob("*.js")):
        text, name = path.read_text(), path.name
        assert not re.search(r"https?://|\beval\(|new Function|innerHTML|\.style\b|document\.write", text), name


def test_scripts_are_modules_of_one_noun_that_are_all_sent() -> None:
    """Each module is imported by another one, none is long, and joined they are one file without an import."""
    folder = PROJECT / "static/js"
    texts = {path.name: path.read_text() for path in folder.glob("*.js")}
    imported = {
        name for text in texts.values() for name in re.findall(r'^import .*"\./([\w-]+\.js)";', text, re.MULTILINE)
    }
    assert imported | {"app.js"} == set(texts)
    assert {name: text.count("\n") for name, text in texts.items() if text.count("\n") > 300} == {}
    whole = modules.join(PROJECT / "static" / SCRIPTS)
    assert not re.search(r"^(?:import|export) |^ *//", whole, re.MULTILINE)


@pytest.mark.parametrize(
    "texts",
    [
        {"app.js": 'import "./a.js";\n', "a.js": 'import "./app.js";\n'},
        {"app.js": 'import "./a.js";\nconst one = 1;\n', "a.js": "export const one = 2;\n"},
        {"app.js": 'import * as a from "./a.js";\n', "a.js": "export const one = 2;\n"},
        {"app.js": "export default 1;\n"},
    ],
)
def test_modules_that_cannot_be_joined_are_refused(tmp_path: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(modules.ModulesRefused):
        modules.join(tmp_path / "app.js")


def test_no_cell_of_a_table_becomes_a_block() -> None:
    """A class of a cell that is also a span's elsewhere: as a block the cell lies over the next row."""
    cells = re.findall(
        r"<t[dh]\b[^>]*?\sclass=\"([^\"]*)\"", "\n".join(map(Path.read_text, (PROJECT / "templates").rglob("*.html")))
    )
    on_cells = {name for found in cells for name in found.split() if re.fullmatch(r"[a-z-]+", name)}
    blocks = {
        selector.strip()
        for selectors, rules in re.findall(r"([^{}]+)\{([^{}]*)\}", CSS)
        if re.search(r"display: (block|flex|grid)", rules)
        for selector in selectors.split(",")
    }
    assert "whole" in on_cells and blocks.isdisjoint({f".{name}" for name in on_cells})


def test_nothing_that_is_not_seen_stands_behind_a_bar() -> None:
    """The bar of a page's last form lies at the foot of the screen only while its form is the last element."""
    behind = re.compile(r'<div class="bar">[^\n]*\n\{% endcall %\}\n(?:\{% if [^%]*%\})?<\w+ hidden')
    pages = {path.name for path in (PROJECT / "templates").rglob("*.html") if behind.search(path.read_text())}
    assert pages == set()
