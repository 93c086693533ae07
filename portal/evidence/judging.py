"""Judges a photo by its first bytes, and cleans its name, before anything decodes it."""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from typing import IO

from portal.evidence import imaging_child

MOST_BYTES = 10 * 1024 * 1024  # of one file as it comes in


HEIC = importlib.util.find_spec("pillow_heif") is not None


class ImageRefused(ValueError):
    """One photo that is not taken: its place among the files (from 0), and a sentence for who sent it (from 1)."""

    def __init__(self, index: int, problem: str) -> None:
        self.index = index
        self.sentence = f"第 {index + 1} 张照片{problem}"
        super().__init__(self.sentence)


BUSY = "还没有处理：现在上传的人较多，请稍后再试"


ODD = "处理不了（可能内容过于复杂），请换一张照片，或者截图后上传截图"


BROKEN = "不完整或已损坏，可能没有上传完，请重新选择"


NOT_TRIED = "还没有处理，请去掉处理不了的照片后重新上传"


LARGE = {
    kind: f"像素过大（最多 {pixels // 10_000} 万像素，边长不超过 {imaging_child.LONGEST_SIDE}），"
    "请缩小后再上传，或者截图后上传截图"
    for kind, pixels in imaging_child.MOST_PIXELS.items()
}


LARGE["WEBP"] = LARGE["WEBP"].replace("最多", "WebP 图片最多")


_NO_HEIC = "是 HEIC 格式，这里打不开，请把手机相机的格式改为「兼容性最佳」后重拍，或者截图后上传截图"


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


def judge(index: int, stream: IO[bytes], size: int) -> str:
    """Which of ``child.FORMATS`` the stream holds; it is left at its beginning. Raises ImageRefused."""
    if size == 0:
        raise ImageRefused(index, "是空文件，请重新选择")
    if size > MOST_BYTES:
        raise ImageRefused(index, f"文件超过 {MOST_BYTES >> 20} MB，请缩小后再上传")
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
    raise ImageRefused(index, (f"是{name}，" if name else "") + "不是 JPEG、PNG 或 WebP 图片，请换一张照片")


def is_webp(file: bytes) -> bool:
    return file.startswith(b"RIFF") and file[8:12] == b"WEBP"


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
