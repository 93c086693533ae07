"""How values are written on pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from typing import Any

from flask import Flask, g

from portal import inputs, words
from portal.calendar import lengths
from portal.models import Order
from portal.models.orders import find_path
from portal.orders import sku_numbers
from portal.rights import addresses


def tint(key: str | None) -> int:
    """One of the eight tints of placeholder pictures, the same for the same product."""
    return hashlib.md5((key or "").encode(), usedforsecurity=False).digest()[0] % 8


def left(due_at: datetime) -> str:
    """还剩 1 天 3 小时, by the request's moment."""
    return words.left(due_at, g.now)


def moment(at: datetime) -> str:
    return words.moment(at, g.get("now"))


def placed(order: Order) -> str:
    return words.placed(order, g.get("now"))


def first(text: str) -> str:
    """The character a placeholder picture shows."""
    return next((char for char in text if char.isalnum()), "货")


def tell_apart(lines: Iterable[Any]) -> dict[str, str]:
    """The characters of placeholder pictures by title: of goods whose titles begin alike, the first that differs."""
    titles = list(dict.fromkeys(line.title for line in lines))
    found: dict[str, str] = {}
    for title in titles:
        alike = [other for other in titles if other != title and first(other) == first(title)]
        common = max((count_alike(title, other) for other in alike), default=0)
        found[title] = next((char for char in title[common:] if char.isalnum()), first(title))
    return found


def count_alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def install(app: Flask) -> None:
    """Make the filters known to templates."""
    app.jinja_env.filters.update(
        money=inputs.money_text,
        qty=inputs.quantity_text,
        moment=moment,
        tell_apart=tell_apart,
        end=lambda at: words.end(at, g.get("now")),
        day=words.day,
        clock=words.clock,
        iso=lambda at: at.isoformat(timespec="seconds"),
        left=left,
        span=words.span,
        tint=tint,
        goods_numbers=sku_numbers.join,
        first_char=first,
        placed=placed,
        masked_name=addresses.mask_name,
        order_path=find_path,
    )
    app.jinja_env.globals["length_of"] = lengths.describe_deadline
