"""Bars drawn on the server: in proportion, inside the picture, named, and harmless where there is nothing to draw."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

import pytest
from flask import Flask


class Point(NamedTuple):
    label: str
    number: int
    said: str


def render(app: Flask, source: str, **values: object) -> str:
    with app.test_request_context():
        return app.jinja_env.from_string(source).render(ui=app.jinja_env.get_template("ui.html").module, **values)


def draw(app: Flask, numbers: list[int]) -> str:
    points = [Point(f"{at + 1:02d}<", number, str(number)) for at, number in enumerate(numbers)]
    return render(app, "{{ ui.bars('每周 & 张数', points) }}", points=points)


@pytest.mark.parametrize("seed", range(30))
def test_bars_are_in_proportion_and_inside(app: Flask, seed: int) -> None:
    rng = random.Random(seed)
    numbers = [rng.choice([0, 1, 7, 10_000, rng.randrange(500)]) for _ in range(rng.randint(1, 60))]
    drawn = draw(app, numbers)
    bars = re.findall(r'<rect x="([\d.]+)%" y="([\d.]+)" width="([\d.]+)%" height="([\d.]+)">', drawn)
    assert len(bars) == len(numbers) and "每周 &amp; 张数" in drawn and "<：" not in drawn
    most = max(numbers)
    for number, (x, y, width, height) in zip(numbers, bars, strict=True):
        assert float(x) + float(width) <= 100 and float(y) + float(height) == pytest.approx(108)
        assert float(height) == pytest.approx(90 * number / most if most else 0, abs=0.06)


def test_a_share_is_as_long_as_it_says(app: Flask) -> None:
    drawn = render(app, "{{ ui.share(0.25) }}")
    assert 'width="20.0"' in drawn and "aria-hidden" in drawn
