"""货号 and 单品货号 of the goods that cases are about, as tables of cases say them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select

from portal.cases.finding import not_by_shop
from portal.models import CaseLine, OrderLine
from portal.prepared import Prepared, among

_asked, _bought = CaseLine.__table__.c, OrderLine.__table__.c
_NUMBERS = Prepared(
    select(_asked.case_id, _bought.cargo_no, _bought.sku_cargo_no)
    .join_from(
        CaseLine.__table__,
        OrderLine.__table__,
        (_bought.id == _asked.order_line_id) & not_by_shop(_bought, _asked.shop_id),
    )
    .where(not_by_shop(_asked, bindparam("shop_id")), among(_asked.case_id, "case_ids"))
    .order_by(_asked.case_id, _asked.id)
)


class Numbers(NamedTuple):
    """Of each line of a case, one behind the other; "" where no line has one."""

    cargo_no: str = ""
    sku_cargo_no: str = ""


NONE = Numbers()


def load_numbers(shop_id: int, case_ids: Sequence[int]) -> Mapping[int, Numbers]:
    """By case."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in _NUMBERS.list_rows(shop_id=shop_id, case_ids=list(case_ids)) if case_ids else ():
        found[row.case_id].append((row.cargo_no, row.sku_cargo_no))
    return {case_id: Numbers(*map(say_numbers, zip(*said, strict=True))) for case_id, said in found.items()}


def say_numbers(numbers: Sequence[str]) -> str:
    """Of lines in their order: a dash for each that has none, nothing where none has."""
    return "；".join(number or "–" for number in numbers) if any(numbers) else ""
