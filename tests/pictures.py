"""Files that people send as photos, well meant or not, made in memory, each with what must become of it."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin, TiffImagePlugin

pillow_heif.register_heif_opener()

UPRIGHT = (96, 64)
CORNERS = ((255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 255, 0))  # top left, top right, bottom left, bottom right
GREYS = tuple((level, level, level) for level in (76, 94, 29, 226))
WHITE = ((255, 255, 255),) * 4
MARK = b"FIND-ME-7f3a"  # stands in everything that must vanish

NOT_A_PHOTO = "不是 JPEG、PNG 或 WebP 图片，请换一张照片"
INCOMPLETE = "不完整或已损坏，可能没有上传完，请重新选择"
TOO_MANY_PIXELS = "像素过大（最多 5100 万像素，边长不超过 46000）"


@dataclass(frozen=True)
class Picture:
    """A file: refused with a sentence that ends in or contains ``refused``, or taken with this size and corners."""

    id: str
    build: Callable[[], bytes]
    refused: str = ""
    name: str = "photo.jpg"
    size: tuple[int, int] = UPRIGHT
    corners: tuple[tuple[int, int, int], ...] = CORNERS
    taken: str | None = None


# Pictures that are what they seem -------------------------------------------------------------------------------------


def quarters(size: tuple[int, int] = UPRIGHT) -> Image.Image:
    """Red, green, blue and yellow quarters: any turn or mirroring shows."""
    width, height = size
    image = Image.new("RGB", size)
    for index, colour in enumerate(CORNERS):
        left, top = index % 2 * (width // 2), index // 2 * (height // 2)
        image.paste(colour, (left, top, left + width - width // 2, top + height - height // 2))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(image: Image.Image | None = None, **options: Any) -> bytes:
    return saved(image or quarters(), "JPEG", **{"quality": 92, "subsampling": 0, **options})


def png(image: Image.Image | None = None, **options: Any) -> bytes:
    return saved(image or quarters(), "PNG", **options)


def webp(image: Image.Image | None = None, **options: Any) -> bytes:
    return saved(image or quarters(), "WEBP", **{"quality": 90, **options})


def heic(image: Image.Image | None = None, **options: Any) -> bytes:
    return saved(image or quarters(), "HEIF", **{"quality": 90, "chroma": 444, **options})


def photo(size: tuple[int, int], quality: int = 92) -> bytes:
    """A JPEG with the grain of a real photo, so that it has a real photo's size: 4032×3024 is about 5 MB."""
    grain = Image.effect_noise(size, 18)
    shapes = Image.effect_noise((size[0] // 8, size[1] // 8), 90).resize(size)
    light = Image.linear_gradient("L").resize(size)
    bands = (Image.blend(shapes, grain, 0.4), Image.blend(light, grain, 0.35), Image.blend(shapes, light, 0.5))
    return saved(Image.merge("RGB", bands), "JPEG", quality=quality)


def turned(orientation: int) -> Image.Image:
    """The quarters as a camera stores them when it was held so that they need this turn to stand upright."""
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return quarters().transpose(inverse[orientation]) if orientation in inverse else quarters()


def exif(orientation: int = 1, *, place: bool = False, taken: str = "", camera: bytes = b"") -> Image.Exif:
    noted = Image.Exif()
    noted[0x0112] = orientation
    if place:
        noted[0x010F] = MARK.decode()
        noted[0x8825] = {1: "N", 2: (39.0, 54.0, 27.0), 3: "E", 4: (116.0, 23.0, 17.0), 29: MARK.decode()}
    if taken:
        noted[0x8769] = {0x9003: taken}
    if camera:
        noted[0x8769] = {0x927C: camera}
    return noted


def with_alpha() -> Image.Image:
    """Quarters behind which nothing is seen: their colours are there, wholly transparent."""
    image = quarters().convert("RGBA")
    image.putalpha(0)
    return image


def clear_palette() -> bytes:
    image = quarters().quantize(4)
    return png(image, transparency=bytes(4))


def grey_alpha() -> bytes:
    image = quarters().convert("LA")
    image.putalpha(Image.new("L", UPRIGHT, 255))
    return png(image)


def deep_grey() -> bytes:
    return png(quarters().convert("L").convert("I").point(lambda level: level * 257).convert("I;16"))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def raw_png(size: tuple[int, int], depth: int, colour: int, rows: bytes, *more: bytes) -> bytes:
    """A PNG written by hand; ``rows`` with their filter bytes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def deep_colour() -> bytes:
    """Sixteen bits a channel, which Pillow can't write."""
    width, height = UPRIGHT
    levels = quarters().tobytes()
    doubled = bytes(level for one in levels for level in (one, one))
    rows = (doubled[row * width * 6 : (row + 1) * width * 6] for row in range(height))
    return raw_png(UPRIGHT, 16, 2, b"".join(b"\0" + row for row in rows))


def blank_png(width: int, height: int) -> bytes:
    """One bit a pixel, all white: tiny as a file whatever its size."""
    return raw_png((width, height), 1, 0, (b"\0" + b"\xff" * ((width + 7) // 8)) * height)


def animated(kind: str) -> bytes:
    second = Image.new("RGB", UPRIGHT, "black")
    return saved(quarters(), kind, save_all=True, append_images=[second], duration=100, **LOSSLESS.get(kind, {}))


LOSSLESS: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True}}


def two_in_one() -> bytes:
    """What phones write for portraits and panoramas: a second picture behind the first."""
    return saved(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", UPRIGHT, "black")], quality=92)


def swapped_profile() -> bytes:
    """A colour profile in which red and green have changed places, so that a picture with it does so, too."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


def segments(count: int, head: bytes) -> bytes:
    """A JPEG with that many application segments of nearly 64 KB."""
    body = (head + MARK * 6000)[:65533]
    made = jpeg()
    return made[:2] + (b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body) * count + made[2:]


def noted_png() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", f"<script>{MARK.decode()}</script>", zip=True)
    return png(pnginfo=notes)


def upright_by_xmp() -> bytes:
    note = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    made = jpeg(turned(6))
    body = b"http://ns.adobe.com/xap/1.0/\0" + note
    return made[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + made[2:]


# Pictures that are broken, or more than they seem ---------------------------------------------------------------------


def part(content: bytes, share: float) -> bytes:
    return content[: int(len(content) * share)]


def large_head() -> bytes:
    """A JPEG whose head claims 65500×65500."""
    made = bytearray(jpeg())
    at = made.index(b"\xff\xc0")
    made[at + 5 : at + 9] = struct.pack(">HH", 65500, 65500)
    return bytes(made)


def large_canvas(width: int, height: int) -> bytes:
    """A WebP whose head claims this size; its one picture is small."""
    inner = webp()[12:]
    head = struct.pack("<I", 0) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + head + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def large_heic() -> bytes:
    made = bytearray(heic())
    at = made.index(b"ispe")
    made[at + 8 : at + 16] = struct.pack(">II", 9000, 9000)
    return bytes(made)


def long_text() -> bytes:
    """200 MB of zeros in a text chunk of 200 KB."""
    squeezed = zlib.compressobj(9)
    text = b"".join(squeezed.compress(bytes(1 << 20)) for _ in range(200)) + squeezed.flush()
    made = png()
    return made[:33] + chunk(b"zTXt", b"Comment\0\0" + text) + made[33:]


def zipped(inner: bytes = b"MZ", *, link: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("photo.jpg")
        if link:
            entry.external_attr = 0o120777 << 16
            inner = b"/etc/passwd"
        archive.writestr(entry, inner)
    return out.getvalue()


def box(brand: bytes, *others: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(others)) + b"ftyp" + brand + b"\0\0\0\0" + b"".join(others) + bytes(64)


def tiff() -> bytes:
    assert TiffImagePlugin
    return saved(quarters(), "TIFF")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
HIDDEN = b"<html><script>" + MARK + b"</script></html>"
P = Picture

PICTURES = (
    # empty, too large
    P("empty", lambda: b"", "是空文件，请重新选择"),
    P("one byte", lambda: b"\xff", NOT_A_PHOTO),
    P("10 MB and a byte", lambda: jpeg().ljust(10 * 1024 * 1024 + 1, b"\0"), "文件超过 10 MB，请缩小后再上传"),
    P("10 MB", lambda: jpeg().ljust(10 * 1024 * 1024, b"\0")),
    P("bomb", lambda: blank_png(13377, 13377), TOO_MANY_PIXELS, "bomb.png"),
    P("more than 51 million pixels", lambda: blank_png(8000, 6376), TOO_MANY_PIXELS, "large.png"),
    P("50-megapixel phone", lambda: jpeg(quarters((8192, 6144)), quality=30), size=(2560, 1920)),
    P("50 million pixels", lambda: blank_png(10000, 5000), name="large.png", size=(2560, 1280), corners=WHITE),
    P("60000 wide", lambda: blank_png(60000, 1), TOO_MANY_PIXELS, "line.png"),
    P("60000 high", lambda: blank_png(1, 60000), TOO_MANY_PIXELS, "line.png"),
    P("46001 wide", lambda: blank_png(46001, 1), TOO_MANY_PIXELS, "line.png"),
    P("12000 wide", lambda: blank_png(12000, 1), name="line.png", size=(12000, 1), corners=WHITE),
    P("JPEG that claims 65500", large_head, TOO_MANY_PIXELS),
    P("WebP that claims 16000", lambda: large_canvas(16000, 16000), "WebP 图片最多 2400 万像素", "a.webp"),
    P("WebP of 24 million pixels", lambda: large_canvas(6000, 4001), "WebP 图片最多 2400 万像素", "a.webp"),
    P("HEIC that claims 9000", large_heic, TOO_MANY_PIXELS, "a.heic"),
    P("text of 200 MB in a PNG", long_text, INCOMPLETE, "a.png"),
    # photos
    P("JPEG", jpeg),
    P("progressive JPEG", lambda: jpeg(progressive=True)),
    P("grey JPEG", lambda: jpeg(quarters().convert("L")), corners=GREYS),
    P("CMYK JPEG", lambda: jpeg(quarters().convert("CMYK"))),
    P("JPEG with a second picture", two_in_one),
    P("JPEG with a comment", lambda: jpeg(comment=MARK)),
    P("large JPEG", lambda: jpeg(quarters((6000, 4000)), quality=60), size=(2560, 1707)),
    P("narrow JPEG", lambda: jpeg(quarters((600, 6000))), size=(600, 6000)),
    P("chat of 1290×19854", lambda: jpeg(quarters((1290, 19854))), size=(1080, 16622)),
    P("the same as PNG with alpha", lambda: png(quarters((1290, 19854)).convert("RGBA")), size=(1080, 16622)),
    P("wide JPEG", lambda: jpeg(quarters((9000, 2000))), size=(4860, 1080)),
    P("PNG", png, name="a.png"),
    P("PNG with alpha", lambda: png(with_alpha()), name="a.png", corners=WHITE),
    P("PNG with palette", lambda: png(quarters().quantize(4)), name="a.png"),
    P("PNG with a clear palette", clear_palette, name="a.png", corners=WHITE),
    P("PNG with a clear colour", lambda: png(transparency=CORNERS[0]), name="a.png", corners=(WHITE[0], *CORNERS[1:])),
    P("grey PNG with alpha", grey_alpha, name="a.png", corners=GREYS),
    P("16-bit grey PNG", deep_grey, name="a.png", corners=GREYS),
    P("16-bit colour PNG", deep_colour, name="a.png"),
    P(
        "1-bit PNG",
        lambda: png(quarters().convert("1", dither=Image.Dither.NONE)),
        name="a.png",
        corners=((0, 0, 0), (0, 0, 0), (0, 0, 0), (255, 255, 255)),
    ),
    P("PNG of one pixel", lambda: png(Image.new("RGB", (1, 1), "white")), name="a.png", size=(1, 1), corners=WHITE),
    P("PNG with a script as text", noted_png, name="a.png"),
    P("animated PNG", lambda: animated("PNG"), name="a.png"),
    P("WebP", webp, name="a.webp"),
    P("lossless WebP with alpha", lambda: webp(with_alpha(), lossless=True, exact=True), name="a.webp", corners=WHITE),
    P("animated WebP", lambda: animated("WEBP"), name="a.webp"),
    P("HEIC", heic, name="a.heic"),
    P("HEIC named JPEG", heic, name="IMG_0001.jpg"),
    # what they carry
    *(P(f"turn {way}", lambda way=way: jpeg(turned(way), exif=exif(way))) for way in range(1, 9)),  # type: ignore[misc]
    P("turn 9", lambda: jpeg(exif=exif(9))),
    P("turn 6 of a PNG", lambda: png(turned(6), exif=exif(6)), name="a.png"),
    P("turn 6 of a WebP", lambda: webp(turned(6), exif=exif(6)), name="a.webp"),
    P("turn 6 of a HEIC", lambda: heic(turned(6), exif=exif(6).tobytes()), name="a.heic"),
    P("turn 6 by XMP", upright_by_xmp),
    P("place", lambda: jpeg(exif=exif(place=True))),
    P("place in a PNG", lambda: png(exif=exif(place=True)), name="a.png"),
    P("place in a WebP", lambda: webp(exif=exif(place=True)), name="a.webp"),
    P("place in a HEIC", lambda: heic(exif=exif(place=True).tobytes()), name="a.heic"),
    P("time", lambda: jpeg(exif=exif(taken="2026:11:20 14:03:59")), taken="2026-11-20 14:03"),
    P("time that is none", lambda: jpeg(exif=exif(taken="0000:00:00 00:00:00"))),
    P("time with a script", lambda: jpeg(exif=exif(taken="<script>alert(1)</script>"))),
    P("5 MB of EXIF", lambda: segments(80, b"Exif\0\0")),
    P("5 MB of EXIF in a PNG", lambda: png(exif=exif(camera=MARK * 440_000)), name="a.png"),
    P("5 MB of profile", lambda: jpeg(icc_profile=MARK * 440_000)),
    P("broken EXIF", lambda: jpeg(exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + MARK)),
    P(
        "profile that swaps red and green",
        lambda: jpeg(icc_profile=swapped_profile()),
        corners=((0, 255, 0), (160, 0, 0), CORNERS[2], CORNERS[3]),
    ),
    # incomplete
    P("half a JPEG", lambda: part(photo((400, 300)), 0.5), INCOMPLETE),
    P("99 % of a JPEG", lambda: part(photo((400, 300)), 0.99), INCOMPLETE),
    P("1 % of a JPEG", lambda: part(photo((400, 300)), 0.01), INCOMPLETE),
    P("half a progressive JPEG", lambda: part(jpeg(quarters((400, 300)), progressive=True), 0.5), INCOMPLETE),
    P("half a PNG", lambda: part(png(Image.effect_noise((200, 200), 90)), 0.5), INCOMPLETE, "a.png"),
    P("half a WebP", lambda: part(webp(Image.effect_noise((200, 200), 90).convert("RGB")), 0.5), INCOMPLETE, "a.webp"),
    P("half a HEIC", lambda: part(heic(), 0.5), INCOMPLETE, "a.heic"),
    P("nothing behind JPEG's mark", lambda: b"\xff\xd8\xff", INCOMPLETE),
    P("HTML behind JPEG's mark", lambda: b"\xff\xd8\xff\xe0" + HTML, INCOMPLETE),
    P("noise behind PNG's mark", lambda: b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(999), INCOMPLETE, "a.png"),
    P("noise behind WebP's mark", lambda: b"RIFF\xff\0\0\0WEBPVP8 " + random.Random(2).randbytes(999), INCOMPLETE),
    P("noise behind HEIC's mark", lambda: box(b"mif1", b"heic") + random.Random(3).randbytes(999), INCOMPLETE),
    # two things at once
    P("JPEG with HTML behind it", lambda: jpeg() + HIDDEN),
    P("JPEG with ZIP behind it", lambda: jpeg() + zipped(MARK)),
    P("PNG with HTML behind it", lambda: png() + HIDDEN, name="a.html"),
    P("WebP with HTML behind it", lambda: webp() + HIDDEN, name="a.webp"),
    P("GIF that is a script", lambda: b"GIF89a=1;alert(1)//", f"是 GIF 动图，{NOT_A_PHOTO}"),
    P("PDF that is a JPEG", lambda: b"%PDF-1.4\n" + jpeg(), f"是 PDF 文件，{NOT_A_PHOTO}"),
    # other things
    P("GIF", lambda: saved(quarters(), "GIF"), f"是 GIF 动图，{NOT_A_PHOTO}", "a.gif"),
    P("animated GIF", lambda: animated("GIF"), f"是 GIF 动图，{NOT_A_PHOTO}"),
    P("BMP", lambda: saved(quarters(), "BMP"), f"是 BMP 图片，{NOT_A_PHOTO}"),
    P("TIFF", tiff, f"是 TIFF 图片，{NOT_A_PHOTO}"),
    P("AVIF", lambda: box(b"avif", b"mif1", b"miaf"), f"是 AVIF 图片，{NOT_A_PHOTO}"),
    P("AVIF as mif1", lambda: box(b"mif1", b"avif"), f"是 AVIF 图片，{NOT_A_PHOTO}"),
    P("MP4", lambda: box(b"isom", b"mp41"), f"是视频，{NOT_A_PHOTO}"),
    P("WAV", lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(32), f"是视频或录音，{NOT_A_PHOTO}"),
    P("PSD", lambda: b"8BPS\0\1" + bytes(64), NOT_A_PHOTO),
    P("EPS", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n", NOT_A_PHOTO),
    P("SVG", lambda: SVG, f"是网页或矢量图，{NOT_A_PHOTO}", "a.svg"),
    P("SVG named JPEG", lambda: b'\xef\xbb\xbf<?xml version="1.0"?>\n' + SVG, f"是网页或矢量图，{NOT_A_PHOTO}"),
    P("HTML", lambda: HTML, f"是网页或矢量图，{NOT_A_PHOTO}"),
    P("HTML after blank lines", lambda: b"\r\n \n<HTML>", f"是网页或矢量图，{NOT_A_PHOTO}"),
    P(
        "XML",
        lambda: b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        f"是网页或矢量图，{NOT_A_PHOTO}",
    ),
    P("MHT", lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", f"是网页或矢量图，{NOT_A_PHOTO}"),
    P("PDF", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", f"是 PDF 文件，{NOT_A_PHOTO}"),
    P("ZIP", zipped, f"是压缩包或文档，{NOT_A_PHOTO}"),
    P("ZIP in a ZIP", lambda: zipped(zipped()), f"是压缩包或文档，{NOT_A_PHOTO}"),
    P("ZIP of a link", lambda: zipped(link=True), f"是压缩包或文档，{NOT_A_PHOTO}"),
    P("Windows program", lambda: b"MZ\x90\0" + bytes(60), f"是程序，{NOT_A_PHOTO}"),
    P("Linux program", lambda: b"\x7fELF\2\1\1" + bytes(60), f"是程序，{NOT_A_PHOTO}"),
    P("shell script", lambda: b"#!/bin/sh\nid\n", f"是程序，{NOT_A_PHOTO}"),
    P("old document", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), f"是文档，{NOT_A_PHOTO}"),
    P("EICAR", lambda: EICAR, NOT_A_PHOTO),
    P("text", lambda: "这不是照片".encode(), NOT_A_PHOTO),
    P("zeros", lambda: bytes(4096), NOT_A_PHOTO),
)

# What a file may be called, and what is made of it.
NAMES = (
    ("IMG_0001.JPG", "IMG_0001.JPG"),
    ("外箱 破损.jpg", "外箱 破损.jpg"),
    ("photo", "photo"),
    ("", "照片"),
    (".", "照片"),
    ("...", "照片"),
    ("../../etc/passwd", "passwd"),
    ("..\\..\\windows\\win.ini", "win.ini"),
    ("C:\\fakepath\\a.jpg", "a.jpg"),
    ("a/", "照片"),
    ("con.jpg", "_con.jpg"),
    ("NUL", "_NUL"),
    ("console.jpg", "console.jpg"),
    (".htaccess", "htaccess"),
    ("-rf.jpg", "rf.jpg"),
    ("a\u202egpj.exe", "agpj.exe"),
    ("a\0b.jpg", "ab.jpg"),
    ("a\r\nSet-Cookie: b=c.jpg", "aSet-Cookie b=c.jpg"),
    ('a"; filename="b.exe', "a ; filename= b.exe"),
    ("<img src=x onerror=alert(1)>.jpg", "img src=x onerror=alert(1).jpg"),
    ("a\ud800.jpg", "a.jpg"),
    ("😀📦.jpg", "😀📦.jpg"),
    ("e\u0301.jpg", "é.jpg"),
    ("a.jpg.", "a.jpg"),
    ("a" * 251 + ".jpg", "a" * 116 + ".jpg"),
    ("箱" * 300 + ".jpeg", "箱" * 83 + ".jpeg"),
    ("x" * 4096, "x" * 120),
    ("a." + "b" * 300, "a." + "b" * 118),
)
