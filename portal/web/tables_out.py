"""A workbook that was just made, as the answer of a request; nothing between keeps a copy."""

from __future__ import annotations

import io

from flask import Response, send_file

from portal import workbook


def send_workbook(content: bytes, name: str) -> Response:
    """The workbook as a download called ``name``."""
    answer = send_file(io.BytesIO(content), mimetype=workbook.MIME, as_attachment=True, download_name=name, max_age=0)
    answer.headers["Cache-Control"] = "no-store"
    return answer
