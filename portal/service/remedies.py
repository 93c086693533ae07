"""先试试: steps about a fault that a buyer can try before they apply, and an honest count of whom they helped.

An answer counts as helped only while nobody has applied for the same order line after it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.evidence import evidence
from portal.extensions import db
from portal.models import Case, CaseLine, Evidence, OrderLine, Product, Remedy, RemedyAnswer
from portal.rights import faults
from portal.service.honest_words import Hit, check_text

LEAST: Final = 10  # answers: of fewer no number is said to buyers
MOST: Final = 60  # of a product and its kind


class Count(NamedTuple):
    """Of ``number`` people who said whether it helped: it did for ``helped``; ``after`` said so and applied later."""

    number: int
    helped: int
    after: int


class Shown(NamedTuple):
    """Steps as a buyer sees them; ``said``: what they answered about this order line, None for nothing yet.

    ``title``: of the product, where steps about several are shown.
    """

    remedy: Any
    fault: str
    answers: Count
    said: bool | None
    line_id: int
    title: str


NOBODY: Final = Count(0, 0, 0)


def list_of_product(product: Product) -> list[Remedy]:
    """What the shop has written for a product and for its kind, what waits for a look first."""
    return list(
        db.session.scalars(
            select(Remedy)
            .where(Remedy.shop_id == product.shop_id, Remedy.state != "removed", _is_of(product.id, product.kind))
            .order_by(Remedy.state, Remedy.fault, Remedy.id)
            .limit(MOST)
        )
    )


def _is_of(product_id: object, kind: object) -> ColumnElement[bool]:
    return or_(Remedy.product_id == product_id, and_(Remedy.product_id.is_(None), Remedy.kind == kind))


def list_for_line(line: OrderLine, shop_id: int, reason: str, user_id: int) -> list[Shown]:
    """What can be tried about an order line for this reason; what is about the product itself goes before its kind."""
    return list_for_lines([line], shop_id, faults.list_meant(reason), user_id)


def list_for_lines(lines: Sequence[OrderLine], shop_id: int, meant: Collection[str], user_id: int) -> list[Shown]:
    """The same for several lines of an order and any of these faults, in the order of the lines; a product once."""
    first: dict[int, int] = {}
    for line in lines:
        if line.product_id is not None:
            first.setdefault(line.product_id, line.id)
    if not meant or not first:
        return []
    rows = db.session.execute(
        select(Remedy, Product.id.label("of"), Product.title)
        .join(Product, and_(Product.shop_id == Remedy.shop_id, _is_of(Product.id, Product.kind)))
        .where(
            Remedy.shop_id == shop_id,
            Product.shop_id == shop_id,
            Product.id.in_(sorted(first)),
            Remedy.state == "shown",
            Remedy.fault.in_(sorted(meant)),
        )
        .order_by(Remedy.product_id.is_(None), Remedy.id)
        .limit(MOST * len(first))
    ).all()
    if not rows:
        return []
    own = {(row.of, row.Remedy.fault) for row in rows if row.Remedy.product_id is not None}
    rows = [row for row in rows if row.Remedy.product_id is not None or (row.of, row.Remedy.fault) not in own]
    places = list(first)
    rows.sort(key=lambda row: places.index(row.of))
    counts = count_answers(shop_id, sorted({row.Remedy.id for row in rows}))
    said = {
        (row.remedy_id, row.order_line_id): row.helped
        for row in db.session.execute(
            select(RemedyAnswer.remedy_id, RemedyAnswer.order_line_id, RemedyAnswer.helped).where(
                RemedyAnswer.shop_id == shop_id,
                RemedyAnswer.user_id == user_id,
                RemedyAnswer.order_line_id.in_(sorted(first.values())),
            )
        )
    }
    return [
        Shown(
            row.Remedy,
            faults.name_fault(row.Remedy.fault),
            counts.get(row.Remedy.id, NOBODY),
            said.get((row.Remedy.id, first[row.of])),
            first[row.of],
            row.title if len(first) > 1 else "",
        )
        for row in rows
    ]


def list_shown(product: Product) -> list[tuple[Remedy, str, Count]]:
    """What buyers may try about a product, each with its fault and whom it helped; its own go before its kind's."""
    rows = [row for row in list_of_product(product) if row.state == "shown"]
    own = {row.fault for row in rows if row.product_id is not None}
    rows = [row for row in rows if row.product_id is not None or row.fault not in own]
    counts = count_answers(product.shop_id, [row.id for row in rows])
    return [(row, faults.name_fault(row.fault), counts.get(row.id, NOBODY)) for row in rows]


def find_picture(public_id: str, shop_id: int) -> Row[str, str, str, str] | None:
    """The photo's row (its keys and SHA-256) when it belongs to steps that this shop's buyers see."""
    return db.session.execute(
        select(Evidence.key, Evidence.thumb_key, Evidence.sha256, Evidence.thumb_sha256)
        .join(Remedy, and_(Remedy.id == Evidence.remedy_id, Remedy.shop_id == Evidence.shop_id))
        .where(Evidence.public_id == public_id, Evidence.shop_id == shop_id, Remedy.state == "shown")
    ).one_or_none()


def count_answers(shop_id: int, remedy_ids: Sequence[int]) -> Mapping[int, Count]:
    """By remedy: how many answered, whom it helped, and who said so but applied for the same order line later."""
    if not remedy_ids:
        return {}
    later = (
        select(CaseLine.id)
        .join(Case, and_(Case.id == CaseLine.case_id, Case.shop_id == CaseLine.shop_id))
        .where(
            CaseLine.order_line_id == RemedyAnswer.order_line_id,
            CaseLine.shop_id == shop_id,
            Case.shop_id == shop_id,
            Case.opened_at >= RemedyAnswer.at,
        )
        .correlate(RemedyAnswer)
        .exists()
    )
    helped = func.sum(case((and_(RemedyAnswer.helped, ~later), 1), else_=0))
    after = func.sum(case((and_(RemedyAnswer.helped, later), 1), else_=0))
    rows = db.session.execute(
        select(RemedyAnswer.remedy_id, func.count().label("number"), helped.label("helped"), after.label("after"))
        .where(RemedyAnswer.shop_id == shop_id, RemedyAnswer.remedy_id.in_(remedy_ids))
        .group_by(RemedyAnswer.remedy_id)
    )
    return {row.remedy_id: Count(row.number, int(row.helped), int(row.after)) for row in rows}


def find(remedy_id: int, shop_id: int) -> Remedy | None:
    """One of this shop."""
    return db.session.scalars(
        select(Remedy).where(Remedy.id == remedy_id, Remedy.shop_id == shop_id, Remedy.state != "removed")
    ).one_or_none()


def is_shown(remedy_id: int, shop_id: int) -> bool:
    """Whether buyers see it, and so its picture."""
    query = select(Remedy.id).where(Remedy.id == remedy_id, Remedy.shop_id == shop_id, Remedy.state == "shown")
    return db.session.scalar(query) is not None


def check(remedy: Remedy, product: Product | None) -> list[Hit]:
    """The advice on its words."""
    return check_text(remedy.steps, no_reason=None if product is None else not product.no_reason_excluded)


def keep(
    product: Product,
    remedy: Remedy | None,
    *,
    of_kind: bool,
    fault: str,
    minutes: int,
    steps: str,
    picture: str | None,
    by: int,
    now: datetime,
) -> Remedy:
    """New steps, or other words for those that are there; they wait for a look. Inside ``writing()``.

    ``picture``: a loose photo's public id, "" for none any more, None for what is there.
    """
    if remedy is None:
        remedy = Remedy(shop_id=product.shop_id)
        db.session.add(remedy)
    remedy.product_id, remedy.kind = (None, product.kind) if of_kind else (product.id, "")
    remedy.fault, remedy.minutes, remedy.steps = fault, minutes, steps
    remedy.state, remedy.looked_by, remedy.made_by, remedy.at = "draft", None, by, now
    db.session.flush()
    if picture is not None:
        db.session.execute(
            update(Evidence)
            .where(Evidence.remedy_id == remedy.id, Evidence.shop_id == remedy.shop_id)
            .values(remedy_id=None)
            .execution_options(synchronize_session=False)
        )
        hung = picture and evidence.attach_to_own([picture], shop_id=remedy.shop_id, owner_id=by, remedy_id=remedy.id)
        remedy.picture = picture if hung else None
        db.session.flush()
    return remedy


def decide(remedy: Remedy, state: str, *, by: int) -> None:
    """Show it to buyers after a look, or take it away. Inside ``writing()``."""
    remedy.state, remedy.looked_by = state, by
    db.session.flush()


def answer(remedy_id: int, shop_id: int, order_line_id: int, user_id: int, *, helped: bool, now: datetime) -> None:
    """Whether it helped; said again about the same line, it replaces what was said. Inside ``writing()``."""
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"helped": helped, "at": now}
    row = {"shop_id": shop_id, "remedy_id": remedy_id, "order_line_id": order_line_id, "user_id": user_id, **values}
    db.session.execute(
        make(RemedyAnswer)
        .values(row)
        .on_conflict_do_update(index_elements=["remedy_id", "order_line_id", "user_id", "shop_id"], set_=values)
    )
