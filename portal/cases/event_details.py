"""What an event of a case says beyond its sentence: parcels, quantities, amounts, terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from portal import flow, told, words
from portal.cases import changes, offers
from portal.inputs import money_text, quantity_text
from portal.models import CaseEvent, CaseLine
from portal.parcels import carriers
from portal.rights import addresses, conditions, guarantees, phrases, refusal_words
from portal.rights.addresses import Shown

_NEWS = {
    (str(case_type), step.name, str(step.source or ""), str(step.target), str(step.actor), rule): step.news
    for step in flow.STEPS
    for case_type in step.types
    for rule in ("", step.after)
}


def record_event(case_type: str, event: CaseEvent) -> str:
    """The table's own sentence for what happened, the same for everybody."""
    row = (case_type, event.step, event.source, event.target, event.actor)
    found = _NEWS.get((*row, event.data.get("rule", ""))) or _NEWS.get((*row, ""))
    return found or flow.NOTES.get(event.step, str(event.step))


def list_left(events: Sequence[CaseEvent]) -> list[str]:
    """The states that a case left, the last one first (``events``: the newest first)."""
    return [event.source for event in events if event.source and event.source != event.target]


_SUM = re.compile("¥|[0-9] 元")  # how a figure and how a sentence says money


def says_sum(sentence: str) -> bool:
    """Whether a sentence says a sum of money."""
    return bool(_SUM.search(sentence))


def describe_event(
    event: CaseEvent, lines: Sequence[CaseLine], *, case_type: str = "", back: Shown = Shown.MASKED, side: str = ""
) -> list[str]:
    """What a step brought or changed, in sentences; ``lines``: the view's, ``back``: how a return address is shown."""
    data = event.data
    titles = {line.id: f"{line.title} {line.spec}".strip() for line in lines}
    units = {line.id: line.unit for line in lines}
    several = len(lines) > 1
    said: list[str] = []
    if (address := data.get("return_address")) and back is not Shown.NOTHING:
        said.append(f"退货地址：{addresses.show(back, *address)}")
    for *where, ids in data.get("return_places") or () if back is not Shown.NOTHING else ():
        goods = "、".join(titles.get(line_id, "") for line_id in ids)
        known = f"寄到 {addresses.show(back, *where)}" if any(where) else "的退货地址还没有给出"
        said.append(f"{goods}{known}")
    if unsent := data.get("unsent"):
        said.append(f"没有寄出：{'、'.join(titles.get(line_id, '') for line_id in unsent)}")
    if fen := data.get("advanced_fen"):
        said.append(f"垫付的退回运费：¥{money_text(fen)}")
    if event.step == "deny_payment" and (declared := data.get("money")):
        said.append(f"没有收到的是 {money_text(declared[1])} 元，流水号 {declared[2]}")
    if event.step in ("refund_ok", "settle_entry") and (paid := data.get("money")):
        said.append(_describe_payment(*paid, way=data.get("way", "")))
    if fen := data.get("dropped_fen"):
        said.append(f"垫付的退回运费 {money_text(fen)} 元，商家没有答复，随售后结束，不再要求")
    if payer := data.get("freight_payer"):
        said.append(f"运费：{told.tell_payer(payer, side)}")
    if refusal := refusal_words.refusal(data.get("refusal", "")):
        said.append(f"拒绝原因：{refusal.zh}")
    if before := data.get("before"):
        said += describe_change(event.step, before, data.get("after"))
    if changed := data.get("sums"):
        said += changes.describe(*changed)
    said += _describe_parcels(data, titles, units)
    for line_id, milli, spec in data.get("shipped") or ():
        if milli:
            title = f"{titles.get(line_id, '')} " if several else ""
            said.append(f"发出：{title}{spec} ×{quantity_text(milli)} {units.get(line_id, '')}".rstrip())
    counted_before = {line_id: tuple(counts) for line_id, *counts in data.get("counted_before") or ()}
    for line_id, received, accepted, state, note in data.get("counted") or ():
        title = f"{titles.get(line_id, '')}：" if several else ""
        parts = [
            f"{title}{_describe_counts((received, accepted), counted_before.get(line_id))}",
            describe_condition(state),
            note,
        ]
        said.append("，".join(part for part in parts if part))
    if was := data.get("receipt_was"):
        said.append(f"{data['number']}：原来记录的签收时间是 {was}")
    if days := data.get("days"):
        said.append(f"延长 {days} 天")
    if made := data.get("offered"):
        said += offers.describe(event.actor, made, side=side)
    said += describe_mediation_step(data, case_type, side)
    said += [told.to_buyer(sentence, side) for sentence in describe_decision(data)]
    if kind := data.get("kind"):
        said.append(f"问题：{conditions.PROBLEMS.get(kind, kind)}")
    if whence := words.WHENCE.get(data.get("whence", "")):
        said.append(whence)
    return said


def _describe_payment(kind: str, fen: int, reference: str, *, way: str) -> str:
    """What was paid, the way it took and its number."""
    parts = [f"{words.MONEY[kind]} {money_text(fen)} 元", words.ROUTE.get(way, ""), reference and f"流水号 {reference}"]
    return "，".join(part for part in parts if part)


def _describe_counts(now: tuple[int, int], before: Any) -> str:
    """「收到 3，通过 2」; what was counted before, where that was something else, stands with it."""
    was = before if before is not None and before[0] is not None else now
    texts = [
        quantity_text(new) if old == new else f"{quantity_text(old)} → {quantity_text(new)}"
        for old, new in zip(was, now, strict=True)
    ]
    return f"收到 {texts[0]}，通过 {texts[1]}"


def _describe_parcels(data: Any, titles: dict[int, str], units: dict[int, str]) -> list[str]:
    said, contents = [], data.get("contents") or ()
    for position, (code, number) in enumerate(data.get("parcels") or ()):
        packed = [
            f"{titles.get(line_id, '')} {quantity_text(milli)} {units.get(line_id, '')}".strip()
            for line_id, milli in (contents[position] if contents else ())
        ]
        said.append(describe_parcel(code, number) + (f"：{'、'.join(packed)}" if packed else ""))
    return said


def name_rule(data: Any, *, to_shop: bool) -> list[str]:
    """That one of the shop's rules took the step; its name is for the shop alone."""
    if not (name := data.get("by_rule")):
        return []
    return [f"按规则「{name}」自动处理" if to_shop else "按店铺事先设定的规则自动处理"]


def describe_mediation_step(data: Any, case_type: str, side: str) -> list[str]:
    """What a step of a mediation says besides its words."""
    said = []
    if because := phrases.name_intervention(data.get("because", ""), case_type):
        said.append(f"介入原因：{because}")
    if wish := data.get("wish"):
        said.append(f"希望的结果：{wish}")
    if asked := data.get("asked"):
        said.append(f"请补充：{told.tell_actor(asked, side) if asked in words.ACTOR else '双方'}")
    return said


def describe_decision(data: Any) -> list[str]:
    """What a decision comes to besides its words, in sentences of ours alone."""
    said = []
    if fen := data.get("decided_fen"):
        said.append(f"裁决退款：¥{money_text(fen)}")
    if found := data.get("decided_freight"):
        fen, pays = found
        said.append(f"垫付的退回运费 ¥{money_text(fen)}：{'由商家付给买家' if pays else '不支持'}")
    if "goods_back" in data:
        said.append("买家须寄回商品" if data["goods_back"] else "买家不用寄回商品")
    if child := data.get("child"):
        said.append(f"转为售后单 {child}")
    return said


def describe_parcel(code: str, number: str) -> str:
    known = carriers.by_code(code)
    return f"{known.name if known else code} {number}".strip()


def describe_change(step: str, before: Any, after: Any) -> list[str]:
    if step == "edit_parcel":
        return [f"{describe_parcel(*before)} 改为 {describe_parcel(*after)}"]
    said = []
    if before.get("reason") != after.get("reason"):
        was, now = (guarantees.say_reason(each["reason"], each.get("basis", "")) for each in (before, after))
        said.append(f"原因由「{was}」改为「{now}」")
    if before.get("quantity_milli") != after.get("quantity_milli"):
        said.append(f"数量由 {quantity_text(before['quantity_milli'])} 改为 {quantity_text(after['quantity_milli'])}")
    if before.get("description") != after.get("description"):
        said.append(f"描述改为：{after['description'] or '（空）'}")
    return said


def describe_condition(condition_id: str) -> str:
    """A condition in words."""
    found = conditions.condition(condition_id)
    return found.zh if found else ""
