"""No step is a button on an empty page: what it does is said before it is taken, where it has no field that says so."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal import flow, words
from portal.calendar import clock
from portal.cases import actions
from portal.flow import Actor, CaseType, State
from tests.cast import Cast, sign_in
from tests.conftest import Clock
from tests.domain.test_answers import REACHED

OPEN = [(kind, state) for kind, state in REACHED if state not in flow.FINAL]


@pytest.mark.parametrize(("case_type", "state"), OPEN, ids=[f"{kind}-{state}" for kind, state in OPEN])
def test_a_page_of_a_step_says_something(app: Flask, cast: Cast, now: Clock, case_type: CaseType, state: State) -> None:
    case = cast.until(state, case_type=case_type)
    buyer = sign_in(app, "buyer")
    late = case.due_at is not None and state == State.RESHIPPING
    for at in (cast.now, case.due_at) if late and case.due_at else (cast.now,):
        now.at = at
        for step, refusal in actions.list_actions(case, Actor.BUYER, at):
            answer = buyer.get(f"/cases/{case.case_no}/{step.name}")
            if refusal or answer.status_code != 200:
                continue
            body = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
            body = re.sub(r"<(h1|header|button|script|svg).*?</\1>", "", body, flags=re.S)
            words = re.sub(r"<[^>]+>|\s", "", body)
            assert len(words) > 5, (step.name, words)


@pytest.mark.parametrize(
    ("state", "said"),
    [("returning", "寄回期限延长 72 小时，只能延长一次"), ("confirming", "收货期限延长 7 天，只能延长一次")],
)
def test_how_much_longer_is_said_before(app: Flask, cast: Cast, now: Clock, state: str, said: str) -> None:
    case = cast.until(state)
    assert said in sign_in(app, "buyer").get(f"/cases/{case.case_no}/extend").text


def test_an_address_of_a_step_that_is_over_shows_the_case(app: Flask, cast: Cast, now: Clock) -> None:
    """The sentence says that the page shows the newest state, so it stands above the case, not on a page of its own."""
    case = cast.until("returning")
    for name, at in (("buyer", f"/cases/{case.case_no}"), ("seller", f"/seller/cases/{case.case_no}")):
        answer = sign_in(app, name).get(f"{at}/{'modify' if name == 'buyer' else 'agree'}")
        assert answer.status_code == 409 and flow.NOT_NOW in answer.text
        assert 'data-state="returning"' in answer.text and "再试一次" not in answer.text


def test_who_is_sent_something_can_be_called(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    for page in ("", "/ship_return"):
        assert re.search(
            r'<a href="tel:([0-9]+)">\1</a>', sign_in(app, "buyer").get(f"/cases/{case.case_no}{page}").text
        )


@pytest.mark.parametrize(
    ("state", "step", "otherwise"), [("returning", "ship_return", "到期未寄回"), ("paying", "pay", "到期未补差价")]
)
def test_a_page_that_asks_for_something_says_until_when(
    app: Flask, cast: Cast, now: Clock, state: str, step: str, otherwise: str
) -> None:
    case = cast.until(state)
    assert case.due_at is not None
    buyer = sign_in(app, "buyer")
    said = re.sub(r"<[^>]+>", "", buyer.get(f"/cases/{case.case_no}/{step}").text)
    assert f"请在 {words.end(case.due_at, clock.now())} 前提交。{otherwise}" in said
    assert "前提交。" not in buyer.get(f"/cases/{case.case_no}/withdraw").text, "nobody must do this"
