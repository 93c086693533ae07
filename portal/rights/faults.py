"""The catalogue of faults: what can be wrong with goods, by what kind of product they are.

A fault is what the shop learns from; a reason (portal/rights/reasons.py) is what the buyer says. The reason presets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    "": "其他商品",
    "wear": "服装、鞋帽、箱包",
    "home": "日用百货、家居",
    "device": "家电、数码",
    "food": "食品、美妆",
}

NO_FAULT: Final = "none"

_COMMON: Final[Mapping[str, str]] = {
    "broken": "破损",
    "colour": "颜色与描述不符",
    "size": "尺寸与描述不符",
    "described": "功能、材质或效果与描述不符",
    "defect": "做工或功能缺陷",
    "packing": "包装不当",
    "wrong": "发错货",
    "missing": "少发、漏发",
    "undelivered": "没有送到",
    "unlabelled": "三无、假冒或过期",
    "other": "其他问题",
}

_OF_KIND: Final[Mapping[str, Mapping[str, str]]] = {
    "wear": {
        "thread": "开线、脱线",
        "pilling": "起球、勾丝",
        "fading": "掉色、染色",
        "stain": "污渍",
        "zip": "拉链、五金损坏",
        "sole": "开胶、断底",
        "smell": "异味",
    },
    "home": {"leak": "漏水、渗漏", "deformed": "变形", "scratch": "划痕、掉漆", "parts": "缺配件", "smell": "异味"},
    "device": {
        "dead": "不能开机、不通电",
        "battery": "电池或充电问题",
        "screen": "屏幕或外壳问题",
        "noise": "异响、发热",
        "parts": "缺配件",
    },
    "food": {"spoilt": "变质、胀袋", "leak": "漏液、渗漏", "short_life": "临期", "smell": "异味"},
}

FAULTS: Final[Mapping[str, str]] = {
    **_COMMON,
    **{code: words for faults in _OF_KIND.values() for code, words in faults.items()},
    NO_FAULT: "没有发现问题",
}

_OF_REASON: Final[Mapping[str, str]] = {
    "damaged": "broken",
    "colour": "colour",
    "size": "size",
    "defect": "defect",
    "fake": "unlabelled",
    "wrong_item": "wrong",
    "missing_item": "missing",
    "empty_parcel": "missing",
    "not_delivered": "undelivered",
}

_REASON_OF: Final[Mapping[str, str]] = {fault: reason for reason, fault in reversed([*_OF_REASON.items()])}  # the first
_WORKMANSHIP: Final = frozenset(  # what buyers can call nothing but 其他质量问题
    code for codes in _OF_KIND.values() for code in codes if code not in ("parts", "short_life", "spoilt")
)

NO_REMEDY: Final = frozenset(  # what nobody can mend at home, and must not be told to try
    {"wrong", "missing", "undelivered", "unlabelled", "packing", "parts", "spoilt", "short_life", "other", NO_FAULT}
)

OF_CARRIER: Final = frozenset({"broken", "packing", "undelivered", "missing"})  # that a carrier can cause
OF_WORDS: Final = frozenset({"colour", "size", "described"})  # that another description can mend


def list_faults(kind: str) -> Mapping[str, str]:
    """The faults that goods of this kind can have, in the order they are offered."""
    return {**_OF_KIND.get(kind, {}), **_COMMON, NO_FAULT: FAULTS[NO_FAULT]}


def preset_fault(reason: str) -> str:
    """What a reason says is wrong with the goods; "" where it says nothing of them."""
    return _OF_REASON.get(reason, "")


def find_reason(fault: str) -> str:
    """The reason with which a buyer would say it; "" where none says just this."""
    if fault in _REASON_OF:
        return _REASON_OF[fault]
    return "defect" if fault in _WORKMANSHIP else ""


def list_remediable(kind: str) -> Mapping[str, str]:
    """The faults of this kind of goods that a buyer can try something about."""
    return {code: words for code, words in list_faults(kind).items() if code not in NO_REMEDY}


def list_meant(reason: str) -> frozenset[str]:
    """The faults that somebody may mean who chooses this reason, of those that can be tried at home."""
    preset = preset_fault(reason)
    if not preset or preset in NO_REMEDY:
        return frozenset()
    if preset != "defect":
        return frozenset({preset})
    return frozenset(FAULTS) - NO_REMEDY - (frozenset(_OF_REASON.values()) - {"defect"})


def name_fault(fault: str) -> str:
    """A fault as people read it."""
    return FAULTS.get(fault, fault) or "未确定"


def is_counted(fault: str) -> bool:
    """Whether there is something wrong with the goods at all."""
    return fault not in ("", NO_FAULT)
