"""One order for many cases: what will happen to which, what stands apart and why, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update

from portal import flow, words
from portal.cases import held
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import Actor, CaseType, StepRefused
from portal.models import BulkItem, BulkRun, Case

MOST = 2_000  # cases in one run
CHUNK = 500
REPLY, HAND_OVER = "reply", "hand_over"
KINDS: dict[str, str] = {
    "agree": "同意",
    "ask_evidence": "请补充凭证",
    "ship_replacement": "发货",
    REPLY: "回复买家",
    HAND_OVER: "转交",
}


class Group(NamedTuple):
    """Cases of a run that are alike: by what will happen, or by why they stand apart."""

    state: str
    words: str
    number: int
    case_nos: tuple[str, ...]  # the first ones


Parcels = Mapping[int, Sequence[tuple[str, str]]]  # carrier and number of each parcel, by item


def make_run(
    shop_id: int,
    kind: str,
    case_ids: Sequence[int],
    *,
    by: ActedBy,
    query: str,
    now: datetime,
    facts: Mapping[str, object] | None = None,
) -> int:
    """A run to look at: each case at its present version, those that can't be done set apart; returns its id.

    ``facts``: what its form is filled with at first.
    """
    run = BulkRun(
        shop_id=shop_id,
        user_id=by.user_id,
        author=by.name,
        request_id=by.request_id,
        kind=kind,
        query=query[:500],
        made_at=now,
        facts=dict(facts or {}),
    )
    db.session.add(run)
    db.session.flush()
    for first in range(0, len(case_ids), CHUNK):
        part = case_ids[first : first + CHUNK]
        waiting = held.list_held(shop_id, part)
        query_cases = select(Case).where(Case.shop_id == shop_id, Case.id.in_(part))
        for case in db.session.scalars(query_cases.order_by(Case.desk_at, Case.id)):
            reason = "有一步正等着生效" if case.id in waiting else find_exception(case, kind)
            item = BulkItem(shop_id=shop_id, run_id=run.id, case_id=case.id, version=case.version)
            item.kind, item.state, item.reason = describe(case, kind), "apart" if reason else "waiting", reason
            db.session.add(item)
    db.session.flush()
    return int(run.id)


def find_exception(case: Case, kind: str) -> str:
    """Why this case isn't done together with others; "" when it is."""
    if kind in (REPLY, HAND_OVER):
        return ""
    try:
        flow.find(case.type, case.state, Actor.SELLER, kind)
    except StepRefused:
        return f"现在的状态是{words.STATES_OF[case.type][case.state]}，没有这一步"
    if case.escalated:
        return "平台已介入，请逐张处理"
    if kind == "agree":
        if case.type == CaseType.REFUND_ONLY:
            return "仅退款没有货物寄回，请逐张核对金额"
        if case.freight_payer == "negotiated":
            return "退回运费要先商定由谁承担，请逐张处理"
    return ""


def describe(case: Case, kind: str) -> str:
    """What will happen to a case, in words."""
    said = [words.TYPE[case.type]]
    if kind == "agree":
        if case.type in (CaseType.EXCHANGE, CaseType.RETURN_REFUND):
            said.append(f"买家寄回，运费{words.PAYER[case.freight_payer]}")
        if case.difference_fen > 0:
            said.append("买家要补差价")
        if case.type == CaseType.RETURN_REFUND:
            said.append("验货通过后退款")
    return "，".join(said)


def find_run(shop_id: int, run_id: int, user_id: int) -> BulkRun | None:
    """This person's run."""
    return db.session.scalars(
        select(BulkRun).where(BulkRun.shop_id == shop_id, BulkRun.id == run_id, BulkRun.user_id == user_id)
    ).one_or_none()


def list_runs(shop_id: int, user_id: int) -> Sequence[BulkRun]:
    """This person's last runs."""
    mine = select(BulkRun).where(BulkRun.shop_id == shop_id, BulkRun.user_id == user_id)
    return db.session.scalars(mine.order_by(BulkRun.id.desc()).limit(20)).all()


def list_groups(run: BulkRun, most: int = 60) -> list[Group]:
    """The cases of a run by what will happen or came of them; of each group the first ``most``."""
    said = func.coalesce(func.nullif(BulkItem.reason, ""), BulkItem.kind)
    place = func.row_number().over(partition_by=(BulkItem.state, said), order_by=BulkItem.id)
    counted = func.count().over(partition_by=(BulkItem.state, said))
    of_run = (
        select(
            BulkItem.state, said.label("said"), Case.case_no, place.label("place"), counted.label("number"), BulkItem.id
        )
        .join(Case, (Case.id == BulkItem.case_id) & (Case.shop_id == BulkItem.shop_id))
        .where(BulkItem.shop_id == run.shop_id, BulkItem.run_id == run.id)
        .subquery()
    )
    found: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for row in db.session.execute(select(of_run).where(of_run.c.place <= most).order_by(of_run.c.id)):
        found.setdefault((row.state, row.said), (row.number, []))[1].append(row.case_no)
    order = ("waiting", "done", "apart", "skipped")
    groups = [Group(state, why, number, tuple(nos)) for (state, why), (number, nos) in found.items()]
    return sorted(groups, key=lambda group: (order.index(group.state), -group.number))


def count_items(run: BulkRun) -> dict[str, int]:
    """How many cases of a run are in which state."""
    rows = db.session.execute(
        select(BulkItem.state, func.count().label("number"))
        .where(BulkItem.shop_id == run.shop_id, BulkItem.run_id == run.id)
        .group_by(BulkItem.state)
    )
    return {"waiting": 0, "apart": 0, "done": 0, "skipped": 0} | {row.state: row.number for row in rows}


def list_case_nos(run: BulkRun) -> dict[str, int]:
    """The items that wait, by the numbers of their cases."""
    rows = db.session.execute(
        select(Case.case_no, BulkItem.id)
        .join(Case, (Case.id == BulkItem.case_id) & (Case.shop_id == BulkItem.shop_id))
        .where(BulkItem.shop_id == run.shop_id, BulkItem.run_id == run.id, BulkItem.state == "waiting")
    )
    return {row.case_no: row.id for row in rows}


def start(run: BulkRun, facts: Mapping[str, object], now: datetime, parcels: Parcels | None = None) -> bool:
    """Let a run be worked off; whether it wasn't yet. ``parcels``: by item; those without one stand apart."""
    mine = (BulkRun.shop_id == run.shop_id, BulkRun.id == run.id)
    begun = db.session.execute(
        update(BulkRun)
        .where(*mine, BulkRun.state == "preview")
        .values(state="running", facts=dict(facts), started_at=now)
        .execution_options(synchronize_session=False)
    )
    if begun.rowcount != 1:  # type: ignore[attr-defined]
        return False
    if parcels is not None:
        _hand_out(run, parcels)
    return True


def _hand_out(run: BulkRun, parcels: Parcels) -> None:
    items = select(BulkItem).where(BulkItem.shop_id == run.shop_id, BulkItem.run_id == run.id)
    for item in db.session.scalars(items.where(BulkItem.state == "waiting")):
        if item.id in parcels:
            item.facts = {"parcels": [list(parcel) for parcel in parcels[item.id]]}
        else:
            item.state, item.reason = "apart", "表格里没有它的运单号"
    db.session.flush()


def pick_known(shop_id: int, case_nos: Iterable[str]) -> Sequence[int]:
    """The ids of this shop's cases of these numbers."""
    numbers = list(dict.fromkeys(case_nos))[:MOST]
    return db.session.scalars(select(Case.id).where(Case.shop_id == shop_id, Case.case_no.in_(numbers))).all()
