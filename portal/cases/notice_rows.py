"""Rows of 通知: one for each case with its newest notice, what the case waits for, and how many are unread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import told, words
from portal.cases import buyer_inbox
from portal.extensions import db
from portal.flow import Actor, State
from portal.models import Case, Notice
from portal.notices import reading

_case = Case.__table__.c
_DEADLINE = re.compile(r"[^。\n]*(（截止 ([^）]+)）)。$")  # the last sentence of a step's notice


@dataclass(frozen=True)
class NoticeRow:
    """``waits``: what the case waits for from the reader now, in a word or two; ``action``: a button and where to."""

    notice: Notice  # the newest of the case, or one that tells of no case
    unread: int
    case: Any = None
    waits: str = ""
    action: tuple[str, str] | None = None
    until: datetime | None = None  # what the case waits for

    @property
    def body(self) -> str:
        """What the notice says beside its title, the goods and the present deadline, which the row says once.

        What a deadline would have brought is left out once the case has another one, or none.
        """
        said: str = self.notice.body
        if self.case is None:
            return said
        said = said.removeprefix(f"「{self.case.goods}」").removeprefix("的")
        if said.startswith((f"{self.notice.title}。", f"{self.notice.title}：")):
            said = said[len(self.notice.title) + 1 :]
        if self.until is not None:
            said = re.sub(f"^请在 {words.end(self.until)} 前处理。", "", said)
        if (found := _DEADLINE.search(said)) is None:
            return said
        if self.case.due_at is None or words.end(self.case.due_at) != found[2]:
            return said[: found.start()]
        return said.replace(found[1], "") if self.until else said


def list_page(user_id: int, before: int | None, size: int, now: datetime) -> Sequence[NoticeRow]:
    """One page of a person's notices by case, newest first, and one more when there are more.

    ``before`` is the id of the notice that the last page ended with.
    """
    newest = reading.list_newest(user_id, before, size)
    keys = [(notice.case_id, notice.shop_id) for notice in newest if notice.case_id is not None]
    unread = reading.count_unread_of(user_id, [case_id for case_id, _ in keys])
    cases = _find_cases(keys)
    mine = buyer_inbox.find_waiting(user_id, list(cases)) if cases else frozenset()
    return [_make_row(user_id, notice, unread, cases.get(notice.case_id or 0), mine, now) for notice in newest]


def _make_row(
    user_id: int, notice: Notice, unread: dict[int, int], case: Any, mine: frozenset[int], now: datetime
) -> NoticeRow:
    if case is None:
        return NoticeRow(notice, int(notice.read_at is None))
    left = unread.get(case.id, 0)
    if case.due_at is not None and case.due_at <= now:  # the clock is about to take its step
        return NoticeRow(notice, left, case)
    if case.id in mine:
        action = buyer_inbox.find_action(case)
        if case.state == State.REFUND_FAILED and not case.stage:  # what runs out is the shop's time to pay
            return NoticeRow(notice, left, case, "待您填写收款账户", action)
        part = "待您提交证据" if case.stage else told.tell_part(case.type, case.state, Actor.BUYER)
        return NoticeRow(notice, left, case, part, action, case.due_at)
    if told.is_refused(case) and case.buyer_id == user_id and notice.href.startswith("/cases"):
        return NoticeRow(notice, left, case, "可以申请平台介入", ("看原因", f"/cases/{case.case_no}"), case.due_at)
    of_shop = case.buyer_id != user_id and case.pile == "shop" and notice.href.startswith("/seller")
    part = told.tell_part(case.type, case.state, Actor.SELLER) if of_shop else ""
    return NoticeRow(notice, left, case, part, until=case.due_at if of_shop else None)


def find_case(notice: Notice) -> Any | None:
    """The columns of a notice's case, None when it tells of none."""
    return None if notice.case_id is None else _find_cases([(notice.case_id, notice.shop_id)]).get(notice.case_id)


def _find_cases(keys: Sequence[tuple[int, int | None]]) -> dict[int, Any]:
    """What the rows say of these cases, by id."""
    if not keys:
        return {}
    columns = (*buyer_inbox.COLUMNS, _case.buyer_id, _case.pile, _case.entry_count)
    case_ids, shop_ids = zip(*keys, strict=True)
    found = select(*columns).where(_case.id.in_(case_ids), _case.shop_id.in_(set(shop_ids)))
    return {row.id: row for row in db.session.execute(found)}
