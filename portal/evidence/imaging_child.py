"""The process that decodes what strangers send: started by ``portal.imaging`` as a script, it never sees the portal.

It runs apart because a decoder that is fooled, hangs or eats all memory must not be a web worker. It has no
environment, writes no file, may use so much memory and time and no more, and speaks only through two pipes: a photo in,
an answer out, until the other side hangs up. Asked for the codes in a photo, it answers their texts and no picture.
Pillow is imported inside the functions, so that ``portal.imaging`` can read the constants without carrying Pillow in
every web worker.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import resource
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")  # Pillow's names; a request names one by its place here
REQUEST = struct.Struct(">BI")  # format, bytes of the photo that follow
CODES = 0x80  # added to the format: asks for the bar codes and QR codes in the photo
ANSWER = struct.Struct(">BIIHHHH16s")  # verdict, bytes of photo and small picture, width and height of both, taken
DONE, TOO_LARGE, BROKEN, TOO_MUCH = range(4)  # verdicts

# libwebp keeps two canvases and Pillow two copies: 24 million pixels fill the memory allowed, others do so at 50.
MOST_PIXELS = {"JPEG": 51_000_000, "PNG": 51_000_000, "WEBP": 24_000_000, "HEIF": 51_000_000}  # phones have 8192×6144
LONGEST_SIDE = 46_000  # px
FULL_SIDE = 2560  # px of the longer side, unless the shorter one would have less than READABLE
READABLE = 1080  # px: the width of a phone's screenshot, below which its writing can't be read
WEBP_SIDE = 16_383  # px; what is longer is kept as JPEG
THUMB_SIDE = 400  # px
THUMB_SHAPE = 2.5  # longer side to shorter; the small picture of a longer one shows its beginning
SECONDS = 10  # of processor time, and of waiting, for one photo
MEMORY = 512 * 1024 * 1024  # bytes of address space; measured: 457 MB for a progressive CMYK JPEG of 50 million pixels
QUALITY = 80
METHOD = 2  # of WebP's 0–6: 4 takes twice the time of 2 and saves 5 % of the bytes
CODES_SIDE = 4096  # px of the longer side in which codes are looked for: a phone's photo as it is
MOST_CODES = 16  # of one photo, each of at most so many characters:
LONGEST_CODE = 500
_TURNED_SIDE = 2400  # px, of the picture that is turned: bars are read along lines, so those askew need it
_TURNS = (22, 45, 67)  # degrees; a quarter is tried anyway
_STRIP = 1 << 20  # px that are flattened at a time
_LARGEST_PROFILE = 1 << 20  # bytes; a colour profile beyond it is left out of account


def main() -> None:
    """Answer one photo after the other until the pipe closes."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not be taken for an answer
    _confine()
    _learn()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        number, size = REQUEST.unpack(head)
        photo = requests.read(size)
        if len(photo) < size:
            return
        _limit(resource.RLIMIT_CPU, int(sum(os.times()[:2])) + 1 + SECONDS, hard=False)
        for part in _answer(FORMATS[number % CODES], photo, asks_codes=number >= CODES):
            answers.write(part)
        answers.flush()


def _confine() -> None:
    with contextlib.suppress(OSError):
        os.nice(5)  # people who wait for a page come first
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(what: int, most: int, *, hard: bool = True) -> None:
    """Lower a limit; a system that doesn't know it (macOS and address space) goes without."""
    _, ceiling = resource.getrlimit(what)
    if ceiling != resource.RLIM_INFINITY:
        most = min(most, ceiling)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (most, most if hard else ceiling))


def _learn() -> None:
    """Import the three decoders and keep Pillow from registering any other."""
    import warnings

    from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    assert JpegImagePlugin and PngImagePlugin and WebPImagePlugin  # noqa: S101 (imported for what they register)
    Image._initialized = 2
    warnings.simplefilter("ignore")


def _answer(name: str, photo: bytes, *, asks_codes: bool) -> tuple[bytes, ...]:
    from PIL import Image

    try:
        if asks_codes:
            texts = "\n".join(_read_codes(name, photo)).encode("utf-8", "replace")
            return ANSWER.pack(DONE, len(texts), 0, 0, 0, 0, 0, b""), texts
        full, thumb, taken = _encode(name, photo)
    except Image.DecompressionBombError:
        return (ANSWER.pack(TOO_LARGE, 0, 0, 0, 0, 0, 0, b""),)
    except MemoryError:
        return (ANSWER.pack(TOO_MUCH, 0, 0, 0, 0, 0, 0, b""),)
    except Exception:  # whatever a decoder raises about a stranger's bytes, the bytes are at fault
        return (ANSWER.pack(BROKEN, 0, 0, 0, 0, 0, 0, b""),)
    (full_bytes, full_size), (thumb_bytes, thumb_size) = full, thumb
    head = ANSWER.pack(DONE, len(full_bytes), len(thumb_bytes), *full_size, *thumb_size, taken)
    return head, full_bytes, thumb_bytes


_Encoded = tuple[bytes, tuple[int, int]]


def _open(name: str, photo: bytes) -> Image.Image:
    """The picture, not decoded yet; refuses one with too many pixels."""
    from PIL import Image

    if name == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS[name] // 2  # beyond twice this Pillow refuses, before WebP makes its canvas
    image = Image.open(io.BytesIO(photo), formats=(name,))
    width, height = image.size
    if width * height > MOST_PIXELS[name] or max(width, height) > LONGEST_SIDE:
        raise Image.DecompressionBombError
    return image


def _read_codes(name: str, photo: bytes) -> list[str]:
    """What the codes in a photo say, each once: as it lies, and turned where no bars were read."""
    import zxingcpp
    from PIL import Image

    kinds = zxingcpp.BarcodeFormat
    bars = (kinds.Code128, kinds.Code39, kinds.Code93)  # what carriers print; not EAN, which names goods
    wanted = zxingcpp.BarcodeFormats([*bars, kinds.QRCode, kinds.DataMatrix])
    with _open(name, photo) as image:
        size = fit(image.size, CODES_SIDE)
        image.draft("L", size)
        image.load()
        grey = _shrink(image, size).convert("L")
    found = list(zxingcpp.read_barcodes(grey, wanted))
    small, began = grey.resize(fit(grey.size, _TURNED_SIDE), Image.Resampling.BICUBIC), time.process_time()
    for turn in _TURNS:
        if any(each.format in bars for each in found) or time.process_time() - began > SECONDS / 3:
            break
        turned = small.rotate(turn, Image.Resampling.BILINEAR, expand=True, fillcolor=255)
        found += zxingcpp.read_barcodes(turned, wanted)
    texts = [re.sub(r"\s+", " ", each.text.replace("\0", "")).strip()[:LONGEST_CODE] for each in found]
    return list(dict.fromkeys(filter(None, texts)))[:MOST_CODES]


def _encode(name: str, photo: bytes) -> tuple[_Encoded, _Encoded, bytes]:
    with _open(name, photo) as image:
        turn, taken = _exif(image)
        profile = image.info.get("icc_profile") or b""
        wanted = fit(image.size, FULL_SIDE, READABLE)
        image.draft("RGB", wanted)  # a JPEG can be decoded at a half or a quarter of its size
        image.load()
        full = _to_srgb(_shrink(image, wanted), profile)
    if turn is not None:
        full = full.transpose(turn)
    return _saved(full), _saved(_thumb(full)), taken


def fit(size: tuple[int, int], side: int, least: int = 0) -> tuple[int, int]:
    """The largest size of the same shape with no side beyond ``side``; never larger than it was.

    The shorter side keeps ``least`` px where it has them, however long the other one is then.
    """
    longest, shortest = max(size), min(size)
    share = min(1.0, max(side / longest, least / shortest))
    width, height = (max(1, round(length * share)) for length in size)
    return width, height


def _thumb(full: Image.Image) -> Image.Image:
    """A small picture; of a long one the beginning, which one recognises, and not a strip of a few pixels' width."""
    from PIL import Image

    width, height = full.size
    most = max(1, round(min(full.size) * THUMB_SHAPE))
    if max(full.size) > max(most, THUMB_SIDE):
        full = full.crop((0, 0, min(width, max(most, THUMB_SIDE)), min(height, max(most, THUMB_SIDE))))
    return full.resize(fit(full.size, THUMB_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _exif(image: Image.Image) -> tuple[Image.Transpose | None, bytes]:
    """How to turn the picture upright, and when the camera says it was taken (its own time, as text or nothing)."""
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    try:
        exif = image.getexif()
        turn = turns.get(exif.get(0x0112))  # type: ignore[arg-type]
    except Exception:  # a broken note on the back of a good photo
        return None, b""
    with contextlib.suppress(Exception):
        for text in (exif.get_ifd(0x8769).get(0x9003), exif.get(0x0132)):
            found = re.match(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d)", text if isinstance(text, str) else "", re.ASCII)
            if found and found[1] > "1970":
                return turn, "{}-{}-{} {}".format(*found.groups()).encode()
    return turn, b""


def _shrink(image: Image.Image, wanted: tuple[int, int]) -> Image.Image:
    """The picture at most as large as wanted, as RGB on white where it is transparent, or as CMYK."""
    from PIL import Image

    if image.mode not in ("RGB", "L", "CMYK") or "transparency" in image.info:
        # A second copy of 50 million pixels does not fit into the memory allowed, so strip by strip.
        factor = max(1, min(image.width // wanted[0], image.height // wanted[1]))
        rows = max(1, _STRIP // image.width // factor) * factor
        small = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
        for top in range(0, image.height, rows):
            strip = _flatten(image.crop((0, top, image.width, min(top + rows, image.height))))
            small.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
        image.close()  # gives its memory back: a long picture needs it for its copies
        image = small
    small = image
    if image.size != wanted:
        small = image.resize(wanted, Image.Resampling.BICUBIC, reducing_gap=1.0)
        image.close()
    return small.convert("RGB") if small.mode == "L" else small


def _flatten(strip: Image.Image) -> Image.Image:
    from PIL import Image

    if strip.mode in ("I;16", "I;16B", "I;16L", "I"):
        strip = strip.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    strip = strip.convert("RGBA")
    white = Image.new("RGBA", strip.size, "white")
    white.alpha_composite(strip)
    return white.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours as they were meant, for the profile is dropped: phones write Display P3, printers CMYK."""
    if 0 < len(profile) <= _LARGEST_PROFILE:
        with contextlib.suppress(Exception):  # a profile that can't be used is none
            from PIL import ImageCms

            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if made is not None:
                return made
    return image if image.mode == "RGB" else image.convert("RGB")


def _saved(image: Image.Image) -> _Encoded:
    out = io.BytesIO()
    image.info.clear()
    if max(image.size) > WEBP_SIDE:
        image.save(out, "JPEG", quality=QUALITY)
    else:
        image.save(out, "WEBP", quality=QUALITY, method=METHOD)
    return out.getvalue(), image.size


if __name__ == "__main__":
    main()
