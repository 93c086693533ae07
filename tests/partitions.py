"""A migrated PostgreSQL database in its spread form: each table with the shop in its key in four hash partitions.

PostgreSQL then refuses what Citus would refuse too: a primary key, a unique constraint or a unique index without
``shop_id``, and a foreign key to a part of such a key. Nothing is mended here: constraints, indexes, triggers and
references are made again word by word, so that what can't be spread fails.
"""

from __future__ import annotations

from typing import Any

import psycopg

from tests import shards

PARTITIONS = 4
TABLES = tuple(sorted(shards.TABLES))

_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid::regclass::text = ANY(%(tables)s) OR confrelid::regclass::text = ANY(%(tables)s)
ORDER BY contype = 'f', conname
"""
_INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text = ANY(%(tables)s)
AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p','u')) ORDER BY 1
"""
_TRIGGERS = """
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid::regclass::text = ANY(%(tables)s) AND NOT tgisinternal
"""
_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


def spread_tables(url: str) -> None:
    """Make each table of shops' rows anew in its partitions, with the rows it has."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        run: Any = connection.execute
        known = {"tables": list(TABLES)}
        constraints = run(_CONSTRAINTS, known).fetchall()
        indexes = [statement for (statement,) in run(_INDEXES, known).fetchall()]
        triggers = [statement for (statement,) in run(_TRIGGERS, known).fetchall()]
        for table, name, kind, _ in constraints:
            if kind == "f":
                run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for table in TABLES:
            _spread(run, table)
        for table, name, kind, definition in constraints:
            if kind in "puf":
                run(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for statement in (*indexes, *triggers):
            run(statement.replace(" ON ONLY ", " ON "))


def _spread(run: Any, table: str) -> None:
    (columns,) = run(_COLUMNS, {"table": table}).fetchone()
    run("CREATE SCHEMA whole")
    run(f"ALTER TABLE {table} SET SCHEMA whole")
    run(
        f"CREATE TABLE {table} (LIKE whole.{table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED) "
        "PARTITION BY HASH (shop_id)"
    )
    for part in range(PARTITIONS):
        run(
            f"CREATE TABLE {table}_{part} PARTITION OF {table} FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
        )
    run(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM whole.{table}")
    run("DROP SCHEMA whole CASCADE")
