"""What one side would do while the platform is in a case: kept as it was handed in, for the other side to accept.

An offer lies in the event that made it, which is never changed; the case says which one is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from sqlalchemy import select

from portal import told
from portal.cases.effects.hand_ins import HandIn, InspectedLine, PlacedLines, RequestedLine
from portal.cases.effects.step_context import ActedBy, hand_in_type
from portal.cases.proposals import Terms
from portal.extensions import db
from portal.flow import STEPS, Actor, CaseType, StepRefused
from portal.inputs import money_text, quantity_text
from portal.models import Case, CaseEvent
from portal.rights import refusal_words

PARTS = {kind.__name__: kind for kind in (InspectedLine, PlacedLines, RequestedLine, Terms)}
BUTTONS = {(str(step.actor), step.name): step.button for step in reversed(STEPS) if step.button}
BUTTONS[(str(Actor.SELLER), "dispute_goods")] = "验货有异议"


@dataclass(frozen=True)
class Offered:
    """An offer that is open: whose, which step, and what was handed in with it."""

    by: ActedBy
    step: str
    handed: HandIn


def pack(value: object) -> Any:
    """What was handed in, as plain values for an event."""
    if is_dataclass(value):
        return {"is": type(value).__name__} | {each.name: pack(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {"of": [[key, pack(each)] for key, each in value.items()]}
    if isinstance(value, (list, tuple)):
        return [pack(each) for each in value]
    return value


def _unpack(value: object) -> Any:
    if isinstance(value, dict) and "of" in value:
        return {key: _unpack(each) for key, each in value["of"]}
    if isinstance(value, dict):
        values = {name: _unpack(each) for name, each in value.items() if name != "is"}
        if value["is"] == Terms.__name__:
            values["type"] = CaseType(values["type"])
        return PARTS[value["is"]](**values)
    return tuple(_unpack(each) for each in value) if isinstance(value, list) else value


def unpack(step_name: str, packed: Mapping[str, object]) -> HandIn:
    """What was handed in with a step, from an event."""
    kind = hand_in_type(step_name)
    return kind(**{name: _unpack(value) for name, value in packed.items() if name != "is"})


def find_open(case: Case) -> Offered | None:
    """The offer that waits for the other side's answer."""
    if case.offered_version is None:
        return None
    event = db.session.scalars(
        select(CaseEvent).where(
            CaseEvent.shop_id == case.shop_id,
            CaseEvent.case_id == case.id,
            CaseEvent.version == case.offered_version,
        )
    ).one_or_none()
    if event is None:
        raise StepRefused("没有待答复的提议，页面显示的是最新状态")
    made = event.data["offered"]
    by = ActedBy(Actor(event.actor), event.user_id, event.author, event.request_id)
    return Offered(by, made["step"], unpack(made["step"], made["handed"]))


def describe(actor: str, made: Mapping[str, Any], units: Mapping[int, str] | None = None, side: str = "") -> list[str]:
    """What an offer is about, in sentences: the step and what it would bring."""
    said = [f"提议：{BUTTONS.get((actor, made['step']), made['step'])}"]
    handed = made["handed"]
    if refusal := refusal_words.refusal(handed.get("refusal") or ""):
        said.append(f"拒绝原因：{refusal.zh}")
    if handed.get("description"):
        said.append(f"申请说明改为：{handed['description']}")
    if handed.get("wanted"):
        said.append("数量改为 " + "、".join(quantity_text(line["milli"]) for line in handed["wanted"]))
    for name, label in (("refund_fen", "退款"), ("amount_fen", "退款")):
        if handed.get(name):
            said.append(f"{label} {money_text(handed[name])} 元")
    if terms := handed.get("terms"):
        kind = {"exchange": "换货", "reissue": "补发", "return_refund": "退货退款", "refund_only": "仅退款"}
        back = told.to_buyer("买家先寄回商品" if terms["goods_back"] else "商品不用寄回", side)
        said.append(f"方案：{kind[terms['type']]}，{back}")
        said += [f"退款 {money_text(terms['amount_fen'])} 元"] if terms["amount_fen"] else []
        said += [f"另外补偿 {money_text(terms['compensation_fen'])} 元"] if terms["compensation_fen"] else []
    for line in handed.get("counted") or ():
        said.append(f"收到 {quantity_text(line['received'])}，通过 {quantity_text(line['accepted'])}")
    return said
