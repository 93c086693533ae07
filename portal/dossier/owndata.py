"""个人信息副本: what the portal keeps of one person, for the person to take along (个人信息保护法 45).

``SHARES`` says of a table which rows are whose, ``OTHERS`` why a table has none; every table is in one of them, and a
test says so, so that nothing new is forgotten. Secrets and what names other people are left out by column.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import select

from portal import inputs, words
from portal.dossier.column_names import LABELS
from portal.dossier.facts import stamp
from portal.dossier.markup import PAGE_ENDS, facts, page_begins, put
from portal.dossier.shares import SHARES
from portal.extensions import Model, db
from portal.models import User
from portal.rights import guarantees

AT_ONCE = 500  # rows held in memory


def build(person: int, *, into: BinaryIO, now: datetime) -> None:
    """Write the ZIP: data.json for programs, and data.html with the same for reading. ``into`` must be seekable."""
    name = db.session.scalars(select(User.member_name).where(User.id == person)).one()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as made:
        for file, write in (("data.json", _json), ("data.html", _html)):
            with made.open(file, "w") as out:
                for piece in write(person, name, now):
                    out.write(piece.encode())


def rows(table: str, person: int) -> Iterator[dict[str, Any]]:
    """This person's rows of a table, without its hidden columns, in the order of their keys."""
    share, known = SHARES[table], Model.metadata.tables[table]
    shown = [column for column in known.columns if column.name not in share.hidden]
    found = db.session.execute(
        select(*shown).where(share.whose).order_by(*known.primary_key.columns),
        {"person": person},
        execution_options={"yield_per": AT_ONCE},
    )
    for row in found:
        yield dict(row._mapping)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def _json(person: int, name: str, now: datetime) -> Iterator[str]:
    about = {"made_for": name, "as_of": now, "units": {"_fen": "1/100 CNY", "_milli": "1/1000", "moments": "UTC"}}
    yield json.dumps(about, ensure_ascii=False, default=_plain)[:-1]
    for table in SHARES:
        yield f',\n"{table}": ['
        between = "\n"
        for row in rows(table, person):
            yield between + json.dumps(row, ensure_ascii=False, default=_plain)
            between = ",\n"
        yield "]"
    yield "}\n"


def _html(person: int, name: str, now: datetime) -> Iterator[str]:
    yield page_begins(f"{name} 的个人信息副本")
    yield put("<p>截至 {}。照片在每张售后单的证据包里；全部字段在 data.json。</p>\n", stamp(now))
    for table, share in SHARES.items():
        number = 0
        for row in rows(table, person):
            if not number:
                yield put("<h2>{}</h2>\n", share.said)
            number += 1
            yield facts((LABELS[name], _said(name, value, row)) for name, value in row.items() if name in LABELS)
    yield PAGE_ENDS


def _said(column: str, value: Any, row: Mapping[str, Any]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return stamp(value)
    if column.endswith("_fen"):
        return f"¥{inputs.money_text(value)}"
    if column.endswith("_milli"):
        return inputs.quantity_text(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    if column == "reason":
        return guarantees.say_reason(str(value), row.get("basis") or "")
    if column in _WORDS:
        return _WORDS[column](str(value))
    return str(value)


_WORDS: dict[str, Callable[[str], str]] = {
    "type": lambda value: words.TYPE.get(value, value),
    "role": lambda value: words.ROLE.get(value, value),
    "actor": lambda value: words.ACTOR.get(value, value),
}
