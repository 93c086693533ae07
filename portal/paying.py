"""What finance does with the payments that a shop owes: record one, send a list to the bank, take its results back.

The portal moves no money. Every recording is a step of the case, so that it is guarded, told and kept like any other.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, literal, select, update

from portal import cases, flow, inputs, words, workbook
from portal.effects import By
from portal.extensions import db, writing
from portal.flow import Actor, State, StepRefused
from portal.models import Case, MoneyEntry, Notice, PayoutFile, Shop, User
from portal.money import entries as money_entries
from portal.money import lists as money_lists
from portal.notices import notices
from portal.sheets import HEADINGS_WITHIN, Fault, Number, Row, SheetRefused, open_tables
from portal.workbook import Column

VERBS: dict[str, str] = {"approve": "复核通过", "settle": "登记已付款", "fail": "登记付款失败", "retry": "重新付款"}
MOST_IN_BATCH = 500
MOST_ROWS = 1000  # of a file with the bank's results
MOST_BYTES = 5 * 1024 * 1024
AT_ONCE = 100  # rows carried out in one request


# ---------------------------------------------------------------- how long there is


@dataclass(frozen=True)
class Left:
    """How long a payment may still take: a chip's kind, the sentence, and whether the hard line is passed."""

    kind: str
    said: str
    hard: bool = False


def left_of(row: Any, now: datetime) -> Left:
    """24 hours are the target, 7 days the law's limit, 15 the hard line; counted from when the payment was planned.

    The law's limit is the case's own deadline while that is what runs.
    """
    if row.state not in money_entries.OPEN and row.state != "declared":
        return Left("ok" if row.state == "settled" else "off", "")
    if row.state == "declared":
        return Left("you", "请核对是否到账")
    if row.case_state not in money_entries.PAYABLE and row.case_state != State.REFUND_FAILED:
        return Left("wait", f"等售后单到可付款时再付({words.state(row.type, row.case_state)})")
    target, legal, hard = (row.made_at + cases.span(f"refund_{name}") for name in ("target", "legal", "hard"))
    if row.due_rule == "refund_legal" and row.due_at and not row.escalated:
        legal = row.due_at
    if now < target:
        return Left("wait", f"{words.left(target, now)}({_length('target').strip()}目标)")
    if now < legal:
        return Left("warn", f"已过{_length('target')}目标,法定期限{words.left(legal, now)}")
    if now < hard:
        return Left("bad", f"已过法定期限,{_length('hard').strip()}红线{words.left(hard, now)}")
    return Left("bad", f"已过{_length('hard')}红线 {words.span(now - hard)}", True)


def _length(name: str) -> str:
    """24 小时, 7 天: short ones in hours."""
    length = cases.span(f"refund_{name}")
    hours = length.total_seconds() / 3600
    return f" {hours:.0f} 小时" if hours <= 48 else f" {words.span(length)}"


def alarm(now: datetime) -> int:
    """Tell each shop's owner, once, of every payment that has passed the hard line; returns how many were told."""
    before = now - cases.span("refund_hard")
    key = literal("hard:").concat(cast(MoneyEntry.id, String)).concat(":").concat(cast(Shop.owner_id, String))
    late = db.session.execute(
        select(MoneyEntry.id, MoneyEntry.case_id, MoneyEntry.amount_fen, MoneyEntry.kind, Shop.owner_id)
        .join(Shop, Shop.id == MoneyEntry.shop_id)
        .join(Case, Case.id == MoneyEntry.case_id)
        .where(
            MoneyEntry.state.in_(money_entries.OPEN),
            MoneyEntry.made_at <= before,
            Case.state.in_([*money_entries.PAYABLE, State.REFUND_FAILED]),
            ~select(Notice.id).where(Notice.dedupe_key == key).exists(),
        )
        .order_by(MoneyEntry.id)
        .limit(200)
    ).all()
    db.session.rollback()
    return sum(_alarmed(entry, now) for entry in late)


def _alarmed(entry: Any, now: datetime) -> bool:
    """Tell of one, unless another sweep was faster or it has been paid meanwhile."""
    dedupe_key = f"hard:{entry.id}:{entry.owner_id}"
    what = f"{words.MONEY[entry.kind]} {inputs.money_text(entry.amount_fen)} 元"
    with writing():
        state = db.session.scalar(select(MoneyEntry.state).where(MoneyEntry.id == entry.id).with_for_update())
        known = db.session.scalar(select(Notice.id).where(Notice.dedupe_key == dedupe_key))
        if state not in money_entries.OPEN or known is not None:
            return False
        notices.tell_of_payment(
            db.session.get_one(Case, entry.case_id),
            entry.owner_id,
            at=now,
            dedupe_key=dedupe_key,
            title=f"{what}已过{_length('hard')}红线",
            body=f"这笔{words.MONEY[entry.kind]}超过{_length('hard')}还没有付给买家,请立即付款并登记流水号。",
            href=f"/seller/payouts/{entry.id}",
        )
    return True


# ---------------------------------------------------------------- recording one


def record(
    shop_id: int, entry_id: int, verb: str, *, by: By, now: datetime, reference: str = "", problem: str = ""
) -> Case:
    """Take the step of the case that records this about one payment of the shop. Inside ``writing()``.

    Raises StepRefused when the payment isn't there or isn't what the page showed: somebody else was faster.
    """
    entry = db.session.execute(
        select(MoneyEntry.case_id).where(MoneyEntry.id == entry_id, MoneyEntry.shop_id == shop_id)
    ).one_or_none()
    if entry is None:
        raise StepRefused("没有找到这笔款项")
    case = db.session.scalars(
        select(Case).where(Case.id == entry.case_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    state = db.session.scalar(select(MoneyEntry.state).where(MoneyEntry.id == entry_id)) or ""
    if state not in _FROM[verb]:
        raise StepRefused(f"这笔款项现在是「{words.MONEY_STATE[state]}」,没有重复登记;页面显示的是最新状态")
    told = {"reference": reference} if verb == "settle" else {"note": problem} if verb == "fail" else {}
    return cases.take(case.id, step_of(case, verb), by=by, now=now, entry_id=entry_id, **told)  # type: ignore[arg-type]


_FROM: Mapping[str, tuple[str, ...]] = {
    "approve": ("waiting",),
    "settle": ("due",),
    "fail": ("due",),
    "retry": ("failed",),
}


def step_of(case: Any, verb: str) -> str:
    """The step's name: the last payment of a refund ends the case, the others don't."""
    if verb != "settle":
        return {"approve": "approve_refund", "fail": "refund_fail", "retry": "retry"}[verb]
    last = case.state == State.REFUNDING and money_entries.standing(case.id)["open_entries"] <= 1
    return "refund_ok" if last else "settle_entry"


def verbs_of(row: Any, now: datetime) -> dict[str, str | None]:
    """What can be recorded about a payment, and why not yet (None: it can)."""
    case = db.session.get_one(Case, row.case_id)
    facts = cases.facts(case, now)
    found: dict[str, str | None] = {}
    for verb, states in _FROM.items():
        if row.state in states:
            found[verb] = _refusal(case, verb, facts)
    return found


def _refusal(case: Any, verb: str, facts: flow.Facts) -> str | None:
    try:
        flow.choose(case.type, case.state, Actor.SELLER, step_of(case, verb), facts)
    except StepRefused as refused:
        if refused.sentence != flow.NOT_NOW:
            return refused.sentence
        state = words.state(case.type, case.state)
        if verb == "fail" and case.state in money_entries.PAYABLE:
            return f"售后单是「{state}」,不用登记失败,付清后再登记即可"
        return f"售后单现在是「{state}」,还不能付这笔款"
    return None


# ---------------------------------------------------------------- lists for the bank


COLUMNS: tuple[Column, ...] = (
    Column("批次行号", "这一行在批次里的编号,对账时用它找到款项,请原样保留", 20),
    Column("款项编号", "款项的幂等编号,重试也不变;对账时也可以只保留这一列", 20),
    Column("售后单号", "款项所属的售后单", 18),
    Column("订单号", "退款的原订单,按原支付方式退回", 22),
    Column("买家会员名", "收款的买家", 20),
    Column("款项", "退款、退差价、退还已补差价、运费或补偿", 12),
    Column("金额(元)", "应付金额,两位小数;请不要修改,金额不符的行不会登记", 12, True),
    Column("退回方式", "原路退回:退到买家原来的支付账户,不需要收款账号", 12),
    Column("结果", "付款后填写:成功 或 失败", 10),
    Column("流水号", "成功时填写付款流水号,请保持为文本格式", 24),
    Column("失败原因", "失败时填写原因,买家会看到", 24),
)
ROUTE: dict[str, str] = {"original": "原路退回", "bank": "银行转账", "offline": "线下支付"}


def ready(shop_id: int, most: int = MOST_IN_BATCH) -> Sequence[Any]:
    """The payments that can be made now and haven't gone out to the bank yet, the oldest first."""
    rows: list[Any] = []
    key = None
    while len(rows) < most:
        page, key = money_lists.page_of(shop_id, "due", key)
        rows += [row for row in page if row.exported_at is None and row.case_state in money_entries.PAYABLE]
        if key is None:
            break
    return rows[:most]


def make_batch(shop_id: int, *, by: int, now: datetime) -> PayoutFile:
    """Put all payments that are ready on one numbered list and mark them, so that no later list has them again.

    Inside ``writing()``. Raises StepRefused when there are none.
    """
    db.session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update())  # two lists at once: one waits
    rows = ready(shop_id)
    if not rows:
        raise StepRefused("没有待付款的款项需要导出;已在批次里的可以重新下载原来的批次")
    db.session.execute(
        update(MoneyEntry)
        .where(MoneyEntry.id.in_([row.id for row in rows]), MoneyEntry.state == "due")
        .values(exported_at=now)
        .execution_options(synchronize_session=False)
    )
    batch = PayoutFile(
        public_id=secrets.token_hex(16),
        shop_id=shop_id,
        user_id=by,
        kind="batch",
        state="made",
        made_at=now,
        rows=[
            [row.key, row.case_no, row.order_no, row.buyer, words.MONEY[row.kind], row.amount_fen, ROUTE[row.route]]
            for row in rows
        ],
        row_count=len(rows),
        amount_fen=sum(row.amount_fen for row in rows),
    )
    db.session.add(batch)
    db.session.flush()
    batch.name = f"付款批次 {batch.number}"
    db.session.flush()
    return batch


def workbook_of(batch: PayoutFile) -> bytes:
    """A batch as .xlsx, the same each time."""
    rows = [[f"{batch.number}-{n:03d}", *row, "", "", ""] for n, row in enumerate(batch.rows, start=1)]
    return workbook.build("付款批次", COLUMNS, rows, made_at=batch.made_at)


def file_of(shop_id: int, public_id: str, kind: str) -> PayoutFile | None:
    """A shop's own batch or results."""
    return db.session.scalars(
        select(PayoutFile).where(
            PayoutFile.public_id == public_id, PayoutFile.shop_id == shop_id, PayoutFile.kind == kind
        )
    ).one_or_none()


FILES = 20


def files_of(shop_id: int, before: int | None) -> Sequence[Any]:
    """A shop's batches and results, the newest first; one more than FILES when there are more."""
    query = (
        select(
            PayoutFile.id,
            PayoutFile.public_id,
            PayoutFile.kind,
            PayoutFile.state,
            PayoutFile.name,
            PayoutFile.row_count,
            PayoutFile.amount_fen,
            PayoutFile.made_at,
            User.member_name,
        )
        .join(User, User.id == PayoutFile.user_id)
        .where(PayoutFile.shop_id == shop_id)
        .order_by(PayoutFile.id.desc())
        .limit(FILES + 1)
    )
    if before is not None:
        query = query.where(PayoutFile.id < before)
    return db.session.execute(query).all()


# ---------------------------------------------------------------- the bank's results

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
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")  # what a spreadsheet makes of a long number
_NEEDED = (
    "没有找到表头。文件里要有「批次行号」或「款项编号」,以及「结果」「流水号」「失败原因」;可以直接填写导出的付款批次"
)


def _judge(cells: Mapping[int, str]) -> int:
    return len({_HEADINGS[text.strip()] for text in cells.values() if text.strip() in _HEADINGS})


def read_results(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The rows of a file with the bank's results. Raises SheetRefused with a sentence for a file that can't be read."""
    tables = open_tables(path, _judge)
    try:
        best: tuple[int, Any, Row] | None = None
        for table in tables.tables:
            for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
                if _judge(row.cells) > (best[0] if best else 0):
                    best = _judge(row.cells), table, row
        if best is None:
            raise SheetRefused(_NEEDED)
        places: dict[int, str] = {}
        for place, text in best[2].cells.items():
            name = _HEADINGS.get(text.strip())
            if name and name in places.values():
                raise SheetRefused(f"「{text.strip()}」这一列出现了不止一次,请只保留一列后再上传")
            if name:
                places[place] = name
        if "result" not in places.values() or not {"line", "key"} & set(places.values()):
            raise SheetRefused(_NEEDED)
        best[1].check()
        found: list[dict[str, Any]] = []
        for row in best[1].rows(frozenset(places), max(best[2].cells) + 1):
            cells = {places[place]: text for place, text in row.cells.items() if text.strip()}
            if row.number <= best[2].number or not (cells or row.trouble):
                continue
            if len(found) == MOST_ROWS:
                raise SheetRefused(f"一次最多 {MOST_ROWS} 行,请分成几个文件上传")
            found.append(_read(row, cells))
        if not found:
            raise SheetRefused("只有表头,没有付款结果")
        return found
    finally:
        tables.close()


def _read(row: Row, cells: Mapping[str, str]) -> dict[str, Any]:
    """One row as plain values, or with the sentence that says why it can't be used."""
    said: dict[str, Any] = {"row": row.number, "line": "", "key": "", "good": None, "reference": "", "reason": ""}
    try:
        if row.trouble:
            raise inputs.InputRefused(row.trouble)
        for name, label in (("line", "批次行号"), ("key", "款项编号"), ("reference", "流水号"), ("reason", "失败原因")):
            text = cells.get(name, "")
            if isinstance(text, Fault):
                raise inputs.InputRefused(f"{label}是公式或错误值,请改成文本")
            whole = text.removesuffix(".0") if isinstance(text, Number) else text
            if _ROUNDED.fullmatch(text.strip()) or (isinstance(text, Number) and len(whole) > 15):
                raise inputs.InputRefused(f"{label}超过 15 位的数字会丢失末尾,请把该列设为文本后重新填写")
            said[name] = inputs.line(whole.removeprefix("'"), limit=200 if name == "reason" else 80)
        result = inputs.line(cells.get("result", ""), limit=20).casefold()
        if "amount" in cells:
            said["fen"] = inputs.money(cells["amount"])
        if not (said["line"] or said["key"]):
            raise inputs.InputRefused("没有批次行号或款项编号")
        if not result:
            raise inputs.InputRefused("没有填写结果,这一行跳过")
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


def judge(shop_id: int, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """What each row would do now: ``outcome`` is settle, fail, same (done already), differs, unknown, later or bad."""
    keys = _keys_of(shop_id, rows)
    entries = {
        row.key: row
        for part in range(0, len(keys), 400)
        for row in db.session.execute(
            select(
                MoneyEntry.id,
                MoneyEntry.key,
                MoneyEntry.state,
                MoneyEntry.amount_fen,
                MoneyEntry.reference,
                MoneyEntry.problem,
                MoneyEntry.case_id,
                MoneyEntry.kind,
                Case.case_no,
            )
            .join(Case, Case.id == MoneyEntry.case_id)
            .where(MoneyEntry.shop_id == shop_id, MoneyEntry.key.in_(sorted(set(keys.values()))[part : part + 400]))
        )
    }
    seen: dict[int, int] = {}
    judged = []
    for number, row in enumerate(rows):
        entry = entries.get(keys.get(number, ""))
        outcome, sentence = _judged(row, entry, seen, now)
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
            batch = db.session.get(PayoutFile, int(batch_id))
            mine = batch is not None and batch.shop_id == shop_id and batch.kind == "batch" and batch.number == number
            batches[int(batch_id)] = batch.rows if batch is not None and mine else ()
        lines = batches[int(batch_id)]
        if len(line) <= 6 and 0 < int(line) <= len(lines):
            found[place] = lines[int(line) - 1][0]
    return found


def _judged(row: Mapping[str, Any], entry: Any, seen: Mapping[int, int], now: datetime) -> tuple[str, str]:
    if row.get("bad"):
        return "bad", row["bad"]
    if entry is None:
        return "unknown", "没有这笔款项,请核对批次行号或款项编号"
    if entry.id in seen:
        return "bad", f"与第 {seen[entry.id]} 行是同一笔款项,只按先出现的一行处理"
    if entry.state == "settled":
        if row["good"] and entry.reference == row["reference"]:
            return "same", "已登记过,流水号一致"
        return "differs", f"已付清(流水号 {entry.reference or '无'}),与这一行不同,请人工核对"
    if "fen" in row and row["fen"] != entry.amount_fen:
        return (
            "differs",
            f"金额不符:应付 {inputs.money_text(entry.amount_fen)} 元,文件里是 {inputs.money_text(row['fen'])} 元",
        )
    if entry.state == "failed" and not row["good"] and entry.problem == row["reason"]:
        return "same", "已登记过失败,原因一致"
    verb = "settle" if row["good"] else "fail"
    if entry.state != "due":
        return "later", f"这笔款项是「{words.MONEY_STATE[entry.state]}」,不能登记"
    case = db.session.get_one(Case, entry.case_id)
    if refusal := _refusal(case, verb, cases.facts(case, now)):
        return "later", refusal
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


def carry_out(public_id: str, shop_id: int, *, by: By, now: datetime) -> bool:
    """Take the next rows of checked results, each whole or not at all in a transaction of its own; what was paid first.

    Returns whether all are done. Broken off or sent twice, it goes on where it was: a row that is in the books already
    is not recorded again.
    """
    results = file_of(shop_id, public_id, "results")
    if results is None or results.state == "done":
        return True
    rows = [dict(row) for row in results.rows]
    todo = sorted((n for n, row in enumerate(rows) if "done" not in row), key=lambda n: rows[n]["good"] is not True)
    for place in todo[:AT_ONCE]:
        first = next(n for n, row in enumerate(rows) if _same(row, rows[place]))
        try:
            with writing():
                judged = judge(shop_id, [rows[place]], now)[0]
                if first != place:
                    judged |= {"outcome": "bad", "sentence": f"与第 {rows[first]['row']} 行是同一笔款项,没有重复登记"}
                if judged["outcome"] in ("settle", "fail"):
                    record(
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
        kept = db.session.get_one(PayoutFile, results.id)
        kept.rows, kept.state = rows, "done" if finished else "checked"
        kept.amount_fen = sum(row.get("amount", 0) for row in rows if row.get("outcome") == "settle")
    return finished


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows name the same payment."""
    return bool((one["key"] and one["key"] == other["key"]) or (one["line"] and one["line"] == other["line"]))
