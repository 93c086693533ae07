"""单品货号: what one specification of a product is called on the shelf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from portal.models import SoldAs
from portal.prepared import Prepared, among

_said = SoldAs.__table__.c
_SAID = Prepared(
    select(_said.product_id, _said.spec, _said.sku_cargo_no)
    .where(_said.shop_id == bindparam("shop_id"), among(_said.product_id, "products"), _said.sku_cargo_no != "")
    .distinct()
)


def renumber(shop_id: int, rows: Sequence[Any]) -> list[Any]:
    """Lines as they go out: what goes out in another specification than was bought has that one's 单品货号.

    Rows with product_id, spec, wanted_spec and sku_cargo_no. None where the shop's lines say none, or not always the
    same.
    """
    changed = {row.product_id for row in rows if _is_changed(row) and row.product_id is not None}
    said: dict[tuple[int, str], set[str]] = defaultdict(set)
    for each in _SAID.list_rows(shop_id=shop_id, products=sorted(changed)) if changed else ():
        said[each.product_id, each.spec].add(each.sku_cargo_no)
    found = []
    for row in rows:
        numbers = said.get((row.product_id, row.wanted_spec), set())
        only = next(iter(numbers)) if len(numbers) == 1 else ""
        found.append(row._replace(sku_cargo_no=only) if _is_changed(row) else row)
    return found


def _is_changed(row: Any) -> bool:
    return bool(row.wanted_spec) and row.wanted_spec != row.spec


def join(line: Any) -> str:
    """货号 and, where it says something else, 单品货号; "" for neither."""
    both = (line.cargo_no, line.sku_cargo_no)
    return " / ".join(dict.fromkeys(number for number in both if number))
