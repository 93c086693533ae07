"""Whether a text about goods says more than can be held: each sentence with its ground and a milder wording.

Advice only: nothing is changed and nothing is refused because of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from portal.service.honest_rules import ADVICE, GROUNDS, RULES, Kind, Rule

_SENTENCE: Final = re.compile(r"[^。！？!?；;\r\n]+[。！？!?；;]*")
_CLAUSE_ENDS: Final = "，,、"
_PROMISE: Final = re.compile(
    r"(?:[七7]\s*[天日][^，。！？；]{0,5})?无理由[^，。！？；]{0,4}(?:退|换|$|(?=[，。！？；]))"
)
_DENIAL: Final = re.compile(r"不(?:支持|适用|享受?|参加|参与|能|可|提供|予|属)|除外|没有|非")
_MOST_TURNS: Final = 20
_SPACES: Final = re.compile(r"[\s·,，、-]{2,}")


class Hit(NamedTuple):
    """``found`` in ``sentence``; ``milder`` is the sentence in other words, "" where only ``advice`` can be given."""

    kind: Kind
    sentence: str
    found: str
    ground: str
    milder: str
    advice: str


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, without the space around them."""
    return [each for each in (hit.group().strip() for hit in _SENTENCE.finditer(text)) if each]


def check_text(text: str, *, no_reason: bool | None = None) -> list[Hit]:
    """What had better be said differently, in the order of the text.

    ``no_reason``: whether 7天无理由退货 applies to the goods; None: not known, and not compared.
    """
    found: list[Hit] = []
    for sentence in split_sentences(text):
        hits = list(_check_sentence(sentence, no_reason))
        if len(hits) > 1:
            milder = _soften_all(sentence, no_reason)
            hits = [hit._replace(milder=milder if hit.milder else "") for hit in hits]
        found += hits
    return found


def _soften_all(sentence: str, no_reason: bool | None) -> str:
    """The sentence with every finding in milder words; "" when one is left: what is proposed repeats none of them."""
    for _ in range(_MOST_TURNS):
        hits = list(_check_sentence(sentence, no_reason))
        if not hits:
            return sentence
        sentence = next((hit.milder for hit in hits if hit.milder != sentence), "")
        if not sentence:
            return ""
    return ""


def _check_sentence(sentence: str, no_reason: bool | None) -> Iterator[Hit]:
    taken: list[tuple[int, int]] = []
    for rule in RULES:
        for match in rule.found.finditer(sentence):
            clause = _cut_clause(sentence, *match.span())
            overlaps = any(match.start() < end and begin < match.end() for begin, end in taken)
            if overlaps or (rule.fine and rule.fine.search(clause)):
                continue
            taken.append(match.span())
            yield Hit(
                rule.kind,
                sentence,
                match.group(),
                GROUNDS[rule.kind],
                _soften(sentence, match, rule),
                ADVICE[rule.kind],
            )
    if no_reason is not None:
        yield from _compare_no_reason(sentence, no_reason)


def _cut_clause(sentence: str, begin: int, end: int) -> str:
    """The part between commas that a finding stands in."""
    left = max(sentence.rfind(mark, 0, begin) for mark in _CLAUSE_ENDS) + 1
    right = min((place for mark in _CLAUSE_ENDS if (place := sentence.find(mark, end)) >= 0), default=len(sentence))
    return sentence[left:right]


def _soften(sentence: str, match: re.Match[str], rule: Rule) -> str:
    """The sentence in milder words; "" when there are none or hardly anything would be left."""
    if rule.instead is None:
        return ""
    changed = sentence[: match.start()] + match.expand(rule.instead) + sentence[match.end() :]
    changed = _SPACES.sub(lambda gap: gap.group()[0], changed).strip(" ，,、·-")
    return changed if rule.instead or rule.kind is Kind.ABSOLUTE else ""


def _compare_no_reason(sentence: str, applies: bool) -> Iterator[Hit]:
    match = _PROMISE.search(sentence)
    if match is None:
        return
    denied = bool(_DENIAL.search(sentence))
    if denied is not applies:
        return
    if applies:
        ground = "这件商品设置为适用7天无理由退货；消费者依法享有的权利，店铺不能用文字排除"
        advice = "商品依法不适用的，请先改商品设置；否则删去这一句"
    else:
        ground = "这件商品设置为不适用7天无理由退货；写出来的承诺，买家可以要求兑现"
        advice = "删去这一句，或把商品设置改为适用"
    yield Hit(Kind.NO_REASON, sentence, match.group(), ground, "", advice)
