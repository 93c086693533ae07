"""The template lint: what the strict content policy, the form tokens and rendering single blocks ask of every template.

Each rule is a function from a source text to its findings, and each has snippets below that it must find.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest
from jinja2 import Environment, TemplateSyntaxError, nodes

from portal.web.kept import Kept

PROJECT = Path(__file__).parents[2]

# Where unescaped markup is allowed: (file, the line's text). At most three, and each still in use.
ALLOWED_MARKUP: frozenset[tuple[str, str]] = frozenset(
    {
        # a page that is sent and printed as one file, away from the portal and its content policy
        ("portal/dossier/markup.py", 'style = Html("<style>" + STYLE + "</style>")'),
    }
)


class Finding(NamedTuple):
    line: int
    what: str


class Tag(NamedTuple):
    line: int
    name: str
    attributes: dict[str, str]


# Reading


def without_comments(text: str) -> str:
    """The template without {# comments #}, on the same lines."""
    return re.sub(r"\{#.*?#\}", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)


_HIDE = str.maketrans({"<": "\ue000", ">": "\ue001", '"': "\ue002", "'": "\ue003", " ": "\ue004", "\n": "\ue005"})
_SHOW = str.maketrans({"\ue000": "<", "\ue001": ">", "\ue002": '"', "\ue003": "'", "\ue004": " ", "\ue005": "\n"})


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        shown = {key.translate(_SHOW): (value or "").translate(_SHOW) for key, value in attributes}
        self.tags.append(Tag(self.getpos()[0], name, shown))


def tags(text: str) -> list[Tag]:
    """Every HTML start tag; statements count as spaces, so both sides of an if are seen; expressions stay whole."""
    text = without_comments(text)
    text = re.sub(r"\{%.*?%\}", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", lambda found: found[0].translate(_HIDE), text, flags=re.DOTALL)
    parser = _Tags()
    parser.feed(text)
    parser.close()
    return parser.tags


def jinja_code(text: str) -> Iterator[tuple[int, str]]:
    """What stands in {{ }} and {% %}, with its line."""
    text = without_comments(text)
    for found in re.finditer(r"\{\{(.*?)\}\}|\{%(.*?)%\}", text, flags=re.DOTALL):
        yield text.count("\n", 0, found.start()) + 1, found[1] or found[2] or ""


def tree(text: str) -> nodes.Template:
    return Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", Kept], autoescape=True).parse(text)


# Rules


def inline_style(text: str) -> Iterator[Finding]:
    for tag in tags(text):
        if "style" in tag.attributes or tag.name == "style":
            yield Finding(tag.line, "inline style; use a class")
    for line, code in jinja_code(text):
        if re.search(r"\bstyle\s*=(?!=)", code):
            yield Finding(line, "inline style handed to a field; use a class")


def inline_script(text: str) -> Iterator[Finding]:
    for tag in tags(text):
        if tag.name == "script" and not tag.attributes.get("src"):
            yield Finding(tag.line, "<script> without src")


HANDLER = r"\bon(click|change|submit|input|load|error|focus|blur|key\w+|mouse\w+|touch\w+|pointer\w+)\s*=(?!=)"


def event_handler(text: str) -> Iterator[Finding]:
    for tag in tags(text):
        for name in tag.attributes:
            if re.match(r"on[a-z]", name):
                yield Finding(tag.line, f"handler {name}=")
    for line, code in jinja_code(text):
        if re.search(HANDLER, code):
            yield Finding(line, "handler handed to a field")


def hx_on(text: str) -> Iterator[Finding]:
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if re.search(r"\bhx[-_]on\b|\bhx-vars\b", line):
            yield Finding(number, "hx-on and hx-vars evaluate text as code")


def script_address(text: str) -> Iterator[Finding]:
    for tag in tags(text):
        for name, value in tag.attributes.items():
            if re.search(r"(?<![\w.-])(?:js|javascript)\s*:", value, re.IGNORECASE):
                yield Finding(tag.line, f"code in {name}")


def filtered_trigger(text: str) -> Iterator[Finding]:
    for tag in tags(text):
        for name in ("hx-trigger", "data-hx-trigger"):
            if "[" in tag.attributes.get(name, ""):
                yield Finding(tag.line, "a filter in hx-trigger fires unfiltered under the content policy")


def unescaped(text: str) -> Iterator[Finding]:
    for line, code in jinja_code(text):
        if re.search(r"\|\s*safe\b|\bMarkup\s*\(|\bautoescape\b", code):
            yield Finding(line, "unescaped markup")


def post_without_token(text: str) -> Iterator[Finding]:
    text = without_comments(text)
    for found in re.finditer(r"<form\b.*?(?:</form\s*>|\Z)", text, flags=re.DOTALL | re.IGNORECASE):
        method = re.search(r"\bmethod\s*=\s*[\"']?\s*(post|\{)", found[0], re.IGNORECASE)
        posts = method or re.search(r"\bhx-(post|put|patch|delete)\b", found[0])
        if posts and not re.search(r"\bhidden_tag\s*\(|\bcsrf_token\b", found[0]):
            yield Finding(text.count("\n", 0, found.start()) + 1, "a form that posts needs hidden_tag() or ui.form")


def conditional_block(text: str) -> Iterator[Finding]:
    for outer in tree(text).find_all((nodes.If, nodes.For)):
        for block in outer.find_all(nodes.Block):
            yield Finding(block.lineno, f"block {block.name} inside if or for can't be rendered alone")


def name_outside_block(text: str) -> Iterator[Finding]:
    """What is named outside a block isn't there when htmx asks for the block alone."""
    whole, named = tree(text), set()
    for each in whole.body:
        if isinstance(each, nodes.Macro):
            named.add(each.name)
        elif isinstance(each, nodes.Assign) and isinstance(each.target, nodes.Name):
            named.add(each.target.name)
        elif isinstance(each, nodes.Import):
            named.add(each.target)
    for block in whole.find_all(nodes.Block):
        for used in block.find_all(nodes.Name):
            if used.ctx == "load" and used.name in named:
                yield Finding(used.lineno, f"{used.name} is made outside block {block.name}, which is rendered alone")


def bare_image(text: str) -> Iterator[Finding]:
    for tag in tags(text):
        missing = [name for name in ("width", "height", "alt") if name not in tag.attributes]
        if tag.name == "img" and missing:
            yield Finding(tag.line, f"<img> without {', '.join(missing)}")


NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")


def external_address(text: str) -> Iterator[Finding]:
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        for namespace in NAMESPACES:
            line = line.replace(namespace, "")
        if re.search(r"https?://|[=\"'(]\s*//\w", line, re.IGNORECASE):
            yield Finding(number, "an address outside the portal")


def new_window(text: str) -> Iterator[Finding]:
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if re.search(r"\btarget\s*=\s*[\"']?_blank", line, re.IGNORECASE):
            yield Finding(number, "target=_blank")


Rule = Callable[[str], Iterator[Finding]]


def cut_specification(text: str) -> Iterator[Finding]:
    """A specification inside what is cut after two lines: goods often differ in nothing else."""
    for found in re.finditer(r'<(\w+) class="clip"[^>]*>(.*?)</\1>', without_comments(text), flags=re.DOTALL):
        if "spec" in found[2]:
            yield Finding(text[: found.start()].count("\n") + 1, found[2])


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        inline_style,
        inline_script,
        event_handler,
        hx_on,
        script_address,
        filtered_trigger,
        unescaped,
        post_without_token,
        conditional_block,
        name_outside_block,
        bare_image,
        external_address,
        new_window,
        cut_specification,
    )
}

# The rules themselves

BAD = [
    ("cut_specification", '<p class="clip">{{ line.title }} <span class="muted">{{ line.spec }}</span></p>'),
    ("cut_specification", '<span class="clip">{{ line.title }} {{ line.spec }} ×2</span>'),
    ("inline_style", '<p style="color: red">'),
    ("inline_style", '<p {% if late %}style="color: red"{% endif %}>'),
    ("inline_style", "<style>p { color: red }</style>"),
    ("inline_style", '{{ form.note(style="width: 9em") }}'),
    ("inline_script", "<script>alert(1)</script>"),
    ("inline_script", '<script type="module">go()</script>'),
    ("event_handler", '<button onclick="go()">'),
    ("event_handler", '<button {% if a > b %}ONCLICK="go()"{% endif %}>'),
    ("event_handler", '{{ form.note(onchange="go()") }}'),
    ("hx_on", '<p hx-on:click="go()">'),
    ("hx_on", '<p hx-on::after-request="go()">'),
    ("hx_on", '<p data-hx-on-click="go()">'),
    ("script_address", "<p hx-vals='js:{a: go()}'>"),
    ("script_address", '<a href="javascript:go()">'),
    ("script_address", "<a href=\"{{ 'javascript:' ~ go }}\">"),
    ("filtered_trigger", '<p hx-trigger="click[ctrlKey]">'),
    ("filtered_trigger", '<p hx-trigger="every 5s\n [document.hasFocus()]">'),
    ("unescaped", "{{ note|safe }}"),
    ("unescaped", "{{ note | trim | safe }}"),
    ("unescaped", "{% autoescape false %}{{ note }}{% endautoescape %}"),
    ("post_without_token", '<form method="post"><input name="a"></form>'),
    ("post_without_token", '<form action="/a"\n method=POST></form>'),
    ("post_without_token", '<form hx-post="/a"></form>{{ form.hidden_tag() }}'),
    ("conditional_block", "{% if a %}{% block b %}{% endblock %}{% endif %}"),
    ("conditional_block", "{% for a in b %}<p>{% block c %}{% endblock %}</p>{% endfor %}"),
    ("conditional_block", "{% if a %}{% else %}{% block b %}{% endblock %}{% endif %}"),
    ("name_outside_block", "{% macro a(b) %}{{ b }}{% endmacro %}{% block c %}{{ a(1) }}{% endblock %}"),
    ("name_outside_block", "{% set a = 1 %}{% block c %}{% if d %}{{ a }}{% endif %}{% endblock %}"),
    ("name_outside_block", '{% import "a.html" as a %}{% block c %}{{ a.b() }}{% endblock %}'),
    ("bare_image", '<img src="/f/a" width="8" height="8">'),
    ("bare_image", '<img src="{{ \'>\' }}" alt="" width="8">'),
    ("external_address", '<a href="https://example.com/">'),
    ("external_address", '<img src="//example.com/a.png">'),
    ("external_address", "<p hx-get='HTTP://example.com'>"),
    ("new_window", '<a href="/a" target="_blank">'),
]

GOOD = """
{% set section = "queue" %}
<p><span class="clip">{{ line.title }}</span><span class="spec">{{ line.spec }}</span></p>
{% extends "base.html" %}
{# style="" onclick="" |safe https://example.com #}
{% block page %}
<p class="note once" data-state="{{ 'a' if x > 1 else 'b' }}" hx-trigger="every 5s, revealed">{{ ui.text(note) }}</p>
{% if a %}<img src="{{ url }}" alt="" width="80" height="80">{% endif %}
<form method="get" action="/orders"><input name="q"></form>
<form method="post" action="/a">{{ form.hidden_tag() }}</form>
{% call ui.form("/a", form) %}{{ form.note(class="wide") }}{% endcall %}
<svg xmlns="http://www.w3.org/2000/svg"><use href="/static/icons.svg#x"></use></svg>
<script src="/static/app.js" defer></script>
<a href="/a//b" hx-vals='{"only": "a"}'>x</a>
{% endblock %}
"""


@pytest.mark.parametrize(("rule", "snippet"), BAD)
def test_the_rule_finds_what_is_bad(rule: str, snippet: str) -> None:
    assert list(RULES[rule](snippet))


def test_every_rule_has_a_bad_snippet() -> None:
    assert {rule for rule, _ in BAD} == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_lets_good_markup_pass(rule: str) -> None:
    assert list(RULES[rule](GOOD)) == []


def test_a_finding_knows_its_line() -> None:
    text = '{# one\n two #}\n<p\n class="a">\n{% if a %}\n<p style="">{% endif %}'
    assert [found.line for found in inline_style(text)] == [6]


# The templates


def templates() -> list[Path]:
    folder = PROJECT / "templates"
    return sorted(path for path in folder.rglob("*") if path.suffix in {".html", ".xml", ".svg", ".txt"})


def modules() -> list[Path]:
    return sorted((PROJECT / "portal").rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("rule", RULES)
def test_templates_keep_the_rule(rule: str) -> None:
    found = [
        f"{named(path)}:{finding.line}: {finding.what}"
        for path in templates()
        for finding in RULES[rule](path.read_text())
        if not (rule == "unescaped" and is_allowed(path, finding.line))
    ]
    assert found == []


def test_templates_are_well_formed() -> None:
    found = []
    for path in templates():
        try:
            tree(path.read_text())
        except TemplateSyntaxError as error:
            found.append(f"{named(path)}:{error.lineno}: {error.message}")
    assert found == []


# Markup made in Python


def is_allowed(path: Path, line: int) -> bool:
    return (named(path), path.read_text().splitlines()[line - 1].strip()) in ALLOWED_MARKUP


def python_markup(source: str) -> Iterator[Finding]:
    """Markup of anything but a literal, templates in strings, and HTML in strings that breaks a rule.

    Markup("<b>{}</b>").format(name) is fine: what joins a literal is escaped.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            literal = all(isinstance(argument, ast.Constant) for argument in node.args) and not node.keywords
            if name in {"render_template_string", "from_string"} or (name == "Markup" and not literal):
                yield Finding(node.lineno, f"{name}() makes markup in Python")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"<[a-z]+[ >]", node.value):
            for rule in (inline_style, inline_script, event_handler, hx_on, script_address, new_window):
                for finding in rule(node.value):
                    yield Finding(node.lineno, finding.what)


@pytest.mark.parametrize(
    "source",
    [
        'Markup("<b>" + name)',
        'Markup(f"<b>{name}</b>")',
        "markupsafe.Markup(text)",
        'flask.render_template_string("{{ a }}")',
        "page = \"<p style='color: red'>\"",
        "page = f\"<p onclick='go()'>{name}</p>\"",
    ],
)
def test_markup_in_python_is_found(source: str) -> None:
    assert list(python_markup(source))


def test_escaping_in_python_is_fine() -> None:
    assert list(python_markup('Markup.escape(a); Markup("<b>{}</b>").format(a); "a < b"; "<p class=\'a\'>"')) == []


def test_python_makes_no_markup() -> None:
    found = [
        f"{named(path)}:{finding.line}: {finding.what}"
        for path in modules()
        for finding in python_markup(path.read_text())
        if not is_allowed(path, finding.line)
    ]
    assert found == []


def test_the_allowed_markup_is_short_and_in_use() -> None:
    assert len(ALLOWED_MARKUP) <= 3
    for file, line in ALLOWED_MARKUP:
        assert line in map(str.strip, (PROJECT / file).read_text().splitlines()), (file, line)


def test_each_search_of_the_desk_has_a_name() -> None:
    """The frame has a search of its own, so that those of a page need a name to be told apart from it."""
    found = [
        f"{path.name}: {form}"
        for path in sorted((PROJECT / "templates/seller").glob("*.html"))
        for form in re.findall(r'<form [^>]*role="search"[^>]*>', path.read_text(encoding="utf-8"))
        if path.name != "base.html" and "aria-label=" not in form
    ]
    assert not found, found


def test_what_warns_is_said_by_the_table() -> None:
    """A button warns where the row of its step is ``danger``: no template knows such steps by name."""
    named = re.compile(r"""danger["'] if step\.name""")
    assert not [path for path in (PROJECT / "templates").rglob("*.html") if named.search(path.read_text("utf-8"))]
