"""What the check page showed of an application, so that what a buyer confirms is what is filed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from portal import told
from portal.applications import apart
from portal.flow import Actor, StepRefused
from portal.inputs import money_text, quantity_text
from portal.models import Draft
from portal.rights import goods as goods_facts

MOST = 200_000  # characters of a page's facts that are compared
Fact = tuple[str, str, str]  # what it is, what the page says of it, what else must be the same


class Differs(StepRefused):
    """The draft isn't what the page showed; ``changes``: what, then, now, where they differ."""

    def __init__(self, changes: list[tuple[str, str, str]]) -> None:
        super().__init__("申请内容在您核对之后有改动，还没有提交。请核对下面最新的内容，再提交一次", "apply")
        self.changes = changes


def list_facts(draft: Draft, summary: dict[str, Any]) -> list[Fact]:
    """Everything of an application that its buyer confirms; ``summary``: what ``summarise`` says of the draft."""
    kind, sums, fields = summary["type"], summary["sums"], draft.fields
    found: list[Fact] = [("申请类型", goods_facts.NAMES[kind], str(summary["negotiated"]))]
    for item in summary["lines"]:
        line = item["line"]
        wanted = f"，换成：{item['spec'] or '同款同规格'}" if kind == "exchange" else ""
        units = f"{quantity_text(item['milli'])} {line.unit}"
        found.append((f"{line.title} {line.spec}".strip(), f"×{units}{wanted}", str(line.id)))
    found.append(("原因", summary["reason"], ""))
    if summary["money"]:
        found.append(("退款金额", f"¥{money_text(sums.refund_fen)}", f"{sums.most_fen}"))
    if sums.difference_fen:
        way = "补差价" if sums.difference_fen > 0 else "退差价"
        found.append((way, f"¥{money_text(abs(sums.difference_fen))}", ""))
    if summary["apart"]:
        found.append(("分开提交", f"{len(summary['apart'])} 张申请", str([part[:2] for part in summary["apart"]])))
    elif summary["verdict"] is not None:
        found.append(("运费", told.tell_payer(str(summary["verdict"].freight_payer or "negotiated"), Actor.BUYER), ""))
    found.append(("描述", summary["description"] or "没有填写", ""))
    photos = [photo.public_id for photo in summary["photos"]]
    found.append(("凭证照片", f"{len(photos)} 张", ",".join(photos)))
    if not summary["money"]:
        found.append(("寄到", " ".join(str(fields.get(name) or "") for name in ("name", "phone", "address")), ""))
    return found


def write_facts(facts: list[Fact]) -> str:
    """The facts for a hidden field of the page that shows them."""
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def read_facts(text: str) -> list[Fact]:
    """The facts of a hidden field; none where it says nothing that a page could have."""
    try:
        found = json.loads(text[:MOST])
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, list):
        return []
    return [
        (fact[0], fact[1], fact[2])
        for fact in found
        if isinstance(fact, list) and len(fact) == 3 and all(isinstance(part, str) for part in fact)
    ]


def check_shown(draft: Draft, shown: str, *, now: datetime) -> None:
    """Raise Differs unless ``shown``, the page's hidden field, says just what the draft is."""
    facts, seen = list_facts(draft, apart.summarise(draft, now=now)), read_facts(shown)
    if seen != facts:
        raise Differs(compare_facts(seen, facts))


def compare_facts(seen: list[Fact], facts: list[Fact]) -> list[tuple[str, str, str]]:
    """What differs: its name, what the page said, what is now; 没有 for what stands on one side only."""
    then, today = (number_names(each) for each in (seen, facts))
    changes = []
    for named in dict.fromkeys([*today, *then]):
        before, after = then.get(named), today.get(named)
        if before != after:
            was, is_now = (each[0] if each else "没有" for each in (before, after))
            changes.append((named[0], was, is_now if was != is_now else f"{is_now}（已更换）"))
    return changes


def number_names(facts: list[Fact]) -> dict[tuple[str, int], tuple[str, str]]:
    """The facts by their name and how often it came before: two lines may be of the same goods."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for name, text, key in facts:
        number = sum(1 for known, _ in found if known == name)
        found[name, number] = (text, key)
    return found
