"""A shop's products: known from its orders; the seller adds a picture and says what isn't exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, tuple_, update

from portal.extensions import db
from portal.models import Evidence, Product, Shop, Sku
from portal.searching import escape_like

PAGE = 40


def list_page(
    shop_id: int, *, words: str = "", after: tuple[str, int] | None = None, size: int = PAGE
) -> tuple[Sequence[Product], tuple[str, int] | None]:
    """One page of products by title, and the key the next one begins after."""
    query = select(Product).where(Product.shop_id == shop_id).order_by(Product.title, Product.id).limit(size + 1)
    if words:
        query = query.where(or_(Product.title.like(escape_like(words), escape="\\"), Product.cargo_no == words))
    if after is not None:
        query = query.where(tuple_(Product.title, Product.id) > tuple_(*after))
    rows = db.session.scalars(query).all()
    if len(rows) <= size:
        return rows, None
    return rows[:size], (rows[size - 1].title, rows[size - 1].id)


def find_of_shop(product_id: int, shop_id: int) -> Product | None:
    """A product of this shop."""
    return db.session.scalars(select(Product).where(Product.id == product_id, Product.shop_id == shop_id)).one_or_none()


def list_skus(product_id: int, shop_id: int, most: int = 200) -> Sequence[Sku]:
    """The specifications of a product, by their words."""
    query = select(Sku).where(Sku.product_id == product_id, Sku.shop_id == shop_id)
    return db.session.scalars(query.order_by(Sku.spec, Sku.id).limit(most)).all()


def change_product(
    product: Product,
    *,
    exchangeable: bool,
    picture: str | None,
    owner_id: int,
    no_reason_excluded: str = "",
    kind: str = "",
    now: datetime,
) -> None:
    """Set what a seller may set. ``picture`` is a loose photo of ``owner_id``; "" removes it, None keeps it.

    The picture before becomes loose and is swept a day later. What is left out from ``now`` on is left out for orders
    that are placed from now on.
    """
    if product.exchangeable and not exchangeable:
        product.unexchangeable_at = now
    if (
        no_reason_excluded
        and product.no_reason_excluded in ("", "unfit")
        and product.no_reason_excluded != (no_reason_excluded)
    ):  # "unfit" left out only who confirmed it
        product.excluded_at = now
    product.exchangeable = exchangeable
    product.no_reason_excluded = no_reason_excluded
    product.kind = kind
    if picture is not None:
        db.session.execute(
            update(Evidence)
            .where(Evidence.product_id == product.id)
            .values(product_id=None)
            .execution_options(synchronize_session=False)
        )
        product.picture = None
        if picture:
            done = db.session.execute(
                update(Evidence)
                .where(
                    Evidence.public_id == picture,
                    Evidence.owner_id == owner_id,
                    Evidence.case_id.is_(None),
                    Evidence.message_id.is_(None),
                    Evidence.draft_id.is_(None),
                )
                .values(product_id=product.id)
                .execution_options(synchronize_session=False)
            )
            product.picture = picture if done.rowcount == 1 else None  # type: ignore[attr-defined]
    db.session.flush()
    db.session.execute(
        update(Shop)
        .where(Shop.id == product.shop_id)
        .values(version=Shop.version + 1)
        .execution_options(synchronize_session=False)
    )


def load_pictures(product_ids: Sequence[int | None]) -> dict[int, str]:
    """The public ids of products' pictures, by product id, for those that have one."""
    wanted = sorted({product_id for product_id in product_ids if product_id})
    if not wanted:
        return {}
    found = db.session.execute(
        select(Product.id, Product.picture).where(Product.id.in_(wanted), Product.picture.is_not(None))
    )
    return {row.id: row.picture for row in found}
