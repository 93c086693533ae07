"""Tables of scans that a shop uploads: read, judged row by row, and taken over after its yes.

One row is one scan: 运单号, 时间, 物流内容. A row is for what of the shop is followed under that number; done twice, it
keeps nothing twice.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import inputs
from portal.extensions import db, writing
from portal.models import TraceFile
from portal.parcels import numbers as parcels_numbers
from portal.parcels import parcel_view, scans
from portal.sheets import Row, find_lost
from portal.sheets.headed import read_headed
from portal.tracking import scans as case_scans

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 2000
OUTCOMES: dict[str, tuple[str, str]] = {  # outcome: its name, its chip
    "new": ("可以导入", "ok"),
    "kept": ("已导入", "ok"),
    "known": ("之前已有", "off"),
    "unknown": ("没有这个运单", "warn"),
    "bad": ("读不出来", "bad"),
}
_HEADINGS: dict[str, str] = {
    "运单号": "number",
    "快递单号": "number",
    "物流单号": "number",
    "单号": "number",
    "时间": "at",
    "扫描时间": "at",
    "物流时间": "at",
    "更新时间": "at",
    "内容": "words",
    "物流内容": "words",
    "物流信息": "words",
    "轨迹": "words",
    "描述": "words",
    "详情": "words",
}
_NAMES = {"number": "运单号", "at": "时间", "words": "物流内容"}
_NEEDED = "没有找到表头。文件里要有「运单号」「时间」「物流内容」三列，每行一条物流记录"


def read_table(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The rows of a file as plain values, ``bad`` with a sentence where one can't be used. Raises SheetRefused."""
    rows = read_headed(
        path,
        _HEADINGS,
        suffices=lambda names: set(_NAMES) <= set(names),
        needed=_NEEDED,
        most=MOST_ROWS,
        empty="只有表头，没有物流记录",
    )
    return [_read(row, cells) for row, cells in rows]


def _read(row: Row, cells: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {"row": row.number, "number": "", "at": "", "words": ""}
    try:
        if row.trouble:
            raise inputs.InputRefused(row.trouble)
        for name, label in _NAMES.items():
            text = cells.get(name, "")
            if lost := find_lost(text, label, digits=name == "number"):
                raise inputs.InputRefused(lost)
            said[name] = inputs.line(text.removeprefix("'"), limit=scans.MOST_WORDS if name == "words" else 60)
            if not said[name]:
                raise inputs.InputRefused(f"没有填写{label}")
        said["number"] = parcels_numbers.normalise(said["number"])[:40]
        at = scans.moment(said["at"])
        if at is None:
            raise inputs.InputRefused("时间读不出来，请写成 2026-11-20 12:30:11")
        said["moment"] = at.isoformat()
    except inputs.InputRefused as refused:
        said["bad"] = refused.sentence
    return said


def begin_table(shop_id: int, user_id: int, name: str, rows: list[dict[str, Any]], now: datetime) -> TraceFile:
    """Keep a file that was read; nothing is taken over yet."""
    made = TraceFile(
        public_id=secrets.token_hex(16), shop_id=shop_id, user_id=user_id, name=name[:200], rows=rows, made_at=now
    )
    db.session.add(made)
    db.session.flush()
    return made


def find_of_shop(public_id: str, shop_id: int) -> TraceFile | None:
    """A file of this shop."""
    return db.session.scalars(
        select(TraceFile).where(TraceFile.public_id == public_id, TraceFile.shop_id == shop_id)
    ).one_or_none()


def list_files(shop_id: int, most: int = 10) -> Sequence[Any]:
    """A shop's latest files, the newest first."""
    return db.session.execute(
        select(TraceFile.public_id, TraceFile.name, TraceFile.state, TraceFile.made_at)
        .where(TraceFile.shop_id == shop_id)
        .order_by(TraceFile.id.desc())
        .limit(most)
    ).all()


def judge_rows(file: TraceFile, now: datetime) -> list[dict[str, Any]]:
    """What each row would do now, or has done: ``outcome`` is one of OUTCOMES."""
    numbers = sorted({row["number"] for row in file.rows if "bad" not in row})
    followed: dict[str, list[Any]] = {}
    for part in range(0, len(numbers), 400):
        followed |= parcel_view.find_by_number(file.shop_id, numbers[part : part + 400])
    rows = []
    for row in file.rows:
        if "bad" in row:
            outcome, sentence = "bad", row["bad"]
        elif row["number"] not in followed:
            outcome = "unknown"
            sentence = "没有用这个单号寄出或收到的包裹，请核对单号；订单要先处于待收货"
        elif "new" in row:
            outcome, sentence = ("kept" if row["new"] else "known"), ""
        else:
            outcome, sentence = "new", ""
        scan = scans.read_words(datetime.fromisoformat(row["moment"]), row["words"]) if "moment" in row else None
        if scan is not None and scan.at > now + scans.FUTURE and not sentence:
            sentence = "时间还没有到，只显示，不作为依据；请核对日期"
        elif scan is not None and scan.unclear and not sentence:
            sentence = "看不出是否已签收，只显示，不作为签收的依据"
        rows.append({**row, "outcome": outcome, "sentence": sentence, "status": scan.status if scan else ""})
    return rows


def carry_out_table(public_id: str, shop_id: int, now: datetime) -> int:
    """Take over the rows that can be, in a transaction for each number; returns how many were new. Can be repeated."""
    file = find_of_shop(public_id, shop_id)
    if file is None:
        return 0
    rows: list[dict[str, Any]] = [dict(row) for row in file.rows]
    of_number: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if "bad" not in row:
            of_number.setdefault(row["number"], []).append(row)
    db.session.rollback()
    kept = 0
    for number, own in of_number.items():
        with writing():
            for shipment in parcel_view.find_by_number(shop_id, [number]).get(number, []):
                before = {(trace.at, trace.words) for trace in parcel_view.list_scans(shipment)}
                said = {}
                for row in own:
                    at = datetime.fromisoformat(row["moment"])
                    said[at, row["words"]] = scans.read_words(at, row["words"])
                    row["new"] = row.get("new", False) or (at, row["words"]) not in before
                kept += case_scans.record_typed(shipment, list(said.values()), side="seller", now=now, origin="import")
    with writing():
        file = find_of_shop(public_id, shop_id)
        if file is not None and file.state == "checked":
            file.rows, file.state = rows, "done"
    return kept
