"""The checker of a shop's words, measured on sentences made for it.

``honest_words.tsv`` is what the rules were made with; a third of it (by hash) is measured apart.
``honest_words_later.tsv`` was written when the rules were finished and nothing was changed because of it: what it shows
is what to expect of new texts, which is less recall, because people always find another way to praise.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import pytest

from portal.service.honest_rules import ADVICE, GROUNDS, NAMES, RULES, Kind
from portal.service.honest_words import check_text, split_sentences

DATA = Path(__file__).parents[1] / "data"
FINE = "-"


class Figures(NamedTuple):
    """Of sentences: a positive is right when one of its hits has the kind that it is labelled with."""

    precision: float
    recall: float
    wrong: list[str]


def read_corpus(name: str) -> list[tuple[str, str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [(kind, words) for kind, _, words in (each.partition("\t") for each in lines if not each.startswith("#"))]


def is_held_out(words: str) -> bool:
    """A third, by the sentence itself: nobody chose which."""
    return hashlib.sha256(words.encode()).digest()[0] % 3 == 0


def measure(corpus: list[tuple[str, str]]) -> Figures:
    right = alarms = positives = 0
    wrong = []
    for kind, words in corpus:
        found = {hit.kind.value for hit in check_text(words, no_reason=False)}
        positives += kind != FINE
        alarms += bool(found)
        right += kind in found
        if (kind == FINE and found) or (kind != FINE and kind not in found):
            wrong.append(f"{kind} {words} {sorted(found)}")
    return Figures(right / alarms, right / positives, wrong)


CORPUS, LATER = read_corpus("honest_words.tsv"), read_corpus("honest_words_later.tsv")


@pytest.mark.parametrize("held_out", [False, True])
def test_the_corpus_is_judged_rightly(held_out: bool) -> None:
    part = [each for each in CORPUS if is_held_out(each[1]) is held_out]
    figures = measure(part)
    assert figures.precision >= 0.95 and figures.recall >= 0.9, figures.wrong


def test_sentences_that_the_rules_never_saw() -> None:
    figures = measure(LATER)
    assert figures.precision >= 0.95 and figures.recall >= 0.75, figures.wrong


def test_the_corpus_is_large_and_each_sentence_stands_once() -> None:
    every = [words for _, words in (*CORPUS, *LATER)]
    assert len(CORPUS) >= 300 and len(set(every)) == len(every)
    assert {kind for kind, _ in CORPUS} == {FINE, *(kind.value for kind in Kind)} - {Kind.SIZE.value}
    assert sum(kind == FINE for kind, _ in CORPUS) >= 150


@pytest.mark.parametrize(
    ("text", "milder"),
    [
        ("本店袜子质量最好，回头客多", "本店袜子质量很好，回头客多"),
        ("顶级面料，亲肤透气", "优质面料，亲肤透气"),
        ("绝对正品，支持验货", "正品，支持验货"),
        ("最受年轻人喜爱的卫衣", "很受年轻人喜爱的卫衣"),
    ],
)
def test_a_milder_wording_is_the_sentence_in_other_words(text: str, milder: str) -> None:
    assert [hit.milder for hit in check_text(text)] == [milder]
    assert check_text(milder) == []


@pytest.mark.parametrize(
    "words", ["全网最低价，治疗失眠，国家级品质。", "顶级面料，质量最好", "最好的杯子，七天无理由不支持"]
)
def test_a_milder_wording_repeats_no_other_finding_of_its_sentence(words: str) -> None:
    hits = check_text(words, no_reason=True)
    assert len(hits) > 1
    for hit in hits:
        assert hit.advice
        assert not hit.milder or check_text(hit.milder, no_reason=True) == []
    assert check_text("顶级面料，质量最好")[0].milder == "优质面料，质量很好"


def test_milder_wordings_of_the_corpus_lead_to_fewer_hits() -> None:
    for _, words in (*CORPUS, *LATER):
        for hit in check_text(words):
            if hit.milder:
                assert len(check_text(hit.milder)) < len(check_text(words)), (words, hit.milder)


def test_each_hit_stands_in_its_sentence_with_ground_and_advice() -> None:
    text = "。".join(words for _, words in CORPUS)
    hits = check_text(text, no_reason=False)
    assert len(hits) > 200
    for hit in hits:
        assert hit.found in hit.sentence and hit.sentence in text
        assert hit.ground and (hit.milder or hit.advice) and NAMES[hit.kind]


def test_seven_days_are_compared_with_the_product() -> None:
    promise, denial = "支持七天无理由退货", "本品不支持7天无理由退货"
    assert [hit.kind for hit in check_text(promise, no_reason=False)] == [Kind.NO_REASON]
    assert check_text(promise, no_reason=True) == []
    assert [hit.kind for hit in check_text(denial, no_reason=True)] == [Kind.NO_REASON]
    assert check_text(denial, no_reason=False) == []
    assert check_text(promise) == check_text(denial) == []


def test_sentences_are_cut_at_their_ends_only() -> None:
    assert split_sentences("买它！纯棉，亲肤。\n\n  尺码 3.5；见表") == ["买它！", "纯棉，亲肤。", "尺码 3.5；", "见表"]
    assert split_sentences("  \n") == []


def test_long_texts_take_no_long_time() -> None:
    """No pattern runs away: twice the text takes about twice the time."""
    for seed in ("最", "全网", "0", "100%", "改善", "人民大会堂", "无理由", "，"):
        assert isinstance(check_text(seed * 3000), list)


def test_every_kind_has_its_words() -> None:
    assert set(NAMES) == set(Kind)
    assert {rule.kind for rule in RULES} == set(GROUNDS) == set(ADVICE)
