"""文案检查: a product's title, description and promotion text with the advice on them, and who looked at it.

Advice only: a text is kept as it was written, and whoever looked at the advice says so, once for each text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, select, tuple_

from portal.extensions import db
from portal.models import Product, User, Wording
from portal.service import mismatches
from portal.service.honest_words import Hit, check_text
from portal.service.mismatches import Mismatch

PLACES: Final[Mapping[str, str]] = {"title": "商品标题", "description": "商品描述", "promotion": "促销文案"}
PAGE = 30
SCANNED = 1000  # titles read for one page of the list
HISTORY = 10


class WordingRefused(ValueError):
    """It can't be done; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Checked(NamedTuple):
    """A text as it stands: its advice, the cases beside its sentences, and who looked at it (None: nobody yet)."""

    place: str
    words: str
    hits: list[Hit]
    contradicted: list[tuple[str, list[Mismatch]]]
    row: Any | None

    @property
    def digest(self) -> str:
        """By which a page says which text it showed."""
        return hashlib.sha256(self.words.encode()).hexdigest()

    @property
    def open(self) -> bool:
        """There is advice that nobody has looked at."""
        return bool(self.hits) and (self.row is None or self.row.looked_at is None)


def check_title(product: Product) -> list[Hit]:
    """The advice on a title alone, without the product's cases."""
    return check_text(product.title, no_reason=not product.no_reason_excluded)


def list_texts(product: Product, cases: Sequence[Mismatch]) -> list[Checked]:
    """The title, and the newest description and promotion text if there are any."""
    newest = {place: _find_newest(product, place) for place in PLACES}
    found = []
    for place in PLACES:
        row = newest[place]
        words = product.title if place == "title" else row.words if row else ""
        if place == "title" and row is not None and row.words != product.title:
            row = None
        if words:
            found.append(_check(product, place, words, row, cases))
    return found


def _check(product: Product, place: str, words: str, row: Any | None, cases: Sequence[Mismatch]) -> Checked:
    hits = check_text(words, no_reason=not product.no_reason_excluded) + mismatches.check_sizes(words, cases)
    return Checked(place, words, hits, mismatches.find_contradicted(words, cases), row)


def _find_newest(product: Product, place: str) -> Row[int, str, str, datetime, datetime | None, int, str, str] | None:
    query = _with_names(product).where(Wording.place == place).order_by(Wording.id.desc()).limit(1)
    return db.session.execute(query).one_or_none()


def _with_names(product: Product) -> Any:
    return (
        select(
            Wording.id,
            Wording.place,
            Wording.words,
            Wording.written_at,
            Wording.looked_at,
            Wording.found,
            Wording.note,
            User.member_name.label("looked_by"),
        )
        .outerjoin(User, User.id == Wording.looked_by)
        .where(Wording.shop_id == product.shop_id, Wording.product_id == product.id)
    )


def list_looked(product: Product, before: int | None = None) -> tuple[Sequence[Row[Any]], int | None]:
    """What was looked at, the newest first, and the key the next page begins before."""
    query = _with_names(product).where(Wording.looked_at.is_not(None)).order_by(Wording.id.desc()).limit(HISTORY + 1)
    if before is not None:
        query = query.where(Wording.id < before)
    rows = db.session.execute(query).all()
    return (rows, None) if len(rows) <= HISTORY else (rows[:HISTORY], rows[HISTORY - 1].id)


def write_text(product: Product, place: str, words: str, *, by: int, now: datetime) -> None:
    """Keep a description or promotion text to be checked; inside ``writing()``. The same words again are kept once."""
    newest = _find_newest(product, place)
    if newest is None or newest.words != words:
        _make(product, place, words, by=by, now=now)
        db.session.flush()


def _make(product: Product, place: str, words: str, *, by: int, now: datetime) -> Wording:
    made = Wording(
        shop_id=product.shop_id, product_id=product.id, place=place, words=words, written_by=by, written_at=now
    )
    db.session.add(made)
    return made


def _load(wording_id: int, shop_id: int) -> Wording:
    query = select(Wording).where(Wording.id == wording_id, Wording.shop_id == shop_id).with_for_update()
    return db.session.scalars(query).one()


def look_at(product: Product, place: str, seen: str, note: str, *, by: int, now: datetime) -> None:
    """Somebody looked at the advice on a text; inside ``writing()``. Twice is once: the first look stays.

    Raises WordingRefused when the text isn't the one whose digest they have ``seen``.
    """
    texts = list_texts(product, mismatches.list_mismatches(product.shop_id, product.id))
    checked = next((each for each in texts if each.place == place), None)
    if checked is None or checked.digest != seen:
        raise WordingRefused("这段文字刚刚变了，请看过新的建议再确认")
    if checked.row is not None and checked.row.looked_at is not None:
        return
    row = _load(checked.row.id, product.shop_id) if checked.row is not None else None
    if row is None:
        row = _make(product, place, checked.words, by=by, now=now)
    row.looked_by, row.looked_at, row.found, row.note = by, now, len(checked.hits), note
    db.session.flush()


def list_open_titles(
    shop_id: int, after: tuple[str, int] | None = None
) -> tuple[list[tuple[Product, list[Hit]]], tuple[str, int] | None]:
    """Products whose titles have advice that nobody has looked at, by title; the key the next page begins after.

    At most SCANNED titles are read, so a page may be short and still have one after it.
    """
    query = select(Product).where(Product.shop_id == shop_id).order_by(Product.title, Product.id).limit(SCANNED + 1)
    if after is not None:
        query = query.where(tuple_(Product.title, Product.id) > tuple_(*after))
    products = db.session.scalars(query).all()
    advised = [(product, hits) for product in products[:SCANNED] if (hits := check_title(product))]
    looked = _load_looked_titles(shop_id, [product.id for product, _ in advised])
    found = [pair for pair in advised if (pair[0].id, pair[0].title) not in looked]
    last = found[PAGE - 1][0] if len(found) > PAGE else products[SCANNED - 1] if len(products) > SCANNED else None
    return found[:PAGE], (last.title, last.id) if last is not None else None


def _load_looked_titles(shop_id: int, product_ids: Sequence[int]) -> set[tuple[int, str]]:
    if not product_ids:
        return set()
    rows = db.session.execute(
        select(Wording.product_id, Wording.words).where(
            Wording.shop_id == shop_id,
            Wording.product_id.in_(product_ids),
            Wording.place == "title",
            Wording.looked_at.is_not(None),
        )
    )
    return {(row.product_id, row.words) for row in rows}
