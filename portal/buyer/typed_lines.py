"""The lines of an application on its second page: in their order, and what stands in the fields of each."""

from __future__ import annotations

from typing import Any

from portal import inputs
from portal.applications import foreseen
from portal.applications import goods as applications_goods
from portal.models import Order, OrderLine


def sort_lines(order: Order, fields: dict[str, Any]) -> list[Any]:
    """The lines of the order, the one that the application began with first."""
    lines = list(applications_goods.list_lines(order.id, order.shop_id))
    return sorted(lines, key=lambda line: (line.id != fields.get("line_id"), line.position))


def find_typed(lines: list[OrderLine], kept: Any, name: str) -> dict[str, Any]:
    """What was typed for each line in the fields of this name, where it was kept; a SKU as its number."""
    found = {str(line.id): kept.get(f"{name}_{line.id}") for line in lines} if kept else {}
    if name == "sku":
        skus = {line: inputs.read_id(sku or "") for line, sku in found.items()}
        return {line: sku for line, sku in skus.items() if sku}
    return {line: text for line, text in found.items() if text is not None}


def list_usual(lines: list[OrderLine], fields: dict[str, Any]) -> dict[str, str]:
    """The quantities that stand there to begin with."""
    if fields.get("typed"):
        return dict(fields["typed"])
    first = lines[0]
    return {str(first.id): foreseen.suggest_quantity(first, fields.get("reason", ""))}
