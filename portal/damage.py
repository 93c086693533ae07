"""What a disk, a bad copy or a hand can do to a database and its files, and how it is seen."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import JSON, text

from portal.evidence import evidence
from portal.evidence.store import Store
from portal.extensions import Model, db


def is_changed(store: Store, key: str, sha256: str) -> bool:
    """Whether the file isn't what was uploaded. Reads it whole."""
    try:
        evidence.read_whole(store, key, sha256)
    except evidence.Damaged:
        return True
    return False


def check_database() -> Iterator[str]:
    """SQLite: pages, indexes and foreign keys. PostgreSQL: indexes, where the extension amcheck is installed."""
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=1")  # our own checks name those better
            try:
                for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
                    if line != "ok":
                        yield str(line)
                for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
                    yield f"{table} {row}: what it names in {parent} is missing"
            finally:
                connection.exec_driver_sql("PRAGMA ignore_check_constraints=0")
        return
    if not db.session.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'")):
        return
    indexes = text(
        "SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relnamespace = current_schema()::regnamespace"
    )
    for name in db.session.scalars(indexes).all():
        try:
            db.session.execute(text("SELECT bt_index_check(CAST(:name AS regclass), true)"), {"name": name})
        except Exception as problem:
            yield f"{name}: {str(getattr(problem, 'orig', problem)).splitlines()[0]}"


def list_unreadable_json() -> Iterator[str]:
    """SQLite keeps JSON as text, and text can be anything; PostgreSQL refuses what isn't JSON."""
    if db.engine.dialect.name != "sqlite":
        return
    for table in Model.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON):
                name, key = column.name, next(iter(table.primary_key.columns)).name
                query = f'SELECT "{key}" FROM "{table.name}" WHERE "{name}" IS NOT NULL AND NOT json_valid("{name}")'  # noqa: S608
                for (row,) in db.session.execute(text(query)):
                    yield f"{table.name} {row}: {name}"
