"""Takes orders out of an export into the database: new ones in, known ones brought up to date, nothing twice.

Orders are known by 订单编号, their lines by the key that the export gives them. An import writes in batches, each
whole: one that was broken off is resumed by being run again. What a line was sold as (its snapshot, title and price)
is written once and never changed; its quantity never falls below what after-sales cases have claimed. Nothing is
deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal.extensions import db, writing
from portal.inputs import member_key
from portal.orders.claims import fold_case
from portal.orders.export_format import Export, ExportRefused, OrderRows, Problem
from portal.orders.export_format.rows import is_cut
from portal.orders.importing.batch import Batch
from portal.orders.importing.collisions import MOST_HELD, Said, refuse_rows
from portal.orders.importing.groups import describe_row
from portal.orders.importing.known import Known
from portal.orders.importing.report import Counts, Disbelieved, Outcome, Report, RowResult, report_file
from portal.orders.importing.twins import find_proven

__all__ = ["Counts", "Disbelieved", "Outcome", "Report", "RowResult", "describe_row", "import_orders", "report_file"]

BATCH_ORDERS, BATCH_LINES = 500, 1_500
Key = tuple[str, str]  # seller's 会员名 where a file has several, 订单编号


def import_orders(
    export: Export,
    *,
    now: datetime,
    shop_id: int | None = None,
    dry_run: bool = False,
    create_missing: bool = True,
    vouched: bool = False,
    source: str = "",
    import_id: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
    on_row: Callable[[RowResult], None] | None = None,
) -> Report:
    """Import an export, or with ``dry_run`` only say what that would do. Called outside ``writing()``.

    With ``shop_id`` only this shop's orders are taken; without, sellers that nobody knows get a shop. Unknown members
    get accounts without a password, or with ``create_missing=False`` their orders are refused.
    ``vouched``: the file is of whoever runs the portal, not of a shop: buyers see their orders without being asked.
    ``source`` is the file's name, ``import_id`` its upload's id: both are kept with what changes and isn't believed.
    ``on_progress`` is told (rows done, rows about) after each batch, ``on_row`` every row's result.
    Raises extensions.Busy when the database stays locked; what was written before stays.
    """
    report = Report(dry_run=dry_run)
    known = Known(shop_id, create_missing, vouched, find_proven=lambda: find_proven(export.numbers))
    waiting: dict[Key, OrderRows] = {}
    held: dict[Key, OrderRows] = {}  # their numbers may have been cut: others may follow
    met: dict[Key, Said] = {}
    sellers: dict[str, str] = {}  # who sold the last order of a number
    results: list[RowResult] = []
    row = lines = 0

    def flush() -> None:
        nonlocal waiting, results, lines
        batch = Batch(list(waiting.values()), known, now, source, import_id)
        if dry_run:
            batch.work(write=False)
            db.session.rollback()
        else:
            with writing():
                batch.work(write=True)
            batch.keep()
        batch.count_into(report)
        results = sorted([*results, *batch.results], key=lambda each: (each.sheet, each.row))
        report.take(results)
        if on_row is not None:
            for result in results:
                on_row(result)
        if on_progress is not None:
            on_progress(min(row, export.rows_about), export.rows_about)
        waiting, results, lines = {}, [], 0

    def key_of(order: OrderRows) -> Key:
        """What tells orders of a file apart: two sellers may have one number."""
        number = fold_case(order.order_no)
        if shop_id is not None or is_cut(number):
            return "", number
        sellers[number] = member_key(order.seller_member) or sellers.get(number, "")
        return sellers[number], number

    def add(order: OrderRows) -> None:
        nonlocal lines
        waiting[key_of(order)] = order
        lines += len(order.lines)
        if len(waiting) >= BATCH_ORDERS or lines >= BATCH_LINES:
            flush()

    def collides(order: OrderRows) -> bool:
        said, before = Said.by(order), met.setdefault(key_of(order), Said.by(order))
        columns = before.contradicts(said, cut=is_cut(order.order_no))
        if not columns:
            return False
        refused = [*refuse_rows(order, before.row, columns)]
        first = held.pop(key_of(order), None)
        if first is not None:
            refused += refuse_rows(first, order.row, columns)
        results.extend(report.refuse(each) for each in sorted(refused, key=lambda each: each.row))
        return True

    try:
        for found in export.orders():
            row = found.row
            if isinstance(found, Problem):
                results.append(report.refuse(found))
                if len(results) >= BATCH_LINES:
                    flush()
                continue
            if collides(found):
                continue
            key = key_of(found)
            if key in held:
                add(held.pop(key))
            elif is_cut(found.order_no) and len(held) < MOST_HELD:
                held[key] = found
                continue
            if key in waiting:  # the same order again further down: it is then known already
                flush()
            add(found)
    except ExportRefused as problem:
        report.stopped = problem.sentence
    for order in held.values():
        add(order)
    row = export.rows_about
    flush()
    return report
