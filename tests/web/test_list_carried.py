"""The list somebody works through is in every address of a case's steps, also of those with a page of their own."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from portal.flow import CaseType
from portal.models import Case
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

LIST = "tab=every&reason=damaged"
WAYS = (
    ("applied", CaseType.EXCHANGE),
    ("applied", CaseType.RETURN_REFUND),
    ("applied", CaseType.REFUND_ONLY),
    ("applied", CaseType.REISSUE),
    ("returning", CaseType.EXCHANGE),
    ("inspecting", CaseType.EXCHANGE),
    ("inspecting", CaseType.RETURN_REFUND),
    ("paying", CaseType.EXCHANGE),
    ("reshipping", CaseType.REISSUE),
    ("refunding", CaseType.RETURN_REFUND),
)


def list_addresses(page: str, case_no: str) -> list[str]:
    """The addresses of this case, its steps and its messages, that the page leads to."""
    main = page.partition('<main id="page"')[2]
    found = re.findall(rf'(?:href|action)="(/seller/cases/{case_no}(?:/[a-z_]+)?(?:\?[^"#]*)?)"', main)
    return [unescape(each) for each in found]


def is_of_step(address: str, case_no: str, names: set[str]) -> bool:
    rest = address.partition("?")[0].removeprefix(f"/seller/cases/{case_no}").strip("/")
    return not rest or rest in names


@pytest.mark.parametrize(("state", "case_type"), WAYS)
def test_each_step_and_the_way_back_from_it_carry_the_list(
    app: Flask, cast: Cast, now: Clock, state: str, case_type: CaseType
) -> None:
    case = cast.until(state, case_type=case_type)
    number, desk = case.case_no, sign_in(app, "seller")
    at = f"/seller/cases/{number}"
    acts = re.search(r'class="flow acts">(.*?)</section>', desk.get(f"{at}?{LIST}").text, re.S)
    assert acts
    steps = {unescape(each) for each in re.findall(rf'href="({at}/[^"]+)"', acts[1])}
    names = {step.partition("?")[0].rpartition("/")[2] for step in steps} | {"agree"}
    assert steps
    for step in steps:
        assert step.endswith(f"?{LIST}"), step
        page = desk.get(step)
        assert page.status_code == 200, step
        own = [each for each in list_addresses(page.text, number) if is_of_step(each, number, names)]
        assert own and all("tab=every" in each for each in own), (step, own)


def test_the_next_of_the_list_opens_after_a_step_with_a_page_of_its_own(app: Flask, cast: Cast, now: Clock) -> None:
    """仅退款: who agrees to twenty in a row doesn't look for the list again after each."""
    cases: list[Case] = []
    for _ in range(2):
        cases.append(cast.open_case(now=now.at, case_type=CaseType.REFUND_ONLY))
        now.forward(minutes=1)
    desk, carried = sign_in(app, "seller"), "tab=applied&type=refund_only"
    at = f"/seller/cases/{cases[0].case_no}/agree?{carried}"
    [action] = re.findall(r'action="(/seller/cases/[^"]+/agree[^"]*)"', desk.get(at).text)
    assert unescape(action) == at
    answer = post(desk, at, at=at)
    assert answer.status_code == 303 and answer.location.startswith(f"/seller/cases/{cases[1].case_no}?{carried}")
