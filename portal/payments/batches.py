"""Batches of payments as a file for the bank."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import load_only

from portal import words, workbook
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import MoneyEntry, PayoutFile, Shop, User
from portal.money import entries as money_entries
from portal.money import payment_lists
from portal.workbook import Column

MOST_IN_BATCH = 500

COLUMNS: tuple[Column, ...] = (
    Column("批次行号", "这一行在批次里的编号，对账时用它找到款项，请原样保留", 20),
    Column("款项编号", "款项的编号，重新付款也不变；对账时也可以只保留这一列", 20),
    Column("售后单号", "款项所属的售后单", 18),
    Column("订单号", "退款的原订单，按原支付方式退回", 22),
    Column("买家会员名", "收款的买家", 20),
    Column("款项", "退款、退差价、退还已补差价、运费或补偿", 12),
    Column("金额(元)", "应付金额，两位小数；请不要修改，金额不符的行不会登记", 12, True),
    Column("退回方式", "原路退回：退到买家原来的支付账户，不需要收款账号", 12),
    Column("结果", "付款后填写：成功 或 失败", 10),
    Column("流水号", "成功时填写付款流水号，请保持为文本格式", 24),
    Column("失败原因", "失败时填写原因，买家会看到", 24),
)


ROUTE = words.ROUTE


def list_ready(shop_id: int, most: int = MOST_IN_BATCH) -> Sequence[Any]:
    """The payments that can be made now and haven't gone out to the bank yet, the oldest first."""
    rows: list[Any] = []
    key = None
    while len(rows) < most:
        page, key = payment_lists.list_page(shop_id, "due", key)
        rows += [row for row in page if row.exported_at is None and row.case_state in money_entries.PAYABLE]
        if key is None:
            break
    return rows[:most]


def make_batch(shop_id: int, *, by: int, now: datetime) -> PayoutFile:
    """Put all payments that are ready on one numbered list and mark them, so that no later list has them again.

    Inside ``writing()``. Raises StepRefused when there are none.
    """
    db.session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update())  # two lists at once: one waits
    rows = list_ready(shop_id)
    if not rows:
        raise StepRefused("没有待付款的款项需要导出；已在批次里的可以重新下载原来的批次")
    db.session.execute(
        update(MoneyEntry)
        .where(MoneyEntry.shop_id == shop_id, MoneyEntry.id.in_([row.id for row in rows]), MoneyEntry.state == "due")
        .values(exported_at=now)
        .execution_options(synchronize_session=False)
    )
    newest = db.session.scalar(select(func.max(PayoutFile.serial)).where(PayoutFile.shop_id == shop_id)) or 0
    batch = PayoutFile(
        public_id=secrets.token_hex(16),
        shop_id=shop_id,
        serial=newest + 1,
        user_id=by,
        kind="batch",
        state="made",
        made_at=now,
        rows=[
            [
                row.key,
                row.case_no,
                row.order_no,
                row.buyer,
                words.MONEY[row.kind],
                row.amount_fen,
                ROUTE[row.channel or row.route],
            ]
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


def build_workbook(batch: PayoutFile) -> bytes:
    """A batch as .xlsx, the same each time."""
    rows = [[f"{batch.number}-{n:03d}", *row, "", "", ""] for n, row in enumerate(batch.rows, start=1)]
    return workbook.build("付款批次", COLUMNS, rows, made_at=batch.made_at)


def find_file(shop_id: int, public_id: str, kind: str) -> PayoutFile | None:
    """A shop's own batch or results."""
    return db.session.scalars(
        select(PayoutFile).where(
            PayoutFile.public_id == public_id, PayoutFile.shop_id == shop_id, PayoutFile.kind == kind
        )
    ).one_or_none()


FILES = 20


def list_files(
    shop_id: int, before: int | None, size: int = FILES
) -> Sequence[Row[int, str, str, str, str, int, int, datetime, str]]:
    """A shop's batches and results, the newest first; one more than ``size`` when there are more."""
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
        .limit(size + 1)
    )
    if before is not None:
        query = query.where(PayoutFile.id < before)
    return db.session.execute(query).all()


def find_batch_of(shop_id: int, entry_id: int) -> str:
    """The number of the list for the bank that a payment is in; "" when in none."""
    out = select(MoneyEntry.exported_at).where(MoneyEntry.shop_id == shop_id, MoneyEntry.id == entry_id)
    at = db.session.scalar(out)
    return name_batches(shop_id, [at]).get(at, "") if at is not None else ""


def name_batches(shop_id: int, moments: Iterable[datetime | None]) -> dict[datetime, str]:
    """What the lists that were made at these moments are called."""
    wanted = {at for at in moments if at is not None}
    if not wanted:
        return {}
    files = select(PayoutFile).where(
        PayoutFile.shop_id == shop_id, PayoutFile.kind == "batch", PayoutFile.made_at.in_(wanted)
    )
    return {file.made_at: file.number for file in db.session.scalars(files.options(load_only(*_NAMED)))}


_NAMED = (PayoutFile.made_at, PayoutFile.serial)
