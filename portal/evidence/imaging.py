"""The gate that every photo passes: judged by its content, decoded in a process of its own, re-encoded as WebP
(as JPEG when it is longer than WebP can be).

What comes out carries nothing of the file that came in but the picture: no place, no camera, no comment, nothing hung
on behind. Nothing is written to a disk on the way; what is refused leaves nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import re
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from portal.evidence import imaging_child

__all__ = ["ImageRefused", "ImagesRefused", "IncomingFile", "PreparedImage", "clean_name", "prepare", "prepare_each"]

MOST_BYTES = 10 * 1024 * 1024  # of one file as it comes in
HEIC = importlib.util.find_spec("pillow_heif") is not None
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


class ImageRefused(ValueError):
    """One photo that is not taken: its place among the files (from 0), and a sentence for who sent it (from 1)."""

    def __init__(self, index: int, problem: str) -> None:
        self.index = index
        self.sentence = f"第 {index + 1} 张照片{problem}"
        super().__init__(self.sentence)


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
            waiting.append(_Photo(index, file.name, stream, size, _judge(index, stream, size)))
        except ImageRefused as refusal:
            refusals[index] = refusal
    images: list[PreparedImage] = []
    if waiting and not _free.acquire(timeout=PATIENCE):
        refusals.update({photo.index: ImageRefused(photo.index, _BUSY) for photo in waiting})
    elif waiting:
        try:
            _decode(waiting, images, refusals)
        finally:
            _free.release()
    return images, [refusals[index] for index in sorted(refusals)]


@dataclass(frozen=True, slots=True)
class _Photo:
    index: int
    name: str
    stream: IO[bytes]
    size: int  # bytes
    format: str


# What a file is, by its content ---------------------------------------------------------------------------------------

_BUSY = "还没有处理:现在上传的人较多,请稍后再试"
_ODD = "处理不了(可能内容过于复杂),请换一张照片,或者截图后上传截图"
_BROKEN = "不完整或已损坏,可能没有上传完,请重新选择"
_NOT_TRIED = "还没有处理,请去掉处理不了的照片后重新上传"
_LARGE = {
    kind: f"像素过大(最多 {pixels // 10_000} 万像素,边长不超过 {imaging_child.LONGEST_SIDE}),"
    "请缩小后再上传,或者截图后上传截图"
    for kind, pixels in imaging_child.MOST_PIXELS.items()
}
_LARGE["WEBP"] = _LARGE["WEBP"].replace("最多", "WebP 图片最多")
_NO_HEIC = "是 HEIC 格式,这里打不开,请把手机相机的格式改为「兼容性最佳」后重拍,或者截图后上传截图"

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_AVIF_BRANDS = {b"avif", b"avis"}
_FOREIGN = (
    (b"GIF8", " GIF 动图"),
    (b"%PDF", " PDF 文件"),
    (b"PK\x03\x04", "压缩包或文档"),
    (b"PK\x05\x06", "压缩包或文档"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"\xd0\xcf\x11\xe0", "文档"),
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
    (b"#!", "程序"),
    (b"BM", " BMP 图片"),
    (b"II*\0", " TIFF 图片"),
    (b"MM\0*", " TIFF 图片"),
    (b"RIFF", "视频或录音"),
    (b"\x1a\x45\xdf\xa3", "视频"),
    (b"ID3", "录音"),
)
_MARKUP = re.compile(rb"\s*(?:<\?xml|<!|<html|<svg|<head|<body|<script|<x:|mime-version:)", re.IGNORECASE)


def _judge(index: int, stream: IO[bytes], size: int) -> str:
    """Which of ``child.FORMATS`` the stream holds; it is left at its beginning. Raises ImageRefused."""
    if size == 0:
        raise ImageRefused(index, "是空文件,请重新选择")
    if size > MOST_BYTES:
        raise ImageRefused(index, f"文件超过 {MOST_BYTES >> 20} MB,请缩小后再上传")
    head = stream.read(512)
    stream.seek(0)
    name = ""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        length = min(max(int.from_bytes(head[:4], "big"), 12), len(head))
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))}
        if brands & _HEIC_BRANDS:
            if HEIC:
                return "HEIF"
            raise ImageRefused(index, _NO_HEIC)
        name = " AVIF 图片" if brands & _AVIF_BRANDS else "视频"
    elif _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        name = "网页或矢量图"
    else:
        name = next((name for magic, name in _FOREIGN if head.startswith(magic)), "")
    raise ImageRefused(index, (f"是{name}," if name else "") + "不是 JPEG、PNG 或 WebP 图片,请换一张照片")


def _is_webp(file: bytes) -> bool:
    return file.startswith(b"RIFF") and file[8:12] == b"WEBP"


# The process that decodes ---------------------------------------------------------------------------------------------


def _decode(photos: Sequence[_Photo], images: list[PreparedImage], refusals: dict[int, ImageRefused]) -> None:
    """Have one child decode photo after photo; the one over which it dies is refused, and the next child goes on."""
    decoder: _Decoder | None = None
    deaths = 0
    try:
        for photo in photos:
            if deaths == _DEATHS:
                refusals[photo.index] = ImageRefused(photo.index, _NOT_TRIED)
                continue
            try:
                decoder = decoder or _Decoder()
                images.append(decoder.ask(photo))
            except ImageRefused as refusal:
                refusals[photo.index] = refusal
            except _Died as death:
                deaths += 1
                refusals[photo.index] = ImageRefused(photo.index, _ODD)
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
        assert self.process.stdin and self.process.stdout  # noqa: S101 (both are pipes)
        late = threading.Timer(imaging_child.SECONDS, self.process.kill)
        late.daemon = True
        late.start()
        try:
            # Strictly in turn, so that neither side ever waits for the other to read.
            self.process.stdin.write(imaging_child.REQUEST.pack(imaging_child.FORMATS.index(photo.format), photo.size))
            shutil.copyfileobj(photo.stream, self.process.stdin, 1 << 16)
            self.process.stdin.flush()
            head = self._read(imaging_child.ANSWER.size)
            verdict, full_size, thumb_size, width, height, thumb_width, thumb_height, taken = (
                imaging_child.ANSWER.unpack(head)
            )
            if verdict != imaging_child.DONE:
                problems = {imaging_child.TOO_LARGE: _LARGE[photo.format], imaging_child.BROKEN: _BROKEN}
                raise ImageRefused(photo.index, problems.get(verdict, _ODD))
            full, thumb = self._read(full_size), self._read(thumb_size)
        except OSError as error:
            raise _Died(self._how()) from error
        finally:
            late.cancel()
            late.join()
        long = max(width, height) > imaging_child.WEBP_SIDE
        if (
            not 0 < max(width, height) <= imaging_child.LONGEST_SIDE
            or (max(width, height) > imaging_child.FULL_SIDE and min(width, height) > imaging_child.READABLE)
            or not 0 < max(thumb_width, thumb_height) <= imaging_child.THUMB_SIDE
            or not (full.startswith(b"\xff\xd8\xff") if long else _is_webp(full))
            or not _is_webp(thumb)
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


# The name that a file came with ---------------------------------------------------------------------------------------

NAME_CHARACTERS = 120
NAME_BYTES = 255  # in UTF-8
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def clean_name(name: str) -> str:
    """A file's own name, fit to be shown and to be offered for saving; never used to find a file.

    No folders, nothing invisible or that turns the direction of writing, no quotes or signs that a system gives a
    meaning, not hidden, at most ``NAME_CHARACTERS`` and ``NAME_BYTES``; the ending survives. Empty becomes 照片.
    """
    last = re.split(r"[/\\]", name)[-1]
    last = unicodedata.normalize("NFC", "".join(sign for sign in last if unicodedata.category(sign)[0] != "C"))
    last = re.sub(r"[\"'<>:|?*`%\s\u2028\u2029]+", " ", last)
    last = last.lstrip(" .-~").rstrip(" .")
    if _RESERVED.match(last):
        last = f"_{last}"
    stem, dot, ending = last.rpartition(".")
    if not stem or len(ending) > 10 or not ending.isalnum():
        stem, dot, ending = last, "", ""
    tail = dot + ending
    stem = stem[: NAME_CHARACTERS - len(tail)]
    while len((stem + tail).encode()) > NAME_BYTES:
        stem = stem[:-1]
    return stem.rstrip(" .") + tail or "照片"
