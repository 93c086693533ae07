"""An uploaded table: one file, not too large, read by what knows its kind; what is wrong is said in words."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import current_app, request

from portal.config import Settings
from portal.sheets import SheetRefused
from portal.web.forms import Form

MOST_NAME = 200  # characters of a file's name that are kept
SHOWN = 10  # rows that can't be read, each in its own sentence

Found = TypeVar("Found")


def read_upload(read: Callable[[str], Found], *, most_bytes: int, missing: str) -> tuple[str, Found]:
    """The name of the file in the field ``file``, and what ``read`` makes of it, which is given a path.

    Raises SheetRefused for no file (with ``missing``), several, one that is too large, and what ``read`` refuses.
    """
    sent = [file for file in request.files.getlist("file") if file.filename]
    if len(sent) != 1:
        raise SheetRefused("一次上传一个文件" if sent else missing)
    content = sent[0].stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise SheetRefused(f"文件超过 {most_bytes // 1024 // 1024} MB，请分成几个文件上传")
    settings: Settings = current_app.extensions["portal_settings"]
    with tempfile.NamedTemporaryFile(dir=settings.data) as file:
        file.write(content)
        file.flush()
        found = read(file.name)
    name = (sent[0].filename or "").replace("\\", "/").rpartition("/")[2][:MOST_NAME]
    return "".join(char for char in name if char.isprintable()), found


def refuse_rows(form: Form, sentences: Sequence[str]) -> None:
    """What is wrong with rows of the file, by its field: the first ones, and how many more."""
    for sentence in sentences[:SHOWN]:
        form.refuse(sentence, "file")
    if len(sentences) > SHOWN:
        form.refuse(f"还有 {len(sentences) - SHOWN} 行也读不出来", "file")
