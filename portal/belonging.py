"""Whether what is said of a row's shop in two places is the same: in heads, references, links from shop to shop."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from portal.extensions import Model, db

_KNOWN_BY = {"orders": "order", "cases": "case"}


def list_wrong_heads() -> Iterator[str]:
    """Orders and cases whose head is missing or says something else, and heads of nothing."""
    for table, name in _KNOWN_BY.items():
        same = f"h.{name}_no = o.{name}_no AND h.shop_id = o.shop_id"
        query = (
            f"SELECT '{name} ' || o.{name}_no || ': has no head' FROM {table} o "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT 1 FROM {name}_heads h WHERE {same}) UNION ALL "
            f"SELECT '{name} ' || o.{name}_no || ': its head says something else' FROM {table} o "
            f"JOIN {name}_heads h ON {same} WHERE h.{name}_id <> o.id OR h.buyer_id <> o.buyer_id UNION ALL "
            f"SELECT 'head of {name} ' || h.{name}_no || ': there is no such {name}' FROM {name}_heads h "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE {same}) ORDER BY 1"
        )
        yield from db.session.scalars(text(query))


def list_strangers() -> Iterator[str]:
    """Rows that hang on a row of another shop."""
    for table in Model.metadata.sorted_tables:
        for reference in table.foreign_key_constraints:
            if len(reference.elements) == 1:
                continue
            column, parent = reference.column_keys[0], reference.referred_table.name
            key, label = reference.elements[0].column.name, next(iter(table.primary_key.columns)).name
            query = (
                f"SELECT c.{label} FROM {table.name} c JOIN {parent} p ON p.{key} = c.{column} "  # noqa: S608
                f"WHERE p.shop_id <> c.shop_id ORDER BY 1"
            )
            for row in db.session.scalars(text(query)):
                yield f"{table.name} {row}: its {column} is another shop's"


def list_wrong_links() -> Iterator[str]:
    """Links from shop to shop that name another shop than the one the supplier's row has."""
    for table, parent in (("order_links", "orders"), ("case_links", "cases")):
        query = (
            f"SELECT l.downstream_id FROM {table} l LEFT JOIN {parent} p "  # noqa: S608
            "ON p.id = l.upstream_id AND p.shop_id = l.upstream_shop_id WHERE p.id IS NULL ORDER BY 1"
        )
        for row in db.session.scalars(text(query)):
            yield f"{table}: what {row} hangs on is not of the shop it names"
