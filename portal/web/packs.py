"""Downloads that are built when asked for: 证据包 and 个人信息副本. Counted, because each reads a lot."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import BinaryIO
from urllib.parse import quote

from flask import Response, current_app, g, request
from werkzeug.wsgi import wrap_file

from portal import dossier
from portal.config import Settings
from portal.flow import Actor
from portal.web import errors, events, rates
from portal.web.headers import FILE_CSP
from portal.web.photo_field import store


def send(case_id: int, case_no: str, side: Actor, *, role: str = "") -> Response:
    """The pack of a case for ``side``, which the caller has found to be a party; ``role``: of a shop's person."""
    return sent(
        lambda into: dossier.build(case_id, side, role=role, store=store(), into=into, now=g.now),
        f"evidence-{case_no}.zip",
        dossier.file_name(case_no),
    )


def sent(build: Callable[[BinaryIO], None], plain: str, name: str) -> Response:
    """A ZIP that ``build`` writes, called ``name``, ``plain`` in letters. A HEAD builds and counts nothing.

    It is written to a file without a name in the data folder and sent from there: memory stays small, and nothing is
    left when the download breaks off.
    """
    if request.method == "HEAD":
        known = Response(mimetype="application/zip")
        known.automatically_set_content_length = False  # how long it will be, nobody knows yet
        return _named(known, plain, name)
    if not rates.count("export", g.who.user_id, g.now):
        refused = errors.answer(429, rates.say_limit("export", g.now))
        refused.headers["Retry-After"] = str(rates.count_wait("export", g.now))
        return refused
    events.say("export", what=plain)
    settings: Settings = current_app.extensions["portal_settings"]
    file = tempfile.TemporaryFile(dir=settings.data)
    try:
        build(file)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    answer = Response(wrap_file(request.environ, file, 64 * 1024), mimetype="application/zip", direct_passthrough=True)
    answer.content_length = size
    return _named(answer, plain, name)


def _named(answer: Response, plain: str, name: str) -> Response:
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["Content-Disposition"] = disposition
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = FILE_CSP
    return answer
