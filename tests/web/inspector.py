"""Looks at every page that a web test fetches: sound HTML5, named fields and links, forms with address and token.

``Browser`` is a test client whose HTML answers go through ``inspect``; a page with a fault fails the test that fetched
it. Pages that differ only in tokens and moments are looked at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import g, has_app_context
from flask.testing import FlaskClient
from html5lib.constants import E as MESSAGES
from werkzeug.test import TestResponse

# Classes whose pictures have their size from the style sheet.
SIZED = frozenset({"thumb", "logo"})
NO_NAME_NEEDED = frozenset({"hidden", "submit", "button", "reset", "image"})
POINTERS = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "for")
WHOLE = re.compile(r"\s*<!doctype html>", re.IGNORECASE)
CHANGING = re.compile(r'(?<=")[0-9a-f]{32,40}(?=")|(?<=[="])\d{4}-\d\d-\d\dT[^"]*(?=")')


def parse(text: str) -> tuple[Element, list[str]]:
    """The tree of a page or fragment, and what the parser had to put up with."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(text) if WHOLE.match(text) else parser.parseFragment(text, container="div")
    faults = [f"line {line}: {MESSAGES[code] % details}" for (line, _), code, details in parser.errors]
    return tree, faults


def elements(tree: Element, *names: str) -> Iterator[Element]:
    """Every element of these kinds, or of all kinds, in the page's order; comments are none."""
    for element in tree.iter():
        if isinstance(element.tag, str) and (not names or element.tag in names):
            yield element


def name_of(element: Element) -> str:
    """The text that a screen reader would take from inside an element."""
    if element.get("aria-hidden") == "true" or not isinstance(element.tag, str):
        return ""
    if element.get("aria-label"):
        return str(element.get("aria-label"))
    said = [element.get("alt", "") if element.tag == "img" else "", element.text or ""]
    for child in element:
        said += [name_of(child), child.tail or ""]
    return " ".join("".join(said).split())


def faults(text: str) -> list[str]:
    """Everything that is wrong with a page or fragment, as sentences; empty for a sound one."""
    tree, found = parse(text)
    if WHOLE.match(text):
        found += _frame(tree)
    ids = Counter(element.get("id", "") for element in elements(tree) if "id" in element.attrib)
    found += [f"id {name!r} is there {number} times" for name, number in ids.items() if number > 1 or not name]
    found += _fields(tree, set(ids))
    found += _forms(tree)
    for element in elements(tree):
        found += _inline(element)
        found += _pointers(element, set(ids)) if WHOLE.match(text) else []
        if element.tag == "img":
            found += _picture(element)
        if element.tag in ("a", "button"):
            found += _link(element)
    return found


def _frame(tree: Element) -> list[str]:
    found = []
    titles = [name_of(title) for title in elements(tree, "title")]
    if len(titles) != 1 or not titles[0]:
        found.append(f"one title is needed, there are {titles}")
    headings = [name_of(heading) for heading in elements(tree, "h1")]
    if len(headings) != 1 or not headings[0]:
        found.append(f"one h1 is needed, there are {headings}")
    if not tree.get("lang"):
        found.append("the page doesn't say its language")
    if sum(1 for _ in elements(tree, "main")) != 1:
        found.append("one main is needed")
    return found


def _fields(tree: Element, ids: set[str]) -> list[str]:
    named = {label.get("for") for label in elements(tree, "label") if name_of(label)}
    wrapped = {id(inner) for label in elements(tree, "label") if name_of(label) for inner in elements(label)}
    found = []
    for field in elements(tree, "input", "select", "textarea"):
        if field.get("type", "text") in NO_NAME_NEEDED and field.tag == "input":
            continue
        by = field.get("aria-labelledby", "").split()
        if not (
            field.get("aria-label")
            or (field.get("id") and field.get("id") in named)
            or id(field) in wrapped
            or (by and set(by) <= ids)
        ):
            found.append(f"{field.tag} {field.get('name')!r} has no label")
        if field.tag == "input" and field.get("name") and not field.get("type", "text").strip():
            found.append(f"input {field.get('name')!r} has an empty type")
    return found


def _forms(tree: Element) -> list[str]:
    found = []
    for form in elements(tree, "form"):
        tokens = [field.get("value", "") for field in elements(form, "input") if field.get("name") == "csrf_token"]
        posts = form.get("method", "get").lower() == "post"
        if posts and not form.get("action", "").startswith("/"):
            found.append(f"a form posts to {form.get('action')!r}")
        if posts and (len(tokens) != 1 or not tokens[0]):
            found.append(f"the form to {form.get('action')!r} has {len(tokens)} tokens")
        if not posts and tokens:
            found.append(f"the form to {form.get('action')!r} would put its token into the address")
        if form.get("hx-post") not in (None, form.get("action")):
            found.append(f"a form posts to {form.get('action')!r} or to {form.get('hx-post')!r}")
    return found


def _inline(element: Element) -> list[str]:
    found = [
        f"{element.tag} has {name}" for name in element.attrib if name == "style" or name.startswith(("on", "hx-on"))
    ]
    if element.tag == "style" or (element.tag == "script" and not element.get("src")):
        found.append(f"an inline {element.tag}")
    for name in ("href", "src", "action", "formaction", "hx-get", "hx-post"):
        if re.match(r"\s*(javascript|data|vbscript):", element.get(name, ""), re.IGNORECASE):
            found.append(f"{element.tag} has {name}={element.get(name)!r}")
    return found


def _pointers(element: Element, ids: set[str]) -> list[str]:
    found = [
        f"{element.tag} points with {name} to {wanted!r}, which isn't there"
        for name in POINTERS
        for wanted in element.get(name, "").split()
        if wanted not in ids
    ]
    link = element.get("href", "")
    if element.tag == "a" and link.startswith("#") and link[1:] not in ids:
        found.append(f"a link to {link!r}, which isn't there")
    return found


def _picture(picture: Element) -> list[str]:
    found = []
    if "alt" not in picture.attrib:
        found.append(f"picture {picture.get('src')!r} has no alt")
    sized = picture.get("width", "").isdigit() and picture.get("height", "").isdigit()
    if not sized and not SIZED & set(picture.get("class", "").split()):
        found.append(f"picture {picture.get('src')!r} has no size")
    return found


def _link(element: Element) -> list[str]:
    found = []
    if element.tag == "a" and not element.get("href"):
        found.append(f"link {name_of(element)!r} leads nowhere")
    if not name_of(element) and element.get("aria-hidden") != "true":
        found.append(f"{element.tag} {element.get('href') or element.get('class')!r} has no name")
    return found


class FaultyPage(AssertionError):
    """A page that a test fetched isn't sound."""


_sound: set[str] = set()


def inspect(answer: TestResponse, what: str = "") -> None:
    """Raises FaultyPage when an HTML answer has a fault. Errors are pages too; only an empty body is none."""
    if answer.mimetype != "text/html":
        return
    text = answer.get_data(as_text=True)
    same = CHANGING.sub("", text)
    if not text or same in _sound or answer.status_code in (301, 302, 303, 307, 308):
        return
    if found := faults(text):
        raise FaultyPage(f"{what} ({answer.status_code}):\n  " + "\n  ".join(dict.fromkeys(found)))
    _sound.add(same)


class Browser(FlaskClient):
    """A client that looks at every page it gets, and whose every request begins with nothing in ``g``, as on a server
    (in a test all requests stand in the test's own application context)."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            for name in list(g):
                g.pop(name)
        answer = super().open(*args, **kwargs)
        inspect(answer, f"{answer.request.method} {answer.request.full_path.rstrip('?')}")
        return answer
