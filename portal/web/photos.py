"""Sending a photo, once it is clear that its reader may see it. One that was changed on the disk is not sent."""

from __future__ import annotations

import logging

from flask import Response, abort

from portal.calendar import clock
from portal.columns import PhotoFiles
from portal.evidence import evidence
from portal.system import notes
from portal.web.headers import FILE_CSP
from portal.web.photo_field import store

log = logging.getLogger("portal.security")


def send(row: PhotoFiles, *, thumb: bool) -> Response:
    """The photo of a row (key, thumb_key, sha256, thumb_sha256), or its small picture; 404 when it isn't whole."""
    key, sha256 = (row.thumb_key, row.thumb_sha256) if thumb else (row.key, row.sha256)
    try:
        content = evidence.read_whole(store(), key, sha256)
    except FileNotFoundError:
        abort(404)
    except evidence.Damaged:
        log.error("evidence_changed %s", key)
        notes.raise_alarm(notes.DAMAGED, key, "not what was uploaded", clock.now() - clock.get_shift())
        abort(404)
    answer = Response(content, mimetype=evidence.get_mimetype(key))
    answer.headers["Content-Security-Policy"] = FILE_CSP
    answer.headers["Content-Disposition"] = "inline"
    return answer
