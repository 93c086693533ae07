"""Photos of a carrier's label, drawn: bars and perhaps a QR code on paper, on a table, as a hand holds a phone."""

from __future__ import annotations

import io

import segno
from PIL import Image, ImageDraw, ImageFilter

from portal.cases.labels import draw_bars

TABLE = (150, 140, 120)


def draw_label(*texts: str, qr: str = "", module: int = 5) -> Image.Image:
    """Paper with the bars of each text and a QR code under them."""
    bars = [draw_bars(text) for text in texts]
    high = 40 * module
    widest = max((each.width for each in bars), default=100)
    paper = Image.new("L", ((widest + 40) * module, (high * 2) * len(bars) + 400), 255)
    draw = ImageDraw.Draw(paper)
    for place, each in enumerate(bars):
        top = place * high * 2 + high // 2
        for at, width in each.bars:
            draw.rectangle([(20 + at) * module, top, (20 + at + width) * module - 1, top + high], fill=0)
    if qr:
        drawn = io.BytesIO()
        segno.make(qr).save(drawn, kind="png", scale=6, border=4)
        code = Image.open(drawn).convert("L")
        taller = Image.new("L", (max(paper.width, code.width), paper.height + code.height), 255)
        taller.paste(paper, (0, 0))
        taller.paste(code, (0, paper.height - 300))
        paper = taller
    return paper


def take_photo(
    paper: Image.Image,
    size: tuple[int, int] = (2000, 1500),
    *,
    turned: float = 0,
    skewed: float = 0,
    noise: float = 0,
    blurred: float = 0,
    format: str = "JPEG",
    quality: int = 70,
) -> bytes:
    """The paper in the middle of a photo."""
    sheet = paper.convert("RGB")
    if skewed:
        wide = (sheet.width + int(skewed * sheet.height), sheet.height)
        matrix = (1, -skewed, 0, 0, 1, 0)
        sheet = sheet.transform(wide, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor="white")
    if turned:
        sheet = sheet.rotate(turned, Image.Resampling.BILINEAR, expand=True, fillcolor="white")
    photo = Image.new("RGB", size, TABLE)
    photo.paste(sheet, ((size[0] - sheet.width) // 2, (size[1] - sheet.height) // 2))
    if blurred:
        photo = photo.filter(ImageFilter.GaussianBlur(blurred))
    if noise:
        photo = Image.blend(photo, Image.effect_noise(size, noise).convert("RGB"), 0.2)
    out = io.BytesIO()
    photo.save(out, format, **({} if format == "PNG" else {"quality": quality}))
    return out.getvalue()
