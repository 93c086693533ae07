"""Two sides, two vocabularies: every state, step, notice and deadline is said from its reader's side, and whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal import flow, news, told, words
from portal.flow import Actor, State

BUYER, SELLER = Actor.BUYER, Actor.SELLER
HALF = re.compile(r"[\u4e00-\u9fff」][,:;!?]|[,:;!?][\u4e00-\u9fff「]")


def test_every_sentence_of_the_table_is_told_to_both_sides() -> None:
    said = {step.news for step in flow.STEPS} | set(flow.NOTES.values())
    assert set(news.NEWS) == said


def test_the_catalogue_of_titles_names_only_titles_that_are_sent() -> None:
    assert set(news.TITLES) <= {step.title for step in flow.STEPS}


@pytest.mark.parametrize("case_type", sorted(words.TYPE))
@pytest.mark.parametrize("state", sorted(State))
def test_every_state_has_a_headline_and_a_part_for_each_side(case_type: str, state: str) -> None:
    for tell in (told.tell_state, told.tell_part):
        both = tell(case_type, state, BUYER), tell(case_type, state, SELLER)
        assert all(both) and "买家" not in both[0] and "您" not in both[1].replace("您的方案", "")
        if flow.WAITS_FOR[State(state)] is not None and tell is told.tell_state:
            assert (both[0] != both[1]) or state == State.REFUND_FAILED
    waits = flow.WAITS_FOR[State(state)]
    mine = told.tell_state(case_type, state, waits) if waits else ""
    assert not waits or mine.startswith(("请", "退款没有成功")), mine  # who must act is asked, not described


def test_no_reader_is_spoken_of_in_the_third_person() -> None:
    for said, (buyer, seller) in news.NEWS.items():
        assert "买家" not in buyer, said
        assert "商家" not in seller, said
    for rule, (buyer, seller) in told.OTHERWISE.items():
        assert "买家" not in buyer, rule
        assert "商家" not in seller, rule
    for rule, said in words.OTHERWISE.items():  # what both sides read of the other as well
        assert "您" not in said, rule
    for every in (*told.OTHERWISE.values(), tuple(words.OTHERWISE.values())):
        assert not [said for said in every if "失效" in said]  # 作废, as the case says it


@pytest.mark.parametrize("rule", ["proposal_answer", "counter_answer"])
def test_terms_that_lapse_say_who_goes_on_with_what_and_for_how_long(rule: str) -> None:
    for case_type in words.TYPE:
        for side, who in ((BUYER, "商家"), (SELLER, "您"), (Actor.MEDIATOR, "商家")):
            said = told.tell_otherwise(case_type, rule, side, least_left="30 小时")
            assert f"方案作废，由{who}继续处理提出方案之前的那一步" in said and "至少还有 30 小时" in said


def test_everything_is_in_full_width() -> None:
    catalogues = [*news.NEWS.values(), *told.OTHERWISE.values(), *news.TITLES.values()]
    assert [text for both in catalogues for text in both if HALF.search(text)] == []


def test_every_deadline_says_what_happens_to_both_sides() -> None:
    for step in flow.STEPS:
        if step.after:
            for case_type in step.types:
                for side in (BUYER, SELLER):
                    assert told.tell_otherwise(case_type, step.after, side, least_left="24 小时")
    for side in (BUYER, SELLER):
        assert "关闭" in told.tell_otherwise("exchange", "seller_response", side, least_left="", negotiated=True)
        assert told.tell_otherwise("exchange", "", side, least_left="") == ""
        late = told.tell_otherwise("exchange", "seller_reship_late", side, least_left="", ruled=True)
        assert late.endswith("转入平台的未履行清单")


def test_the_platform_reads_the_tables_own_words() -> None:
    assert told.tell_news("买家撤销了申请", Actor.MEDIATOR) == "买家撤销了申请"
    assert told.tell_state("exchange", State.RETURNING, Actor.MEDIATOR) == "待买家寄回"
    assert told.tell_actor("buyer", "buyer") == "您"
    assert told.tell_actor("buyer", "seller") == "买家"
    assert told.tell_actor("mediator", "mediator") == "平台"


def test_where_terms_lead_is_told_to_both_sides() -> None:
    leads = {need.removeprefix("leads_") for step in flow.STEPS for need in step.needs if need.startswith("leads_")}
    assert set(told.TERMS) == leads
    for buyer, seller in told.TERMS.values():
        assert "买家" not in buyer and "商家" not in seller and not HALF.search(buyer + seller)


def test_the_other_side_is_called_the_same_everywhere() -> None:
    """商家, on every page and in every catalogue; exports and carriers keep their own words."""
    top = Path(words.__file__).parent
    pages = [*(top.parent / "templates").rglob("*.html"), top / "words.py", *(top / "rights").rglob("*.py")]
    assert [path.name for path in pages if "卖家" in path.read_text("utf-8")] == []


def test_a_button_that_submits_says_what_it_does() -> None:
    """Its step's button leads to a page; there it says what is sent. Each is the button of a step that exists."""
    known = {step.button for step in flow.STEPS if step.actor is flow.Actor.BUYER}
    assert set(words.SUBMITS) <= known and not set(words.SUBMITS.values()) & set(words.SUBMITS)


def test_a_notice_calls_an_end_what_it_is_for_every_type_that_it_is_sent_for() -> None:
    """A compensation that is paid ends a 换货 or a 补发: neither is 退款完成."""
    ends = {words.state(str(kind), State.COMPLETED): str(kind) for kind in words.TYPE}
    for step in flow.STEPS:
        for kind in step.types if step.target == State.COMPLETED else ():
            for side in (Actor.BUYER, Actor.SELLER):
                title = told.tell_title(step.title or step.news, side).format(type=words.TYPE[kind])
                own = words.state(str(kind), State.COMPLETED)
                assert not [end for end in ends if end in title and end != own], (step.name, kind, title)
