"""The gate that every photo passes: judged by its content, decoded in a process of its own, re-encoded as WebP
(as JPEG when it is longer than WebP can be).

What comes out carries nothing of the file that came in but the picture: no place, no camera, no comment, nothing hung
on behind. Nothing is written to a disk on the way; what is refused leaves nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from portal.evidence import imaging_child
from portal.evidence.judging import BROKEN, BUSY, HEIC, LARGE, NOT_TRIED, ODD, ImageRefused, clean_name, is_webp, judge

__all__ = [
    "ImageRefused",
    "ImagesRefused",
    "IncomingFile",
    "PreparedImage",
    "clean_name",
    "prepare",
    "prepare_each",
    "read_codes",
]


ACCEPTED = "image/jpeg,image/png,image/webp" + (",image/heic,image/heif" if HEIC else "")  # for a field's accept=


CHILDREN = 2  # that decode at once in one web worker, each with up to child.MEMORY


PATIENCE = 15.0  # seconds to wait for one of them to become free


_DEATHS = 2  # of a request's children, then the rest of its photos is not tried


_MOST_OUT = 24 * 1024 * 1024  # bytes; what a child calls a finished photo is believed up to here


_free = threading.BoundedSemaphore(CHILDREN)


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file as it was sent: the name its sender gave it, and its bytes or a stream that can seek."""

    name: str
    content: bytes | IO[bytes]


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """A photo made safe. Sizes in pixels; ``taken_note`` is the camera's word (2026-11-20 14:03), never verified."""

    full: bytes  # WebP, or JPEG where it is longer than WebP can be
    thumb: bytes
    width: int
    height: int
    thumb_width: int
    thumb_height: int
    sha256: str
    taken_note: str | None
    original_name: str


class ImagesRefused(ValueError):
    """All the refusals of one request, in the order of its files."""

    def __init__(self, refusals: Sequence[ImageRefused]) -> None:
        self.refusals = list(refusals)
        super().__init__("；".join(refusal.sentence for refusal in refusals))


def prepare(files: Sequence[IncomingFile]) -> list[PreparedImage]:
    """All photos, in order. Raises ImagesRefused, with every refusal, when one can't be taken."""
    images, refusals = prepare_each(files)
    if refusals:
        raise ImagesRefused(refusals)
    return images


def prepare_each(files: Sequence[IncomingFile]) -> tuple[list[PreparedImage], list[ImageRefused]]:
    """The photos that are good and the refusals of the others, each in the order of the files.

    Waits for the decoder: about half a second of processor time for a photo of 5 MB, at most ``child.SECONDS`` each.
    """
    refusals: dict[int, ImageRefused] = {}
    waiting: list[_Photo] = []
    for index, file in enumerate(files):
        stream = BytesIO(file.content) if isinstance(file.content, bytes) else file.content
        size = stream.seek(0, 2)
        stream.seek(0)
        try:
            waiting.append(_Photo(index, file.name, stream, size, judge(index, stream, size)))
        except ImageRefused as refusal:
            refusals[index] = refusal
    images: list[PreparedImage] = []
    if waiting and not _free.acquire(timeout=PATIENCE):
        refusals.update({photo.index: ImageRefused(photo.index, BUSY) for photo in waiting})
    elif waiting:
        try:
            _decode(waiting, images, refusals)
        finally:
            _free.release()
    return images, [refusals[index] for index in sorted(refusals)]


def read_codes(file: IncomingFile) -> list[str]:
    """The texts of the bar codes and QR codes in a photo, of which nothing is kept.

    Raises ImageRefused, in the same words as for a photo that is kept; waits for the decoder as long.
    """
    stream = BytesIO(file.content) if isinstance(file.content, bytes) else file.content
    size = stream.seek(0, 2)
    stream.seek(0)
    photo = _Photo(0, file.name, stream, size, judge(0, stream, size))
    if not _free.acquire(timeout=PATIENCE):
        raise ImageRefused(0, BUSY)
    decoder: _Decoder | None = None
    try:
        decoder = _Decoder()
        return decoder.ask_codes(photo)
    except _Died as death:
        _log.warning("a photo ended its decoder: %s, %d bytes, %s", photo.format, photo.size, death)
        raise ImageRefused(0, ODD) from death
    finally:
        if decoder is not None:
            decoder.end()
        _free.release()


@dataclass(frozen=True, slots=True)
class _Photo:
    index: int
    name: str
    stream: IO[bytes]
    size: int  # bytes
    format: str


def _decode(photos: Sequence[_Photo], images: list[PreparedImage], refusals: dict[int, ImageRefused]) -> None:
    """Have one child decode photo after photo; the one over which it dies is refused, and the next child goes on."""
    decoder: _Decoder | None = None
    deaths = 0
    try:
        for photo in photos:
            if deaths == _DEATHS:
                refusals[photo.index] = ImageRefused(photo.index, NOT_TRIED)
                continue
            try:
                decoder = decoder or _Decoder()
                images.append(decoder.ask(photo))
            except ImageRefused as refusal:
                refusals[photo.index] = refusal
            except _Died as death:
                deaths += 1
                refusals[photo.index] = ImageRefused(photo.index, ODD)
                _log.warning("a photo ended its decoder: %s, %d bytes, %s", photo.format, photo.size, death)
                if decoder is not None:
                    decoder.end()
                decoder = None
    finally:
        if decoder is not None:
            decoder.end()


class _Died(Exception):
    """The child ended, was too slow or answered what it can't have found."""


class _Decoder:
    """A running ``portal.imaging_child``. Its answers are checked: a fooled decoder may say anything."""

    def __init__(self) -> None:
        # Isolated and without the environment: neither a stray module nor a secret is within its reach. One arena, or
        # malloc's reserve for each of libheif's threads counts against the address space.
        command = [sys.executable, "-I", "-B", imaging_child.__file__]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        try:
            self.process = subprocess.Popen(  # noqa: S603 (nothing of it comes from a request)
                command, stdin=pipe, stdout=pipe, stderr=nothing, env={"MALLOC_ARENA_MAX": "1"}, cwd="/"
            )
        except OSError as error:
            raise _Died(f"could not start: {error}") from error

    def ask(self, photo: _Photo) -> PreparedImage:
        """The photo, re-encoded. Raises ImageRefused, or _Died after which this decoder is of no more use."""
        (full, thumb), (width, height, thumb_width, thumb_height, taken) = self._exchange(photo)
        long = max(width, height) > imaging_child.WEBP_SIDE
        if (
            not 0 < max(width, height) <= imaging_child.LONGEST_SIDE
            or (max(width, height) > imaging_child.FULL_SIDE and min(width, height) > imaging_child.READABLE)
            or not 0 < max(thumb_width, thumb_height) <= imaging_child.THUMB_SIDE
            or not (full.startswith(b"\xff\xd8\xff") if long else is_webp(full))
            or not is_webp(thumb)
        ):
            raise _Died("an answer that can't be")
        note = taken.rstrip(b"\0").decode("ascii", "replace")
        return PreparedImage(
            full=full,
            thumb=thumb,
            width=width,
            height=height,
            thumb_width=thumb_width,
            thumb_height=thumb_height,
            sha256=hashlib.sha256(full).hexdigest(),
            taken_note=note if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", note) else None,
            original_name=clean_name(photo.name),
        )

    def ask_codes(self, photo: _Photo) -> list[str]:
        """The texts of the codes in the photo; raises as ``ask`` does."""
        (texts, _), _ = self._exchange(photo, imaging_child.CODES)
        found = texts.decode("utf-8", "replace").splitlines()
        if len(found) > imaging_child.MOST_CODES or any(len(text) > imaging_child.LONGEST_CODE for text in found):
            raise _Died("an answer that can't be")
        return found

    def _exchange(self, photo: _Photo, asks: int = 0) -> tuple[tuple[bytes, bytes], tuple[int, int, int, int, bytes]]:
        """What it answers to a photo: two files, then sizes and time."""
        assert self.process.stdin and self.process.stdout  # noqa: S101 (both are pipes)
        late = threading.Timer(imaging_child.SECONDS, self.process.kill)
        late.daemon = True
        late.start()
        number = imaging_child.FORMATS.index(photo.format) + asks
        try:
            # Strictly in turn, so that neither side ever waits for the other to read.
            self.process.stdin.write(imaging_child.REQUEST.pack(number, photo.size))
            shutil.copyfileobj(photo.stream, self.process.stdin, 1 << 16)
            self.process.stdin.flush()
            verdict, full_size, thumb_size, *sizes = imaging_child.ANSWER.unpack(self._read(imaging_child.ANSWER.size))
            if verdict != imaging_child.DONE:
                problems = {imaging_child.TOO_LARGE: LARGE[photo.format], imaging_child.BROKEN: BROKEN}
                raise ImageRefused(photo.index, problems.get(verdict, ODD))
            width, height, thumb_width, thumb_height, taken = sizes
            files = self._read(full_size), self._read(thumb_size)
        except OSError as error:
            raise _Died(self._how()) from error
        finally:
            late.cancel()
            late.join()
        return files, (width, height, thumb_width, thumb_height, taken)

    def _read(self, size: int) -> bytes:
        assert self.process.stdout  # noqa: S101
        found = self.process.stdout.read(size) if size <= _MOST_OUT else b""
        if len(found) < size:
            raise _Died(self._how())
        return found

    def _how(self) -> str:
        self.process.kill()
        return f"exit status {self.process.wait()}"

    def end(self) -> None:
        """Nothing of it stays: no process, no pipe."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what is still in a buffer can't be delivered
                    pipe.close()
        self.process.wait()
