"""Lines of one application that don't stand alike: what filing them together costs, and filing each on its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from portal import told
from portal.applications import applications, drafts, foreseen, sums
from portal.applications.goods import list_lines
from portal.cases.effects.step_context import ActedBy
from portal.evidence import copies
from portal.extensions import db
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, Draft, Order
from portal.money.sums import split_amount
from portal.rights import goods as goods_facts
from portal.rights.goods import Verdict
from portal.rights.reasons import Payer

APART, TOGETHER = "apart", "together"  # what the two buttons say


class Part(NamedTuple):
    """Lines that stand alike; ``silence``: what the shop's silence brings to them, in a sentence."""

    lines: tuple[int, ...]
    named: str
    verdict: Verdict
    silence: str


class Undecided(StepRefused):
    """Lines that don't stand alike were handed in, and not said whether together or each on its own."""

    def __init__(self, parts: Sequence[Part], cost: str) -> None:
        super().__init__("这些商品的权利不一样，还没有提交。请选择分开提交，或者合成一张提交", "apply")
        self.parts, self.cost = parts, cost


def find_parts(draft: Draft, judged: Sequence[tuple[int, Verdict]]) -> list[Part]:
    """The draft's lines by how they stand, none where they all do alike or one can't be filed at all.

    ``judged``: what ``judge_draft`` says.
    """
    if len(judged) < 2 or not all(verdict.allowed for _, verdict in judged):
        return []
    order = db.session.get_one(Order, (draft.order_id, draft.shop_id))
    lines = {line.id: line for line in list_lines(order.id, order.shop_id)}
    kind, reason = drafts.read_type(draft), draft.fields.get("reason", "")
    verdicts = dict(judged)
    silences: dict[Any, str] = {}
    alike: dict[Any, list[int]] = {}
    for line_id, verdict in judged:
        # only what is given at once goes by what the line was promised
        promised = str(lines[line_id].guarantees) if kind in _AT_ONCE else ""
        known = verdict.negotiated, promised
        if known not in silences:
            silences[known] = foreseen.tell_silence(
                order, kind, reason, [lines[line_id]], negotiated=verdict.negotiated
            )
        alike.setdefault((verdict.negotiated, verdict.freight_payer, silences[known]), []).append(line_id)
    if len(alike) == 1:
        return []
    return [
        Part(tuple(ids), "、".join(applications.name_line(lines[each]) for each in ids), verdicts[ids[0]], silence)
        for (_, _, silence), ids in alike.items()
    ]


_AT_ONCE = (CaseType.REISSUE, CaseType.REFUND_ONLY)


def tell_cost(draft: Draft, parts: Sequence[Part]) -> str:
    """What filing the parts together costs, in a sentence."""
    verdicts = [part.verdict for part in parts]
    without = [part.named for part in parts if part.verdict.negotiated]
    if without:
        why = "、".join(without)
        return f"合成一张提交时，因为{why}没有直接申请的权利，全部商品都须由商家同意：商家可以拒绝，没有答复申请会关闭"
    payer = applications.find_payer(verdicts)
    if payer is not Payer.SELLER:
        return f"合成一张提交时，全部商品的运费{told.tell_payer(payer, Actor.BUYER)}"
    order = db.session.get_one(Order, (draft.order_id, draft.shop_id))
    asked = {line_id for part in parts for line_id in part.lines}
    lines = [line for line in list_lines(order.id, order.shop_id) if line.id in asked]
    reason = draft.fields.get("reason", "")
    return f"合成一张提交时，{foreseen.tell_silence(order, drafts.read_type(draft), reason, lines, negotiated=False)}"


def submit_apart(draft: Draft, parts: Sequence[Part], *, by: ActedBy, now: datetime) -> list[Case]:
    """Hand each part in as an application of its own, with its photos and those of the whole; then the draft is gone.

    Raises what ``submit_draft`` raises; nothing is filed then.
    """
    photos, asked = drafts.load_photos(draft), sums.work_out_all(draft)
    own = [[photo for photo in photos if photo.order_line_id in part.lines] for part in parts]
    lone = {photo.id for each in own for photo in each}
    whole = [photo for photo in photos if photo.id not in lone]
    amounts = _split_refund(draft, parts, asked)
    made = []
    for number, part in enumerate(parts):
        shared = [photo.public_id for photo in whole]
        if number:  # the first has the rows that were uploaded
            shared = copies.copy_photos(whole, shop_id=draft.shop_id, owner_id=draft.buyer_id, now=now)
        made.append(
            applications.submit_draft(
                draft,
                by=by,
                now=now,
                only=part.lines,
                photos=[*shared, *(photo.public_id for photo in own[number])],
                refund_fen=amounts[number],
            )
        )
    db.session.delete(draft)
    db.session.flush()
    return made


def _split_refund(draft: Draft, parts: Sequence[Part], asked: sums.Sums) -> list[int | None]:
    """What is asked back by each part; None where it is all that its units are worth."""
    kind = drafts.read_type(draft)
    if kind not in goods_facts.MONEY or asked.refund_fen == asked.most_fen:
        return [None for _ in parts]
    order = db.session.get_one(Order, (draft.order_id, draft.shop_id))
    quantities = {int(line_id): int(milli) for line_id, milli in draft.fields["quantities"].items()}
    most = [sums.work_out_sums(order, kind, _pick(quantities, part.lines), {}).most_fen for part in parts]
    return list(split_amount(asked.refund_fen, most))


def _pick(quantities: dict[int, int], lines: Collection[int]) -> dict[int, int]:
    return {line_id: milli for line_id, milli in quantities.items() if line_id in lines}


def hand_in(draft: Draft, how: str, *, by: ActedBy, now: datetime) -> list[Case]:
    """Hand a draft in as its buyer says: lines that stand alike in one application, others as ``how`` says.

    Raises Undecided, NotEligible, ledger.NotEnough.
    """
    parts = find_parts(draft, applications.judge_draft(draft, now=now))
    if parts and how == APART:
        return submit_apart(draft, parts, by=by, now=now)
    if parts and how != TOGETHER:
        raise Undecided(parts, tell_cost(draft, parts))
    return [applications.submit_draft(draft, by=by, now=now)]


def summarise(draft: Draft, *, now: datetime) -> dict[str, Any]:
    """What the check page shows, with ``apart``: the draft's lines by how they stand, where that isn't alike."""
    found = applications.summarise(draft, now=now)
    return found | {"apart": find_parts(draft, found["judged"])}
