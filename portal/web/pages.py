"""Pages and fragments: the whole page, or only the block that htmx names."""

from __future__ import annotations

import hashlib

from flask import Response, current_app, make_response, render_template, request
from jinja2 import Template


def page(template: str, status: int = 200, **context: object) -> Response:
    """The page, or, for htmx, only the block named by HX-Target (block name = element id), with the title in front.

    A block that the template doesn't have means the whole page; hx-select makes both answers equally good. Errors of
    ``form``, or of the ``second_form`` of a page that has several, are said in the title.
    """
    target = request.headers.get("HX-Target", "")
    if target and request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        found: Template = current_app.jinja_env.get_template(template)
        if target in found.blocks:
            return make_response(_fragment(found, target, context), status)
    answer = make_response(render_template(template, **context), status)
    # Asked for as soon as the head of the answer is read, before the page is: a round trip that nobody waits for twice.
    style = current_app.extensions["portal_assets"].url("css/app.css")
    answer.headers["Link"] = f"<{style}>; rel=preload; as=style"
    return answer


def _fragment(template: Template, block: str, context: dict[str, object]) -> str:
    current_app.update_template_context(context)
    shared = template.new_context(context)
    title = "".join(template.blocks["title"](shared)).strip() if "title" in template.blocks else ""
    if title and any(getattr(context.get(name), "errors", None) for name in ("form", "second_form")):
        title = f"错误：{title}"  # as base.html has it
    body = "".join(template.blocks[block](shared))
    return f"<title>{title}</title>{body}" if title else body


def digest(*parts: object) -> str:
    """An ETag over what a page is made of."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:24]


def unchanged(*parts: object) -> tuple[str, bool]:
    """An ETag over what a page is made of, and whether the browser says that it has just that."""
    etag = digest(*parts)
    return etag, request.if_none_match.contains_weak(etag)


def not_modified(etag: str) -> Response:
    """304 for a browser that has it."""
    answer = Response(status=304)
    answer.set_etag(etag, weak=True)
    return answer
