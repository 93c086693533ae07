"""Included templates become parts of their pages: that says what Jinja's own include says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment, FileSystemLoader, TemplateNotFound, nodes

from portal import TOP
from portal.web.inlined import Inlined
from portal.web.kept import Kept

TEMPLATES = {
    "plain": "<{% include 'part' %}>",
    "sets": "{% set x = 1 %}{% include 'setter' %}{{ x }}",
    "setter": "{% set x = 2 %}{{ x }}",
    "loop": "{% for x in (1, 2) %}{% include 'part' %}{% endfor %}",
    "with": "{% with x = 5 %}{% include 'part' %}{% endwith %}{{ x }}",
    "deep": "{% include 'plain' %}{% include 'sets' %}",
    "dynamic": "{% set x = 3 %}{% include name %}",
    "itself": "{% if n %}{% set n = n - 1 %}{{ n }}{% include 'itself' %}{% endif %}",
    "macro": "{% include 'macros' %}",
    "macros": "{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(x) }}",
    "blocks": "{% include 'block' %}",
    "block": "{% block b %}{{ x }}{% endblock %}",
    "lines": "a\n  {% include 'line' %}\nb\n",
    "line": "\n  {% if x %}\n  c {{ x }}\n  {% endif %}\n\n",
    "words": "{{ include }} {% set include = 4 %}{{ include }}{% include 'part' %}",
    "part": "{{ x }}{{ missing }}",
}


def _environment(*, inlined: bool, auto_reload: bool = False) -> Environment:
    made = Environment(loader=DictLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True, auto_reload=auto_reload)
    if inlined:
        made.add_extension(Inlined)
    return made


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("auto_reload", [False, True])
def test_it_says_the_same(name: str, auto_reload: bool) -> None:
    values = {"x": "外", "n": 3, "name": "part"}
    plain = _environment(inlined=False).get_template(name).render(values)
    assert _environment(inlined=True, auto_reload=auto_reload).get_template(name).render(values) == plain


def test_an_include_costs_no_template_of_its_own() -> None:
    environment = _environment(inlined=True)
    environment.get_template("deep").render(x=1)
    assert environment.cache is not None
    assert {name for _, name in environment.cache.keys()} == {"deep"}


def test_what_is_not_there_is_said() -> None:
    environment = _environment(inlined=True)
    with pytest.raises(TemplateNotFound, match="nowhere"):
        environment.from_string("{% include 'nowhere' %}")


def test_no_page_sets_a_name_after_an_included_part_has_read_it() -> None:
    """Jinja's include would read the page's own value of that name, the part of a page reads nothing."""
    folder = TOP / "templates"
    plain, whole = (Environment(loader=FileSystemLoader(folder)) for _ in range(2))
    for environment in (plain, whole):
        environment.add_extension(Kept)
    whole.auto_reload = False
    whole.add_extension(Inlined)
    wrong, looked_at = [], 0
    for path in sorted(Path(folder).rglob("*.html")):
        source = path.read_text("utf-8")
        page = plain.parse(source, str(path.relative_to(folder)))
        sets: dict[str, int] = {}
        assigned: list[Any] = list(page.find_all((nodes.Assign, nodes.AssignBlock)))
        for each in assigned:
            targets = [each.target, *each.target.find_all(nodes.Name)]
            for name in (target.name for target in targets if isinstance(target, nodes.Name)):
                sets[name] = min(sets.get(name, each.lineno), each.lineno)
        for include in page.find_all(nodes.Include):
            if isinstance(include.template, nodes.Const):
                looked_at += 1
                part = whole.parse(whole.loader.get_source(whole, include.template.value)[0], include.template.value)  # type: ignore[union-attr]
                read = {name.name for name in part.find_all(nodes.Name) if name.ctx == "load"}
                wrong += [f"{page}:{include.lineno} {name}" for name in read & set(sets) if sets[name] > include.lineno]
    assert looked_at > 50
    assert wrong == []
