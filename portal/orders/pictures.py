"""Which product a picture is of: by the 货号 that its file is named after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from sqlalchemy import func, select

from portal import inputs
from portal.extensions import db
from portal.models import Product

_NUMBERED = re.compile(r"(?P<cargo>.+?)(?:[ _-]\d{1,2}|\s{0,3}[(（]\d{1,2}[)）])")  # A12_1, A12-2, A12 (3)


def read_cargo_nos(name: str) -> tuple[str, ...]:
    """The 货号 that a file's name can mean, the likeliest first: A12_1.jpg is A12_1, else A12."""
    stem = inputs.fold(PurePath(name.replace("\\", "/")).stem).strip().casefold()
    found = _NUMBERED.fullmatch(stem)
    return tuple(each for each in (stem, found["cargo"].strip() if found else "") if each)


def match_names(shop_id: int, names: Sequence[str]) -> tuple[dict[int, int], dict[int, str]]:
    """By place in ``names``: the product that a picture is of, and why the others are of none."""
    wanted = {cargo for name in names for cargo in read_cargo_nos(name)}
    known: dict[str, list[int]] = {}
    for product_id, cargo in db.session.execute(
        select(Product.id, Product.cargo_no).where(
            Product.shop_id == shop_id, func.lower(Product.cargo_no).in_(sorted(wanted))
        )
    ).all():
        known.setdefault(cargo.casefold(), []).append(product_id)
    found: dict[int, int] = {}
    refused: dict[int, str] = {}
    for place, name in enumerate(names):
        products = next((known[cargo] for cargo in read_cargo_nos(name) if cargo in known), [])
        if not products:
            refused[place] = "没有这个货号的商品"
        elif len(products) > 1:
            refused[place] = f"这个货号有 {len(products)} 件商品，请在商品页分别上传"
        elif products[0] in found.values():
            refused[place] = "这件商品前面已有一张"
        else:
            found[place] = products[0]
    return found, refused
