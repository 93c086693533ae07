"""Reading the bank's answer to a batch and carrying it out row by row."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from portal import inputs, words
from portal.cases import case_facts
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import StepRefused
from portal.models import Case, MoneyEntry, PayoutFile
from portal.money import given_numbers, references
from portal.payments.batches import find_file
from portal.payments.recording import find_refusal, record_payment
from portal.sheets import Number, Row, find_lost
from portal.sheets.headed import read_headed

MOST_ROWS = 1000  # of a file with the bank's results
MOST_BYTES = 5 * 1024 * 1024
AT_ONCE = 100  # rows carried out in one request

_HEADINGS: dict[str, str] = {
    "批次行号": "line",
    "行号": "line",
    "款项编号": "key",
    "幂等编号": "key",
    "金额": "amount",
    "金额(元)": "amount",
    "金额（元）": "amount",
    "结果": "result",
    "付款结果": "result",
    "状态": "result",
    "流水号": "reference",
    "付款流水号": "reference",
    "交易流水号": "reference",
    "失败原因": "reason",
    "原因": "reason",
}

_GOOD = frozenset({"成功", "已付款", "付款成功", "已付", "交易成功", "success", "ok"})
_BAD = frozenset({"失败", "付款失败", "交易失败", "退回", "fail", "failed"})

_NEEDED = (
    "没有找到表头。文件里要有「批次行号」或「款项编号」，以及「结果」「流水号」「失败原因」；可以直接填写导出的付款批次"
)


def read_results(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The rows of a file with the bank's results. Raises SheetRefused with a sentence for a file that can't be read."""
    rows = read_headed(
        path,
        _HEADINGS,
        suffices=lambda names: "result" in names and not {"line", "key"}.isdisjoint(names),
        needed=_NEEDED,
        most=MOST_ROWS,
        empty="只有表头，没有付款结果",
    )
    return [_read(row, cells) for row, cells in rows]


def _read(row: Row, cells: Mapping[str, str]) -> dict[str, Any]:
    """One row as plain values, or with the sentence that says why it can't be used."""
    said: dict[str, Any] = {"row": row.number, "line": "", "key": "", "good": None, "reference": "", "reason": ""}
    try:
        if row.trouble:
            raise inputs.InputRefused(row.trouble)
        for name, label in (("line", "批次行号"), ("key", "款项编号"), ("reference", "流水号"), ("reason", "失败原因")):
            text = cells.get(name, "")
            whole = Number(text.removesuffix(".0")) if isinstance(text, Number) else text
            if lost := find_lost(whole, label):
                raise inputs.InputRefused(lost)
            said[name] = inputs.line(whole.removeprefix("'"), limit=200 if name == "reason" else 80)
        said["reference"] = references.tidy(said["reference"])
        result = inputs.line(cells.get("result", ""), limit=20).casefold()
        if "amount" in cells:
            said["fen"] = inputs.money(cells["amount"])
        if not (said["line"] or said["key"]):
            raise inputs.InputRefused("没有批次行号或款项编号")
        if not result:
            raise inputs.InputRefused("没有填写结果，这一行跳过")
        if result not in _GOOD | _BAD:
            raise inputs.InputRefused("结果请填写「成功」或「失败」")
        said["good"] = result in _GOOD
        if said["good"] and not said["reference"]:
            raise inputs.InputRefused("成功的付款请填写流水号")
        if not said["good"] and not said["reason"]:
            raise inputs.InputRefused("失败的付款请填写失败原因")
    except inputs.InputRefused as refused:
        said["bad"] = refused.sentence
    return said


ALONE = "这一行请在「待退款」里单独登记"


def judge_rows(shop_id: int, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """What each row would do now: ``outcome`` is settle, fail, same (done already), differs, unknown, later or bad."""
    keys = _keys_of(shop_id, rows)
    entries = {
        row.key: row
        for part in range(0, len(keys), 400)
        for row in db.session.execute(
            select(
                MoneyEntry.id,
                MoneyEntry.shop_id,
                MoneyEntry.key,
                MoneyEntry.state,
                MoneyEntry.amount_fen,
                MoneyEntry.reference,
                MoneyEntry.problem,
                MoneyEntry.case_id,
                MoneyEntry.kind,
                MoneyEntry.route,
                MoneyEntry.channel,
                Case.case_no,
            )
            .join(Case, and_(Case.id == MoneyEntry.case_id, Case.shop_id == MoneyEntry.shop_id))
            .where(MoneyEntry.shop_id == shop_id, MoneyEntry.key.in_(sorted(set(keys.values()))[part : part + 400]))
        )
    }
    seen: dict[int, int] = {}
    judged, alike = [], _group_numbers(rows)
    for number, row in enumerate(rows):
        entry = entries.get(keys.get(number, ""))
        outcome, sentence = _judged(row, entry, seen, now)
        if (
            entry is not None
            and outcome == "settle"
            and entry.amount_fen
            and (doubt := _find_same_number(rows, number, alike))
        ):
            outcome, sentence = "later", doubt
        said = {**row, "outcome": outcome, "sentence": sentence}
        if entry is not None:
            seen.setdefault(entry.id, row["row"])
            said |= {"entry": entry.id, "case_no": entry.case_no, "amount": entry.amount_fen}
        judged.append(said)
    return judged


def _keys_of(shop_id: int, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """The payment's key of each row by its place, from the row itself or from the batch that its line number names."""
    found: dict[int, str] = {}
    batches: dict[int, Sequence[Any]] = {}
    for place, row in enumerate(rows):
        if row["key"]:
            found[place] = row["key"]
            continue
        number, _, line = row["line"].rpartition("-")
        batch_id = number.rpartition("-")[2]
        if not (batch_id.isascii() and batch_id.isdigit() and line.isascii() and line.isdigit()) or len(batch_id) > 15:
            continue
        if int(batch_id) not in batches:
            batch = db.session.scalars(
                select(PayoutFile).where(PayoutFile.shop_id == shop_id, PayoutFile.serial == int(batch_id))
            ).one_or_none()
            mine = batch is not None and batch.kind == "batch" and batch.number == number
            batches[int(batch_id)] = batch.rows if batch is not None and mine else ()
        lines = batches[int(batch_id)]
        if len(line) <= 6 and 0 < int(line) <= len(lines):
            found[place] = lines[int(line) - 1][0]
    return found


def _judged(row: Mapping[str, Any], entry: Any, seen: Mapping[int, int], now: datetime) -> tuple[str, str]:
    if row.get("bad"):
        return "bad", row["bad"]
    if entry is None:
        return "unknown", "没有这笔款项，请核对批次行号或款项编号"
    if entry.id in seen:
        return "bad", f"与第 {seen[entry.id]} 行是同一笔款项，只按先出现的一行处理"
    if entry.state == "settled":
        if row["good"] and entry.reference == row["reference"]:
            return "same", "已登记过，流水号一致"
        return "differs", f"已付清（流水号 {entry.reference or '无'}），与这一行不同，请人工核对"
    if "fen" in row and row["fen"] != entry.amount_fen:
        return (
            "differs",
            f"金额不符：应付 {inputs.money_text(entry.amount_fen)} 元，文件里是 {inputs.money_text(row['fen'])} 元",
        )
    if entry.state == "failed" and not row["good"] and entry.problem == row["reason"]:
        return "same", "已登记过失败，原因一致"
    verb = "settle" if row["good"] else "fail"
    if entry.state != "due" and not (entry.state == "contested" and verb == "fail"):  # it came back after all
        return "later", f"这笔款项是「{words.MONEY_STATE[entry.state]}」，不能登记"
    case = db.session.get_one(Case, (entry.case_id, entry.shop_id))
    if refusal := find_refusal(case, verb, case_facts.collect_facts(case, now)):
        return "later", refusal
    if verb == "settle" and entry.amount_fen:
        way = entry.channel or entry.route
        if doubt := given_numbers.doubt_about(entry.shop_id, entry.id, way, row["reference"]):
            return "later", f"{doubt}；{ALONE}"
    return verb, "将登记已付款" if row["good"] else "将登记付款失败"


def begin_results(shop_id: int, name: str, rows: Sequence[Mapping[str, Any]], *, by: int, now: datetime) -> PayoutFile:
    """Keep what was read of a file, to be looked at and then carried out. Inside ``writing()``."""
    results = PayoutFile(
        public_id=secrets.token_hex(16),
        shop_id=shop_id,
        user_id=by,
        kind="results",
        state="checked",
        name=name,
        rows=[dict(row) for row in rows],
        row_count=len(rows),
        made_at=now,
    )
    db.session.add(results)
    db.session.flush()
    return results


def carry_out_results(public_id: str, shop_id: int, *, by: ActedBy, now: datetime) -> bool:
    """Take the next rows of checked results, each whole or not at all in a transaction of its own; what was paid first.

    Returns whether all are done. Broken off or sent twice, it goes on where it was: a row that is in the books already
    is not recorded again.
    """
    results = find_file(shop_id, public_id, "results")
    if results is None or results.state == "done":
        return True
    rows = [dict(row) for row in results.rows]
    todo = sorted((n for n, row in enumerate(rows) if "done" not in row), key=lambda n: rows[n]["good"] is not True)
    alike = _group_numbers(rows)
    for place in todo[:AT_ONCE]:
        first = next(n for n, row in enumerate(rows) if _same(row, rows[place]))
        try:
            with writing():
                judged = judge_rows(shop_id, [rows[place]], now)[0]
                if first != place:
                    judged |= {"outcome": "bad", "sentence": f"与第 {rows[first]['row']} 行是同一笔款项，没有重复登记"}
                elif (
                    judged["outcome"] == "settle"
                    and judged["amount"]
                    and (doubt := _find_same_number(rows, place, alike))
                ):
                    judged |= {"outcome": "later", "sentence": doubt}
                if judged["outcome"] in ("settle", "fail"):
                    record_payment(
                        shop_id,
                        judged["entry"],
                        judged["outcome"],
                        by=by,
                        now=now,
                        reference=rows[place]["reference"],
                        problem=rows[place]["reason"],
                    )
                    judged["sentence"] = "已登记付款" if judged["outcome"] == "settle" else "已登记付款失败"
        except StepRefused as refused:
            judged = {**rows[place], "outcome": "later", "sentence": refused.sentence}
        rows[place] = {**judged, "done": True}
    finished = len(todo) <= AT_ONCE
    with writing():
        kept = db.session.get_one(PayoutFile, (results.id, results.shop_id))
        kept.rows, kept.state = rows, "done" if finished else "checked"
        kept.amount_fen = sum(row.get("amount", 0) for row in rows if row.get("outcome") == "settle")
    return finished


def _group_numbers(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, list[int]]:
    """Where the rows of payments that were made stand, by their 流水号."""
    found: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row["good"] and row["reference"]:
            found.setdefault(references.fold(row["reference"]), []).append(place)
    return found


def _find_same_number(rows: Sequence[Mapping[str, Any]], place: int, alike: Mapping[str, list[int]]) -> str:
    """What is said of a row whose 流水号 a row above it has for another payment, so that only a person records it."""
    own = rows[place]
    for above in alike.get(references.fold(own["reference"]), ()):
        if above < place and not _same(rows[above], own):
            return f"流水号与第 {rows[above]['row']} 行相同，请核对；{ALONE}"
    return ""


def _same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two rows name the same payment."""
    return bool((one["key"] and one["key"] == other["key"]) or (one["line"] and one["line"] == other["line"]))
